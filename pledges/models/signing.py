"""A signing under way: what somebody has typed so far, until they confirm their e-mail address."""

import datetime
import uuid

from django.conf import settings
from django.core import signing
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from partners.models import JoinRequest, Kind
from pledges.models.charter import CharterVersion, Signature, new_reference

_CONFIRM = "pledges.signing.confirm"
_RESUME = "pledges.signing.resume"


class SigningQuerySet(models.QuerySet):
    def under_way(self):
        return self.filter(declared_at=None)

    def unconfirmed(self):
        return self.filter(declared_at__isnull=False, confirmed_at=None)

    def forgettable(self, now=None):
        """Never finished, or finished and never confirmed, for CONFIRMATION_DAYS (product.md, *Privacy*)."""
        limit = (now or timezone.now()) - datetime.timedelta(days=settings.CONFIRMATION_DAYS)
        return self.filter(confirmed_at=None).filter(
            Q(declared_at__lt=limit) | Q(declared_at=None, changed_at__lt=limit)
        )

    def _with_token(self, token, salt):
        try:
            return self.get(pk=signing.loads(token, salt=salt))
        except (signing.BadSignature, self.model.DoesNotExist, ValueError, TypeError):
            raise self.model.DoesNotExist from None

    def with_confirmation_token(self, token):
        """The signing that a confirmation link names. Raises DoesNotExist for a link that we did not make, or that is
        forgotten; whether it has expired is `has_expired`."""
        return self._with_token(token, _CONFIRM)

    def with_resume_token(self, token):
        """The signing that a resume link names. Raises DoesNotExist as above."""
        return self._with_token(token, _RESUME)


class Signing(models.Model):
    """Answers are kept here, a step at a time, and become a partner, a signature and pledges when the signer confirms.

    Nothing of it is in any table that a page reads until then. `answers` maps a step's name to its form's clean data;
    the pledges are a list under `pledges`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reference = models.CharField(_("reference"), max_length=12, unique=True, default=new_reference, editable=False)
    kind = models.CharField(
        _("kind"), max_length=12, choices=[("organisation", _("Organisation")), ("resident", _("Resident"))]
    )
    answers = models.JSONField(default=dict)
    email = models.EmailField(_("e-mail address"), blank=True)
    source = models.CharField(max_length=64)
    browser = models.CharField(max_length=64, blank=True)
    started_at = models.DateTimeField(_("started"), default=timezone.now)
    changed_at = models.DateTimeField(_("changed"), default=timezone.now)
    charter = models.ForeignKey(CharterVersion, models.PROTECT, null=True, related_name="+", verbose_name=_("version"))
    declared_at = models.DateTimeField(_("declared"), null=True)
    last_mailed_at = models.DateTimeField(_("link last sent"), null=True)
    mails = models.PositiveSmallIntegerField(_("links sent"), default=0)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True)
    assisted = models.CharField(_("taken"), max_length=10, choices=Signature.Assisted.choices, blank=True)
    assisted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    signature = models.OneToOneField(Signature, models.SET_NULL, null=True, related_name="signing")
    join_request = models.OneToOneField(JoinRequest, models.SET_NULL, null=True, related_name="signing")

    objects = SigningQuerySet.as_manager()

    class Meta:
        verbose_name = _("signing under way")
        verbose_name_plural = _("signings under way")
        indexes = [
            models.Index(fields=["source", "declared_at"], name="signing_source"),
            models.Index(fields=["email"], name="signing_email", condition=Q(confirmed_at=None)),
            models.Index(fields=["changed_at"], name="signing_forgettable", condition=Q(confirmed_at=None)),
        ]
        constraints = [
            models.CheckConstraint(
                name="signing_declared_has_address_and_charter",
                condition=Q(declared_at=None) | (~Q(email="") & Q(charter__isnull=False)),
            ),
            models.CheckConstraint(
                name="signing_confirmed_was_declared", condition=Q(confirmed_at=None) | Q(declared_at__isnull=False)
            ),
            models.CheckConstraint(
                name="signing_outcome_was_confirmed",
                condition=Q(signature=None, join_request=None) | Q(confirmed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="signing_assistance_has_a_person",
                condition=Q(assisted="", assisted_by=None) | (~Q(assisted="") & Q(assisted_by__isnull=False)),
            ),
        ]

    def __str__(self):
        return self.reference

    @property
    def is_resident(self):
        return self.kind == Kind.RESIDENT

    @property
    def is_short(self):
        return self.answers.get("organisation", {}).get("size") == "micro"

    @property
    def expires_at(self):
        return (self.declared_at or self.changed_at) + datetime.timedelta(days=settings.CONFIRMATION_DAYS)

    def has_expired(self, now=None):
        return not self.confirmed_at and (now or timezone.now()) >= self.expires_at

    @property
    def confirmation_url(self):
        return settings.SITE_URL + reverse("sign-confirm", args=[signing.dumps(str(self.pk), salt=_CONFIRM)])

    @property
    def resume_url(self):
        return settings.SITE_URL + reverse("sign-resume", args=[signing.dumps(str(self.pk), salt=_RESUME)])
