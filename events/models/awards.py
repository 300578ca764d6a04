"""Awards that grow out of evidence: a year's round, who is nominated, who judges, who wins."""

import datetime

from django.conf import settings
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from events.models.events import Event
from oiep.moderation import Moderated, ModeratedQuerySet, Move, State, moderation_constraints
from oiep.text import clean_line, clean_text
from partners.models import Membership, Partner, PriorityArea, Size
from pledges.models import Pledge, Review, Story


class AwardRoundQuerySet(models.QuerySet):
    def published(self):
        return self.filter(published_at__isnull=False)

    def taking_nominations(self, now=None):
        """Rounds whose nominations are open."""
        now = now or timezone.now()
        return self.published().filter(opens_at__lte=now, closes_at__gt=now)

    def announced(self, now=None):
        """Rounds whose winners are public. Not a second before the time that is set."""
        return self.published().filter(announced_at__lte=now or timezone.now())


class AwardRound(models.Model):
    """The awards of one year. What may be done follows from its times alone."""

    year = models.PositiveSmallIntegerField(
        _("year"), unique=True, validators=[MinValueValidator(2022), MaxValueValidator(2200)]
    )
    title = models.CharField(_("title"), max_length=120, validators=[clean_line])
    about = models.TextField(_("about"), blank=True, validators=[clean_text], help_text=_("Markdown."))
    opens_at = models.DateTimeField(_("nominations open"))
    closes_at = models.DateTimeField(_("nominations close"))
    judged_until = models.DateTimeField(_("judges score until"))
    announced_at = models.DateTimeField(_("winners are announced"))
    event = models.ForeignKey(
        Event, models.SET_NULL, null=True, blank=True, related_name="awards", verbose_name=_("announced at the event")
    )
    published_at = models.DateTimeField(_("published"), null=True, blank=True, editable=False)
    shortlisted_at = models.DateTimeField(_("shortlist published"), null=True, blank=True, editable=False)
    is_example = models.BooleanField(_("example"), default=False, editable=False)

    public_moments = ("opens_at", "closes_at", "judged_until", "announced_at")
    objects = AwardRoundQuerySet.as_manager()

    class Meta:
        verbose_name = _("awards of a year")
        verbose_name_plural = _("awards by year")
        ordering = ["-year"]
        constraints = [
            models.CheckConstraint(
                name="awardround_times_in_order",
                condition=Q(opens_at__lt=F("closes_at"))
                & Q(closes_at__lte=F("judged_until"))
                & Q(judged_until__lte=F("announced_at")),
                violation_error_message=_("Nominations open, close, are judged and announced, in this order."),
            ),
        ]

    def __str__(self):
        return f"{self.title} {self.year}"

    def get_absolute_url(self):
        return reverse("awards-year", args=[self.year])

    def takes_nominations(self, now=None):
        return bool(self.published_at) and self.opens_at <= (now or timezone.now()) < self.closes_at

    def is_judged(self, now=None):
        """Whether judges may look at nominations and score them: once nominations have closed, until `judged_until`."""
        return self.closes_at <= (now or timezone.now()) < self.judged_until

    def takes_votes(self, now=None):
        """Whether everybody may vote: from the shortlist on, until `judged_until`."""
        now = now or timezone.now()
        return bool(self.published_at and self.shortlisted_at) and self.shortlisted_at <= now < self.judged_until

    def still_takes_what_was_begun(self, now=None):
        """Whether a form that was opened in time may come in: until AWARD_GRACE_MINUTES after the end."""
        now = now or timezone.now()
        grace = datetime.timedelta(minutes=settings.AWARD_GRACE_MINUTES)
        return bool(self.published_at) and self.opens_at <= now < self.closes_at + grace

    def is_announced(self, now=None):
        return bool(self.published_at) and self.announced_at <= (now or timezone.now())


class Category(models.Model):
    round = models.ForeignKey(AwardRound, models.CASCADE, related_name="categories")
    name = models.CharField(_("name"), max_length=120, validators=[clean_line])
    slug = models.SlugField(_("address"), max_length=80)
    about = models.TextField(_("what it honours"), blank=True, validators=[clean_text])
    area = models.ForeignKey(
        PriorityArea, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("only for pledges in")
    )
    size = models.CharField(_("only for partners of"), max_length=6, choices=Size.choices, blank=True)
    is_peoples_choice = models.BooleanField(
        _("decided by everybody's votes"), default=False, help_text=_("Votes are confirmed by e-mail, one a person.")
    )
    order = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["order", "pk"]
        constraints = [models.UniqueConstraint("round", "slug", name="category_once_a_round")]

    def __str__(self):
        return self.name


class Criterion(models.Model):
    """What judges score from 0 to 5, published with the awards."""

    round = models.ForeignKey(AwardRound, models.CASCADE, related_name="criteria")
    name = models.CharField(_("name"), max_length=120, validators=[clean_line])
    about = models.CharField(_("what earns points"), max_length=300, blank=True, validators=[clean_line])
    weight = models.PositiveSmallIntegerField(_("weight"), default=1, validators=[MinValueValidator(1)])
    order = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        verbose_name = _("criterion")
        verbose_name_plural = _("criteria")
        ordering = ["order", "pk"]
        constraints = [models.CheckConstraint(name="criterion_counts", condition=Q(weight__gte=1))]

    def __str__(self):
        return self.name


class NominationQuerySet(ModeratedQuerySet):
    def standing(self):
        return self.approved().filter(withdrawn_at=None)

    def shortlisted(self):
        """What the public may see once the round's shortlist is out."""
        return self.standing().filter(is_shortlisted=True, category__round__shortlisted_at__isnull=False)

    def for_judge(self, judge):
        """What a judge may see and score: the rest does not exist for them, not even in a count.

        Nothing of a partner that they act for or acted for, nor of a category in which such a partner is nominated;
        nothing of a partner in which they declared an interest, and nothing that they nominated themselves. Nothing at
        all before they have declared their interests (docs/decisions/0024).
        """
        if not judge.declared_at or judge.stood_down_at:
            return self.none()
        own = Membership.objects.filter(user=judge.user_id).values("partner")
        rivals = Nomination.objects.standing().filter(partner__in=own).values("category")
        return (
            self.standing()
            .filter(category__in=judge.categories.all(), category__round=judge.round_id)
            .exclude(category__is_peoples_choice=True)
            .exclude(Q(partner__in=own) | Q(category__in=rivals) | Q(nominated_by=judge.user_id))
            .exclude(partner__in=judge.interests.values("partner"))
        )

    def placed(self, now=None):
        """Those who won or were highly commended, once that is announced, and for ever.

        A nominee that leaves the Charter before the announcement wins nothing; one that leaves later keeps what it won.
        """
        return (
            self.standing()
            .filter(place__isnull=False, category__round__in=AwardRound.objects.announced(now))
            .exclude(partner__withdrawn_at__lte=F("category__round__announced_at"))
        )

    def winners(self, now=None):
        return self.placed(now).filter(place=self.model.WINNER)

    def visible_to(self, user):
        """Those that a signed-in person made, or that are about a partner they act for, once we have approved them."""
        own = Partner.objects.visible_to(user)
        return self.filter(Q(nominated_by=user) | Q(partner__in=own, state=State.APPROVED))


class Nomination(Moderated):
    """A partner put forward for a category, with what it reported attached: a pledge, a review, a story."""

    WINNER, COMMENDED = 1, 2

    category = models.ForeignKey(Category, models.PROTECT, related_name="nominations", verbose_name=_("category"))
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="nominations", verbose_name=_("nominee"))
    nominated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False, verbose_name=_("by")
    )
    nominated_at = models.DateTimeField(_("nominated"), default=timezone.now, editable=False)
    why = models.TextField(_("why it should win"), max_length=2000, validators=[clean_text, MaxLengthValidator(2000)])
    pledge = models.ForeignKey(
        Pledge, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("for the pledge")
    )
    review = models.ForeignKey(
        Review, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("for the review")
    )
    # It can be taken down, or be erased, at any time: who is in it may take back their consent.
    story = models.ForeignKey(
        Story, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("for the story")
    )
    is_shortlisted = models.BooleanField(_("on the shortlist"), default=False, editable=False)
    # WINNER, of whom there can be several where judges tie, or COMMENDED.
    place = models.PositiveSmallIntegerField(_("place"), null=True, blank=True, editable=False)
    # The manager's decision among those whom the judges, or the voters, put level: 1 comes first.
    tie_order = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True, editable=False)

    objects = NominationQuerySet.as_manager()

    class Meta:
        verbose_name = _("nomination")
        verbose_name_plural = _("nominations")
        ordering = ["category", "nominated_at", "pk"]
        constraints = [
            *moderation_constraints("nomination"),
            models.UniqueConstraint(
                "category",
                "partner",
                name="nomination_once",
                condition=Q(withdrawn_at=None) & ~Q(state="declined"),
                violation_error_message=_("This partner is nominated in this category already."),
            ),
            models.CheckConstraint(name="nomination_place_is_known", condition=Q(place=None) | Q(place__in=(1, 2))),
            models.CheckConstraint(
                name="nomination_shortlisted_stands", condition=Q(is_shortlisted=False) | Q(state="approved")
            ),
            models.CheckConstraint(
                name="nomination_placed_was_shortlisted", condition=Q(place=None) | Q(is_shortlisted=True)
            ),
        ]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"

    def get_absolute_url(self):
        return reverse("nomination", args=[self.pk])

    @property
    def public_story(self):
        """Its story, for as long as the public may see it."""
        return Story.objects.published().with_cards().filter(pk=self.story_id).first() if self.story_id else None

    @property
    def is_winner(self):
        return self.place == self.WINNER

    def why_not(self, move):
        if self.withdrawn_at:
            return _("This nomination was taken back on %(date)s, so there is nothing left to decide.") % {
                "date": timezone.localdate(self.withdrawn_at).strftime("%-d %B %Y")
            }
        if move == Move.UNDO and self.is_shortlisted:
            return _("This nomination is on the shortlist. Take it off there first.")
        if move == Move.UNDO and self.state == State.DECLINED and self._another_stands():
            return _("The same partner was nominated again in this category. Decide on that nomination instead.")
        return super().why_not(move)

    def _another_stands(self):
        others = Nomination.objects.filter(category=self.category_id, partner=self.partner_id, withdrawn_at=None)
        return others.exclude(pk=self.pk).exclude(state=State.DECLINED).exists()
