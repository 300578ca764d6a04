"""Awards as the manager runs them: a year set up and published, its shortlist, its winners."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from events.actions import awards as actions
from events.actions.awards.rounds import TIMES
from events.eligibility import obstacles
from events.models import AwardRound, Category, Criterion, Nomination
from oiep.admin import CharterAdmin
from oiep.forms import CharterForm
from oiep.text import clean_line


class _OfRound:
    """A part of a round. It stays as it was published once nominations have closed: entries are judged by it."""

    extra = 0

    def _is_fixed(self, award_round):
        return bool(award_round and award_round.published_at and award_round.closes_at <= timezone.now())

    def has_add_permission(self, request, obj=None):
        return super().has_add_permission(request, obj) and not self._is_fixed(obj)

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and not self._is_fixed(obj)

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and not self._is_fixed(obj)


class CategoryInline(_OfRound, admin.StackedInline):
    model = Category
    fields = [("name", "slug"), "about", ("area", "size"), ("is_peoples_choice", "order")]
    prepopulated_fields = {"slug": ["name"]}

    def get_prepopulated_fields(self, request, obj=None):
        return {} if self._is_fixed(obj) else self.prepopulated_fields

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name == "about":
            kwargs["widget"] = forms.Textarea({"rows": 2})
        return super().formfield_for_dbfield(db_field, request, **kwargs)


class CriterionInline(_OfRound, admin.StackedInline):
    model = Criterion
    fields = ["name", "about", "weight", "order"]


class ShortlistForm(CharterForm):
    """Which of the nominations that stand are on the shortlist."""

    chosen = forms.ModelMultipleChoiceField(
        queryset=Nomination.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args, award_round, **kwargs):
        super().__init__(*args, **kwargs)
        rows = Nomination.objects.standing().filter(category__round=award_round)
        self.rows = list(rows.select_related("category", "category__area", "partner").order_by("category__order", "pk"))
        self.fields["chosen"].queryset = rows


class PlacesForm(CharterForm):
    """A place for each nomination on the shortlist and, once the winners are announced, why it changes."""

    PLACES = (("", _("On the shortlist")), (Nomination.WINNER, _("Winner")), (Nomination.COMMENDED, _("Commended")))

    def __init__(self, *args, award_round, **kwargs):
        super().__init__(*args, **kwargs)
        rows = Nomination.objects.shortlisted().filter(category__round=award_round).order_by("category__order", "pk")
        self.rows = list(rows.select_related("category", "partner"))
        for row in self.rows:
            self.fields[f"place-{row.pk}"] = forms.TypedChoiceField(
                label=f"{row.category}: {row.partner.name}",
                choices=self.PLACES,
                initial=row.place or "",
                required=False,
                coerce=int,
                empty_value=None,
            )
        if award_round.is_announced():
            self.fields["why"] = forms.CharField(
                label=_("Why do you correct what was announced?"),
                help_text=_("It stays in the audit trail."),
                max_length=300,
                required=False,
                validators=[clean_line],
            )

    def places(self):
        return {row.pk: self.cleaned_data[f"place-{row.pk}"] for row in self.rows}


@admin.register(AwardRound)
class AwardRoundAdmin(CharterAdmin):
    change_form_template = "admin/events/awardround/change_form.html"
    list_display = ["year", "title", "opens_at", "closes_at", "announced_at", "status"]
    list_display_links = ["year", "title"]
    inlines = [CategoryInline, CriterionInline]
    fieldsets = [
        (None, {"fields": ["year", "title", "about", "event"]}),
        (_("Times"), {"fields": TIMES}),
    ]

    def get_readonly_fields(self, request, obj=None):
        if obj is None:
            return []
        return [*(["year"] if obj.published_at else []), *(TIMES if obj.is_announced() else [])]

    def view_on_site(self, award_round):
        return award_round.get_absolute_url() if award_round.published_at else None

    @admin.display(description=_("where it stands"))
    def status(self, award_round):
        now = timezone.now()
        if not award_round.published_at:
            return _("draft")
        if award_round.is_announced(now):
            return _("winners announced")
        if award_round.takes_nominations(now):
            return _("takes nominations")
        if award_round.shortlisted_at:
            return _("shortlist published")
        return _("being judged") if award_round.closes_at <= now else _("public")

    def save_model(self, request, obj, form, change):
        if not change:
            return super().save_model(request, obj, form, change)
        names = {field.name for field in obj._meta.concrete_fields} & set(form.changed_data)
        actions.save_round(award_round=obj, fields=names, actor=request.user)

    def log_change(self, request, obj, message):
        """`save_round` has recorded what changed of the round; this is for its parts."""
        super().log_change(
            request, obj, [name for name in message if name not in {"year", "title", "about", "event", *TIMES}]
        )

    # Its buttons and pages --------------------------------------------------------------------

    def get_urls(self):
        def one(name, view):
            return path(f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"events_awardround_{name}")

        return [
            one("publish", self.publish_view),
            one("copy", self.copy_view),
            one("shortlist", self.shortlist_view),
            one("announce-shortlist", self.publish_shortlist_view),
            one("places", self.places_view),
            *super().get_urls(),
        ]

    def publish_view(self, request, pk):
        return self._press(request, pk, actions.publish_round, _now("The awards are public now."))

    def publish_shortlist_view(self, request, pk):
        words = _now("The shortlist is public now, and the nominees on it get an e-mail.")
        return self._press(request, pk, actions.publish_shortlist, words)

    def copy_view(self, request, pk):
        words = _now("This is a draft of next year's awards. Look at its times and categories, then publish it.")
        return self._press(request, pk, actions.copy_round, words)

    def _press(self, request, pk, action, words):
        award_round = self._round(request, pk)
        if request.method == "POST":
            try:
                award_round = action(award_round=award_round, actor=request.user)
            except ValidationError as refusal:
                self.message_user(request, " ".join(refusal.messages), messages.ERROR)
            else:
                self.message_user(request, words, messages.SUCCESS)
        return self._back(award_round)

    def shortlist_view(self, request, pk):
        award_round = self._round(request, pk)
        form = ShortlistForm(request.POST if request.method == "POST" else None, award_round=award_round)
        if form.is_valid():
            try:
                actions.set_shortlist(
                    award_round=award_round, nominations=form.cleaned_data["chosen"], actor=request.user
                )
            except ValidationError as refusal:
                form.add_error(None, refusal)
            else:
                self.message_user(request, _now("The shortlist is saved. Nobody sees it until you publish it."))
                return self._back(award_round)
        marked = set(map(int, filter(str.isdecimal, form.data.getlist("chosen")))) if form.is_bound else None
        rows = [
            {
                "nomination": row,
                "checked": row.pk in marked if form.is_bound else row.is_shortlisted,
                "obstacles": obstacles(row.category, row.partner, besides=row),
            }
            for row in form.rows
        ]
        title = _now("The shortlist of %(awards)s") % {"awards": award_round}
        return self._page(request, award_round, "shortlist", form=form, rows=rows, title=title)

    def places_view(self, request, pk):
        award_round = self._round(request, pk)
        form = PlacesForm(request.POST if request.method == "POST" else None, award_round=award_round)
        if form.is_valid():
            why = form.cleaned_data.get("why", "")
            try:
                actions.set_places(award_round=award_round, places=form.places(), actor=request.user, why=why)
            except ValidationError as refusal:
                known = hasattr(refusal, "error_dict") and set(refusal.error_dict) <= set(form.fields)
                form.add_error(None, refusal if known else refusal.messages)
            else:
                self.message_user(request, _now("The winners are saved."), messages.SUCCESS)
                return self._back(award_round)
        title = _now("The winners of %(awards)s") % {"awards": award_round}
        return self._page(request, award_round, "places", form=form, title=title)

    def _page(self, request, award_round, name, **context):
        context = {
            **self.admin_site.each_context(request),
            "subtitle": None,
            "opts": self.opts,
            "original": award_round,
            "is_announced": award_round.is_announced(),
            **context,
        }
        return TemplateResponse(request, f"admin/events/awardround/{name}.html", context)

    def _round(self, request, pk):
        award_round = get_object_or_404(AwardRound, pk=pk)
        if not self.has_change_permission(request, award_round):
            raise PermissionDenied
        return award_round

    def _back(self, award_round):
        return HttpResponseRedirect(reverse("admin:events_awardround_change", args=[award_round.pk]))
