"""Rounds of reviews, and the e-mails that ask for them: product.md, *Reviews and reminders*.

The ledger is the outgoing mail: `review/<review>/<due date>/<step>` is the key of a step's row, and the database takes
each key once. What is due is asked of the database each morning, by window and never by equality of dates, so that a day
run twice changes nothing and a day missed is made up for.
"""

import datetime
import logging

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Case, CharField, Exists, F, OuterRef, Value, When
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from django.utils.translation import gettext as _

from oiep import audit
from oiep import email as mail
from oiep.models import OutgoingEmail
from oiep.moderation import NotPossible, State
from oiep.rounds import add_months, next_round
from partners.actions import lock_standing
from partners.models import Kind, Partner, Pause
from pledges import standing
from pledges.history import standing_of
from pledges.models import DueDate, Review

logger = logging.getLogger(__name__)


# Rounds ---------------------------------------------------------------------------------------


def first_round_on(partner):
    """The day that names an approved partner's first round."""
    signed_on = timezone.localdate(partner.approved_at)
    return next_round(signed_on, partner.review_months, signed_on)


@transaction.atomic
def open_round(*, partner, today=None):
    """Opens the partner's next review when its day has come, and closes one that nobody answered. Returns it, or None.

    Of several rounds whose day has come the newest is opened: a scheduler that slept for years asks once.
    """
    today = today or timezone.localdate()
    partner = Partner.objects.select_for_update(of=("self",)).get(pk=partner.pk)
    if partner.state != State.APPROVED or partner.withdrawn_at or _is_paused(partner, today):
        return None
    pauses = [standing.Pause(pause.starts_on, pause.until) for pause in partner.pauses.all()]
    signed_on = timezone.localdate(partner.approved_at)
    round_on, due_on = None, None
    following = partner.next_round_on
    while standing.opens_on(due := standing.due_of(following, pauses)) <= today:
        round_on, due_on = following, due
        following = next_round(signed_on, partner.review_months, following)
    if round_on is None:
        return None
    for missed in partner.reviews.awaited().select_for_update(of=("self",)):
        _close(missed, Review.Closing.MISSED)
    review = Review.objects.create(partner=partner, round_on=round_on, due_on=due_on)
    DueDate.objects.create(review=review, due_on=due_on, known_from=today)
    partner.next_round_on = following
    partner.save(update_fields=["next_round_on"])
    audit.record(verb="review.opened", subject=review, round=str(round_on), due=str(due_on))
    return review


def _close(review, closing):
    review.closed_at, review.closing = timezone.now(), closing
    review.save(update_fields=["closed_at", "closing"])
    mail.withhold(
        OutgoingEmail.objects.about(review), reason=_("This review closed: %s.") % review.get_closing_display()
    )
    audit.record(verb=f"review.{closing}", subject=review)


def _is_paused(partner, on):
    return partner.pauses.filter(starts_on__lte=on, until__gt=on).exists()


def _locked(review):
    """The review's row, locked after its partner's."""
    partner = Partner.objects.select_for_update(of=("self",)).get(reviews=review.pk)
    review = Review.objects.select_for_update(of=("self",)).get(pk=review.pk)
    review.partner = partner
    return review


# Reminders ------------------------------------------------------------------------------------

RESIDENT_STEPS = (("yearly", 0),)


def steps_of(partner):
    """The e-mails of a partner's rounds: (step, days after the due date). A resident gets one a year."""
    return RESIDENT_STEPS if partner.is_resident else settings.REVIEW_STEPS


def key_of(review, step):
    """What names a step's message: the review, the due date that it is about, and the step."""
    return f"review/{review.pk}/{review.due_on}/{step}"


def reviews_to_remind(today):
    """Awaited reviews of which a step is due that the ledger does not hold yet."""
    latest = [
        When(due_on__lte=today - datetime.timedelta(days=offset), then=Value(step))
        for step, offset in reversed(settings.REVIEW_STEPS)
    ]
    of_residents = [
        When(partner__kind=Kind.RESIDENT, due_on__lte=today - datetime.timedelta(days=offset), then=Value(step))
        for step, offset in reversed(RESIDENT_STEPS)
    ]
    return (
        Review.objects.awaited()
        .filter(partner__withdrawn_at=None)
        .exclude(partner__in=Pause.objects.filter(starts_on__lte=today, until__gt=today).values("partner"))
        .annotate(
            step=Case(*of_residents, When(partner__kind=Kind.RESIDENT, then=None), *latest, output_field=CharField())
        )
        .exclude(step=None)
        .annotate(
            key=Concat(
                Value("review/"), Cast("pk", CharField()), Value("/"), Cast("due_on", CharField()), Value("/"), "step"
            )
        )
        .filter(~Exists(OutgoingEmail.objects.filter(key=OuterRef("key"))))
    )


@transaction.atomic
def remind(*, review, today=None):
    """Records the latest step of a review that is due, with its message to the lead and to a second contact.

    Steps before it that the ledger does not hold were missed: they are recorded as not sent. A review that was answered,
    paused or withdrawn meanwhile gets nothing. Returns the step, or None.
    """
    today = today or timezone.localdate()
    review = _locked(review)
    partner = review.partner
    if not review.is_awaited or partner.withdrawn_at or _is_paused(partner, today):
        return None
    due = [step for step, offset in steps_of(partner) if review.due_on + datetime.timedelta(days=offset) <= today]
    if not due:
        return None
    *missed, step = due
    for earlier in missed:
        mail.skip(
            key=key_of(review, earlier),
            template=f"review_{earlier}",
            about=review,
            reason=_("Its day had passed by the time we looked, so the next message went instead."),
        )
    _write_step(review, step, today)
    return step


def _write_step(review, step, today):
    people = list(review.partner.memberships.current().select_related("user"))
    lead = next((person for person in people if person.role == "lead"), None)
    if lead is None:
        mail.skip(
            key=key_of(review, step),
            template=f"review_{step}",
            about=review,
            reason=_("This partner has no lead to write to."),
        )
        return
    second = [person for person in people if person.role == "second"] if step == "final" else []
    for person, suffix in [(lead, ""), *((person, f"/second/{person.pk}") for person in second)]:
        mail.queue(
            to=person.user.email,
            template=f"review_{step}",
            context=_context_of(review, person.user, today),
            key=key_of(review, step) + suffix,
            about=review,
        )


def _context_of(review, user, today):
    due = review.due_on
    return {
        "review": review,
        "partner": review.partner,
        "user": user,
        "days_left": (due - today).days,
        "due_on": due,
        "overdue_from": standing.overdue_from(due),
        "lapses_on": standing.lapses_on(due),
        "explanation_length": settings.REVIEW_EXPLANATION_LENGTH,
    }


# The day's work -------------------------------------------------------------------------------


def run_day(today=None):
    """Does a day's work: opens rounds, records and queues the messages that are due, and marks who has lapsed.

    today: a date, in Europe/London. Each partner is done in a transaction of its own, and the failure of one does not
    stop the rest. Running it twice, or a week late, does the right thing. Returns how many of each were done.
    """
    today = today or timezone.localdate()
    opening = Partner.objects.with_round_until(today + datetime.timedelta(days=settings.REVIEW_OPENS_DAYS))
    return {
        "opened": _each(opening, lambda partner: open_round(partner=partner, today=today)),
        "reminded": _each(reviews_to_remind(today), lambda review: remind(review=review, today=today)),
        "lapsed": _each(partners_to_lapse(today), lambda partner: refresh_lapse(partner=partner, today=today)),
    }


def _each(queryset, action):
    done = 0
    # A key at a time, so that memory stays flat and rows are looked at as they are when their turn comes.
    for pk in queryset.values_list("pk", flat=True).iterator(chunk_size=1000):
        try:
            done += bool(action(queryset.model(pk=pk)))
        except Exception:
            logger.exception("The day's work failed for %s %s; the rest goes on.", queryset.model._meta.label, pk)
    return done


def partners_to_lapse(today):
    """Partners that have not been marked as lapsed, with a review that was due long enough ago."""
    long_due = Review.objects.unanswered().filter(
        due_on__lte=today - datetime.timedelta(days=settings.REVIEW_LAPSES_DAYS)
    )
    return (
        Partner.objects.approved()
        .exclude(kind=Kind.RESIDENT)
        .filter(withdrawn_at=None, lapsed_on=None, pk__in=long_due.values("partner"))
    )


@transaction.atomic
def refresh_lapse(*, partner, today=None):
    """Marks a partner as lapsed, or no longer so, as its standing says. Returns whether that changed it."""
    partner = Partner.objects.select_for_update(of=("self",)).get(pk=partner.pk)
    now = standing_of(partner, today)
    lapsed_on = now.since if now.status == standing.Status.LAPSED and not partner.is_resident else None
    if lapsed_on == partner.lapsed_on:
        return False
    partner.lapsed_on = lapsed_on
    partner.save(update_fields=["lapsed_on"])
    audit.record(verb="partner.lapsed" if lapsed_on else "partner.no_longer_lapsed", subject=partner, on=str(lapsed_on))
    return True


# The manager's levers -------------------------------------------------------------------------


def _move_due_date(review, due_on, *, actor, reason, today):
    review.due_on = due_on
    review.save(update_fields=["due_on"])
    DueDate.objects.create(review=review, due_on=due_on, known_from=today, set_by=actor, reason=reason)
    mail.withhold(OutgoingEmail.objects.about(review), reason=_("The review's due date was moved."))
    audit.record(verb="review.moved", subject=review, actor=actor, note=reason, due=str(due_on))
    for step, offset in steps_of(review.partner):
        if due_on + datetime.timedelta(days=offset) <= today:
            mail.skip(
                key=key_of(review, step),
                template=f"review_{step}",
                about=review,
                reason=_("We had written about this review before its due date was moved."),
            )


@transaction.atomic
def extend(*, review, due_on, actor, reason="", today=None):
    """Moves the day on which a review is due to a later one. Its reminders begin anew, about the new day.

    Reviews that the partner missed before are forgiven to the same day. Raises ValidationError for a day that is not
    later than the one it has, or is past; NotPossible when the review is answered or closed.
    """
    today = today or timezone.localdate()
    review = _locked(review)
    lock_standing(review.partner)
    if not review.is_awaited:
        raise NotPossible(_("This review was answered or has closed, so its date cannot be moved."))
    if due_on <= review.due_on or due_on < today:
        raise ValidationError(_("Choose a day that is later than the one the review is due on, and not past."))
    for other in review.partner.reviews.unanswered().select_for_update(of=("self",)).order_by("pk"):
        if other.due_on < due_on:
            _move_due_date(other, due_on, actor=actor, reason=reason, today=today)
    refresh_lapse(partner=review.partner, today=today)
    review.refresh_from_db()
    return review


@transaction.atomic
def pause(*, partner, until, actor, reason="", today=None):
    """Pauses a partner from today up to the day `until`, for PAUSE_MONTHS_AT_MOST months at most in one go.

    A review that is open becomes due REVIEW_OPENS_DAYS after the pause. Raises ValidationError for a day out of reach,
    NotPossible when the partner is paused already, withdrew or was never approved.
    """
    today = today or timezone.localdate()
    partner = lock_standing(partner)
    if partner.state != State.APPROVED:
        raise NotPossible(_("Only an approved partner can be paused."))
    if _is_paused(partner, today):
        raise NotPossible(_("This partner is paused already. End that pause first."))
    latest = add_months(today, settings.PAUSE_MONTHS_AT_MOST)
    if not today < until <= latest:
        raise ValidationError(_("Choose a day from tomorrow to %(latest)s.") % {"latest": latest.strftime("%-d %B %Y")})
    row = Pause.objects.create(partner=partner, starts_on=today, until=until, set_by=actor, reason=reason)
    audit.record(verb="partner.paused", subject=partner, actor=actor, note=reason, until=str(until))
    _due_after_pause(partner, until, actor=actor, today=today)
    refresh_lapse(partner=partner, today=today)
    return row


@transaction.atomic
def end_pause(*, partner, actor, today=None):
    """Ends a partner's pause today. An open review becomes due REVIEW_OPENS_DAYS from today."""
    today = today or timezone.localdate()
    partner = lock_standing(partner)
    row = partner.pauses.filter(starts_on__lte=today, until__gt=today).select_for_update(of=("self",)).first()
    if row is None:
        raise NotPossible(_("This partner is not paused."))
    row.until = today
    row.save(update_fields=["until"])
    audit.record(verb="partner.pause_ended", subject=partner, actor=actor)
    _due_after_pause(partner, today, actor=actor, today=today)
    refresh_lapse(partner=partner, today=today)
    return row


def _due_after_pause(partner, until, *, actor, today):
    due_on = until + datetime.timedelta(days=settings.REVIEW_OPENS_DAYS)
    for review in partner.reviews.unanswered().select_for_update(of=("self",)).order_by("pk"):
        due = max(due_on, review.round_on)
        if due != review.due_on and (review.is_awaited or review.due_on < due):
            _move_due_date(review, due, actor=actor, reason=_("The partner was paused."), today=today)


def move_everybody(*, days, actor, reason, today=None):
    """After an outage: moves the due date of every awaited review by so many days. Returns how many were moved."""
    today = today or timezone.localdate()
    if not 0 < days <= 183:
        raise ValidationError(_("Choose from 1 to 183 days."))
    if not reason.strip():
        raise ValidationError(_("Write why the dates move: each partner's record will say it."))
    moved = 0
    with transaction.atomic():
        for pk in (
            Review.objects.awaited().filter(partner__withdrawn_at=None).order_by("partner").values_list("pk", flat=True)
        ):
            review = _locked(Review(pk=pk))
            if review.is_awaited:
                due_on = review.due_on + datetime.timedelta(days=days)
                _move_due_date(review, due_on, actor=actor, reason=reason, today=today)
                refresh_lapse(partner=review.partner, today=today)
                moved += 1
    return moved
