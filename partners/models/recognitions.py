"""Accreditations that partners hold, claimed with evidence and verified by the manager."""

import datetime

from django.conf import settings
from django.core.validators import URLValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from oiep.moderation import Moderated, ModeratedQuerySet, Move, State, moderation_constraints
from oiep.text import clean_line, clean_text
from oiep.translated import TranslatedCharField
from oiep.uploads import PrivateFileField
from partners.models.partners import Partner
from partners.models.reference import ReferenceData


class RecognitionKind(ReferenceData):
    """An accreditation that exists, for example the Real Living Wage."""

    name = TranslatedCharField(_("name"), max_length=80, unique=True, validators=[clean_line])
    slug = models.SlugField(_("address"), max_length=60, unique=True)
    about = TranslatedCharField(_("what it says of who holds it"), max_length=300, validators=[clean_line])
    given_by = TranslatedCharField(_("given by"), max_length=120, validators=[clean_line])
    website = models.URLField(_("website"), blank=True, validators=[URLValidator(schemes=["http", "https"])])
    evidence_hint = TranslatedCharField(
        _("what shows it"),
        max_length=300,
        blank=True,
        validators=[clean_line],
        help_text=_("For example: a link to your entry in the public list of accredited employers."),
    )
    expires = models.BooleanField(_("is given until a day"), default=True)

    class Meta(ReferenceData.Meta):
        verbose_name = _("kind of recognition")
        verbose_name_plural = _("kinds of recognition")

    def __str__(self):
        return self.name


def is_valid(on, prefix=""):
    """The condition that a recognition stands and has not expired on a day. prefix: of lookups from another model."""
    stands = Q(**{f"{prefix}state": State.APPROVED, f"{prefix}ended_at": None})
    return stands & (Q(**{f"{prefix}expires_on": None}) | Q(**{f"{prefix}expires_on__gte": on}))


class RecognitionQuerySet(ModeratedQuerySet):
    def published(self, on=None):
        """Verified by the manager, and neither expired nor taken off. on: a day, today if left out."""
        partners = Partner.objects.published().filter(withdrawn_at=None)
        return self.filter(is_valid(on or timezone.localdate()), partner__in=partners)

    def held_on(self, day):
        """What a page said on a day that is past, or will say if nothing changes: `ended_at` counts from its day on."""
        verified = self.approved().filter(decided_at__date__lte=day)
        valid = Q(expires_on=None) | Q(expires_on__gte=day)
        return verified.filter(valid, Q(ended_at=None) | Q(ended_at__date__gt=day))

    def open(self):
        """Claims that wait, or that their partner can still work on."""
        return self.filter(state__in=Recognition.OPEN, ended_at=None)

    def standing(self):
        """Verified ones that nobody has ended. They may have expired."""
        return self.approved().filter(ended_at=None)


class Recognition(Moderated):
    """What a partner claims to hold. `expires_on` is the last day on which it is valid.

    A renewal is a claim of its own that names the one it `replaces`; the older one stands until the newer is approved.
    """

    class Ending(models.TextChoices):
        REPLACED = "replaced", _("renewed")
        TAKEN_OFF = "taken_off", _("taken off by the partner")
        REMOVED = "removed", _("removed by the manager")

    OPEN = (State.DRAFT, State.SUBMITTED, State.CHANGES_ASKED)

    partner = models.ForeignKey(Partner, models.CASCADE, related_name="recognitions")
    kind = models.ForeignKey(
        RecognitionKind, models.PROTECT, related_name="recognitions", verbose_name=_("recognition")
    )
    awarded_on = models.DateField(_("held since"), null=True, blank=True)
    expires_on = models.DateField(_("valid until"), null=True, blank=True)
    evidence_url = models.URLField(
        _("evidence, a link"), blank=True, validators=[URLValidator(schemes=["http", "https"])]
    )
    evidence_file = PrivateFileField(_("evidence, a file"), blank=True)
    evidence_name = models.CharField(_("the file's name"), max_length=100, blank=True, validators=[clean_line])
    note = models.TextField(_("a word to the manager"), blank=True, max_length=600, validators=[clean_text])
    claimed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    claimed_at = models.DateTimeField(_("claimed"), default=timezone.now)
    replaces = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, editable=False, related_name="renewals"
    )
    ended_at = models.DateTimeField(_("ended"), null=True, editable=False)
    ending = models.CharField(_("how it ended"), max_length=10, choices=Ending.choices, blank=True, editable=False)

    objects = RecognitionQuerySet.as_manager()

    class Meta:
        verbose_name = _("recognition")
        verbose_name_plural = _("recognitions")
        ordering = ["kind__order", "kind", "-claimed_at"]
        indexes = [
            models.Index(
                fields=["expires_on"], name="recognition_expiring", condition=Q(state="approved", ended_at=None)
            ),
        ]
        constraints = [
            *moderation_constraints("recognition"),
            models.CheckConstraint(
                name="recognition_has_evidence",
                condition=~Q(evidence_url="") | ~Q(evidence_file=""),
                violation_error_message=_("Give a link or a file that shows it."),
            ),
            models.CheckConstraint(
                name="recognition_file_has_a_name",
                condition=Q(evidence_file="", evidence_name="") | (~Q(evidence_file="") & ~Q(evidence_name="")),
            ),
            models.CheckConstraint(
                name="recognition_expires_after_award",
                condition=Q(awarded_on=None) | Q(expires_on=None) | Q(expires_on__gte=models.F("awarded_on")),
                violation_error_message=_(
                    "The day until which it is valid lies before the day from which you hold it."
                ),
            ),
            models.CheckConstraint(
                name="recognition_ending_has_date_and_way",
                condition=Q(ended_at=None, ending="") | (Q(ended_at__isnull=False) & ~Q(ending="")),
            ),
            models.UniqueConstraint(
                "partner",
                "kind",
                name="recognition_one_waits",
                condition=Q(state__in=("draft", "submitted", "changes_asked"), ended_at=None),
                violation_error_message=_("You have claimed this already. It waits for our decision."),
            ),
            models.UniqueConstraint(
                "partner",
                "kind",
                name="recognition_one_stands",
                condition=Q(state="approved", ended_at=None),
                violation_error_message=_("This recognition is on your page already."),
            ),
        ]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def is_open(self):
        return self.state in self.OPEN and not self.ended_at

    @property
    def stands(self):
        return self.state == State.APPROVED and not self.ended_at

    @property
    def has_expired(self):
        return self.expired_by(timezone.localdate())

    def expired_by(self, day):
        return self.expires_on is not None and self.expires_on < day

    @property
    def is_shown(self):
        """Whether `published()` would return it, given that its partner is published."""
        return self.stands and not self.has_expired

    @property
    def leaves_on(self):
        """The first day on which it is not shown any more; None for one that does not expire."""
        return self.expires_on and self.expires_on + datetime.timedelta(days=1)

    @property
    def is_due_for_renewal(self):
        """Whether it stands and we have begun to ask for a new one."""
        if not (self.stands and self.expires_on):
            return False
        return (self.expires_on - timezone.localdate()).days <= settings.RECOGNITION_ASKED_DAYS

    def why_not(self, move):
        if self.partner.withdrawn_at:
            return self.partner.why_not(move)
        if self.ended_at:
            return _("It ended on %(date)s (%(how)s), so there is nothing left to decide.") % {
                "date": date_format(timezone.localdate(self.ended_at)),
                "how": self.get_ending_display(),
            }
        if move == Move.APPROVE and self.has_expired:
            return _("It was valid until %(date)s, so there is nothing to show. Ask for changes, or decline.") % {
                "date": date_format(self.expires_on)
            }
        if move == Move.UNDO and self.state in (State.APPROVED, State.DECLINED) and self._another_waits():
            return _("Another claim of the same recognition waits. Decide on that one first.")
        return super().why_not(move)

    def _another_waits(self):
        others = Recognition.objects.open().filter(partner=self.partner_id, kind=self.kind_id)
        return others.exclude(pk=self.pk).exists()
