"""Stories, as the manager reads, decides on and looks after them."""

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from oiep import audit
from oiep.admin import CharterAdmin
from oiep.moderation import Move, State
from oiep.texts.previews import HEADING, LEAD, MARKDOWN, QUOTE, TEXT, Previewed
from oiep.uploads import ACCEPT_PICTURE
from pledges.actions import stories as actions
from pledges.actions.stories.offering import add_picture, require_sound_dates, widths_of
from pledges.admin.alone import DecidedAlone
from pledges.admin.together import DecidedTogether
from pledges.models import Consent, Story, StoryPicture


class StoryAdminForm(forms.ModelForm):
    """A new picture is chosen here; those that are there have their words below."""

    picture = forms.FileField(
        label=_("Add a picture"), required=False, widget=forms.FileInput(attrs={"accept": ACCEPT_PICTURE})
    )
    alt = forms.CharField(
        label=_("What the new picture shows"),
        required=False,
        max_length=250,
        validators=StoryPicture._meta.get_field("alt").validators,
        help_text=_("For people who cannot see it."),
    )

    def clean(self):
        cleaned = super().clean()
        self.made = None
        if cleaned.get("picture"):
            if not cleaned.get("alt"):
                self.add_error("alt", _("Say what the picture shows, for people who cannot see it."))
            try:
                self.made = widths_of(cleaned["picture"])
            except ValidationError as refusal:
                self.add_error("picture", refusal)
        partner, pledge = cleaned.get("partner"), cleaned.get("pledge")
        if pledge and (partner is None or pledge.partner_id != partner.pk):
            self.add_error("pledge", _("Choose a pledge of this partner."))
        return cleaned


class PictureInline(admin.StackedInline):  # in a table, fields have no labels
    model = StoryPicture
    extra = 0
    fields = ["shown", "alt", "order"]
    readonly_fields = ["shown"]

    def has_add_permission(self, request, obj):
        return False  # with the story's own form

    @admin.display(description=_("picture"))
    def shown(self, picture):
        size = picture.smallest
        return format_html('<img src="{}" alt="" width="160">', size.get_absolute_url()) if size else "–"


class ConsentForm(forms.ModelForm):
    uses = forms.MultipleChoiceField(
        label=_("may be used"), choices=Consent.Use.choices, widget=forms.CheckboxSelectMultiple
    )

    def clean(self):
        cleaned = super().clean()
        if {"agreed_on", "until"} & set(self.changed_data):
            days = Consent(agreed_on=cleaned.get("agreed_on"), until=cleaned.get("until"))
            try:
                require_sound_dates(days)
            except ValidationError as refusal:
                self.add_error(None, [words for messages in refusal.message_dict.values() for words in messages])
        return cleaned


class ConsentInline(admin.StackedInline):
    model = Consent
    form = ConsentForm
    extra = 0
    fields = ["name", "email", "uses", "how", ("agreed_on", "until"), "status"]
    readonly_fields = ["status"]

    @admin.display(description=_("stands"))
    def status(self, consent):
        return consent.status if consent.pk else "–"


class WaitsFilter(admin.SimpleListFilter):
    title = _("consent")
    parameter_name = "consent"

    def lookups(self, request, model_admin):
        return [("missing", _("Missing, withdrawn or over")), ("ending", _("Ends soon"))]

    def queryset(self, request, queryset):
        if self.value() == "missing":
            return queryset.filter(pk__in=Consent.objects.missing().values("story"))
        if self.value() == "ending":
            return queryset.filter(pk__in=actions.consents_ending().values("story"))
        return queryset


_COMPARED = ("kind", "title", "summary", "body", "quote", "quote_by", "pledge", "shows_people", "areas", "districts")


def differences(change):
    """What a change makes different in its story: the field's name, and what it says now and would say."""
    found = []
    for name in _COMPARED:
        now, new = (_in_words(story, name) for story in (change.replaces, change))
        if now != new:
            found.append((Story._meta.get_field(name).verbose_name, now, new))
    return found


def _in_words(story, name):
    if name in ("areas", "districts"):
        return "; ".join(str(row) for row in getattr(story, name).all())
    if name == "kind":
        return story.get_kind_display()
    if name == "shows_people":
        return _now("Yes") if story.shows_people else _now("No")
    if name == "pledge":
        return f"{story.pledge.area.short_name}: {story.pledge.statement}" if story.pledge else ""
    return getattr(story, name)


@admin.register(Story)
class StoryAdmin(DecidedTogether, DecidedAlone, Previewed, CharterAdmin):
    looks = {"title": HEADING, "summary": LEAD, "body": MARKDOWN, "quote": QUOTE, "quote_by": TEXT}
    form = StoryAdminForm
    decide_template = "admin/pledges/story/decide.html"
    change_form_template = "admin/pledges/story/change_form.html"
    list_display = ["title", "what", "who", "state", "waits", "taken_down_at", "first_published_at"]
    list_filter = ["state", WaitsFilter, "kind", "taken_down", "areas", "districts"]
    list_select_related = ["partner"]
    search_fields = ["title", "summary", "partner__name", "teller_name", "teller_email"]
    ordering = ["submitted_at", "-pk"]
    inlines = [PictureInline, ConsentInline]
    fieldsets = [
        (None, {"fields": ["kind", "title", "summary", "body", ("quote", "quote_by")]}),
        (_("Where it belongs"), {"fields": ["partner", "pledge", "areas", "districts"]}),
        (_("Pictures and people"), {"fields": [("picture", "alt"), "shows_people"]}),
        (
            _("Where it stands"),
            {
                "fields": [
                    ("state", "submitted_at"),
                    ("decided_at", "decided_by"),
                    "decision_message",
                    ("who", "offered_at"),
                    ("taken_down_at", "taken_down"),
                ]
            },
        ),
    ]
    readonly_fields = [
        *("state", "submitted_at", "decided_at", "decided_by", "decision_message", "who", "offered_at"),
        *("taken_down_at", "taken_down"),
    ]

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        kwargs.setdefault("widget", forms.CheckboxSelectMultiple)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name == "pledge":
            kwargs["queryset"] = db_field.remote_field.model.objects.published().select_related("partner")
        if db_field.name == "partner":
            kwargs["queryset"] = db_field.remote_field.model.objects.published().by_name()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def view_on_site(self, story):
        return story.get_absolute_url() if Story.objects.published().filter(pk=story.pk).exists() else None

    def get_queryset(self, request):
        """With changes that wait or were declined; what an approved change replaced is on its story's page alone."""
        rows = super().get_queryset(request)
        if request.resolver_match.url_name.endswith("_changelist"):
            rows = rows.exclude(state=State.APPROVED, replaces__isnull=False)
        return rows

    @admin.display(description=_("kind"), ordering="kind")
    def what(self, story):
        return _("Change to a story") if story.replaces_id else story.get_kind_display()

    @admin.display(description=_("offered by"))
    def who(self, story):
        if story.partner_id:
            return story.partner.name
        return story.teller_name or _("the partnership")

    @admin.display(description=_("waits"))
    def waits(self, story):
        return "–" if story.taken_down_at else self.how_long(story)

    def save_model(self, request, obj, form, change):
        if not change:
            obj.offered_by, obj.confirmed_at = request.user, timezone.now()
        super().save_model(request, obj, form, change)
        if form.made:
            add_picture(story=obj, made=form.made, alt=form.cleaned_data["alt"])

    def log_addition(self, request, obj, message):
        """What the manager writes waits like all others, so that somebody reads it once more as it will be."""
        actions.send_in(story=obj, actor=request.user)

    def save_formset(self, request, form, formset, change):
        """A consent that is dated anew ends the warnings about the old day by itself: their key has the day in it."""
        rows = formset.save()
        for row in rows if formset.model is Consent else ():
            audit.record(verb="consent.recorded", subject=row, actor=request.user, story=row.story_id)
        for row in formset.deleted_objects:
            audit.record(verb=f"{row._meta.model_name}.deleted", subject=form.instance, actor=request.user)

    # Its buttons and pages ------------------------------------------------------------------------

    def get_urls(self):
        withdraw = self.admin_site.admin_view(self.withdraw_view)
        return [
            self.together_url(),
            *self.decision_urls(),
            self.own_url("take-down", self.take_down_view),
            self.own_url("put-back", self.put_back_view),
            path("<int:pk>/withdraw/<int:consent>/", withdraw, name="pledges_story_withdraw"),
            *super().get_urls(),
        ]

    def things_to_decide(self):
        rows = Story.objects.select_related("partner", "pledge__area", "replaces__partner", "replaces__pledge__area")
        return rows.prefetch_related("areas", "districts", "replaces__areas", "replaces__districts")

    def decide(self, story, move, actor, message, seen=None):
        actions.decide_story(story=story, decision=move, actor=actor, message=message, seen=seen)

    def words_of(self, story):
        people = [f"{consent.name}: {consent.status}" for consent in story.people_once_approved]
        quote = [f"“{story.quote}” {story.quote_by}"] if story.quote else []
        return [story.summary, story.body, *quote, *people]

    def effect_of(self, story, move):
        if story.replaces_id and move == Move.APPROVE:
            return _("The story becomes public as it is changed.")
        return super().effect_of(story, move)

    def decision_context(self, story):
        dropped = set(story.drop_people or [])
        return {
            "story": story,
            "pictures": story.pictures_once_approved.prefetch_related("sizes"),
            "consents": story.people_once_approved,
            "missing": story.consent_obstacle(),
            "differences": differences(story) if story.replaces_id and not story.is_old_text else [],
            "pictures_out": [row for row in story.all_pictures if row.pk in (story.drop_pictures or [])],
            "people_out": [row for row in story.all_people if row.pk in dropped],
        }

    def take_down_view(self, request, pk):
        def take_down(story):
            actions.take_down(story=story, actor=request.user, why=Story.TakenDown.MANAGER)

        return self.do(request, pk, _now("It is taken down. Nobody but you sees it any more."), take_down)

    def put_back_view(self, request, pk):
        return self.do(
            request, pk, _now("It is put back."), lambda story: actions.put_back(story=story, actor=request.user)
        )

    def withdraw_view(self, request, pk, consent):
        def withdraw(story):
            row = get_object_or_404(story.consents, pk=consent)
            actions.withdraw_consent(consent=row, actor=request.user)

        return self.do(request, pk, _now("The consent is withdrawn. The story is off everything."), withdraw)
