"""What the public may say of a partner on a day, as one function without a database.

Its facts are dates that never change once they have passed, so that the same question about a past day always gets the
same answer, and one about a future day says what will be if nobody does anything. A decision that was undone is as if
it had never been. The rules are in product.md, *Reviews and reminders*.
"""

import datetime
from dataclasses import dataclass, replace

from django.conf import settings
from django.db import models
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    NOT_SIGNED = "not_signed", _("Not signed")
    SIGNED = "signed", _("Signed")
    UP_TO_DATE = "up_to_date", _("Up to date")
    REVIEW_DUE = "review_due", _("Review due")
    REVIEW_OVERDUE = "review_overdue", _("Review overdue")
    LAPSED = "lapsed", _("Lapsed")
    PAUSED = "paused", _("Paused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


@dataclass(frozen=True)
class Round:
    """One review's dates. `due` holds each due date that it has had, after the day from which that was known.

    The first of those days is the one on which the review opened.
    """

    due: tuple[tuple[datetime.date, datetime.date], ...]
    answered_on: datetime.date | None = None
    declined_on: datetime.date | None = None
    approved_on: datetime.date | None = None

    def due_on(self, day):
        """The due date as it was known on a day; None before the review opened."""
        known = [due for since, due in self.due if since <= day]
        return known[-1] if known else None

    def is_answered(self, day):
        """Whether it had been answered by a day. An answer that the manager declined is none from that day on."""
        declined = self.declined_on and self.declined_on <= day
        return bool(self.answered_on and self.answered_on <= day and not declined)

    def is_approved(self, day):
        return bool(self.approved_on and self.approved_on <= day)


@dataclass(frozen=True)
class Pause:
    start: datetime.date
    until: datetime.date  # the first day on which it is over


@dataclass(frozen=True)
class History:
    """The facts about one partner, in the order of their days."""

    signed_on: datetime.date | None = None
    withdrawn_on: datetime.date | None = None
    pauses: tuple[Pause, ...] = ()
    rounds: tuple[Round, ...] = ()
    next_round_on: datetime.date | None = None  # the anniversary that names the round to be opened next


@dataclass(frozen=True)
class Standing:
    """A status, the day since which it holds, and the day until which, where the status has one."""

    status: Status
    since: datetime.date | None = None
    until: datetime.date | None = None

    @property
    def label(self):
        return words(self)

    @property
    def tone(self):
        """The colour that goes with the words, as `components/status_tag.html` names them."""
        return _TONES.get(self.status, "grey")


_TONES = {
    Status.SIGNED: "blue",
    Status.UP_TO_DATE: "green",
    Status.REVIEW_DUE: "amber",
    Status.REVIEW_OVERDUE: "red",
}


def _days(number):
    return datetime.timedelta(days=number)


def opens_on(due):
    return due - _days(settings.REVIEW_OPENS_DAYS)


def overdue_from(due):
    return due + _days(settings.REVIEW_OVERDUE_DAYS + 1)


def lapses_on(due):
    return due + _days(settings.REVIEW_LAPSES_DAYS)


def standing(history, on):
    """A partner's public standing on a day. history: its facts; `expected` ones for a day that is to come."""
    if history.signed_on is None or on < history.signed_on:
        return Standing(Status.NOT_SIGNED)
    if history.withdrawn_on and history.withdrawn_on <= on:
        return Standing(Status.WITHDRAWN, since=history.withdrawn_on)
    for pause in history.pauses:
        if pause.start <= on < pause.until:
            return Standing(Status.PAUSED, since=pause.start, until=pause.until)
    return by_reviews(history, on)


def by_reviews(history, on):
    """The standing but for withdrawal and pauses."""
    # The earliest due date that no answer has settled counts: who misses a second review is overdue since the first.
    owed = opened_on = answered_on = lapsed_on = None
    for round_ in history.rounds:
        due = round_.due_on(on)
        if due is None:
            continue
        if owed is None or due < owed:
            owed, opened_on = due, round_.due[0][0]
        if round_.is_answered(on):
            if lapses_on(owed) <= round_.answered_on:
                lapsed_on = lapsed_on or lapses_on(owed)
            answered_on, owed = round_.answered_on, None
        if round_.is_approved(on):
            lapsed_on = None
    if lapsed_on is None and owed and lapses_on(owed) <= on:
        lapsed_on = lapses_on(owed)
    if lapsed_on:
        return Standing(Status.LAPSED, since=lapsed_on)
    if owed and overdue_from(owed) <= on:
        return Standing(Status.REVIEW_OVERDUE, since=overdue_from(owed), until=lapses_on(owed))
    if owed:
        return Standing(Status.REVIEW_DUE, since=opened_on, until=overdue_from(owed))
    if answered_on:
        return Standing(Status.UP_TO_DATE, since=answered_on)
    return Standing(Status.SIGNED, since=history.signed_on)


def due_of(round_on, pauses, today):
    """When the review of a round is due that opens today or later.

    That is the day of the round. Where a pause covers its opening it opens when the pause is over. Where the portal
    slept until the partner's page would call it overdue at once, it is due as long after today as any review is after
    its opening: nobody is called overdue, or lapses, before we have asked.
    """
    due = round_on
    for pause in pauses:
        if pause.start <= opens_on(due) < pause.until:
            due = pause.until + _days(settings.REVIEW_OPENS_DAYS)
    if overdue_from(due) <= today:
        due = today + _days(settings.REVIEW_OPENS_DAYS)
    return due


def expected(history, today):
    """The history with the next round added as if nobody did anything, to say what a day after today will bring."""
    if history.next_round_on is None:
        return history
    due = due_of(history.next_round_on, history.pauses, today)
    return replace(history, rounds=(*history.rounds, Round(due=((opens_on(due), due),))))


def changes(history, until):
    """The standings that a history went through up to a day, each with the day on which it began."""
    days = {history.signed_on, history.withdrawn_on}
    for pause in history.pauses:
        days |= {pause.start, pause.until}
    for round_ in history.rounds:
        days |= {round_.answered_on, round_.declined_on, round_.approved_on}
        for known_from, due in round_.due:
            days |= {known_from, overdue_from(due), lapses_on(due)}
    found = []
    for day in sorted(day for day in days if day and day <= until):
        now = standing(history, day)
        if not found or found[-1][1].status != now.status:
            found.append((day, now))
    return found


def words(standing):
    """A standing in the words that the partner's page, its statements and our e-mails share."""
    if standing.status == Status.LAPSED:
        return _("Lapsed on %(date)s") % {"date": _date(standing.since)}
    if standing.status == Status.PAUSED:
        return _("Paused until %(date)s") % {"date": _date(standing.until)}
    if standing.status == Status.WITHDRAWN:
        return _("Withdrawn on %(date)s") % {"date": _date(standing.since)}
    return standing.status.label


def statement(standing, explanation=""):
    """What a partner's page says of its standing, with what the partner wrote to explain “Review overdue”."""
    if explanation and standing.status == Status.REVIEW_OVERDUE:
        return _("%(words)s. The partner explains: “%(explanation)s”") % {
            "words": words(standing),
            "explanation": explanation,
        }
    return words(standing)


def _date(day):
    return date_format(day)
