"""When a meeting is, also on the nights when the clocks change. In 2026: forward on 29 March, back on 25 October."""

import datetime

import pytest
from django.core.exceptions import ValidationError

from working_groups.times import comes_twice, in_words, instant_of, is_skipped

SPRING, AUTUMN = datetime.date(2026, 3, 29), datetime.date(2026, 10, 25)


def at(hour, minute=0):
    return datetime.time(hour, minute)


def utc(*moment):
    return datetime.datetime(*moment, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("day", "time", "twice", "skipped"),
    [
        (AUTUMN, at(0, 59), False, False),
        (AUTUMN, at(1), True, False),
        (AUTUMN, at(1, 30), True, False),
        (AUTUMN, at(2), False, False),
        (SPRING, at(0, 59), False, False),
        (SPRING, at(1), False, True),
        (SPRING, at(1, 30), False, True),
        (SPRING, at(2), False, False),
        (datetime.date(2026, 7, 1), at(1, 30), False, False),
    ],
)
def test_times_that_come_twice_or_never(day, time, twice, skipped):
    assert (comes_twice(day, time), is_skipped(day, time)) == (twice, skipped)


@pytest.mark.parametrize(
    ("day", "time", "second", "instant"),
    [
        (AUTUMN, at(1, 30), False, utc(2026, 10, 25, 0, 30)),
        (AUTUMN, at(1, 30), True, utc(2026, 10, 25, 1, 30)),
        (AUTUMN, at(2), False, utc(2026, 10, 25, 2)),
        (datetime.date(2026, 10, 24), at(10), False, utc(2026, 10, 24, 9)),
        (datetime.date(2026, 10, 26), at(10), False, utc(2026, 10, 26, 10)),
        (SPRING, at(0), False, utc(2026, 3, 29, 0)),
        (SPRING, at(2), False, utc(2026, 3, 29, 1)),
        (datetime.date(2026, 7, 1), at(0), True, utc(2026, 6, 30, 23)),
    ],
)
def test_a_day_and_a_time_are_an_instant(day, time, second, instant):
    assert instant_of(day, time, second=second) == instant


def test_a_time_that_there_is_not_is_refused_in_words():
    with pytest.raises(ValidationError) as refused:
        instant_of(SPRING, at(1, 30))
    assert refused.value.messages == [
        "On 29 March 2026 the clocks go forward, and there is no 1.30am. Choose another time."
    ]


@pytest.mark.parametrize(
    ("starts", "ends", "words"),
    [
        (utc(2027, 5, 4, 9), utc(2027, 5, 4, 11), "Tuesday 4 May 2027, 10am to noon (BST)"),
        (utc(2027, 1, 4, 9, 30), utc(2027, 1, 4, 11), "Monday 4 January 2027, 9.30am to 11am (GMT)"),
        (
            utc(2027, 5, 4, 21),
            utc(2027, 5, 4, 23),
            "Tuesday 4 May 2027, 10pm to Wednesday 5 May 2027, midnight (BST)",
        ),
        (utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 1, 30), "Sunday 25 October 2026, 1.30am BST to 1.30am GMT"),
        (utc(2026, 3, 29, 0), utc(2026, 3, 29, 1), "Sunday 29 March 2026, midnight GMT to 2am BST"),
    ],
)
def test_words_say_when_and_by_which_time(starts, ends, words):
    assert in_words(starts, ends) == words
