"""Who comes to an event, who waits for a place, and what they thought of it."""

import datetime
import uuid

from django.conf import settings
from django.core import signing
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q, Sum
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from events.models.events import Event
from oiep import languages
from oiep.text import clean_line, clean_text
from partners.models import Partner

_CONFIRM = "events.registration.confirm"
_MANAGE = "events.registration.manage"
_CODE = "events.registration.code"
_FEEDBACK = "events.registration.feedback"


class RegistrationQuerySet(models.QuerySet):
    def holding(self):
        """Those that hold places: booked, or offered from the waiting list."""
        return self.filter(state__in=(Registration.State.BOOKED, Registration.State.OFFERED))

    def booked(self):
        return self.filter(state=Registration.State.BOOKED)

    def waiting(self):
        """The waiting list, in its order."""
        return self.filter(state=Registration.State.WAITING).order_by("queued_at", "pk")

    def places(self):
        """For how many people these are."""
        return self.aggregate(n=Sum("places", default=0))["n"]

    def _with_token(self, token, salt):
        try:
            return self.get(pk=signing.Signer(salt=salt).unsign_object(token))
        except (signing.BadSignature, ValueError, TypeError):
            raise self.model.DoesNotExist from None

    def with_confirmation_token(self, token):
        """The registration that a confirmation link names. Raises DoesNotExist for a link that is not ours."""
        return self._with_token(token, _CONFIRM)

    def with_manage_token(self, token):
        """The registration that a link to manage it names. Raises as above."""
        return self._with_token(token, _MANAGE)

    def with_feedback_token(self, token):
        """The registration whose owner is asked what they thought. Raises as above."""
        return self._with_token(token, _FEEDBACK)

    def with_code(self, code):
        """The registration that a code on a badge names. Raises as above."""
        try:
            return self.get(pk=uuid.UUID(signing.Signer(salt=_CODE).unsign(code)))
        except (signing.BadSignature, ValueError):
            raise self.model.DoesNotExist from None

    def by_name(self):
        return self.order_by(Lower("name"), "created_at", "pk")

    def matching(self, words):
        """Those in which each word stands somewhere: in a name or an organisation's."""
        rows = self
        for word in words.split():
            rows = rows.filter(
                Q(name__icontains=word)
                | Q(guests__icontains=word)
                | Q(organisation__icontains=word)
                | Q(partner__name__icontains=word)
            )
        return rows


class Registration(models.Model):
    """Places for one person, or for several from one organisation.

    It holds places once its e-mail address is confirmed, if there is room, and waits in the order of `queued_at` if
    there is none. An offer from the waiting list lapses at `offered_until`. What a person typed goes on the clock of
    product.md (*Privacy*): six months after the event.
    """

    class State(models.TextChoices):
        UNCONFIRMED = "unconfirmed", _("address not confirmed yet")
        BOOKED = "booked", _("booked")
        WAITING = "waiting", _("on the waiting list")
        OFFERED = "offered", _("offered a place")
        CANCELLED = "cancelled", _("cancelled")
        LAPSED = "lapsed", _("did not answer in time")

    OVER = (State.CANCELLED, State.LAPSED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    event = models.ForeignKey(Event, models.CASCADE, related_name="registrations")
    state = models.CharField(_("state"), max_length=11, choices=State.choices, default=State.UNCONFIRMED)
    name = models.CharField(_("name"), max_length=150, blank=True, validators=[clean_line])
    email = models.EmailField(_("e-mail address"), blank=True)
    organisation = models.CharField(_("organisation"), max_length=150, blank=True, validators=[clean_line])
    partner = models.ForeignKey(
        Partner, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("partner")
    )
    places = models.PositiveSmallIntegerField(_("places"), default=1, validators=[MinValueValidator(1)])
    guests = models.TextField(
        _("who else comes, a name a line"),
        blank=True,
        max_length=1000,
        validators=[clean_text, MaxLengthValidator(1000)],
    )
    access_needs = models.TextField(
        _("what you need to take part"), blank=True, max_length=600, validators=[clean_text, MaxLengthValidator(600)]
    )
    dietary_needs = models.TextField(
        _("what you do not eat"), blank=True, max_length=600, validators=[clean_text, MaxLengthValidator(600)]
    )
    photographs = models.BooleanField(_("may be in photographs"), default=False)
    # Of who books, for what we write to somebody without an account.
    language = models.CharField(max_length=10, default=languages.current, db_default=languages.ENGLISH, editable=False)
    source = models.CharField(max_length=64, blank=True, editable=False)
    created_at = models.DateTimeField(_("asked"), default=timezone.now, editable=False)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True, editable=False)
    queued_at = models.DateTimeField(_("waiting since"), null=True, blank=True, editable=False)
    offered_until = models.DateTimeField(_("offer lasts until"), null=True, blank=True, editable=False)
    ended_at = models.DateTimeField(_("cancelled"), null=True, blank=True, editable=False)
    # The time of the event of which the person was reminded: one that moves after that is announced again.
    reminded_for = models.DateTimeField(null=True, blank=True, editable=False)
    arrived = models.PositiveSmallIntegerField(_("people who came"), default=0, editable=False)
    checked_in_at = models.DateTimeField(_("checked in"), null=True, blank=True, editable=False)
    forgotten_at = models.DateTimeField(_("erased"), null=True, blank=True, editable=False)

    objects = RegistrationQuerySet.as_manager()

    class Meta:
        verbose_name = _("registration")
        verbose_name_plural = _("registrations")
        ordering = ["created_at", "pk"]
        indexes = [
            models.Index(fields=["event", "state", "queued_at"], name="registration_of_event"),
            models.Index(fields=["source", "created_at"], name="registration_source"),
            models.Index(fields=["offered_until"], name="registration_offer", condition=Q(state="offered")),
        ]
        constraints = [
            models.UniqueConstraint(
                "event",
                "email",
                name="registration_once",
                condition=Q(state__in=("booked", "waiting", "offered")) & ~Q(email=""),
                violation_error_message=_("There is a booking with this e-mail address already."),
            ),
            models.CheckConstraint(name="registration_has_places", condition=Q(places__gte=1)),
            models.CheckConstraint(
                name="registration_arrivals_fit",
                condition=Q(arrived__lte=F("places")),
                violation_error_message=_("More people have come already."),
            ),
            models.CheckConstraint(
                name="registration_state_and_stamps",
                condition=(
                    Q(state="unconfirmed", confirmed_at=None, ended_at=None)
                    | Q(state="booked", confirmed_at__isnull=False, ended_at=None)
                    | Q(state="waiting", confirmed_at__isnull=False, queued_at__isnull=False, ended_at=None)
                    | Q(state="offered", queued_at__isnull=False, offered_until__isnull=False, ended_at=None)
                    | Q(state__in=("cancelled", "lapsed"), ended_at__isnull=False)
                ),
            ),
            # Who books by telephone may have no e-mail address.
            models.CheckConstraint(
                name="registration_is_known_or_forgotten",
                condition=~Q(email="") | ~Q(name="") | Q(forgotten_at__isnull=False),
            ),
        ]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def confirmation_url(self):
        token = signing.Signer(salt=_CONFIRM).sign_object(str(self.pk))
        return settings.SITE_URL + reverse("registration-confirm", args=[token])

    @property
    def manage_url(self):
        return settings.SITE_URL + reverse("registration", args=[self.manage_token])

    @property
    def manage_token(self):
        return signing.Signer(salt=_MANAGE).sign_object(str(self.pk))

    @property
    def code_url(self):
        """What the code on a badge says: who runs the event can check in with it, and nobody else can use it."""
        return settings.SITE_URL + reverse("check-in-code", args=[signing.Signer(salt=_CODE).sign(self.pk.hex)])

    @property
    def feedback_url(self):
        token = signing.Signer(salt=_FEEDBACK).sign_object(str(self.pk))
        return settings.SITE_URL + reverse("event-feedback", args=[token])

    @property
    def shown_organisation(self):
        return self.partner.name if self.partner else self.organisation

    @property
    def people(self):
        """The names of all for whom it is, as far as they are known."""
        return [self.name, *(line.strip() for line in self.guests.splitlines() if line.strip())]

    @property
    def unnamed(self):
        """For how many more places there are than names."""
        return max(0, self.places - len(self.people))

    @property
    def confirm_until(self):
        return self.created_at + datetime.timedelta(days=settings.CONFIRMATION_DAYS)

    def has_expired(self, now=None):
        """Whether an unconfirmed one can be confirmed no more."""
        return self.state == self.State.UNCONFIRMED and self.confirm_until < (now or timezone.now())


class FeedbackQuerySet(models.QuerySet):
    def quotable(self, event):
        """What may be shown to the public without a name, the best first."""
        return self.filter(event=event, may_quote=True).exclude(learnt="").order_by("-rating", "-given_at")


class Feedback(models.Model):
    """What somebody who came thought of an event. It stays when who they were is erased."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="feedback")
    registration = models.OneToOneField(
        Registration, models.SET_NULL, null=True, editable=False, related_name="feedback"
    )
    rating = models.PositiveSmallIntegerField(
        _("how useful it was, from 1 to 5"), validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    learnt = models.TextField(
        _("what you take away"), blank=True, max_length=1000, validators=[clean_text, MaxLengthValidator(1000)]
    )
    better = models.TextField(
        _("what we could do better"), blank=True, max_length=1000, validators=[clean_text, MaxLengthValidator(1000)]
    )
    may_quote = models.BooleanField(_("may be quoted without a name"), default=False)
    given_at = models.DateTimeField(_("given"), default=timezone.now, editable=False)

    objects = FeedbackQuerySet.as_manager()

    class Meta:
        verbose_name = _("feedback")
        verbose_name_plural = _("feedback")
        ordering = ["-given_at"]
        constraints = [models.CheckConstraint(name="feedback_rating_in_range", condition=Q(rating__range=(1, 5)))]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"
