"""Rounds of reviews, what follows from them for a partner, and the manager's levers on their dates.

product.md, *Reviews and reminders*. The partner's row is locked first, in every action, then its reviews.
"""

import datetime
from dataclasses import replace

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from oiep import audit
from oiep.locks import lock_on
from oiep.models import AuditEvent
from oiep.moderation import NotPossible, State
from oiep.rounds import add_months
from partners.actions import lock_standing
from partners.models import Kind, Partner, Pause
from pledges import standing
from pledges.actions.reminders import end_reminders, lock_review, skip_passed_steps
from pledges.history import history_of
from pledges.models import DueDate, Review

MOVE_DAYS_AT_MOST = 183

# Rounds ---------------------------------------------------------------------------------------


@transaction.atomic
def open_round(*, partner, today=None):
    """Opens the partner's next review when its day has come, and closes one that nobody answered. Returns it, or None.

    Of several rounds whose day has come the newest is opened: a scheduler that slept for years asks once.
    """
    today = today or timezone.localdate()
    partner = Partner.objects.select_for_update(of=("self",)).get(pk=partner.pk)
    if partner.state != State.APPROVED or partner.withdrawn_at or not partner.next_round_on or partner.is_paused(today):
        return None
    pauses = [standing.Pause(pause.starts_on, pause.until) for pause in partner.pauses.all()]
    round_on, due_on, following = None, None, partner.next_round_on
    while standing.opens_on(due := standing.due_of(following, pauses, today)) <= today:
        round_on, due_on = following, due
        following = partner.round_after(following)
    if round_on is None:
        return None
    for missed in partner.reviews.awaited().select_for_update(of=("self",)):
        _close(missed, Review.Closing.MISSED)
    review = Review.objects.create(partner=partner, round_on=round_on, due_on=due_on)
    _know(review, today)
    Partner.objects.filter(pk=partner.pk).update(next_round_on=following)
    audit.record(verb="review.opened", subject=review, round=str(round_on), due=str(due_on))
    return review


def _know(review, today, *, set_by=None, reason=""):
    # A past day that is run again does not change what was known on the days since.
    known_from = max(today, timezone.localdate())
    DueDate.objects.create(review=review, due_on=review.due_on, known_from=known_from, set_by=set_by, reason=reason)


def _close(review, closing, actor=None):
    review.closed_at, review.closing = timezone.now(), closing
    review.save(update_fields=["closed_at", "closing"])
    end_reminders(review, reason=_("This review closed: %s.") % review.get_closing_display())
    audit.record(verb=f"review.{closing}", subject=review, actor=actor)


def close_reviews_of(partner, *, actor):
    """Closes the reviews of a partner that withdraws; its row is locked by the caller."""
    for review in partner.reviews.open().select_for_update(of=("self",)).order_by("pk"):
        _close(review, Review.Closing.WITHDRAWN, actor)


# Lapsing --------------------------------------------------------------------------------------


def partners_to_lapse(today):
    """Partners not marked as lapsed that may have to be: of a review that was due long enough ago, nothing was approved
    since, and it was answered late or not at all."""
    days = datetime.timedelta(days=settings.REVIEW_LAPSES_DAYS)
    long_due = Review.objects.filter(due_on__lte=today - days)
    # A day less than it takes, for the hours between a date and a moment; `standing` has the last word.
    answered_late = long_due.filter(answered_at__gte=F("due_on") + days - datetime.timedelta(days=1))
    owed = long_due.owed()
    return (
        Partner.objects.approved()
        .exclude(kind=Kind.RESIDENT)
        .filter(withdrawn_at=None, lapsed_on=None)
        .filter(
            Q(pk__in=owed.values("partner")) | Q(pk__in=answered_late.exclude(state=State.APPROVED).values("partner"))
        )
    )


@transaction.atomic
def refresh_lapse(*, partner, today=None):
    """Marks a partner as lapsed, or no longer so, as its standing says. Returns whether that changed it.

    Called each morning, and by whatever can end a lapse: a decision on a review, a pause, a date that moves.
    """
    partner = Partner.objects.select_for_update(of=("self",)).get(pk=partner.pk)
    today = max(today or timezone.localdate(), timezone.localdate())
    # A pause does not end a lapse by itself: the dates that it moves do.
    now = standing.standing(replace(history_of(partner), pauses=()), today)
    lapsed_on = now.since if now.status == standing.Status.LAPSED and not partner.is_resident else None
    if lapsed_on == partner.lapsed_on:
        return False
    partner.lapsed_on = lapsed_on
    Partner.objects.filter(pk=partner.pk).update(lapsed_on=lapsed_on)
    audit.record(verb="partner.lapsed" if lapsed_on else "partner.no_longer_lapsed", subject=partner, on=str(lapsed_on))
    return True


# The manager's levers -------------------------------------------------------------------------


def _move_due_date(review, due_on, *, actor, reason, today, **data):
    before, review.due_on = review.due_on, due_on
    review.save(update_fields=["due_on"])
    _know(review, today, set_by=actor, reason=reason)
    end_reminders(review, reason=_("The review's due date was moved."))
    skip_passed_steps(review, today)
    audit.record(
        verb="review.moved", subject=review, actor=actor, note=reason, before=str(before), due=str(due_on), **data
    )


def _owed_of(partner):
    """What is left unanswered, oldest first, locked: a lever forgives earlier rounds as it does the last."""
    return list(partner.reviews.owed().select_for_update(of=("self",)).order_by("round_on"))


def days_to_extend_to(review, today=None):
    """The first and the last day to which a review can be extended; the last is before the first where none is left."""
    earliest = max(review.due_on + datetime.timedelta(days=1), today or timezone.localdate())
    return earliest, standing.opens_on(review.partner.next_round_on) - datetime.timedelta(days=1)


@transaction.atomic
def extend(*, review, due_on, actor, reason="", today=None):
    """Moves the day on which a review is due to a later one, before the next review opens.

    The reminders about the old date end, and begin anew about the new one. Rounds that the partner missed before are
    forgiven to the same day. Returns the review.

    Raises ValidationError for a day out of reach, NotPossible when the review was answered or closed, or the partner
    withdrew.
    """
    today = today or timezone.localdate()
    lock_standing(review.partner)
    review = lock_review(review)
    if not review.is_awaited:
        raise NotPossible(_("This review was answered or has closed, so its date cannot be moved."))
    earliest, latest = days_to_extend_to(review, today)
    if not earliest <= due_on <= latest:
        raise ValidationError(
            _("Choose a day from %(first)s to %(last)s.") % {"first": _date(earliest), "last": _date(latest)}
        )
    for owed in _owed_of(review.partner):
        if owed.due_on < due_on:
            _move_due_date(owed, due_on, actor=actor, reason=reason, today=today)
    refresh_lapse(partner=review.partner, today=today)
    return _as_it_is(review)


@transaction.atomic
def pause(*, partner, until, actor, reason="", today=None):
    """Pauses a partner from today up to the day `until`, for PAUSE_MONTHS_AT_MOST months at most in one go.

    Its reminders end at once. A review that it owes becomes due REVIEW_OPENS_DAYS after the pause, unless it is due
    later than that. Returns the pause.

    Raises ValidationError for a day out of reach, NotPossible when the partner is paused already, withdrew or is not
    approved.
    """
    today = today or timezone.localdate()
    partner = lock_standing(partner)
    if partner.state != State.APPROVED:
        raise NotPossible(_("Only an approved partner can be paused."))
    if partner.is_paused(today):
        raise NotPossible(_("This partner is paused already. End that pause first."))
    tomorrow, latest = today + datetime.timedelta(days=1), add_months(today, settings.PAUSE_MONTHS_AT_MOST)
    if not tomorrow <= until <= latest:
        raise ValidationError(
            _("Choose a day from %(first)s to %(last)s.") % {"first": _date(tomorrow), "last": _date(latest)}
        )
    row = Pause(partner=partner, starts_on=today, until=until, set_by=actor, reason=reason)
    row.full_clean()
    row.save()
    audit.record(verb="partner.paused", subject=partner, actor=actor, note=reason, until=str(until))
    for review in _owed_of(partner):
        end_reminders(review, reason=_("The partner was paused."))
        due_on = until + datetime.timedelta(days=settings.REVIEW_OPENS_DAYS)
        if due_on > review.due_on:
            _move_due_date(review, due_on, actor=actor, reason=_("The partner was paused."), today=today, pause=row.pk)
    refresh_lapse(partner=partner, today=today)
    return row


@transaction.atomic
def end_pause(*, partner, actor, today=None):
    """Ends a partner's pause today. What it moved becomes due REVIEW_OPENS_DAYS from today, but not before it was.

    Returns the pause. Raises NotPossible when the partner is not paused, or withdrew.
    """
    today = today or timezone.localdate()
    partner = lock_standing(partner)
    row = partner.pauses.current(today).select_for_update(of=("self",)).first()
    if row is None:
        raise NotPossible(_("This partner is not paused."))
    set_by_pause = row.until + datetime.timedelta(days=settings.REVIEW_OPENS_DAYS)
    row.until = today
    row.save(update_fields=["until"])
    audit.record(verb="partner.pause_ended", subject=partner, actor=actor)
    for review in _owed_of(partner):
        *earlier, last = review.due_dates.values_list("due_on", flat=True)
        if last == set_by_pause and earlier:
            due_on = max(today + datetime.timedelta(days=settings.REVIEW_OPENS_DAYS), earlier[-1])
            _move_due_date(review, due_on, actor=actor, reason=_("The pause ended early."), today=today)
    refresh_lapse(partner=partner, today=today)
    return row


@transaction.atomic
def move_everybody(*, days, actor, reason, number, today=None):
    """After an outage: moves the due date of all that partners owe by so many days. Returns how many were moved.

    number: names this move, so that pressing twice moves once. Raises ValidationError for days out of reach, or without
    a reason.
    """
    today = today or timezone.localdate()
    if not 0 < days <= MOVE_DAYS_AT_MOST:
        raise ValidationError(_("Choose from 1 to %(days)d days.") % {"days": MOVE_DAYS_AT_MOST})
    if not reason.strip():
        raise ValidationError(_("Write why the dates move: each partner's record will say it."))
    lock_on("everybody's due dates")
    if AuditEvent.objects.filter(verb="review.moved", data__number=number).exists():
        return 0
    moved = 0
    awaited = Review.objects.awaited().filter(partner__withdrawn_at=None).order_by("partner")
    for partner in awaited.values_list("partner", flat=True):
        partner = Partner.objects.select_for_update(of=("self",)).get(pk=partner)
        if partner.withdrawn_at or not partner.reviews.awaited().exists():
            continue
        for review in _owed_of(partner):
            due_on = review.due_on + datetime.timedelta(days=days)
            _move_due_date(review, due_on, actor=actor, reason=reason, today=today, number=number)
            moved += 1
        refresh_lapse(partner=partner, today=today)
    return moved


def _as_it_is(review):
    review.refresh_from_db()
    return review


def _date(day):
    return date_format(day)
