"""Human stories and case studies, the pictures in them, and who has agreed to be in one (docs/decisions/0033, 0065)."""

import datetime
import secrets

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core import signing
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from oiep.moderation import Moderated, ModeratedQuerySet, Move, State, fingerprint, moderation_constraints
from oiep.text import clean_line, clean_text, fold
from oiep.uploads import PrivateFileField
from partners.models import District, Partner, PriorityArea
from pledges.models.pledges import Pledge
from pledges.models.reviews import Review

_CONFIRM, _CONSENT = "pledges.story", "pledges.consent"
# What stands at /stories/ beside the stories.
_TAKEN = {"offer", "sent", "pictures", "confirm", "consent"}


def _with_token(rows, salt, token):
    try:
        return rows.get(pk=signing.Signer(salt=salt).unsign_object(token))
    except (signing.BadSignature, rows.model.DoesNotExist, ValueError, TypeError):
        raise rows.model.DoesNotExist from None


class StoryQuerySet(ModeratedQuerySet):
    def published(self, on=None):
        """What every page, feed, picture and count shows. on: a day, today if left out.

        Approved, not taken down, of a partner that has a page or of none, and everybody who can be recognised in it
        agrees to that on this day. So a consent that ends or is withdrawn takes the story off everything at once, and
        nothing has to run for it.
        """
        partners = Partner.objects.published()
        return (
            self.approved()
            .filter(Q(partner=None) | Q(partner__in=partners), taken_down_at=None, replaces=None)
            .filter(~Exists(Consent.objects.missing(on).filter(story=OuterRef("pk"))))
            .filter(Q(shows_people=False) | Exists(Consent.objects.filter(story=OuterRef("pk"))))
        )

    def in_area(self, *areas):
        return self.filter(pk__in=Story.areas.through.objects.filter(priorityarea__in=areas).values("story"))

    def in_place(self, *districts):
        return self.filter(pk__in=Story.districts.through.objects.filter(district__in=districts).values("story"))

    def newest(self):
        return self.order_by("-first_published_at", "-pk")

    def with_cards(self):
        """With all that their cards show."""
        return self.select_related("partner").prefetch_related("areas", "partner__districts", "pictures__sizes")

    def matching(self, words):
        for word in words.split()[:10]:
            self = self.filter(Q(title__icontains=word) | Q(summary__icontains=word) | Q(body__icontains=word))
        return self

    def originals(self):
        """Stories, and not the changes to them, which are rows of their own."""
        return self.filter(replaces=None)

    def open_changes(self):
        """Changes that wait for the manager, or go back and forth."""
        return self.exclude(replaces=None).filter(state__in=Story.OPEN, taken_down_at=None)

    def unconfirmed(self):
        """Offered by somebody who has not opened the link that we sent to their address."""
        return self.filter(state=State.DRAFT, confirmed_at=None)

    def with_token(self, token):
        """The story that a link to confirm names. Raises DoesNotExist for a link that is not ours."""
        return _with_token(self, _CONFIRM, token)


def _keys():
    return ArrayField(models.BigIntegerField(), default=list, null=True, editable=False)


class Story(Moderated):
    """A story; or, where `replaces` names one, a change to it that waits beside what is public.

    A change holds the whole new text, the pictures and people that it adds, and the keys of those that it takes out.
    Approving it exchanges the two, so an approved change holds what it replaced, and undoing exchanges them again.
    """

    OPEN = (State.SUBMITTED, State.CHANGES_ASKED)

    class Kind(models.TextChoices):
        STORY = "story", _("Human story")
        CASE_STUDY = "case_study", _("Case study")

    class TakenDown(models.TextChoices):
        OFFERER = "offerer", _("by who offered it")
        MANAGER = "manager", _("by the manager")
        CONSENT = "consent", _("because somebody in it withdrew their consent")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.STORY)
    title = models.CharField(_("title"), max_length=120, validators=[clean_line])
    slug = models.SlugField(_("address"), max_length=80, unique=True, editable=False)
    summary = models.CharField(_("in one or two sentences"), max_length=300, validators=[clean_line])
    body = models.TextField(
        _("the story"), max_length=8000, validators=[clean_text, MaxLengthValidator(8000)], help_text=_("Markdown.")
    )
    quote = models.CharField(_("a quote"), max_length=300, blank=True, validators=[clean_line])
    quote_by = models.CharField(_("who said it"), max_length=120, blank=True, validators=[clean_line])
    areas = models.ManyToManyField(PriorityArea, related_name="stories", blank=True, verbose_name=_("priority areas"))
    districts = models.ManyToManyField(District, related_name="stories", blank=True, verbose_name=_("districts"))
    partner = models.ForeignKey(
        Partner, models.CASCADE, null=True, blank=True, related_name="stories", verbose_name=_("partner")
    )
    pledge = models.ForeignKey(
        Pledge, models.SET_NULL, null=True, blank=True, related_name="stories", verbose_name=_("pledge")
    )
    review = models.ForeignKey(
        Review, models.SET_NULL, null=True, blank=True, editable=False, related_name="stories",
        verbose_name=_("from the review"),
    )  # fmt: skip
    shows_people = models.BooleanField(_("somebody can be recognised in it"), default=True)
    # Who offered it: somebody who had signed in, or a visitor by name and address, which are shown nowhere.
    offered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, editable=False, related_name="+",
        verbose_name=_("offered by"),
    )  # fmt: skip
    offered_at = models.DateTimeField(_("offered"), default=timezone.now, editable=False)
    teller_name = models.CharField(_("name"), max_length=100, blank=True, editable=False, validators=[clean_line])
    teller_email = models.EmailField(_("e-mail address"), blank=True, editable=False)
    confirmed_at = models.DateTimeField(_("address confirmed"), null=True, editable=False)
    source = models.CharField(max_length=64, blank=True, editable=False)
    first_published_at = models.DateTimeField(_("first published"), null=True, editable=False)
    taken_down_at = models.DateTimeField(_("taken down"), null=True, editable=False)
    taken_down = models.CharField(
        _("why it was taken down"), max_length=10, choices=TakenDown.choices, blank=True, editable=False
    )
    revised_at = models.DateTimeField(_("last changed"), null=True, editable=False)
    replaces = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, editable=False, related_name="changes",
        verbose_name=_("changes the story"),
    )  # fmt: skip
    drop_pictures = _keys()
    drop_people = _keys()
    is_example = models.BooleanField(_("example"), default=False, editable=False)

    objects = StoryQuerySet.as_manager()

    class Meta:
        verbose_name = _("story")
        verbose_name_plural = _("stories")
        ordering = ["-offered_at", "-pk"]
        indexes = [
            models.Index(fields=["-first_published_at", "-id"], name="story_newest", condition=Q(state="approved")),
            models.Index(fields=["submitted_at"], name="story_waiting", condition=Q(state="submitted")),
            models.Index(fields=["source", "offered_at"], name="story_source"),
        ]
        constraints = [
            *moderation_constraints("story"),
            models.CheckConstraint(
                name="story_quote_has_a_speaker",
                condition=Q(quote="") | ~Q(quote_by=""),
                violation_error_message=_("Say whose words the quote is."),
            ),
            models.CheckConstraint(
                name="story_was_offered_by_somebody",
                condition=Q(state=State.DRAFT) | Q(confirmed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="story_taken_down_says_why",
                condition=Q(taken_down_at=None, taken_down="") | (Q(taken_down_at__isnull=False) & ~Q(taken_down="")),
            ),
            models.CheckConstraint(
                name="story_approved_was_published",
                condition=~Q(state=State.APPROVED) | Q(first_published_at__isnull=False),
            ),
            models.UniqueConstraint(
                "replaces",
                name="story_one_open_change",
                condition=Q(state__in=(State.SUBMITTED, State.CHANGES_ASKED), taken_down_at=None),
                violation_error_message=_("A change to this story waits already."),
            ),
        ]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"

    def get_absolute_url(self):
        return reverse("story", args=[self.slug])

    def save(self, *args, **kwargs):
        if not self.slug:
            self.slug = self._free_slug()
        super().save(*args, **kwargs)

    def _free_slug(self):
        base = "" if self.replaces_id else slugify(fold(self.title))[:60].strip("-")
        slug = base
        while not slug or slug in _TAKEN or Story.objects.filter(slug=slug).exists():
            slug = f"{base or 'story'}-{secrets.token_hex(4)}"
        return slug

    @property
    def is_editable(self):
        """Whether who offered it can change it: until it is declined or taken down."""
        return not self.taken_down_at and self.state != State.DECLINED and not self.is_old_text

    @property
    def is_old_text(self):
        """Whether it is an approved change, which holds what it replaced."""
        return bool(self.replaces_id) and self.state == State.APPROVED

    @property
    def open_change(self):
        """The change to it that waits, or None."""
        return None if self.replaces_id else self.changes.open_changes().first()

    @property
    def all_pictures(self):
        """Its own and, of a change, those of the story that it changes, also the ones that it takes out."""
        return StoryPicture.objects.filter(story__in=filter(None, [self.pk, self.replaces_id]))

    @property
    def all_people(self):
        """As `all_pictures`, of the consents."""
        return Consent.objects.filter(story__in=filter(None, [self.pk, self.replaces_id]))

    @property
    def pictures_once_approved(self):
        return self.all_pictures.exclude(pk__in=self.drop_pictures or [])

    @property
    def people_once_approved(self):
        return self.all_people.exclude(pk__in=self.drop_people or [])

    @property
    def fingerprint(self):
        """Differs when anything of it is not what it was: its text, its pictures, who is in it, or where it stands."""
        return fingerprint(self, *self.pictures_once_approved.order_by("pk"), *self.people_once_approved.order_by("pk"))

    @property
    def picture(self):
        """The first picture, for cards and feeds, or None."""
        return next(iter(self.pictures.all()), None)

    @property
    def confirmation_url(self):
        token = signing.Signer(salt=_CONFIRM).sign_object(self.pk)
        return settings.SITE_URL + reverse("story-confirm", args=[token])

    @property
    def confirm_until(self):
        return self.offered_at + datetime.timedelta(days=settings.CONFIRMATION_DAYS)

    def why_not(self, move):
        if self.taken_down_at:
            return _("It was taken down on %(date)s, so there is nothing left to decide.") % {
                "date": timezone.localdate(self.taken_down_at).strftime("%-d %B %Y")
            }
        if move == Move.SUBMIT and not self.confirmed_at:
            return _("The address of who offered it is not confirmed yet.")
        if self.replaces_id and (obstacle := self._change_obstacle(move)):
            return obstacle
        if move == Move.APPROVE and (obstacle := self.consent_obstacle()):
            return obstacle
        return super().why_not(move)

    def _change_obstacle(self, move):
        story = self.replaces
        if move == Move.APPROVE and (story.taken_down_at or story.state != State.APPROVED):
            return _("The story that it changes is not approved now, or was taken down. See to that one first.")
        if move == Move.UNDO and self.state == State.APPROVED:
            others = story.changes.exclude(pk=self.pk)
            if others.open_changes().exists() or others.approved().filter(decided_at__gt=self.decided_at).exists():
                return _("The story was changed again since, or another change waits, so this cannot be undone.")
        return ""

    def consent_obstacle(self):
        """What is missing before it may be public, of those who can be recognised in it; empty for nothing."""
        people = self.people_once_approved
        if people.missing().exists():
            return _("Somebody in it has not agreed to be on this site now. Take them out, or record their consent.")
        if self.shows_people and not people.exists():
            return _("Somebody can be recognised in it. Record who agreed to that, or ask for it.")
        return ""


class StoryPicture(models.Model):
    """A picture in a story, kept in several widths."""

    story = models.ForeignKey(Story, models.CASCADE, related_name="pictures")
    alt = models.CharField(_("what it shows, in words"), max_length=250, validators=[clean_line])
    order = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")
        ordering = ["order", "pk"]
        constraints = [
            models.CheckConstraint(
                name="storypicture_has_words",
                condition=~Q(alt=""),
                violation_error_message=_("Say what the picture shows, for people who cannot see it."),
            )
        ]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def largest(self):
        return max(self.sizes.all(), key=lambda size: size.width, default=None)

    @property
    def smallest(self):
        return min(self.sizes.all(), key=lambda size: size.width, default=None)

    @property
    def srcset(self):
        sizes = sorted(self.sizes.all(), key=lambda size: size.width)
        return ", ".join(f"{size.get_absolute_url()} {size.width}w" for size in sizes)


class StoryPictureSize(models.Model):
    picture = models.ForeignKey(StoryPicture, models.CASCADE, related_name="sizes")
    file = PrivateFileField(_("file"))
    width = models.PositiveSmallIntegerField(_("width in pixels"))
    height = models.PositiveSmallIntegerField(_("height in pixels"))

    class Meta:
        verbose_name = _("width of a picture")
        verbose_name_plural = _("widths of pictures")
        constraints = [models.UniqueConstraint("picture", "width", name="storypicturesize_once")]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"

    def get_absolute_url(self):
        return reverse("story-picture", args=[self.pk])


class ConsentQuerySet(models.QuerySet):
    def missing(self, on=None):
        """Those that do not allow the story to be on this site on a day: today, if it is left out."""
        day = on or timezone.localdate()
        return self.filter(Q(withdrawn_at__isnull=False) | Q(until__lt=day) | ~Q(uses__contains=[Consent.Use.SITE]))

    def with_token(self, token):
        """The consent that a person's own link names. Raises DoesNotExist for a link that is not ours."""
        return _with_token(self, _CONSENT, token)


class Consent(models.Model):
    """That somebody who can be recognised in a story agreed to it: to which uses, how we know, and until when."""

    class Use(models.TextChoices):
        SITE = "site", _("on this site, and in what it sends out")
        SOCIAL = "social", _("on social media")
        REPORTS = "reports", _("in printed reports")
        PRESS = "press", _("by newspapers, radio and television")

    story = models.ForeignKey(Story, models.CASCADE, related_name="consents")
    name = models.CharField(_("who"), max_length=100, validators=[clean_line])
    email = models.EmailField(
        _("their e-mail address"), blank=True, help_text=_("Then we send them a link with which they can withdraw.")
    )
    uses = ArrayField(models.CharField(max_length=7, choices=Use.choices), verbose_name=_("may be used"))
    how = models.CharField(
        _("how they agreed"), max_length=200, validators=[clean_line],
        help_text=_("For example: signed our form on 4 May, kept in our office."),
    )  # fmt: skip
    agreed_on = models.DateField(_("agreed on"), default=timezone.localdate)
    until = models.DateField(_("agreed until"))
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, editable=False)

    objects = ConsentQuerySet.as_manager()

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        ordering = ["pk"]
        indexes = [models.Index(fields=["until"], name="consent_ending", condition=Q(withdrawn_at=None))]
        constraints = [
            models.CheckConstraint(
                name="consent_ends_after_it_begins",
                condition=Q(until__gte=models.F("agreed_on")),
                violation_error_message=_("The last day of the consent lies before its first."),
            ),
            models.CheckConstraint(
                name="consent_is_to_something",
                condition=~Q(uses=[]),
                violation_error_message=_("Choose at least one use."),
            ),
        ]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def url(self):
        """The person's own link, with which they read the story and can withdraw."""
        token = signing.Signer(salt=_CONSENT).sign_object(self.pk)
        return settings.SITE_URL + reverse("story-consent", args=[token])

    @property
    def uses_in_words(self):
        return [str(Consent.Use(use).label) for use in self.uses]

    @property
    def leaves_on(self):
        """The first day on which the story is not shown any more."""
        return self.until + datetime.timedelta(days=1)

    @property
    def status(self):
        """What stands now, in words."""
        if self.withdrawn_at:
            return _("withdrawn on %(date)s") % {"date": timezone.localdate(self.withdrawn_at).strftime("%-d %B %Y")}
        words = _("ended on %(date)s") if self.until < timezone.localdate() else _("until %(date)s")
        return words % {"date": self.until.strftime("%-d %B %Y")}
