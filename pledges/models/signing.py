"""A signing under way: what somebody has typed so far, until they confirm their e-mail address."""

import datetime
import uuid

from django.conf import settings
from django.core import signing
from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from oiep import languages
from oiep.moderation import State
from oiep.text import name_key
from partners.models import JoinRequest, Kind, Partner, PriorityArea, Size
from pledges.models.charter import CharterVersion, Signature, new_reference

_CONFIRM = "pledges.signing.confirm"
_RESUME = "pledges.signing.resume"

# The numbered steps of each route, in order.
_RESIDENT_STEPS = ("who", "where", "pledges", "check")
_ORGANISATION_STEPS = ("who", "organisation", "areas", "pledges", "contact", "check")
_SHORT_STEPS = ("who", "organisation", "pledges", "contact", "check")


class Forgotten(ObjectDoesNotExist):
    """The link is one of ours, but what it was for is deleted, as it is after CONFIRMATION_DAYS."""


class SigningQuerySet(models.QuerySet):
    def under_way(self):
        return self.filter(declared_at=None)

    def being_filled_in(self):
        return self.under_way().exclude(assisted=Signature.Assisted.LIST)

    def not_asked(self):
        """Organisations from a list that nobody has written to yet."""
        return self.under_way().filter(assisted=Signature.Assisted.LIST)

    def unconfirmed(self):
        return self.filter(declared_at__isnull=False, confirmed_at=None)

    def forgettable(self, now=None):
        """Not touched, not confirmed, or confirmed and so done with, for CONFIRMATION_DAYS (product.md, *Privacy*)."""
        now = now or timezone.now()
        limit, limit_of_lists = (
            now - datetime.timedelta(days=days)
            for days in (settings.CONFIRMATION_DAYS, settings.LIST_CONFIRMATION_DAYS)
        )
        from_list = Q(assisted=Signature.Assisted.LIST)
        return self.filter(
            Q(confirmed_at__lt=limit)
            | Q(~from_list, confirmed_at=None, declared_at__lt=limit)
            | Q(~from_list, declared_at=None, changed_at__lt=limit)
            | Q(from_list, confirmed_at=None, declared_at__lt=limit_of_lists)
            | Q(from_list, declared_at=None, changed_at__lt=limit_of_lists)
        )

    def from_lists(self):
        """Organisations that came from a list and have not confirmed yet."""
        return self.filter(assisted=Signature.Assisted.LIST, confirmed_at=None)

    def _with_token(self, token, salt):
        try:
            pk = signing.loads(token, salt=salt)
        except (signing.BadSignature, ValueError):
            raise self.model.DoesNotExist from None
        try:
            return self.get(pk=pk)
        except self.model.DoesNotExist:
            raise Forgotten from None

    def with_confirmation_token(self, token):
        """The signing that a confirmation link names; whether it has expired is `has_expired`.

        Raises DoesNotExist for a link that we did not make, Forgotten for one whose signing is deleted since.
        """
        return self._with_token(token, _CONFIRM)

    def with_resume_token(self, token):
        """The signing that a resume link names. Raises as above."""
        return self._with_token(token, _RESUME)


class Signing(models.Model):
    """Answers are kept here, a step at a time, and become a partner, a signature and pledges when the signer confirms.

    Nothing of it is in any table that a page reads until then. `answers` maps a step's name to its form's clean data;
    the pledges are a list under `pledges`, each with its own `number` and the fields of a Pledge. `typed` holds what
    was left unfinished, by step.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reference = models.CharField(_("reference"), max_length=12, unique=True, default=new_reference, editable=False)
    kind = models.CharField(
        _("kind"), max_length=12, choices=[("organisation", _("Organisation")), ("resident", _("Resident"))]
    )
    answers = models.JSONField(default=dict)
    email = models.EmailField(_("e-mail address"), blank=True)
    # Of who fills it in, for what we write before they have an account.
    language = models.CharField(max_length=10, default=languages.current, db_default=languages.ENGLISH, editable=False)
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
    def organisation(self):
        return self.answers.get("organisation", {})

    @property
    def partner_kind(self):
        """The kind of partner that it becomes, as far as that is known."""
        return Kind.RESIDENT if self.is_resident else self.organisation.get("kind", "")

    @property
    def pledges(self):
        return self.answers.get("pledges", [])

    @property
    def key(self):
        """The same for two signings that would make the same partner for one mailbox."""
        return self.kind, "" if self.is_resident else name_key(self.organisation.get("name", ""))

    @property
    def is_short(self):
        """Whether it takes the short route, which small organisations can leave to write pledges of their own."""
        return (
            not self.is_resident
            and self.organisation.get("size") == Size.MICRO
            and not self.answers.get("own_words", False)
        )

    @property
    def steps(self):
        if self.is_resident:
            return _RESIDENT_STEPS
        return _SHORT_STEPS if self.is_short else _ORGANISATION_STEPS

    def has_finished(self, step):
        return bool(self.pledges) if step == "pledges" else step in self.answers

    @property
    def first_unfinished(self):
        """The first step to be answered still; "check" when all are, since declaring ends the journey."""
        return next(step for step in self.steps if not self.has_finished(step))

    def may_open(self, step):
        return step in self.steps and self.steps.index(step) <= self.steps.index(self.first_unfinished)

    def stranded_pledges(self):
        """Pledges whose area was retired since they were written: to be moved or dropped before declaring."""
        current = set(PriorityArea.objects.current().values_list("pk", flat=True))
        return [pledge for pledge in self.pledges if pledge["area_id"] not in current]

    def _partners_like_it(self):
        if self.is_resident:
            return Partner.objects.filter(kind=Kind.RESIDENT, withdrawn_at=None).exclude(state=State.DECLINED)
        return Partner.objects.same_name(self.organisation["name"])

    def signed_before(self):
        """The partner that the owner of this address has signed for already, or None. For the mailbox's owner only."""
        mine = Q(memberships__user__email=self.email, memberships__ended_at=None)
        return self._partners_like_it().filter(mine | Q(signatures__signer__email=self.email)).first()

    def namesake(self):
        """The organisation of the same name that somebody has signed for, or None. For the mailbox's owner only."""
        return None if self.is_resident else self._partners_like_it().first()

    def waits_to_join(self):
        """Whether its signer has asked the lead of the organisation of that name, and waits for the answer."""
        asked = JoinRequest.objects.filter(user__email=self.email, state=JoinRequest.State.ASKED)
        return asked.filter(partner=self.namesake()).exists()

    @property
    def is_from_list(self):
        return self.assisted == Signature.Assisted.LIST

    @property
    def expires_at(self):
        days = settings.LIST_CONFIRMATION_DAYS if self.is_from_list else settings.CONFIRMATION_DAYS
        return (self.declared_at or self.changed_at) + datetime.timedelta(days=days)

    @property
    def signed_on(self):
        """The day of the signature itself: for one that came from a list, what the list says."""
        if said := self.answers.get("signed_on"):
            return datetime.date.fromisoformat(said)
        return timezone.localdate(self.declared_at) if self.declared_at else None

    def has_expired(self, now=None):
        return not self.confirmed_at and (now or timezone.now()) >= self.expires_at

    @property
    def may_be_sent_again_at(self):
        """When the link to confirm may be sent again, or None when it was sent as often as it may be."""
        if self.mails >= settings.CONFIRMATION_MAILS_AT_MOST or not self.last_mailed_at:
            return None
        return self.last_mailed_at + datetime.timedelta(minutes=settings.CONFIRMATION_RESEND_MINUTES)

    def may_be_sent_again(self, now=None):
        return bool(self.may_be_sent_again_at) and (now or timezone.now()) >= self.may_be_sent_again_at

    @property
    def confirmation_url(self):
        return settings.SITE_URL + reverse("sign-confirm", args=[signing.dumps(str(self.pk), salt=_CONFIRM)])

    @property
    def resume_url(self):
        return settings.SITE_URL + reverse("sign-resume", args=[signing.dumps(str(self.pk), salt=_RESUME)])
