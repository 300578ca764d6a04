"""What visitors write to partners."""

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from oiep.limits import keyed_hash
from oiep.text import clean_line, clean_text, normalise_email
from partners.models.partners import Partner, Purpose


class ContactMessageQuerySet(models.QuerySet):
    def to_settle(self):
        """Those that somebody reported, and that the manager has not looked at yet."""
        return self.filter(reported_at__isnull=False, settled_at=None)


class ContactMessage(models.Model):
    """A visitor's message, passed on to a partner's lead, or without a partner to the partnership itself.

    Kept for 12 months (product.md, *Privacy*).
    """

    class Settlement(models.TextChoices):
        BLOCKED = "blocked", _("the sender was blocked")
        DISMISSED = "dismissed", _("nothing was wrong with it")

    partner = models.ForeignKey(Partner, models.CASCADE, null=True, blank=True, related_name="contact_messages")
    purpose = models.CharField(_("purpose"), max_length=10, choices=Purpose.choices, blank=True)
    name = models.CharField(_("name"), max_length=100, validators=[clean_line])
    email = models.EmailField(_("e-mail address"))
    message = models.TextField(_("message"), max_length=4000, validators=[clean_text, MaxLengthValidator(4000)])
    source = models.CharField(max_length=64, editable=False)
    sent_at = models.DateTimeField(_("sent"), default=timezone.now)
    # When somebody of the partner told the manager that it is abuse.
    reported_at = models.DateTimeField(_("reported"), null=True, blank=True, editable=False)
    reported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+", verbose_name=_("by")
    )
    report = models.CharField(
        _("what is wrong with it"), max_length=300, blank=True, db_default="", validators=[clean_line]
    )
    # What the manager made of the report.
    settlement = models.CharField(
        _("what came of it"), max_length=10, choices=Settlement.choices, blank=True, db_default="", editable=False
    )
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True, editable=False)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+", verbose_name=_("by")
    )

    objects = ContactMessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message passed on")
        verbose_name_plural = _("messages passed on")
        ordering = ["-sent_at"]
        indexes = [
            models.Index(fields=["source", "sent_at"], name="contactmessage_source"),
            models.Index(fields=["email", "sent_at"], name="contactmessage_sender"),
            models.Index(
                fields=["reported_at"],
                name="contactmessage_to_settle",
                condition=Q(reported_at__isnull=False, settled_at=None),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="contactmessage_to_a_partner_has_a_purpose",
                condition=Q(partner=None, purpose="") | (Q(partner__isnull=False) & ~Q(purpose="")),
            ),
            models.CheckConstraint(
                name="contactmessage_report_has_date_and_person",
                condition=Q(reported_at=None, reported_by=None)
                | Q(reported_at__isnull=False, reported_by__isnull=False),
            ),
            models.CheckConstraint(
                name="contactmessage_settled_was_reported",
                condition=Q(settlement="", settled_at=None, settled_by=None)
                | (
                    ~Q(settlement="") & Q(reported_at__isnull=False, settled_at__isnull=False, settled_by__isnull=False)
                ),
            ),
        ]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"


def key_of_sender(email):
    """By which the sender of messages is known: one mailbox, whatever stands behind a plus sign."""
    local_part, _at, domain = normalise_email(email).rpartition("@")
    return keyed_hash(f"sender {local_part.partition('+')[0]}@{domain}")


class BlockedSenderQuerySet(models.QuerySet):
    def of(self, *emails):
        return self.filter(key__in=[key_of_sender(email) for email in emails])


class BlockedSender(models.Model):
    """An address from which no more messages are passed on, known by a keyed hash, so that it is not kept itself."""

    key = models.CharField(max_length=64, unique=True, editable=False)
    blocked_at = models.DateTimeField(_("blocked"), default=timezone.now, editable=False)
    blocked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, editable=False, related_name="+", verbose_name=_("by")
    )

    objects = BlockedSenderQuerySet.as_manager()

    class Meta:
        verbose_name = _("blocked sender")
        verbose_name_plural = _("blocked senders")
        ordering = ["-blocked_at"]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"
