"""Messages to many, which the manager writes."""

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from oiep.text import clean_line, clean_text


class MessageQuerySet(models.QuerySet):
    def sending(self):
        return self.filter(state=Message.State.SENDING)


class Message(models.Model):
    """A message to a chosen set of people: written, looked at, sent a part at a time, stopped and gone on with.

    `chosen` says whom: lists of keys under `areas`, `districts`, `kinds`, `statuses`, `roles`, `groups`. Who that is,
    is worked out once, when sending begins.
    """

    class Whom(models.TextChoices):
        PARTNERS = "partners", _("People of partners")
        GROUPS = "groups", _("Members of working groups")
        NEWS = "news", _("Everybody who asked for news")

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        SENDING = "sending", _("being sent")
        STOPPED = "stopped", _("stopped")
        SENT = "sent", _("sent")

    whom = models.CharField(_("who gets it"), max_length=8, choices=Whom.choices, default=Whom.PARTNERS)
    is_news = models.BooleanField(_("news, only for those who asked for it"), default=False)
    chosen = models.JSONField(default=dict)
    subject = models.CharField(_("subject"), max_length=150, validators=[clean_line])
    words = models.TextField(_("message"), max_length=6000, validators=[clean_text, MaxLengthValidator(6000)])
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.DRAFT)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("written by")
    )
    created_at = models.DateTimeField(_("written"), default=timezone.now)
    started_at = models.DateTimeField(_("sending began"), null=True)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("sent by")
    )
    finished_at = models.DateTimeField(_("all handed over"), null=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message to many")
        verbose_name_plural = _("messages to many")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="message_started_has_date_and_person",
                condition=Q(state="draft", started_at=None, started_by=None)
                | (~Q(state="draft") & Q(started_at__isnull=False, started_by__isnull=False)),
            ),
            models.CheckConstraint(
                name="message_sent_has_a_time",
                condition=Q(state="sent", finished_at__isnull=False) | (~Q(state="sent") & Q(finished_at=None)),
            ),
            models.CheckConstraint(name="message_to_who_asked_is_news", condition=~Q(whom="news") | Q(is_news=True)),
        ]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"

    def key_for(self, user_id):
        return f"message/{self.pk}/{user_id}"


class Recipient(models.Model):
    """One person who gets a message, once. `queued_at`: when it went into the queue of e-mails."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="recipients")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    queued_at = models.DateTimeField(null=True)
    left_out = models.CharField(max_length=100, blank=True)

    class Meta:
        verbose_name = _("who gets a message")
        verbose_name_plural = _("who gets messages")
        constraints = [
            models.UniqueConstraint("message", "user", name="recipient_once"),
            models.CheckConstraint(name="recipient_gets_it_or_not", condition=Q(queued_at=None) | Q(left_out="")),
        ]
        indexes = [
            models.Index(fields=["message", "id"], name="recipient_to_come", condition=Q(queued_at=None, left_out="")),
        ]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"
