"""The Charter, in versions, and who signed which."""

import secrets

from django.conf import settings
from django.core.validators import URLValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from oiep.text import clean_line, clean_text
from oiep.translated import Translated, TranslatedCharField, TranslatedTextField
from partners.models import Partner


class CharterVersionQuerySet(models.QuerySet):
    def published(self, today=None):
        return self.filter(published_on__lte=today or timezone.localdate())

    def current(self, today=None):
        """The version that is signed today: the newest published one. Raises DoesNotExist before there is one."""
        return self.published(today).latest("number")


class CharterVersion(Translated):
    number = models.PositiveSmallIntegerField(_("version"), unique=True)
    title = TranslatedCharField(_("title"), max_length=120, validators=[clean_line])
    summary = TranslatedTextField(_("in short"), validators=[clean_text])
    purpose = TranslatedTextField(_("purpose"), validators=[clean_text], help_text=_("Markdown."))
    vision = TranslatedTextField(_("vision"), validators=[clean_text], help_text=_("Markdown."))
    commitment = TranslatedTextField(_("what signers commit to"), validators=[clean_text], help_text=_("Markdown."))
    published_on = models.DateField(
        _("published on"), null=True, blank=True, help_text=_("From this day on it is the version that people sign.")
    )

    objects = CharterVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("version of the Charter")
        verbose_name_plural = _("versions of the Charter")
        ordering = ["-number"]

    def __str__(self):
        return _("%(title)s, version %(number)s") % {"title": self.title, "number": self.number}

    def get_absolute_url(self):
        return reverse("charter-version", args=[self.number])


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
