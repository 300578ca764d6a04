"""The Charter, in versions, and who signed which."""

import secrets

from django.conf import settings
from django.core.validators import URLValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from oiep.moderation import State
from oiep.text import clean_line, clean_text
from oiep.translated import Translated, TranslatedCharField, TranslatedTextField
from partners.models import Kind, Partner


class CharterVersionQuerySet(models.QuerySet):
    def published(self, today=None):
        return self.filter(published_on__lte=today or timezone.localdate())

    def in_force(self, today=None):
        """That which is signed today, as a queryset of one."""
        newest = self.published(today).order_by("-number").values("pk")[:1]
        return self.filter(pk__in=newest)

    def current(self, today=None):
        """The version that is signed today: the newest published one. Raises DoesNotExist before there is one."""
        return self.published(today).latest("number")


class CharterVersion(Translated):
    class Again(models.TextChoices):
        """Who signed an earlier version, and is asked to sign this one."""

        NOBODY = "nobody", _("Nobody: earlier signatures stand")
        ORGANISATIONS = "organisations", _("Organisations")
        EVERYBODY = "everybody", _("Organisations and residents")

    number = models.PositiveSmallIntegerField(_("version"), unique=True)
    title = TranslatedCharField(_("title"), max_length=120, validators=[clean_line])
    summary = TranslatedTextField(_("in short"), validators=[clean_text])
    purpose = TranslatedTextField(_("purpose"), validators=[clean_text], help_text=_("Markdown."))
    vision = TranslatedTextField(_("vision"), validators=[clean_text], help_text=_("Markdown."))
    commitment = TranslatedTextField(_("what signers commit to"), validators=[clean_text], help_text=_("Markdown."))
    published_on = models.DateField(
        _("published on"), null=True, blank=True, help_text=_("From this day on it is the version that people sign.")
    )

    again = models.CharField(
        _("who is asked to sign again"),
        max_length=13,
        choices=Again.choices,
        default=Again.NOBODY,
        db_default=Again.NOBODY,
        help_text=_("Their leads get an e-mail when it is published, and another before the last day."),
    )
    again_until = models.DateField(
        _("last day to sign again"),
        null=True,
        blank=True,
        help_text=_("After it, their pages say which version stands."),
    )
    # What it was before it was put off, so that all who have not signed are reminded of the new day as well.
    again_was_until = models.DateField(null=True, blank=True, editable=False)

    objects = CharterVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("version of the Charter")
        verbose_name_plural = _("versions of the Charter")
        ordering = ["-number"]
        constraints = [
            models.CheckConstraint(
                name="charter_again_has_a_last_day",
                condition=Q(again="nobody", again_until=None) | (~Q(again="nobody") & Q(again_until__isnull=False)),
                violation_error_message=_(
                    "Give the last day to sign again if somebody is asked to, and no day if nobody is."
                ),
            ),
            models.CheckConstraint(
                name="charter_again_until_is_after_it_is_published",
                condition=Q(again_until=None) | Q(published_on=None) | Q(again_until__gt=models.F("published_on")),
                violation_error_message=_("The last day to sign again comes after the day of publication."),
            ),
        ]

    def __str__(self):
        return _("%(title)s, version %(number)s") % {"title": self.title, "number": self.number}

    def get_absolute_url(self):
        return reverse("charter-version", args=[self.number])

    def takes_signing_again(self, today=None):
        """Whether who signed an earlier version may sign this one today, because they are asked to."""
        today = today or timezone.localdate()
        return (
            self.again != self.Again.NOBODY
            and self.published_on is not None
            and (self.published_on <= today <= self.again_until)
        )

    def asks(self, partner, today=None):
        """Whether a partner is asked to sign it. partner: with its signatures at hand."""
        concerned = self.again == self.Again.EVERYBODY or not partner.is_resident
        takes_part = partner.state == State.APPROVED and not partner.withdrawn_at
        signed = any(signature.charter_id == self.pk for signature in partner.signatures.all())
        return bool(self.takes_signing_again(today) and concerned and takes_part and not signed)

    def was_asked_of(self, partner, today=None):
        """Whether a partner was asked to sign it, and the last day to do so is over."""
        today = today or timezone.localdate()
        concerned = self.again == self.Again.EVERYBODY or (
            self.again == self.Again.ORGANISATIONS and not partner.is_resident
        )
        return bool(concerned and self.published_on and self.published_on <= self.again_until < today)

    def partners_to_ask(self):
        """The partners that are asked to sign it and have not, on any day of its time."""
        partners = Partner.objects.approved().filter(withdrawn_at=None)
        if self.again == self.Again.NOBODY:
            return partners.none()
        if self.again == self.Again.ORGANISATIONS:
            partners = partners.exclude(kind=Kind.RESIDENT)
        signed = Signature.objects.filter(charter=self).values("partner")
        return partners.filter(signatures__isnull=False).exclude(pk__in=signed).distinct()


_REFERENCE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # nothing that is misread aloud


def new_reference():
    letters = "".join(secrets.choice(_REFERENCE_ALPHABET) for _n in range(8))
    return f"{letters[:4]}-{letters[4:]}"


class SignatureQuerySet(models.QuerySet):
    def published(self):
        return self.filter(partner__in=Partner.objects.published())


class Signature(models.Model):
    """A partner's signing of one version of the Charter, by a named person who says that they may sign."""

    class Assisted(models.TextChoices):
        PAPER = "paper", _("on paper")
        TELEPHONE = "telephone", _("by telephone")
        LIST = "list", _("from a list")

    partner = models.ForeignKey(Partner, models.CASCADE, related_name="signatures")
    charter = models.ForeignKey(CharterVersion, models.PROTECT, related_name="signatures", verbose_name=_("version"))
    reference = models.CharField(_("reference"), max_length=12, unique=True, default=new_reference, editable=False)
    signer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="signatures", verbose_name=_("account")
    )
    signer_name = models.CharField(_("signed by"), max_length=150, validators=[clean_line])
    signer_job_title = models.CharField(_("job title"), max_length=100, blank=True, validators=[clean_line])
    declared_at = models.DateTimeField(_("declared"))
    confirmed_at = models.DateTimeField(_("e-mail address confirmed"))
    assisted = models.CharField(_("taken"), max_length=10, choices=Assisted.choices, blank=True)
    assisted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    awaits_approval_of = models.CharField(
        _("waits for the approval of"), max_length=100, blank=True, validators=[clean_line],
        help_text=_("The organisation's own board or cabinet, for example."),
    )  # fmt: skip
    approval_url = models.URLField(_("decision"), blank=True, validators=[URLValidator(schemes=["http", "https"])])

    objects = SignatureQuerySet.as_manager()

    class Meta:
        verbose_name = _("signature")
        verbose_name_plural = _("signatures")
        ordering = ["-declared_at"]
        constraints = [
            models.UniqueConstraint("partner", "charter", name="signature_once_per_version"),
            models.CheckConstraint(
                name="signature_assistance_has_a_person",
                condition=Q(assisted="", assisted_by=None) | (~Q(assisted="") & Q(assisted_by__isnull=False)),
            ),
            models.CheckConstraint(
                name="signature_confirmed_after_declared", condition=Q(confirmed_at__gte=models.F("declared_at"))
            ),
        ]

    def __str__(self):
        return self.reference

    @property
    def still_awaits_approval(self):
        return bool(self.awaits_approval_of and not self.approval_url)
