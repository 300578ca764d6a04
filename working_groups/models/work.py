"""What a group has agreed to do, and what it tells of its progress."""

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from oiep.text import clean_text
from working_groups.models.groups import Group
from working_groups.models.meetings import Meeting
from working_groups.models.people import GroupMember


class ActionQuerySet(models.QuerySet):
    def published(self):
        return self.filter(is_public=True, group__in=Group.objects.published())

    def open(self):
        return self.filter(closed_on=None)

    def overdue(self, on=None):
        return self.open().filter(due_on__lt=on or timezone.localdate())


class Action(models.Model):
    """What somebody of a group will do by a day. It is closed once it is achieved or stopped."""

    class Progress(models.TextChoices):
        """The words and the tags that pledges have in a progress review."""

        NOT_STARTED = "not_started", _("not started")
        ON_TRACK = "on_track", _("on track")
        BEHIND = "behind", _("behind")
        ACHIEVED = "achieved", _("achieved")
        STOPPED = "stopped", _("stopped")

    CLOSED = (Progress.ACHIEVED, Progress.STOPPED)
    _TONES = {Progress.ACHIEVED: "green", Progress.ON_TRACK: "green", Progress.BEHIND: "amber"}

    group = models.ForeignKey(Group, models.CASCADE, related_name="actions")
    meeting = models.ForeignKey(
        Meeting, models.SET_NULL, null=True, blank=True, related_name="actions", verbose_name=_("agreed at the meeting")
    )
    what = models.TextField(_("what will be done"), max_length=600, validators=[clean_text, MaxLengthValidator(600)])
    owner = models.ForeignKey(
        GroupMember, models.SET_NULL, null=True, blank=True, related_name="actions", verbose_name=_("who does it")
    )
    due_on = models.DateField(_("by when"))
    progress = models.CharField(_("how it goes"), max_length=12, choices=Progress.choices, default=Progress.NOT_STARTED)
    note = models.TextField(
        _("what happened"), blank=True, max_length=600, validators=[clean_text, MaxLengthValidator(600)]
    )
    closed_on = models.DateField(_("done or stopped"), null=True, blank=True, editable=False)
    is_public = models.BooleanField(_("shown to the public"), default=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False, verbose_name=_("by")
    )
    created_at = models.DateTimeField(_("agreed"), default=timezone.now, editable=False)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    objects = ActionQuerySet.as_manager()

    class Meta:
        verbose_name = _("action")
        verbose_name_plural = _("actions")
        ordering = ["due_on", "pk"]
        indexes = [models.Index(fields=["due_on"], name="action_open", condition=Q(closed_on=None))]
        constraints = [
            models.CheckConstraint(
                name="action_closed_matches_progress",
                condition=Q(closed_on__isnull=False, progress__in=("achieved", "stopped"))
                | (Q(closed_on=None) & ~Q(progress__in=("achieved", "stopped"))),
            ),
        ]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def tone(self):
        """Of the tag that says how it goes."""
        return self._TONES.get(self.progress, "grey")

    def is_overdue(self, on=None):
        return self.closed_on is None and self.due_on < (on or timezone.localdate())


class ProgressUpdateQuerySet(models.QuerySet):
    def published(self):
        return self.filter(is_public=True, group__in=Group.objects.published())


class ProgressUpdate(models.Model):
    """A short dated note by a group of what it has done, from which the update report is written."""

    group = models.ForeignKey(Group, models.CASCADE, related_name="updates")
    happened_on = models.DateField(_("date"), default=timezone.localdate)
    # Of what the partnership's early reports tell, often only the month is known; the day is then the month's first.
    is_day_known = models.BooleanField(default=True, db_default=True, editable=False)
    text = models.TextField(_("what has been done"), max_length=600, validators=[clean_text, MaxLengthValidator(600)])
    is_public = models.BooleanField(_("shown to the public"), default=True)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False, verbose_name=_("by")
    )
    written_at = models.DateTimeField(_("written"), default=timezone.now, editable=False)

    objects = ProgressUpdateQuerySet.as_manager()

    class Meta:
        verbose_name = _("progress update")
        verbose_name_plural = _("progress updates")
        ordering = ["-happened_on", "-pk"]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"
