"""Help that partners want and offer, and whom the manager brought together."""

import datetime

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from oiep.moderation import Moderated, ModeratedQuerySet, Move, State, fingerprint, moderation_constraints
from oiep.text import clean_line, clean_text
from partners.models import Partner, PriorityArea
from pledges.models.resources import Need


class Outcome(models.TextChoices):
    MET = "met", _("it helped")
    PART = "part", _("it helped in part")
    NOTHING = "nothing", _("nothing came of it")


class HelpQuerySet(ModeratedQuerySet):
    def published(self, on=None):
        """What is open on a day: today, if it is left out. It closes by itself after its last day."""
        day = on or timezone.localdate()
        return self.approved().filter(closed_at=None, open_until__gte=day, partner__in=Partner.objects.listed())

    def in_area(self, *areas):
        return self.filter(
            pk__in=HelpRequest.areas.through.objects.filter(priorityarea__in=areas).values("helprequest")
        )

    def in_place(self, *districts):
        return self.filter(partner__in=Partner.objects.in_place(*districts))

    def with_cards(self):
        return self.select_related("partner").prefetch_related("areas", "partner__districts")

    def newest(self):
        return self.order_by("-decided_at", "-pk")

    def matching(self, words):
        for word in words.split()[:10]:
            self = self.filter(Q(title__icontains=word) | Q(text__icontains=word))
        return self


class HelpRequest(Moderated):
    """What a partner wants or offers. It is open until a day, or until its partner closes it."""

    class Direction(models.TextChoices):
        WANTED = "wanted", _("Help wanted")
        OFFERED = "offered", _("Help offered")

    partner = models.ForeignKey(Partner, models.CASCADE, related_name="help_requests", verbose_name=_("partner"))
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    asked_at = models.DateTimeField(_("asked"), default=timezone.now, editable=False)
    direction = models.CharField(_("wanted or offered"), max_length=7, choices=Direction.choices)
    need = models.CharField(_("what"), max_length=12, choices=Need.choices)
    title = models.CharField(_("in one line"), max_length=120, validators=[clean_line])
    text = models.TextField(_("more about it"), max_length=1500, validators=[clean_text, MaxLengthValidator(1500)])
    areas = models.ManyToManyField(PriorityArea, related_name="help_requests", blank=True, verbose_name=_("areas"))
    open_until = models.DateField(_("open until"))
    closed_at = models.DateTimeField(_("closed"), null=True, editable=False)
    outcome = models.CharField(_("what came of it"), max_length=7, choices=Outcome.choices, blank=True, editable=False)
    outcome_words = models.CharField(
        _("what came of it, in words"), max_length=300, blank=True, editable=False, validators=[clean_line]
    )
    is_example = models.BooleanField(_("example"), default=False, editable=False)

    objects = HelpQuerySet.as_manager()

    class Meta:
        verbose_name = _("help wanted or offered")
        verbose_name_plural = _("help wanted and offered")
        ordering = ["-asked_at", "-pk"]
        indexes = [
            models.Index(fields=["open_until"], name="helprequest_open", condition=Q(state="approved", closed_at=None)),
            models.Index(fields=["submitted_at"], name="helprequest_waiting", condition=Q(state="submitted")),
        ]
        constraints = [
            *moderation_constraints("helprequest"),
            models.CheckConstraint(
                name="helprequest_outcome_of_what_is_closed",
                condition=Q(outcome="", outcome_words="") | (Q(closed_at__isnull=False) & ~Q(outcome="")),
            ),
        ]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"

    def get_absolute_url(self):
        return reverse("help-request", args=[self.pk])

    @property
    def is_open(self):
        return not self.closed_at and self.state != State.DECLINED

    @property
    def is_editable(self):
        return not self.closed_at and self.state in (State.DRAFT, State.SUBMITTED, State.CHANGES_ASKED)

    @property
    def fingerprint(self):
        """Differs when anything of it is not what it was."""
        return fingerprint(self)

    @property
    def latest_day(self):
        return timezone.localdate() + datetime.timedelta(days=settings.HELP_OPEN_DAYS_AT_MOST)

    def why_not(self, move):
        if self.partner.withdrawn_at:
            return self.partner.why_not(move)
        if self.closed_at:
            return _("It was closed on %(date)s, so there is nothing left to decide.") % {
                "date": timezone.localdate(self.closed_at).strftime("%-d %B %Y")
            }
        if move == Move.APPROVE and self.open_until < timezone.localdate():
            return _("It was open until %(date)s, so there is nothing to show. Ask for a later day, or decline.") % {
                "date": self.open_until.strftime("%-d %B %Y")
            }
        return super().why_not(move)


class HelpReplyQuerySet(models.QuerySet):
    def waiting(self):
        """Those that the manager has neither introduced nor put aside."""
        return self.filter(introduced_at=None, dismissed_at=None)

    def awaiting_outcome(self):
        return self.filter(introduced_at__isnull=False, outcome="")


class HelpReply(models.Model):
    """Somebody who can help, or who wants what is offered. The manager reads it, then introduces the two."""

    request = models.ForeignKey(HelpRequest, models.CASCADE, related_name="replies", verbose_name=_("about"))
    name = models.CharField(_("name"), max_length=100, validators=[clean_line])
    organisation = models.CharField(_("organisation"), max_length=150, blank=True, validators=[clean_line])
    email = models.EmailField(_("e-mail address"))
    message = models.TextField(_("message"), max_length=2000, validators=[clean_text, MaxLengthValidator(2000)])
    source = models.CharField(max_length=64, editable=False)
    sent_at = models.DateTimeField(_("sent"), default=timezone.now, editable=False)
    introduced_at = models.DateTimeField(_("introduced"), null=True, editable=False)
    introduced_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+", verbose_name=_("by")
    )
    dismissed_at = models.DateTimeField(_("put aside"), null=True, editable=False)
    outcome = models.CharField(_("what came of it"), max_length=7, choices=Outcome.choices, blank=True, editable=False)
    outcome_words = models.CharField(
        _("what came of it, in words"), max_length=300, blank=True, editable=False, validators=[clean_line]
    )
    outcome_at = models.DateTimeField(_("recorded"), null=True, editable=False)

    objects = HelpReplyQuerySet.as_manager()

    class Meta:
        verbose_name = _("answer to help wanted or offered")
        verbose_name_plural = _("answers to help wanted or offered")
        ordering = ["sent_at", "pk"]
        indexes = [
            models.Index(fields=["source", "sent_at"], name="helpreply_source"),
            models.Index(fields=["email", "sent_at"], name="helpreply_sender"),
        ]
        constraints = [
            models.CheckConstraint(
                name="helpreply_introduction_has_date_and_person",
                condition=Q(introduced_at=None, introduced_by=None)
                | Q(introduced_at__isnull=False, introduced_by__isnull=False),
            ),
            models.CheckConstraint(
                name="helpreply_is_introduced_or_put_aside",
                condition=Q(introduced_at=None) | Q(dismissed_at=None),
            ),
            models.CheckConstraint(
                name="helpreply_outcome_has_a_date_and_an_introduction",
                condition=Q(outcome="", outcome_words="", outcome_at=None)
                | (~Q(outcome="") & Q(outcome_at__isnull=False, introduced_at__isnull=False)),
            ),
        ]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"
