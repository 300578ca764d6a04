"""Who judges, what they may not judge, how they score; and everybody's votes."""

import datetime

from django.conf import settings
from django.core import signing
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from events.models.awards import AwardRound, Category, Criterion, Nomination
from oiep.invitations import Invitation, invitation_constraints
from oiep.text import clean_line
from partners.models import Partner


class JudgeQuerySet(models.QuerySet):
    def active(self):
        return self.filter(stood_down_at=None, user__is_active=True)


class Judge(models.Model):
    round = models.ForeignKey(
        AwardRound, models.CASCADE, related_name="judges", verbose_name=_("awards of"), help_text=_("The year.")
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="judging", verbose_name=_("person"))
    categories = models.ManyToManyField(Category, related_name="judges", blank=True, verbose_name=_("categories"))
    declared_at = models.DateTimeField(_("interests declared"), null=True, blank=True, editable=False)
    stood_down_at = models.DateTimeField(_("stood down"), null=True, blank=True, editable=False)

    objects = JudgeQuerySet.as_manager()

    class Meta:
        verbose_name = _("judge")
        verbose_name_plural = _("judges")
        constraints = [models.UniqueConstraint("round", "user", name="judge_once")]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"


class JudgeInvitation(Invitation):
    """Asks somebody to judge some categories of a year's awards."""

    round = models.ForeignKey(AwardRound, models.CASCADE, related_name="judge_invitations", verbose_name=_("awards of"))
    categories = models.ManyToManyField(Category, related_name="+", verbose_name=_("categories"))

    class Meta:
        verbose_name = _("invitation to judge")
        verbose_name_plural = _("invitations to judge")
        ordering = ["-invited_at"]
        constraints = [
            *invitation_constraints("judgeinvitation"),
            models.UniqueConstraint("round", "email", name="judgeinvitation_one_open", condition=Q(state="open")),
        ]


class Interest(models.Model):
    """A judge's tie to a partner, because of which they never see its nominations."""

    judge = models.ForeignKey(Judge, models.CASCADE, related_name="interests")
    partner = models.ForeignKey(Partner, models.CASCADE, related_name="+", verbose_name=_("partner"))
    why = models.CharField(_("what ties you to it"), max_length=300, blank=True, validators=[clean_line])
    declared_at = models.DateTimeField(_("declared"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("declared interest")
        verbose_name_plural = _("declared interests")
        constraints = [models.UniqueConstraint("judge", "partner", name="interest_once")]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"


class Score(models.Model):
    judge = models.ForeignKey(Judge, models.CASCADE, related_name="scores")
    nomination = models.ForeignKey(Nomination, models.CASCADE, related_name="scores")
    criterion = models.ForeignKey(Criterion, models.CASCADE, related_name="scores")
    points = models.PositiveSmallIntegerField(_("points"), validators=[MaxValueValidator(5)])
    note = models.CharField(_("why"), max_length=300, blank=True, validators=[clean_line])
    given_at = models.DateTimeField(_("given"), auto_now=True)

    class Meta:
        verbose_name = _("score")
        verbose_name_plural = _("scores")
        constraints = [
            models.UniqueConstraint("judge", "nomination", "criterion", name="score_once"),
            models.CheckConstraint(name="score_in_range", condition=Q(points__lte=5)),
        ]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"


class Vote(models.Model):
    """One person's choice in a category that everybody decides, known by a keyed hash of their address."""

    category = models.ForeignKey(Category, models.CASCADE, related_name="votes")
    nomination = models.ForeignKey(Nomination, models.CASCADE, related_name="votes")
    voter = models.CharField(max_length=64, editable=False)
    cast_at = models.DateTimeField(_("cast"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("vote")
        verbose_name_plural = _("votes")
        constraints = [models.UniqueConstraint("category", "voter", name="vote_once")]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"


class VoteRequestQuerySet(models.QuerySet):
    def with_token(self, token):
        """The request that a link names. Raises DoesNotExist for a link that we did not make, or made long ago."""
        try:
            return self.get(pk=signing.Signer(salt=_VOTE).unsign_object(token))
        except (signing.BadSignature, ValueError, TypeError):
            raise VoteRequest.DoesNotExist from None

    def over(self, now):
        """Those whose link does no more."""
        return self.filter(asked_at__lt=now - datetime.timedelta(hours=settings.AWARD_VOTE_HOURS))


_VOTE = "events.vote"


class VoteRequest(models.Model):
    """A vote that counts once its link, sent to the voter, is confirmed. It is deleted after AWARD_VOTE_HOURS."""

    category = models.ForeignKey(Category, models.CASCADE, related_name="+")
    nomination = models.ForeignKey(Nomination, models.CASCADE, related_name="+")
    voter = models.CharField(max_length=64, editable=False)
    source = models.CharField(max_length=64, editable=False)
    asked_at = models.DateTimeField(_("asked"), default=timezone.now, editable=False)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True, editable=False)

    objects = VoteRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("vote to confirm")
        verbose_name_plural = _("votes to confirm")
        indexes = [
            models.Index(fields=["source", "asked_at"], name="voterequest_source"),
            models.Index(fields=["asked_at"], name="voterequest_asked"),
        ]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def url(self):
        token = signing.Signer(salt=_VOTE).sign_object(self.pk)
        return settings.SITE_URL + reverse("award-vote-confirm", args=[token])

    @property
    def confirm_until(self):
        return self.asked_at + datetime.timedelta(hours=settings.AWARD_VOTE_HOURS)
