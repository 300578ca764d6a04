"""What partners say, once or twice a year, about what they promised: product.md, *Reviews and reminders*."""

import datetime
import re

from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, URLValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from oiep.moderation import Moderated, ModeratedQuerySet, Move, State, moderation_constraints
from oiep.text import clean_line, clean_text
from oiep.uploads import PrivateFileField
from partners.models import Partner
from pledges.models.pledges import Pledge

_REVIEW = "pledges.review"
_LINK = re.compile(r"https?:|www\.|@|\b[\w-]+\.(?:com|org|net|uk|info|io|eu|co)\b", re.IGNORECASE)


def no_links(value):
    """Validates that a text names no web or e-mail address."""
    if _LINK.search(value):
        raise ValidationError(_("Write it without web or e-mail addresses."), code="link")


class ReviewQuerySet(ModeratedQuerySet):
    def open(self):
        """Reviews that can still be answered: neither closed nor decided for good."""
        return self.filter(closed_at=None, state__in=(State.DRAFT, State.SUBMITTED, State.CHANGES_ASKED))

    def awaited(self):
        """Open, and never answered: these are the ones that reminders are about. A partner has one at most."""
        return self.filter(closed_at=None, answered_at=None, state=State.DRAFT)

    def owed(self):
        """What a partner's standing is counted from: reviews that neither they nor a later one has answered.

        An answer that was declined is none.
        """
        answered = self.model.objects.filter(answered_at__isnull=False).exclude(state=State.DECLINED)
        later = answered.filter(partner=OuterRef("partner"), round_on__gte=OuterRef("round_on"))
        return self.filter(~Exists(later))

    def overdue(self, on=None):
        limit = (on or timezone.localdate()) - datetime.timedelta(days=settings.REVIEW_OVERDUE_DAYS)
        return self.awaited().filter(due_on__lt=limit)

    def published(self):
        return self.approved().filter(partner__in=Partner.objects.published())

    def visible_to(self, user):
        return self.filter(partner__in=Partner.objects.visible_to(user))

    def with_token(self, token):
        """The review that a link names. Raises DoesNotExist for a link that is not ours, or whose review is gone."""
        try:
            return self.get(pk=signing.Signer(salt=_REVIEW).unsign_object(token))
        except (signing.BadSignature, self.model.DoesNotExist, ValueError, TypeError):
            raise self.model.DoesNotExist from None


class Review(Moderated):
    """One round: what a partner says about its live pledges. `round_on`, the anniversary, names it and never changes.

    `due_on` is when it is due as things stand; each date that it has had is a DueDate. Until it is answered it is a
    draft that is saved as the partner goes. It is closed when nobody can answer it any more.
    """

    class Closing(models.TextChoices):
        MISSED = "missed", _("the next review opened")
        WITHDRAWN = "withdrawn", _("the partner withdrew")
        FORGOTTEN = "forgotten", _("the resident was forgotten")

    class Effect(models.TextChoices):
        HELPED = "helped", _("it helped")
        NONE = "none", _("it made no difference")
        HARDER = "harder", _("it made it harder")

    partner = models.ForeignKey(Partner, models.CASCADE, related_name="reviews")
    round_on = models.DateField(_("round"), editable=False)
    due_on = models.DateField(_("due"), editable=False)
    opened_at = models.DateTimeField(_("opened"), default=timezone.now, editable=False)
    answered_at = models.DateTimeField(_("first sent in"), null=True, editable=False)
    closed_at = models.DateTimeField(_("closed"), null=True, editable=False)
    closing = models.CharField(_("why it closed"), max_length=10, choices=Closing.choices, blank=True, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+",
        verbose_name=_("taken by telephone by"),
    )  # fmt: skip
    explanation = models.CharField(
        _("the partner's explanation"), max_length=200, blank=True, validators=[clean_line, no_links],
        help_text=_("Shown beside “Review overdue”."),
    )  # fmt: skip
    recruitment = models.TextField(
        _("what it did for recruitment"), blank=True, max_length=600, validators=[clean_text, MaxLengthValidator(600)]
    )
    retention = models.TextField(
        _("what it did for keeping people"),
        blank=True,
        max_length=600,
        validators=[clean_text, MaxLengthValidator(600)],
    )
    diversity = models.TextField(
        _("what it did for diversity"), blank=True, max_length=600, validators=[clean_text, MaxLengthValidator(600)]
    )
    # What it did, as a choice: only ever shown in totals (`pledges.benefits`).
    recruitment_effect = models.CharField(_("effect on recruitment"), max_length=7, choices=Effect.choices, blank=True)
    retention_effect = models.CharField(_("effect on keeping people"), max_length=7, choices=Effect.choices, blank=True)
    diversity_effect = models.CharField(_("effect on diversity"), max_length=7, choices=Effect.choices, blank=True)
    may_quote = models.BooleanField(_("words about people may be quoted"), default=False)
    help_wanted = models.TextField(
        _("help wanted"), blank=True, max_length=600, validators=[clean_text, MaxLengthValidator(600)],
        help_text=_("For the partnership only; not shown to the public."),
    )  # fmt: skip

    objects = ReviewQuerySet.as_manager()

    class Meta:
        verbose_name = _("progress review")
        verbose_name_plural = _("progress reviews")
        ordering = ["-round_on"]
        indexes = [
            models.Index(
                fields=["due_on"], name="review_awaited", condition=Q(closed_at=None, answered_at=None, state="draft")
            ),
            models.Index(fields=["submitted_at"], name="review_waiting", condition=Q(state="submitted")),
        ]
        constraints = [
            *moderation_constraints("review"),
            models.UniqueConstraint("partner", "round_on", name="review_once_a_round"),
            models.UniqueConstraint(
                "partner", name="review_one_awaited", condition=Q(closed_at=None, answered_at=None)
            ),
            models.CheckConstraint(name="review_due_on_or_after_its_round", condition=Q(due_on__gte=F("round_on"))),
            models.CheckConstraint(
                name="review_closing_has_a_date",
                condition=Q(closed_at=None, closing="") | (Q(closed_at__isnull=False) & ~Q(closing="")),
            ),
            models.CheckConstraint(
                name="review_sent_in_was_answered", condition=Q(state=State.DRAFT) | Q(answered_at__isnull=False)
            ),
        ]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def is_open(self):
        return not self.closed_at and self.state in (State.DRAFT, State.SUBMITTED, State.CHANGES_ASKED)

    @property
    def is_editable(self):
        """Whether its partner can write in it: before it is sent in, and when changes were asked for."""
        return not self.closed_at and self.state in (State.DRAFT, State.CHANGES_ASKED)

    @property
    def is_awaited(self):
        return self.is_open and not self.answered_at

    @property
    def token(self):
        return signing.Signer(salt=_REVIEW).sign_object(self.pk)

    @property
    def url(self):
        """The link in the partner's e-mails: it opens this review and nothing else."""
        return settings.SITE_URL + reverse("review", args=[self.token])

    def why_not(self, move):
        if self.partner.withdrawn_at:
            return self.partner.why_not(move)
        if self.closed_at and move == Move.SUBMIT:
            return _("This review closed on %(date)s: %(why)s.") % {
                "date": date_format(timezone.localdate(self.closed_at)),
                "why": self.get_closing_display(),
            }
        return super().why_not(move)


class DueDate(models.Model):
    """A date on which a review was due, from the day on which that was known."""

    review = models.ForeignKey(Review, models.CASCADE, related_name="due_dates")
    due_on = models.DateField(_("due"))
    known_from = models.DateField(_("known from"))
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )
    reason = models.CharField(_("why"), max_length=300, blank=True, validators=[clean_line])

    class Meta:
        verbose_name = _("due date")
        verbose_name_plural = _("due dates")
        ordering = ["known_from", "pk"]

    def __str__(self):
        return f"{self.review_id} {self.due_on}"


class AnswerQuerySet(models.QuerySet):
    def published(self):
        """What the public may read: the answers of reviews that were approved."""
        return self.filter(review__in=Review.objects.published())

    def about(self, *pledges):
        """What was said of pledges, the newest first, also on those that came with the answer itself."""
        return self.filter(Q(pledge__in=pledges) | Q(pledge=None, new_pledge__in=pledges)).order_by("-review__round_on")


class Answer(models.Model):
    """What a review says about one pledge, and what comes next for it.

    A changed pledge waits here, as `new_values`, until the review is approved; so does one that was taken up in the
    review, which then has no `pledge` to be about. Approving makes `new_pledge` of it.
    """

    class Progress(models.TextChoices):
        ACHIEVED = "achieved", _("achieved")
        ON_TRACK = "on_track", _("on track")
        BEHIND = "behind", _("behind")
        NOT_STARTED = "not_started", _("not started")
        CHANGED = "changed", _("changed")
        STOPPED = "stopped", _("stopped")

    class Next(models.TextChoices):
        RENEW = "renew", _("goes on for another year")
        CHANGE = "change", _("goes on with a change")
        CLOSE = "close", _("is done and ends")

    review = models.ForeignKey(Review, models.CASCADE, related_name="answers")
    pledge = models.ForeignKey(Pledge, models.PROTECT, null=True, blank=True, related_name="answers")
    progress = models.CharField(_("how it goes"), max_length=12, choices=Progress.choices, blank=True)
    figure = models.DecimalField(_("figure reached"), max_digits=14, decimal_places=2, null=True, blank=True)
    words = models.TextField(
        _("what happened"), blank=True, max_length=600, validators=[clean_text, MaxLengthValidator(600)]
    )
    evidence_url = models.URLField(
        _("evidence, a link"), blank=True, validators=[URLValidator(schemes=["http", "https"])]
    )
    # None for a pledge that was stopped.
    next = models.CharField(_("what comes next"), max_length=6, choices=Next.choices, blank=True)
    reason = models.CharField(_("why it was stopped or changed"), max_length=300, blank=True, validators=[clean_line])
    new_values = models.JSONField(_("the changed pledge"), default=dict, blank=True)
    changed_at = models.DateTimeField(auto_now=True)
    # Kept by `pledges.actions.answers`: what approving the review made of it, so that it can be undone exactly.
    new_pledge = models.OneToOneField(
        Pledge, models.PROTECT, null=True, editable=False, related_name="came_with", verbose_name=_("the new pledge")
    )
    effect = models.JSONField(_("what approving it did"), default=dict, editable=False)

    objects = AnswerQuerySet.as_manager()

    class Meta:
        verbose_name = _("answer on a pledge")
        verbose_name_plural = _("answers on pledges")
        ordering = [F("pledge__area__order").asc(nulls_last=True), F("pledge").asc(nulls_last=True), "pk"]
        constraints = [
            models.UniqueConstraint("review", "pledge", name="answer_once_a_review"),
            models.CheckConstraint(name="answer_is_on_a_pledge", condition=Q(pledge__isnull=False) | ~Q(new_values={})),
            models.CheckConstraint(
                name="answer_ends_what_is_achieved",
                condition=~Q(next="close") | Q(progress="achieved"),
                violation_error_message=_(
                    "Only a pledge that you have achieved is done. To end another one, choose “stopped”: that is "
                    "an honest answer."
                ),
            ),
            models.CheckConstraint(
                name="answer_stopped_has_no_next",
                condition=~Q(progress="stopped") | Q(next=""),
                violation_error_message=_("What has stopped does not go on."),
            ),
        ]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def is_adoption(self):
        """Whether it is on a pledge that was taken up in this review."""
        return self.pledge_id is None

    @property
    def is_complete(self):
        """Whether nothing is missing that sending in needs. Residents need not write why."""
        if not self.progress:
            return False
        is_resident = self.review.partner.is_resident
        if self.progress == self.Progress.STOPPED:
            return bool(is_resident or (self.words and self.reason))
        if not self.next or not (is_resident or self.words):
            return False
        if self.next == self.Next.CHANGE and not self.new_values:
            return False
        return self.progress != self.Progress.CHANGED or bool(self.reason)


class Evidence(models.Model):
    """A file that shows what an answer says. It is public once the review is approved."""

    answer = models.ForeignKey(Answer, models.CASCADE, related_name="evidence")
    file = PrivateFileField(_("file"))
    name = models.CharField(_("name"), max_length=100, validators=[clean_line])
    size = models.PositiveIntegerField(_("size in bytes"))
    added_at = models.DateTimeField(_("added"), default=timezone.now)

    class Meta:
        verbose_name = _("evidence")
        verbose_name_plural = _("evidence")
        ordering = ["pk"]
        constraints = [models.CheckConstraint(name="evidence_is_not_empty", condition=Q(size__gt=0))]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"

    def get_absolute_url(self):
        return reverse("evidence", args=[self.pk])
