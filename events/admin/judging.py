"""Who judges, who is asked to, how far they are, and what came of it."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from events.actions import judges as deeds
from events.actions.judging import decide_tie, scored
from events.models import AwardRound, Category, Interest, Judge, JudgeInvitation, Nomination
from events.results import results, ties
from oiep.admin import CharterAdmin, ReadOnlyInline, filled_or_not
from oiep.moderation import NotPossible
from oiep.text import clean_text, normalise_email


class CategoriesMixin(forms.ModelForm):
    """Only categories that judges decide, of rounds that are judged still, each with its year."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "categories" not in self.fields:
            return  # it is only shown
        field = self.fields["categories"]
        of_rounds = Q(round=self.instance.round_id) if self.instance.pk else Q(round__judged_until__gt=timezone.now())
        field.queryset = Category.objects.filter(of_rounds, is_peoples_choice=False).select_related("round")
        field.label_from_instance = lambda category: f"{category} ({category.round.year})"
        if "round" in self.fields:
            self.fields["round"].queryset = AwardRound.objects.filter(judged_until__gt=timezone.now())

    def clean(self):
        values = super().clean()
        round = values.get("round") or (self.instance.round if self.instance.pk else None)
        chosen = values.get("categories") or []
        if round and any(category.round_id != round.pk for category in chosen):
            self.add_error("categories", _("Choose categories of these awards only."))
        return values


class JudgeForm(CategoriesMixin):
    class Meta:
        widgets = {"categories": forms.CheckboxSelectMultiple}


class InterestInline(ReadOnlyInline):
    model = Interest
    fields = readonly_fields = ["partner", "why", "declared_at"]


@admin.register(Judge)
class JudgeAdmin(CharterAdmin):
    """A judge is never deleted: who judges no more is stood down, and their scores count no more."""

    form = JudgeForm
    change_form_template = "admin/events/judge/change_form.html"
    change_list_template = "admin/events/judge/change_list.html"
    list_display = ["user", "round", "judges_in", "declared_at", "progress", "stood_down_at"]
    list_filter = [
        "round",
        ("declared_at", filled_or_not(_("interests"), empty=_("Not declared"), filled=_("Declared"))),
        ("stood_down_at", filled_or_not(_("judges"), empty=_("Judges"), filled=_("Stood down"))),
    ]
    list_select_related = ["round", "user"]
    search_fields = ["user__name", "user__email"]
    autocomplete_fields = ["user"]
    fields = ["round", "user", "categories"]
    inlines = [InterestInline]

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("categories")

    def get_readonly_fields(self, request, obj=None):
        return ["round", "user"] if obj else []

    def get_inlines(self, request, obj):
        return self.inlines if obj else []

    @admin.display(description=_("categories"))
    def judges_in(self, judge):
        return ", ".join(str(category) for category in judge.categories.all()) or "–"

    @admin.display(description=_("scored"))
    def progress(self, judge):
        entries = set(Nomination.objects.for_judge(judge).values_list("pk", flat=True))
        return f"{len(scored(judge) & entries)} / {len(entries)}" if judge.declared_at else "–"

    def save_model(self, request, obj, form, change):
        if change:
            return super().save_model(request, obj, form, change)
        values = form.cleaned_data
        judge = deeds.appoint_judge(
            round=values["round"], user=values["user"], categories=values["categories"], actor=request.user
        )
        obj.pk, obj._state.adding = judge.pk, False

    def log_addition(self, request, obj, message):
        """`appoint_judge` has recorded it."""

    def changelist_view(self, request, extra_context=None):
        return super().changelist_view(request, {"rounds": AwardRound.objects.all(), **(extra_context or {})})

    def get_urls(self):
        def view(function):
            return self.admin_site.admin_view(function)

        return [
            path("results/<int:pk>/", view(self.results_view), name="events_judge_results"),
            path("results/<int:pk>/tie/<int:number>/", view(self.tie_view), name="events_judge_tie"),
            path("<int:pk>/stand-down/", view(self.stand_down_view), name="events_judge_stand_down"),
            *super().get_urls(),
        ]

    def stand_down_view(self, request, pk):
        judge = get_object_or_404(Judge, pk=pk)
        if not self.has_change_permission(request, judge):
            raise PermissionDenied
        if request.method == "POST":
            deeds.stand_down(judge=judge, actor=request.user)
            self.message_user(request, _now("They judge no more, and their scores do not count."), messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:events_judge_change", args=[judge.pk]))

    def results_view(self, request, pk):
        """What the judges and voters have decided so far; not for who judges these awards themselves."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        round = get_object_or_404(AwardRound, pk=pk)
        context = self._context(request, _now("Results: %(round)s") % {"round": round}) | {"round": round}
        if not self._may_see(request, round):
            return TemplateResponse(request, "admin/events/judge/results_hidden.html", context)
        context["is_over"] = round.judged_until <= timezone.now()
        context["categories"] = [
            {"category": category, "rows": results(category), "ties": ties(category)}
            for category in round.categories.select_related("round")
            if context["is_over"] or not category.is_peoples_choice
        ]
        return TemplateResponse(request, "admin/events/judge/results.html", context)

    def _context(self, request, title):
        return {**self.admin_site.each_context(request), "title": title, "opts": self.opts}

    def _may_see(self, request, round):
        judging = round.judges.active().filter(user=request.user).exists()
        return not judging or round.judged_until <= timezone.now()

    def tie_view(self, request, pk, number):
        """Deciding among those who are level in a category, of which `number` is the first's key."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        round = get_object_or_404(AwardRound, pk=pk)
        back = HttpResponseRedirect(reverse("admin:events_judge_results", args=[round.pk]))
        category = get_object_or_404(Category.objects.select_related("round"), round=round, pk=number)
        level = next(iter(ties(category)), None)
        if level is None or timezone.now() < round.judged_until:
            self.message_user(request, _now("There is no tie to decide here."), messages.WARNING)
            return back
        form = TieForm(request.POST if request.method == "POST" else None, level=level)
        if form.is_valid():
            try:
                decide_tie(category=category, order=form.order(), why=form.cleaned_data["why"], actor=request.user)
            except NotPossible as obstacle:
                form.add_error(None, obstacle)
            else:
                self.message_user(request, _now("The tie is decided, with your reason."), messages.SUCCESS)
                return back
        context = self._context(request, _now("Decide a tie: %(category)s") % {"category": category})
        return TemplateResponse(request, "admin/events/judge/tie.html", {**context, "round": round, "form": form})


class TieForm(forms.Form):
    """level: the standings among which to decide."""

    why = forms.CharField(
        label=_("Why, for the record"),
        max_length=600,
        validators=[clean_text],
        widget=forms.Textarea({"rows": 3, "class": "vLargeTextField"}),
    )

    def __init__(self, *args, level, **kwargs):
        super().__init__(*args, **kwargs)
        self.level = {row.nomination.pk: row.nomination for row in level}
        places = [(n, n) for n in range(1, len(level) + 1)]
        for key, nomination in self.level.items():
            self.fields[f"place_{key}"] = forms.TypedChoiceField(
                label=nomination.partner.public_name, choices=[("", "–"), *places], coerce=int
            )
        self.order_fields([*(f"place_{key}" for key in self.level), "why"])

    def clean(self):
        values = super().clean()
        places = [values.get(f"place_{key}") for key in self.level]
        if None not in places and len(set(places)) < len(places):
            raise forms.ValidationError(
                _("Give each a place of its own. If they win together, leave the tie as it is.")
            )
        return values

    def order(self):
        keys = sorted(self.level, key=lambda key: self.cleaned_data[f"place_{key}"])
        return [self.level[key] for key in keys]


class JudgeInvitationForm(CategoriesMixin):
    class Meta:
        widgets = {"categories": forms.CheckboxSelectMultiple}

    def clean_email(self):
        return normalise_email(self.cleaned_data["email"])

    def validate_constraints(self):
        """`invite_judge` says it in better words, and starts one anew that ran out."""


@admin.register(JudgeInvitation)
class JudgeInvitationAdmin(CharterAdmin):
    form = JudgeInvitationForm
    fields = ["round", "email", "categories"]
    list_display = ["email", "round", "state", "invited_at", "answered_at"]
    list_filter = ["round", "state"]
    search_fields = ["email"]
    actions = ["send_again", "take_back"]

    def has_change_permission(self, request, obj=None):
        return False

    def add_view(self, request, form_url="", extra_context=None):
        if not self.has_add_permission(request):
            raise PermissionDenied
        form_class = self.get_form(request)
        form = form_class(request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                deeds.invite_judge(**form.cleaned_data, actor=request.user)
            except NotPossible as obstacle:
                form.add_error(None, obstacle)
            else:
                words = _now("We write to %(address)s now.") % {"address": form.cleaned_data["email"]}
                self.message_user(request, words, messages.SUCCESS)
                return HttpResponseRedirect(reverse("admin:events_judgeinvitation_changelist"))
        context = {
            **self.admin_site.each_context(request),
            "title": _now("Invite a judge"),
            "opts": self.opts,
            "form": form,
        }
        return TemplateResponse(request, "admin/events/judge/invite.html", context)

    @admin.action(description=_("Send again"), permissions=["add"])
    def send_again(self, request, queryset):
        self._each(request, queryset, deeds.send_judge_invitation_again)

    @admin.action(description=_("Take back"), permissions=["add"])
    def take_back(self, request, queryset):
        self._each(request, queryset, deeds.take_back_judge_invitation)

    def _each(self, request, queryset, deed):
        done = 0
        for invitation in queryset.select_related("round"):
            try:
                deed(invitation=invitation, actor=request.user)
            except NotPossible as obstacle:
                self.message_user(request, f"{invitation.email}: {obstacle.message}", messages.WARNING)
            else:
                done += 1
        if done:
            words = ngettext("Done for %(n)d invitation.", "Done for %(n)d invitations.", done) % {"n": done}
            self.message_user(request, words, messages.SUCCESS)
