"""The figures of home, impact, reports, the API, other sites and exports agree to the unit, of today and of days that
are over."""

import datetime

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from pledges.figures import Slice, of_slice
from pledges.figures.facts import facts
from pledges.figures.rows import (
    achieved_between,
)
from tests.oiep.agreeing import assert_all_agree, said_everywhere


@pytest.fixture(scope="module")
def loaded(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), transaction.atomic():
        call_command("load_reference", verbosity=0)
        call_command("load_examples", verbosity=0)
        yield
        transaction.set_rollback(True)


def test_the_examples_figures_agree_today(loaded, db, client):
    said = said_everywhere(client)
    assert_all_agree(said)
    assert min(said["API"].values()) > 0


@pytest.mark.parametrize("days", [1, 100, 400])
def test_the_examples_figures_agree_on_days_that_are_over(loaded, db, client, days):
    said = said_everywhere(client, timezone.localdate() - datetime.timedelta(days=days))
    assert_all_agree(said)
    assert said["API"]["live_pledges"] > 0


def test_a_day_that_is_none_or_to_come_is_left_out_and_said(loaded, db, client):
    for text in ("nonsense", "2020-01-01", str(timezone.localdate()), "2999-01-01"):
        page = client.get("/impact/", {"on": text})
        assert page.context["impact"].on is None
        assert "We left out what we do not know" in page.content.decode()
    assert client.get("/api/v1/totals?on=nonsense").status_code == 400
    assert client.get("/api/v1/totals?on=2999-01-01").json() == client.get("/api/v1/totals").json()


def test_what_was_achieved_in_a_period_was_not_achieved_before_it(loaded, db):
    today = timezone.localdate()
    whole = set(achieved_between(datetime.date(2021, 3, 1), today).values_list("pk", flat=True))
    middle = today - datetime.timedelta(days=200)
    first = set(achieved_between(datetime.date(2021, 3, 1), middle).values_list("pk", flat=True))
    second = set(achieved_between(middle + datetime.timedelta(days=1), today).values_list("pk", flat=True))
    assert first & second == set()
    assert whole <= first | second
    assert len(whole) == of_slice(facts(), Slice()).achieved


def test_facts_of_days_that_are_over_are_kept(loaded, db, django_assert_num_queries):
    day = timezone.localdate() - datetime.timedelta(days=30)
    facts(day)
    with django_assert_num_queries(1):
        found = facts(day)
    assert found.day == day
