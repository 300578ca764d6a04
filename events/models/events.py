"""What takes place: seminars, workshops, the annual event; who holds it, who speaks, and what was learnt."""

import datetime
import uuid

from django.conf import settings
from django.core.validators import MaxLengthValidator, MinValueValidator, URLValidator
from django.db import models
from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from oiep.rounds import add_months
from oiep.text import clean_line, clean_text
from oiep.uploads import PrivateFileField
from partners.models import District, Partner, PriorityArea
from working_groups.models import Action, Group
from working_groups.times import in_words

_WEB = [URLValidator(schemes=["http", "https"])]


class Series(models.Model):
    """Events that belong together, for example the Inclusive Economy seminars."""

    name = models.CharField(_("name"), max_length=120, unique=True, validators=[clean_line])
    slug = models.SlugField(_("address"), max_length=80, unique=True)
    about = models.TextField(_("about"), blank=True, validators=[clean_text], help_text=_("Markdown."))

    class Meta:
        verbose_name = _("series of events")
        verbose_name_plural = _("series of events")
        ordering = ["name"]

    def __str__(self):
        return self.name


class EventQuerySet(models.QuerySet):
    def published(self, now=None):
        """What the public may see, also what was cancelled: published, and not by a group that is closed to it."""
        open_to_all = Q(group=None) | Q(group__in=Group.objects.published())
        return self.filter(open_to_all, published_at__lte=now or timezone.now())

    def upcoming(self, now=None):
        """Those that are not over, the next first."""
        return self.filter(ends_at__gt=now or timezone.now()).order_by("starts_at", "pk")

    def coming(self, number=3):
        """The next few that the public may come to, as cards show them."""
        return self.published().filter(cancelled_at=None).upcoming().select_related("series").with_held()[:number]

    def past(self, now=None):
        """Those that are over and took place, the latest first."""
        return self.filter(ends_at__lte=now or timezone.now(), cancelled_at=None).order_by("-starts_at", "-pk")

    def in_month(self, month):
        """Those that begin in the month of a date, in Europe/London."""
        zone, first = timezone.get_default_timezone(), month.replace(day=1)
        begins, ends = (datetime.datetime.combine(d, datetime.time(), zone) for d in (first, add_months(first, 1)))
        return self.filter(starts_at__gte=begins, starts_at__lt=ends)

    def matching(self, words):
        """Those in which each word stands somewhere: in the title, the summary, the place, or among the speakers."""
        rows = self
        for word in words.split():
            stands = Q(title__icontains=word) | Q(summary__icontains=word) | Q(place__icontains=word)
            spoken = Q(pk__in=ProgrammeItem.objects.filter(speakers__icontains=word).values("event"))
            rows = rows.filter(stands | spoken)
        return rows

    def with_held(self):
        """With `held`: for how many people places are booked or offered."""
        registrations = self.model._meta.get_field("registrations").related_model.objects.holding()
        held = registrations.filter(event=models.OuterRef("pk")).order_by().values("event").annotate(n=Sum("places"))
        return self.annotate(held=Coalesce(models.Subquery(held.values("n")), 0))

    def managed_by(self, user):
        """Events that a signed-in person runs: as its organiser, or running its group. The manager runs all."""
        return self if user.has_perm("events.change_event") else self.run_by(user)

    def run_by(self, user):
        """Events of which somebody is the organiser, or whose group they run."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(Q(organiser=user) | Q(group__in=Group.objects.run_by(user)))

    def not_long_over(self, now=None):
        """Those to come, and those that ended within a month, which still want looking after; the next first."""
        month_ago = (now or timezone.now()) - datetime.timedelta(days=31)
        return self.filter(ends_at__gt=month_ago).order_by("starts_at", "pk")


class Event(models.Model):
    """Something that people come to. It costs nothing.

    `uid` and `sequence` are those of its entry in calendars (RFC 5545): the one never changes, the other rises with
    each change that a calendar must show. `capacity` counts people; None is no limit.
    """

    class Kind(models.TextChoices):
        ANNUAL = "annual", _("Annual event")
        LAUNCH = "launch", _("Launch")
        SEMINAR = "seminar", _("Seminar")
        WORKSHOP = "workshop", _("Workshop")
        DROP_IN = "drop_in", _("Drop-in")
        MEETING = "meeting", _("Group meeting open to all")

    class Known(models.TextChoices):
        TIME = "time", _("the time")
        DAY = "day", _("only the day")
        MONTH = "month", _("only the month")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    series = models.ForeignKey(
        Series, models.PROTECT, null=True, blank=True, related_name="events", verbose_name=_("series")
    )
    group = models.ForeignKey(
        Group, models.PROTECT, null=True, blank=True, related_name="events", verbose_name=_("working group")
    )
    title = models.CharField(_("title"), max_length=120, validators=[clean_line])
    slug = models.SlugField(_("address"), max_length=80, unique=True)
    summary = models.CharField(_("in a sentence or two"), max_length=300, validators=[clean_line])
    about = models.TextField(_("about"), blank=True, validators=[clean_text], help_text=_("Markdown."))
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))
    known = models.CharField(
        _("how exactly we know when"),
        max_length=5,
        choices=Known.choices,
        default=Known.TIME,
        help_text=_("Anything but the time is for events of the past of which nobody wrote it down."),
    )
    when_words = models.CharField(
        _("when, in words"),
        max_length=60,
        blank=True,
        validators=[clean_line],
        help_text=_("Shown in place of the month, for example “October or November 2019”."),
    )
    place = models.CharField(_("place"), max_length=250, blank=True, validators=[clean_line])
    district = models.ForeignKey(
        District, models.PROTECT, null=True, blank=True, related_name="events", verbose_name=_("district")
    )
    access = models.TextField(
        _("access"),
        blank=True,
        max_length=1000,
        validators=[clean_text, MaxLengthValidator(1000)],
        help_text=_("Steps, lifts, toilets, parking, hearing loop, quiet room, how to get there."),
    )
    online_url = models.URLField(
        _("link to take part online"),
        max_length=500,
        blank=True,
        validators=_WEB,
        help_text=_("Only people who have a place see it."),
    )
    who_may_come = models.CharField(
        _("who may come"), max_length=200, blank=True, validators=[clean_line], default=_("Everybody is welcome.")
    )
    areas = models.ManyToManyField(PriorityArea, related_name="events", blank=True, verbose_name=_("priority areas"))
    takes_bookings = models.BooleanField(_("people book a place here"), default=True)
    capacity = models.PositiveIntegerField(
        _("places"), null=True, blank=True, validators=[MinValueValidator(1)], help_text=_("Blank for no limit.")
    )
    places_at_most = models.PositiveSmallIntegerField(
        _("places in one booking, at most"), default=4, validators=[MinValueValidator(1)]
    )
    bookings_close_at = models.DateTimeField(
        _("bookings close"), null=True, blank=True, help_text=_("Blank: when it starts.")
    )
    organiser = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("organiser"),
        help_text=_("Is told how bookings go, and can check people in."),
    )
    published_at = models.DateTimeField(_("published"), null=True, blank=True, editable=False)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True, editable=False)
    cancelled_why = models.CharField(_("why"), max_length=300, blank=True, validators=[clean_line], editable=False)
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    sequence = models.PositiveIntegerField(default=0, editable=False)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)
    source = models.CharField(
        _("where this is written"), max_length=200, blank=True, validators=[clean_line], help_text=_("For the manager.")
    )
    is_example = models.BooleanField(_("example"), default=False, editable=False)

    public_moments = ("published_at", "starts_at", "ends_at", "bookings_close_at")
    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["-starts_at", "-pk"]
        indexes = [
            models.Index(fields=["starts_at"], name="event_by_date"),
        ]
        constraints = [
            models.CheckConstraint(
                name="event_ends_after_it_starts",
                condition=Q(ends_at__gt=F("starts_at")),
                violation_error_message=_("It ends before it starts."),
            ),
            models.CheckConstraint(
                name="event_is_somewhere",
                condition=~Q(place="") | ~Q(online_url="") | ~Q(known="time"),
                violation_error_message=_("Say where it is, or give the link to take part online."),
            ),
            models.CheckConstraint(
                name="event_words_for_a_month",
                condition=Q(when_words="") | Q(known="month"),
                violation_error_message=_(
                    "Words in place of the month are for events of which only the month is known."
                ),
            ),
            models.CheckConstraint(name="event_has_room", condition=Q(capacity=None) | Q(capacity__gte=1)),
            models.CheckConstraint(name="event_booking_has_room", condition=Q(places_at_most__gte=1)),
            models.CheckConstraint(
                name="event_cancelled_was_published", condition=Q(cancelled_at=None) | Q(published_at__isnull=False)
            ),
        ]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("event", args=[self.slug])

    @property
    def is_public(self):
        """Whether it is one of `published()`."""
        return bool(self.published_at and not (self.group and self.group.is_hidden))

    def is_over(self, now=None):
        return self.ends_at <= (now or timezone.now())

    @property
    def held(self):
        """For how many people places are booked or offered; from `with_held()` where that was asked."""
        return self._held if self._held is not None else self.registrations.holding().places()

    @held.setter
    def held(self, number):
        self._held = number

    _held = None

    @property
    def places_left(self):
        """How many places are left; None where there is no limit."""
        return None if self.capacity is None else max(0, self.capacity - self.held)

    @property
    def when(self):
        """When it is, as exactly as we know, in words."""
        day = timezone.localdate(self.starts_at)
        if self.known == self.Known.MONTH:
            return self.when_words or date_format(day, "F Y")
        return date_format(day) if self.known == self.Known.DAY else in_words(self.starts_at, self.ends_at)

    def is_open_for_bookings(self, now=None):
        """Whether a place can be booked now, or one on the waiting list."""
        closes_at = self.bookings_close_at or self.starts_at
        return bool(
            self.takes_bookings and self.published_at and not self.cancelled_at and (now or timezone.now()) < closes_at
        )


class Contributor(models.Model):
    """An organisation's part in an event: a partner of the Charter, or one that is only named."""

    class Role(models.TextChoices):
        HOST = "host", _("Host")
        PARTNER = "partner", _("In partnership with")
        SPONSOR = "sponsor", _("Sponsor")

    event = models.ForeignKey(Event, models.CASCADE, related_name="contributors")
    role = models.CharField(_("role"), max_length=8, choices=Role.choices)
    partner = models.ForeignKey(
        Partner, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("partner")
    )
    name = models.CharField(_("name, where it is no partner"), max_length=150, blank=True, validators=[clean_line])
    order = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        verbose_name = _("contributor")
        verbose_name_plural = _("contributors")
        ordering = ["role", "order", "pk"]
        constraints = [
            models.CheckConstraint(
                name="contributor_is_somebody",
                condition=Q(partner__isnull=False, name="") | (Q(partner=None) & ~Q(name="")),
                violation_error_message=_("Choose a partner, or write the name of another organisation."),
            ),
        ]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"


class ProgrammeItem(models.Model):
    event = models.ForeignKey(Event, models.CASCADE, related_name="programme")
    starts_at = models.TimeField(_("at"), null=True, blank=True)
    title = models.CharField(_("title"), max_length=150, validators=[clean_line])
    speakers = models.CharField(_("who speaks"), max_length=300, blank=True, validators=[clean_line])
    order = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        verbose_name = _("item of the programme")
        verbose_name_plural = _("programme")
        ordering = ["order", F("starts_at").asc(nulls_last=True), "pk"]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"


class LearningPoint(models.Model):
    """What was learnt at an event. It can become an action of a group."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="learning")
    text = models.TextField(_("what was learnt"), max_length=600, validators=[clean_text, MaxLengthValidator(600)])
    action = models.ForeignKey(
        Action,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="learnt_at",
        verbose_name=_("action"),
    )
    order = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        verbose_name = _("point of learning")
        verbose_name_plural = _("learning")
        ordering = ["order", "pk"]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"


class Photograph(models.Model):
    """A picture of an event. It is public only while those in it agree, which `consent` says how we know."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="photographs")
    file = PrivateFileField(_("file"))
    alt = models.CharField(_("what it shows, for those who cannot see it"), max_length=250, validators=[clean_line])
    consent = models.CharField(
        _("who agreed to it, and how we know"), max_length=300, blank=True, validators=[clean_line]
    )
    is_public = models.BooleanField(_("shown to the public"), default=False)
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)
    order = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        verbose_name = _("photograph")
        verbose_name_plural = _("photographs")
        ordering = ["order", "pk"]
        constraints = [
            models.CheckConstraint(
                name="photograph_public_has_consent",
                condition=Q(is_public=False) | ~Q(consent=""),
                violation_error_message=_("Say who agreed that it is shown, and how you know."),
            ),
            models.CheckConstraint(name="photograph_has_alt", condition=~Q(alt="")),
        ]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"


class Material(models.Model):
    """Slides and other files of an event, public once it is published."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="materials")
    title = models.CharField(_("title"), max_length=120, validators=[clean_line])
    file = PrivateFileField(_("file"))
    name = models.CharField(_("the file's name"), max_length=100, validators=[clean_line], editable=False)
    size = models.PositiveIntegerField(_("size in bytes"), editable=False)
    is_public = models.BooleanField(_("shown to the public"), default=False)

    class Meta:
        verbose_name = _("slides or other file")
        verbose_name_plural = _("slides and other files")
        ordering = ["pk"]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"
