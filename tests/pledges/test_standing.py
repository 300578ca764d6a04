"""The public standing as a table: day by day, without a database, from the rules in product.md."""

import datetime
import random
from dataclasses import replace
from datetime import timedelta

import pytest

from oiep.rounds import add_months, next_round
from pledges.standing import (
    History,
    Pause,
    Round,
    Standing,
    Status,
    due_of,
    expected,
    lapses_on,
    opens_on,
    overdue_from,
    standing,
    statement,
    words,
)

SIGNED = datetime.date(2026, 5, 4)
DUE = datetime.date(2027, 5, 4)
OPENED = DUE - timedelta(days=30)


def day(offset):
    return DUE + timedelta(days=offset)


def one_round(**facts):
    return History(signed_on=SIGNED, rounds=(Round(due=((OPENED, DUE),), **facts),))


def statuses(history, offsets):
    return {offset: standing(history, day(offset)).status for offset in offsets}


# A round, and how it ends ---------------------------------------------------------------------


def test_round_that_nobody_answers():
    assert statuses(one_round(), [-31, -30, -7, 0, 14, 30, 31, 90, 179, 180, 3000]) == {
        -31: Status.SIGNED,
        -30: Status.REVIEW_DUE,
        -7: Status.REVIEW_DUE,
        0: Status.REVIEW_DUE,
        14: Status.REVIEW_DUE,
        30: Status.REVIEW_DUE,
        31: Status.REVIEW_OVERDUE,
        90: Status.REVIEW_OVERDUE,
        179: Status.REVIEW_OVERDUE,
        180: Status.LAPSED,
        3000: Status.LAPSED,
    }


@pytest.mark.parametrize(("answered", "before"), [(-30, None), (-10, -11), (0, -1), (30, 29)])
def test_answer_brings_up_to_date_at_once(answered, before):
    history = one_round(answered_on=day(answered))
    if before is not None:
        assert standing(history, day(before)).status == Status.REVIEW_DUE
    assert standing(history, day(answered)) == Standing(Status.UP_TO_DATE, since=day(answered))
    assert standing(history, day(3000)) == Standing(Status.UP_TO_DATE, since=day(answered))


def test_answer_ends_overdue_at_once_without_a_decision():
    history = one_round(answered_on=day(100))
    assert statuses(history, [99, 100]) == {99: Status.REVIEW_OVERDUE, 100: Status.UP_TO_DATE}
    assert standing(one_round(answered_on=day(179)), day(179)).status == Status.UP_TO_DATE


def test_lapse_ends_when_the_answer_is_approved_not_when_it_is_sent_in():
    history = one_round(answered_on=day(180), approved_on=day(187))
    assert statuses(history, [179, 180, 186, 187]) == {
        179: Status.REVIEW_OVERDUE,
        180: Status.LAPSED,
        186: Status.LAPSED,
        187: Status.UP_TO_DATE,
    }
    assert standing(history, day(186)).since == day(180)


def test_declined_answer_counts_until_it_is_declined():
    history = one_round(answered_on=day(20), declined_on=day(40))
    assert statuses(history, [19, 20, 39, 40, 180]) == {
        19: Status.REVIEW_DUE,
        20: Status.UP_TO_DATE,
        39: Status.UP_TO_DATE,
        40: Status.REVIEW_OVERDUE,
        180: Status.LAPSED,
    }


def test_standing_says_since_when_and_until_when():
    history = one_round()
    assert standing(history, day(-31)) == Standing(Status.SIGNED, since=SIGNED)
    assert standing(history, DUE) == Standing(Status.REVIEW_DUE, since=OPENED, until=day(31))
    assert standing(history, day(31)) == Standing(Status.REVIEW_OVERDUE, since=day(31), until=day(180))
    assert standing(history, day(500)) == Standing(Status.LAPSED, since=day(180))


def test_nobody_signed_before_the_approval():
    assert standing(History(), DUE) == Standing(Status.NOT_SIGNED)
    assert standing(one_round(), SIGNED - timedelta(days=1)) == Standing(Status.NOT_SIGNED)
    assert standing(one_round(), SIGNED).status == Status.SIGNED


# Several rounds -------------------------------------------------------------------------------


def rounds_of(*offsets, **last):
    """Annual or half-yearly rounds, due on these days; each opens 30 days before."""
    rounds = [Round(due=((day(offset - 30), day(offset)),)) for offset in offsets]
    return History(signed_on=SIGNED, rounds=(*rounds[:-1], replace(rounds[-1], **last)))


def test_second_round_does_not_restart_the_clock_of_the_first():
    assert statuses(rounds_of(0, 184), [153, 154, 179, 180, 184, 400]) == {
        153: Status.REVIEW_OVERDUE,
        154: Status.REVIEW_OVERDUE,
        179: Status.REVIEW_OVERDUE,
        180: Status.LAPSED,
        184: Status.LAPSED,
        400: Status.LAPSED,
    }


def test_answer_to_the_newest_round_settles_those_before_it():
    history = rounds_of(0, 184, answered_on=day(160))
    assert statuses(history, [159, 160, 300]) == {
        159: Status.REVIEW_OVERDUE,
        160: Status.UP_TO_DATE,
        300: Status.UP_TO_DATE,
    }


def test_lapsed_partner_that_answers_a_later_round_is_back_once_that_is_approved():
    history = rounds_of(0, 365, answered_on=day(340), approved_on=day(350))
    assert statuses(history, [180, 339, 340, 349, 350]) == {
        180: Status.LAPSED,
        339: Status.LAPSED,
        340: Status.LAPSED,
        349: Status.LAPSED,
        350: Status.UP_TO_DATE,
    }


def test_lapsed_once_and_back_can_lapse_again():
    back = Round(due=((day(335), day(365)),), answered_on=day(340), approved_on=day(350))
    history = History(signed_on=SIGNED, rounds=(*one_round().rounds, back, Round(due=((day(700), day(730)),))))
    assert statuses(history, [200, 350, 699, 700, 760, 761, 909, 910]) == {
        200: Status.LAPSED,
        350: Status.UP_TO_DATE,
        699: Status.UP_TO_DATE,
        700: Status.REVIEW_DUE,
        760: Status.REVIEW_DUE,
        761: Status.REVIEW_OVERDUE,
        909: Status.REVIEW_OVERDUE,
        910: Status.LAPSED,
    }
    assert standing(history, day(910)).since == day(910)


# Dates that move ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moved_on", "before", "after"),
    [
        (10, Status.REVIEW_DUE, Status.REVIEW_DUE),
        (100, Status.REVIEW_OVERDUE, Status.REVIEW_DUE),
        (200, Status.LAPSED, Status.REVIEW_DUE),
    ],
)
def test_extension_changes_the_days_from_it_on_and_none_before(moved_on, before, after):
    moved = Round(due=((OPENED, DUE), (day(moved_on), day(300))))
    history = History(signed_on=SIGNED, rounds=(moved,))
    assert statuses(history, [moved_on - 1, moved_on, 330, 331, 479, 480]) == {
        moved_on - 1: before,
        moved_on: after,
        330: Status.REVIEW_DUE,
        331: Status.REVIEW_OVERDUE,
        479: Status.REVIEW_OVERDUE,
        480: Status.LAPSED,
    }


def test_pause_is_said_while_it_lasts_and_the_review_is_due_after_it():
    moved = Round(due=((OPENED, DUE), (day(60), day(130))))
    history = History(signed_on=SIGNED, rounds=(moved,), pauses=(Pause(day(60), day(100)),))
    assert statuses(history, [59, 60, 99, 100, 160, 161]) == {
        59: Status.REVIEW_OVERDUE,
        60: Status.PAUSED,
        99: Status.PAUSED,
        100: Status.REVIEW_DUE,
        160: Status.REVIEW_DUE,
        161: Status.REVIEW_OVERDUE,
    }
    assert standing(history, day(60)) == Standing(Status.PAUSED, since=day(60), until=day(100))


def test_pause_that_ended_on_its_first_day_covers_none():
    history = replace(one_round(), pauses=(Pause(day(5), day(5)),))
    assert standing(history, day(5)).status == Status.REVIEW_DUE


def test_withdrawal_stands_above_all_from_its_day():
    history = replace(one_round(), withdrawn_on=day(50), pauses=(Pause(day(40), day(100)),))
    assert statuses(history, [39, 40, 49, 50, 3000]) == {
        39: Status.REVIEW_OVERDUE,
        40: Status.PAUSED,
        49: Status.PAUSED,
        50: Status.WITHDRAWN,
        3000: Status.WITHDRAWN,
    }
    assert standing(history, day(50)) == Standing(Status.WITHDRAWN, since=day(50))


# Days to come ---------------------------------------------------------------------------------


def test_future_is_told_as_if_nobody_did_anything():
    history = expected(History(signed_on=SIGNED, next_round_on=DUE), SIGNED)
    assert statuses(history, [-31, -30, 30, 31, 179, 180]) == {
        -31: Status.SIGNED,
        -30: Status.REVIEW_DUE,
        30: Status.REVIEW_DUE,
        31: Status.REVIEW_OVERDUE,
        179: Status.REVIEW_OVERDUE,
        180: Status.LAPSED,
    }


def test_future_after_a_pause_that_covers_the_opening():
    pauses = (Pause(day(-40), day(-20)),)
    history = expected(History(signed_on=SIGNED, next_round_on=DUE, pauses=pauses), day(-40))
    assert statuses(history, [-41, -40, -21, -20, 40, 41]) == {
        -41: Status.SIGNED,
        -40: Status.PAUSED,
        -21: Status.PAUSED,
        -20: Status.REVIEW_DUE,
        40: Status.REVIEW_DUE,
        41: Status.REVIEW_OVERDUE,
    }


@pytest.mark.parametrize(
    ("today", "due"),
    [(-400, 0), (-30, 0), (-29, 0), (0, 0), (30, 0), (31, 61), (200, 230)],
)
def test_review_opened_late_is_not_overdue_before_anybody_was_asked(today, due):
    assert due_of(DUE, (), day(today)) == day(due)


@pytest.mark.parametrize(
    ("start", "until", "due"),
    [(-31, -30, 0), (-30, -29, 1), (-60, -29, 1), (-60, 100, 130), (-29, 100, 0), (-30, -30, 0)],
)
def test_pause_moves_the_due_date_when_it_covers_the_opening(start, until, due):
    assert due_of(DUE, (Pause(day(start), day(until)),), day(-60)) == day(due)


def test_pauses_one_after_the_other_move_the_due_date_twice():
    pauses = (Pause(day(-40), day(-10)), Pause(day(-10), day(20)))
    assert due_of(DUE, pauses, day(-60)) == day(50)


def test_words_and_boundaries():
    assert (opens_on(DUE), overdue_from(DUE), lapses_on(DUE)) == (
        datetime.date(2027, 4, 4),
        datetime.date(2027, 6, 4),
        datetime.date(2027, 10, 31),
    )
    assert words(Standing(Status.LAPSED, since=DUE)) == "Lapsed on 4 May 2027"
    assert words(Standing(Status.PAUSED, since=SIGNED, until=DUE)) == "Paused until 4 May 2027"
    assert words(Standing(Status.WITHDRAWN, since=DUE)) == "Withdrawn on 4 May 2027"
    assert words(Standing(Status.UP_TO_DATE, since=DUE)) == "Up to date"
    overdue = Standing(Status.REVIEW_OVERDUE)
    assert statement(overdue) == "Review overdue"
    assert statement(overdue, "We moved.") == "Review overdue. The partner explains: “We moved.”"
    assert statement(Standing(Status.UP_TO_DATE), "We moved.") == "Up to date"


# 29 February, and the clock of rounds ---------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "months", "rounds"),
    [
        ("2024-02-29", 12, ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]),
        ("2024-02-29", 6, ["2024-08-29", "2025-02-28", "2025-08-29", "2026-02-28"]),
        ("2023-08-31", 6, ["2024-02-29", "2024-08-31", "2025-02-28", "2025-08-31"]),
        ("2026-11-30", 6, ["2027-05-30", "2027-11-30", "2028-05-30", "2028-11-30"]),
    ],
)
def test_rounds_come_on_the_same_day_and_29_february_falls_to_the_28th(start, months, rounds):
    start = after = datetime.date.fromisoformat(start)
    found = []
    for _ in rounds:
        after = next_round(start, months, after)
        found.append(after.isoformat())
    assert found == rounds


def test_next_round_is_the_first_after_any_day():
    start = datetime.date(2024, 2, 29)
    anniversaries = [add_months(start, 6 * count) for count in range(1, 20)]
    for offset in range(0, 2500):
        after = start + timedelta(days=offset)
        assert next_round(start, 6, after) == min(day for day in anniversaries if day > after)


def test_review_due_on_29_february_opens_on_30_january():
    assert opens_on(datetime.date(2028, 2, 29)) == datetime.date(2028, 1, 30)


# The past stays as it was ---------------------------------------------------------------------


class Story:
    """A partner's life at random, a day at a time, as facts that are only ever added to."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.history = History(signed_on=SIGNED, next_round_on=next_round(SIGNED, 6, SIGNED))
        self.asleep_until = SIGNED

    def live(self, today):
        if self.history.withdrawn_on:
            return
        if self.random.random() < 0.01:
            self.asleep_until = today + timedelta(days=self.random.choice([3, 30, 250]))
        if today >= self.asleep_until:
            self.open(today)
        for happens, chance in [(self.answer, 0.01), (self.decide, 0.05), (self.move, 0.01), (self.pause, 0.004)]:
            if self.random.random() < chance:
                happens(today)
        if self.random.random() < 0.0004:
            self.history = replace(self.history, withdrawn_on=today)

    def last(self, **facts):
        *others, last = self.history.rounds
        self.history = replace(self.history, rounds=(*others, replace(last, **facts)))

    def open(self, today):
        while opens_on(due := due_of(self.history.next_round_on, self.history.pauses, today)) <= today:
            following = next_round(SIGNED, 6, self.history.next_round_on)
            rounds = (*self.history.rounds, Round(due=((today, due),)))
            self.history = replace(self.history, rounds=rounds, next_round_on=following)

    def answer(self, today):
        if self.history.rounds and not self.history.rounds[-1].answered_on:
            self.last(answered_on=today)

    def decide(self, today):
        if self.history.rounds and (last := self.history.rounds[-1]).answered_on and not last.declined_on:
            self.last(**{self.random.choice(["approved_on", "declined_on"]): today} if not last.approved_on else {})

    def move(self, today):
        if self.history.rounds and not (last := self.history.rounds[-1]).answered_on:
            self.last(due=(*last.due, (today, max(today, last.due[-1][1]) + timedelta(days=20))))

    def pause(self, today):
        if all(pause.until <= today for pause in self.history.pauses):
            until = today + timedelta(days=self.random.choice([1, 40, 180]))
            self.history = replace(self.history, pauses=(*self.history.pauses, Pause(today, until)))
            self.move(until)


def test_past_day_keeps_the_standing_that_it_had():
    met = set()
    for seed in range(60):
        story, said = Story(seed), {}
        for offset in range(1400):
            today = SIGNED + timedelta(days=offset)
            story.live(today)
            said[today] = standing(story.history, today)
        met |= {was.status for was in said.values()}
        assert {then: standing(story.history, then) for then in said} == said, seed
    assert met == set(Status) - {Status.NOT_SIGNED}
