"""Hundreds of days in a row, for partners of every kind: tests/pledges/simulation.py watches each of them."""

import datetime

import pytest

from tests.pledges.simulation import Scheme

FIRST = datetime.date(2027, 6, 1)
# 29 February 2028 and both changes of the clock lie between; the scheduler sleeps for 10 days and for a month.
DAYS = 800
ASLEEP = [(100, 109), (400, 430)]
EVERYTHING = {
    *("opened", "week", "due", "overdue", "final", "yearly"),
    *("answered", "back", "withdrawn", "paused", "pause ended", "extended"),
    *("up_to_date", "review_due", "review_overdue", "lapsed"),
}


@pytest.mark.django_db
def test_eight_hundred_days_each_done_twice_and_in_any_order():
    scheme = Scheme(partners=24, first=FIRST, seed=20270601)
    scheme.live(FIRST, DAYS, ASLEEP)
    scheme.watch_standings(FIRST + datetime.timedelta(days=DAYS))
    assert set(scheme.seen) >= EVERYTHING


@pytest.mark.django_db
def test_scheduler_that_slept_for_a_year():
    scheme = Scheme(partners=18, first=FIRST, seed=1)
    scheme.live(FIRST, 420, [(10, 375)])
    scheme.watch_standings(FIRST + datetime.timedelta(days=420))
    assert scheme.seen["opened"] > 5
