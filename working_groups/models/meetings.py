"""When a group meets, who was there, and what it agreed; and the papers that it read."""

import uuid

from django.conf import settings
from django.core.validators import MaxLengthValidator, URLValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from oiep.text import clean_line, clean_text
from oiep.uploads import PrivateFileField
from working_groups.models.groups import Group
from working_groups.models.people import GroupMember
from working_groups.times import in_words

_TEXT = [clean_text, MaxLengthValidator(50_000)]


class MeetingQuerySet(models.QuerySet):
    def called(self):
        """Those to which the members have been invited, also when they were cancelled since."""
        return self.filter(called_at__isnull=False)

    def upcoming(self, now=None):
        """Meetings that take place and are not over, the next first."""
        now = now or timezone.now()
        return self.called().filter(cancelled_at=None, ends_at__gt=now).order_by("starts_at", "pk")

    def past(self, now=None):
        """Meetings that took place, the latest first."""
        return self.called().filter(cancelled_at=None, ends_at__lte=now or timezone.now()).order_by("-starts_at", "-pk")

    def published(self):
        """What the public may read about: past meetings of published groups, once the minutes are published."""
        return self.past().filter(minutes_published_at__isnull=False, group__in=Group.objects.published())

    def visible_to(self, user):
        """What a signed-in person may see: of their groups what was called, of those that they run drafts as well."""
        mine = Q(group__in=Group.objects.visible_to(user), called_at__isnull=False)
        return self.filter(mine | Q(group__in=Group.objects.managed_by(user)))

    def clashing_with(self, meeting):
        """Other meetings of the same group at the same time, drafts as well."""
        others = self.filter(group=meeting.group_id, cancelled_at=None).exclude(pk=meeting.pk)
        return others.filter(starts_at__lt=meeting.ends_at, ends_at__gt=meeting.starts_at).order_by("starts_at", "pk")


class Meeting(models.Model):
    """A meeting of a group. A draft until it is called: only those who run the group see it until then.

    `uid` and `sequence` are those of its entry in calendars (RFC 5545): the one never changes, the other rises with
    each change that a calendar must show.
    """

    group = models.ForeignKey(Group, models.CASCADE, related_name="meetings")
    title = models.CharField(_("title"), max_length=120, validators=[clean_line])
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))
    # Of the meetings that the partnership's early reports tell of, only the month is known, and no place.
    is_day_known = models.BooleanField(default=True, db_default=True, editable=False)
    place = models.CharField(_("place"), max_length=250, blank=True, validators=[clean_line])
    online_url = models.URLField(
        _("link to take part online"),
        max_length=500,
        blank=True,
        validators=[URLValidator(schemes=["http", "https"])],
        help_text=_("Only members see it."),
    )
    agenda = models.TextField(_("agenda"), blank=True, validators=_TEXT, help_text=_("Markdown."))
    minutes = models.TextField(_("minutes"), blank=True, validators=_TEXT, help_text=_("Markdown."))
    minutes_published_at = models.DateTimeField(_("minutes published"), null=True, blank=True, editable=False)
    called_at = models.DateTimeField(_("called"), null=True, blank=True, editable=False)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True, editable=False)
    cancelled_why = models.CharField(_("why"), max_length=300, blank=True, validators=[clean_line])
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    sequence = models.PositiveIntegerField(default=0, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False, verbose_name=_("by")
    )
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    public_moments = ("ends_at",)
    objects = MeetingQuerySet.as_manager()

    class Meta:
        verbose_name = _("meeting")
        verbose_name_plural = _("meetings")
        ordering = ["-starts_at", "-pk"]
        indexes = [models.Index(fields=["group", "starts_at"], name="meeting_of_group")]
        constraints = [
            models.CheckConstraint(
                name="meeting_ends_after_it_starts",
                condition=Q(ends_at__gt=F("starts_at")),
                violation_error_message=_("It ends before it starts."),
            ),
            models.CheckConstraint(
                name="meeting_called_has_a_place",
                condition=Q(called_at=None) | ~Q(place="") | ~Q(online_url="") | Q(is_day_known=False),
                violation_error_message=_("Say where it is, or give the link to take part online."),
            ),
            models.CheckConstraint(
                name="meeting_cancelled_was_called", condition=Q(cancelled_at=None) | Q(called_at__isnull=False)
            ),
            models.CheckConstraint(
                name="meeting_published_has_minutes", condition=Q(minutes_published_at=None) | ~Q(minutes="")
            ),
        ]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"

    def get_absolute_url(self):
        return reverse("meeting", args=[self.group.slug, self.pk])

    @property
    def when(self):
        """Its day, its times and their zone, in words; or no more than its month, where that is all we know."""
        return in_words(self.starts_at, self.ends_at) if self.is_day_known else self.day_in_words

    @property
    def day_in_words(self):
        return date_format(self.day, "j F Y" if self.is_day_known else "F Y")

    @property
    def day(self):
        """Its day in Europe/London."""
        return timezone.localdate(self.starts_at)

    @property
    def is_draft(self):
        return self.called_at is None

    @property
    def is_over(self):
        return self.ends_at <= timezone.now()

    @property
    def is_coming(self):
        """Whether people are expected at it."""
        return not (self.is_draft or self.cancelled_at or self.is_over)


class Attendance(models.Model):
    class Answer(models.TextChoices):
        PRESENT = "present", _("present")
        APOLOGIES = "apologies", _("apologies")
        ABSENT = "absent", _("absent")

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="attendances")
    member = models.ForeignKey(GroupMember, models.CASCADE, related_name="attendances")
    answer = models.CharField(_("attendance"), max_length=10, choices=Answer.choices)

    class Meta:
        verbose_name = _("attendance")
        verbose_name_plural = _("attendances")
        constraints = [models.UniqueConstraint("meeting", "member", name="attendance_once")]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"


class Decision(models.Model):
    """What a meeting agreed. Public with the minutes."""

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="decisions")
    text = models.TextField(_("what was agreed"), max_length=600, validators=[clean_text, MaxLengthValidator(600)])
    order = models.PositiveSmallIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ["order", "pk"]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"


class PaperQuerySet(models.QuerySet):
    def published(self):
        return self.filter(published_at__isnull=False, group__in=Group.objects.published())


class Paper(models.Model):
    """A file that a group works with. Its members see it; the public does once it is published."""

    group = models.ForeignKey(Group, models.CASCADE, related_name="papers")
    meeting = models.ForeignKey(
        Meeting, models.SET_NULL, null=True, blank=True, related_name="papers", verbose_name=_("for the meeting")
    )
    title = models.CharField(_("title"), max_length=120, validators=[clean_line])
    file = PrivateFileField(_("file"))
    name = models.CharField(_("the file's name"), max_length=100, validators=[clean_line])
    size = models.PositiveIntegerField(_("size in bytes"))
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False, verbose_name=_("by")
    )
    added_at = models.DateTimeField(_("added"), default=timezone.now)
    published_at = models.DateTimeField(_("published"), null=True, blank=True, editable=False)

    objects = PaperQuerySet.as_manager()

    class Meta:
        verbose_name = _("paper")
        verbose_name_plural = _("papers")
        ordering = ["-added_at", "-pk"]
        constraints = [models.CheckConstraint(name="paper_is_not_empty", condition=Q(size__gt=0))]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"

    def get_absolute_url(self):
        return reverse("paper", args=[self.pk])

    @property
    def kind(self):
        """What kind of file it is, as people say it: PDF, DOCX."""
        return self.file.name.rpartition(".")[2].upper()
