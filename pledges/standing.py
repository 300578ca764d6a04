"""What the public may say of a partner on a day: product.md, *Reviews and reminders*, as one function without a database.

Its facts are dates that never change once they have passed, so that the same question about a past day always gets the
same answer, and one about a future day says what will be if nobody does anything.
"""

import datetime
from dataclasses import dataclass, replace

from django.conf import settings
from django.db import models
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
    """One review's dates. `due` holds each due date that it has had, with the day from which it was known."""

    due: tuple[tuple[datetime.date, datetime.date], ...]
    answered_on: datetime.date | None = None
    approved_on: datetime.date | None = None

    def due_on(self, day):
        """The due date as it was known on a day: the first before it was known at all."""
        known = [due for since, due in self.due if since <= day]
        return known[-1] if known else self.due[0][1]


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


def _days(number):
    return datetime.timedelta(days=number)


def opens_on(due):
    return due - _days(settings.REVIEW_OPENS_DAYS)


def overdue_from(due):
    return due + _days(settings.REVIEW_OVERDUE_DAYS + 1)


def lapses_on(due):
    return due + _days(settings.REVIEW_LAPSES_DAYS)


def standing(history, on):
    """A partner's public standing on a day. history: its facts, `expected` for a future day. Returns a Standing."""
    if history.signed_on is None or on < history.signed_on:
        return Standing(Status.NOT_SIGNED)
    if history.withdrawn_on and history.withdrawn_on <= on:
        return Standing(Status.WITHDRAWN, since=history.withdrawn_on)
    for pause in history.pauses:
        if pause.start <= on < pause.until:
            return Standing(Status.PAUSED, since=pause.start, until=pause.until)
    return _by_reviews(history, on)


def _by_reviews(history, on):
    first_due = answered_on = lapsed_since = None
    for round_ in history.rounds:
        due = round_.due_on(on)
        if opens_on(due) > on:
            continue
        first_due = min(first_due or due, due)
        if round_.answered_on and round_.answered_on <= on:
            if lapses_on(first_due) <= round_.answered_on:
                lapsed_since = lapsed_since or lapses_on(first_due)
            answered_on, first_due = round_.answered_on, None
        if round_.approved_on and round_.approved_on <= on:
            lapsed_since = None
    if lapsed_since is None and first_due and lapses_on(first_due) <= on:
        lapsed_since = lapses_on(first_due)
    if lapsed_since:
        return Standing(Status.LAPSED, since=lapsed_since)
    if first_due and overdue_from(first_due) <= on:
        return Standing(Status.REVIEW_OVERDUE, since=overdue_from(first_due), until=lapses_on(first_due))
    if first_due:
        return Standing(Status.REVIEW_DUE, since=opens_on(first_due), until=overdue_from(first_due))
    if answered_on:
        return Standing(Status.UP_TO_DATE, since=answered_on)
    return Standing(Status.SIGNED, since=history.signed_on)


def due_of(round_on, pauses=()):
    """When a round's review is due: on its day, or, where a pause covered its opening, when it opens after the pause."""
    due = round_on
    for pause in pauses:
        if pause.start <= opens_on(due) < pause.until:
            due = pause.until + _days(settings.REVIEW_OPENS_DAYS)
    return due


def expected(history):
    """The history with the next round added as if nobody did anything, to say what a future day will bring."""
    if history.next_round_on is None:
        return history
    due = due_of(history.next_round_on, history.pauses)
    return replace(history, rounds=(*history.rounds, Round(due=((datetime.date.min, due),))))
