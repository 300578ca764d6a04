"""What signed, promised and delivered add up to, and that nobody reads old figures."""

import datetime
import threading
import time

import pytest
from django.db import connection
from django.utils import timezone

from oiep.changes import version
from partners.models import Kind, Partner
from pledges.figures import Outcome, Slice, Timing, facts, figures, totals
from pledges.figures.facts import Facts, Kept
from pledges.figures.slices import by_month, by_year
from pledges.models import Answer, Pledge
from tests.factories import (
    AnswerFactory,
    DistrictFactory,
    PartnerFactory,
    PledgeFactory,
    PriorityAreaFactory,
    ResidentFactory,
    ReviewFactory,
)

pytestmark = pytest.mark.django_db

Progress, Next = Answer.Progress, Answer.Next


def _at(year, month, day):
    return datetime.datetime(year, month, day, 12, tzinfo=datetime.UTC)


@pytest.fixture
def area():
    return PriorityAreaFactory(slug="spend")


@pytest.fixture
def bakery():
    return PartnerFactory(name="Bakery", approved=True, approved_at=_at(2023, 3, 1), kind=Kind.BUSINESS)


def _said(pledge, progress, round_on=datetime.date(2024, 3, 1), approved=True, **values):
    review = ReviewFactory(approved=approved, submitted=not approved, partner=pledge.partner, round_on=round_on)
    return AnswerFactory(review=review, pledge=pledge, progress=progress, **values)


# What counts ----------------------------------------------------------------------------------


def test_partners_count_by_kind_and_only_while_they_take_part(bakery):
    PartnerFactory(approved=True, kind=Kind.EDUCATION)
    ResidentFactory(approved=True)
    ResidentFactory(approved=True, next_round_on=None)  # forgotten: stays as a number
    PartnerFactory(submitted=True)
    PartnerFactory(withdrawn=True)
    PartnerFactory(approved=True, lapsed_on=datetime.date(2024, 1, 1))
    found = figures()
    assert found.kinds == {Kind.BUSINESS: 1, Kind.EDUCATION: 1, Kind.RESIDENT: 2}
    assert (found.organisations, found.residents, found.partners) == (2, 2, 4)
    assert totals() == {"organisations": 2, "residents": 2, "pledges": 0}


def test_each_pledge_has_one_outcome(bakery, area):
    def pledge(**values):
        return PledgeFactory(approved=True, partner=bakery, area=area, **values)

    ended = {"ended_at": timezone.now()}
    pledge()
    pledge(ending=Pledge.Ending.ACHIEVED, **ended)
    pledge(ending=Pledge.Ending.STOPPED, ending_reason="We moved.", **ended)
    PledgeFactory(submitted=True, partner=bakery)
    PledgeFactory(approved=True, partner=PartnerFactory(withdrawn=True))
    review = ReviewFactory(approved=True, partner=bakery, round_on=datetime.date(2024, 3, 1))
    for progress in (Progress.ACHIEVED, Progress.BEHIND, Progress.NOT_STARTED, Progress.ON_TRACK):
        AnswerFactory(review=review, pledge=pledge(), progress=progress)
    found = figures()
    assert found.outcomes == {
        Outcome.UNREPORTED: 1,
        Outcome.ACHIEVED: 2,
        Outcome.STOPPED: 1,
        Outcome.BEHIND: 1,
        Outcome.NOT_STARTED: 1,
        Outcome.ON_TRACK: 1,
    }
    assert (found.promised, found.live, found.achieved) == (7, 5, 2)


def test_the_latest_approved_review_says_how_a_pledge_goes(bakery, area):
    pledge = PledgeFactory(approved=True, partner=bakery, area=area)
    _said(pledge, Progress.NOT_STARTED, datetime.date(2024, 3, 1))
    _said(pledge, Progress.ON_TRACK, datetime.date(2025, 3, 1))
    _said(pledge, Progress.BEHIND, datetime.date(2026, 3, 1), approved=False)  # waits for our decision
    assert figures().outcomes == {Outcome.ON_TRACK: 1}


def test_a_changed_pledge_is_one_promise_from_its_first_day(bakery, area):
    old = PledgeFactory(
        approved=True, partner=bakery, area=area, started_on=datetime.date(2022, 5, 4),
        ended_at=timezone.now(), ending=Pledge.Ending.REPLACED,
    )  # fmt: skip
    new = PledgeFactory(approved=True, partner=bakery, area=area, replaces=old, started_on=datetime.date(2024, 4, 1))
    _said(old, Progress.BEHIND, next=Next.CHANGE, new_values={"statement": "x"}, new_pledge=new)
    found = figures()
    assert (found.promised, found.live, found.outcomes) == (1, 1, {Outcome.BEHIND: 1})
    assert figures(Slice(year=2022)).promised == 1
    assert figures(Slice(year=2024)).promised == 0


def test_resources_are_added_up_by_kind(bakery, area):
    def pledge(kind, amount=None, **values):
        return PledgeFactory(
            approved=True, partner=bakery, area=area, commitment=kind, commitment_amount=amount, **values
        )

    pledge("hours", 24)
    pledge("hours", 100, ended_at=timezone.now(), ending=Pledge.Ending.ACHIEVED)
    pledge("hours")
    pledge("hours", 999, ended_at=timezone.now(), ending=Pledge.Ending.STOPPED, ending_reason="No.")
    pledge("money", "1200.50")
    rows = figures().commitments
    hours = rows["hours"]
    assert (hours.pledges, hours.stated, hours.amount, hours.achieved) == (3, 2, 124, 100)
    assert float(rows["money"].amount) == 1200.5
    assert rows["premises"].pledges == 0


def test_people_reached_are_the_latest_figures_of_pledges_that_count_people(bakery, area):
    def pledge(unit, **values):
        return PledgeFactory(
            approved=True, partner=bakery, area=area, measure="Those we met", unit=unit, target=40, **values
        )

    met = pledge("People")
    _said(met, Progress.ON_TRACK, datetime.date(2024, 3, 1), figure=12)
    _said(met, Progress.ON_TRACK, datetime.date(2025, 3, 1), figure=30)
    _said(met, Progress.ON_TRACK, datetime.date(2026, 3, 1))  # says nothing of the figure
    pledge("apprentices")
    pledge("%")
    people = figures().measures["people"]
    assert (people.pledges, people.targets, people.target) == (2, 2, 80)
    assert (people.reported, people.reached) == (1, 30)
    assert figures().measures["money"].pledges == 0


def test_reviews_are_on_time_late_or_unanswered(bakery):
    def review(due, answered=None, partner=bakery, **values):
        state = {"approved": True, "submitted_at": answered} if answered else {}
        return ReviewFactory(partner=partner, round_on=due, **state, **values)

    review(datetime.date(2021, 3, 1), _at(2021, 3, 1))
    review(datetime.date(2022, 3, 1), _at(2022, 3, 2))
    review(datetime.date(2023, 3, 1), missed=True)
    declined = {"declined": True, "submitted_at": _at(2024, 2, 1)}
    ReviewFactory(partner=bakery, round_on=datetime.date(2024, 3, 1), **declined)  # an answer that is none
    review(datetime.date(2099, 3, 1))  # not due yet
    left = PartnerFactory(approved=True, lapsed_on=datetime.date(2023, 1, 1))
    review(datetime.date(2022, 7, 1), missed=True, partner=left)  # it counts still
    review(datetime.date(2022, 3, 1), missed=True, partner=ResidentFactory(approved=True))  # residents have no standing
    assert figures().reviews == {Timing.ON_TIME: 1, Timing.LATE: 1, Timing.UNANSWERED: 3}
    assert figures().on_time_share == 20
    assert figures(Slice(year=2022)).reviews == {Timing.LATE: 1, Timing.UNANSWERED: 1}


# Slices ---------------------------------------------------------------------------------------


def test_slices_narrow_each_other(bakery, area):
    other, oxford, cherwell = PriorityAreaFactory(), DistrictFactory(), DistrictFactory()
    bakery.districts.add(oxford)
    wide = PartnerFactory(approved=True, county_wide=True, kind=Kind.PUBLIC_BODY, approved_at=_at(2024, 1, 31))
    PledgeFactory(approved=True, partner=bakery, area=area, started_on=datetime.date(2023, 4, 1))
    PledgeFactory(approved=True, partner=wide, area=area, started_on=datetime.date(2024, 2, 1))
    PledgeFactory(approved=True, partner=wide, area=other, started_on=datetime.date(2024, 2, 1))

    def found(**slice):
        row = figures(Slice(**slice))
        return row.partners, row.live

    assert found() == (2, 3)
    assert found(area=area.pk) == (2, 2)
    assert found(area=other.pk) == (1, 1)
    assert found(place=oxford.pk) == (2, 3)
    assert found(place=cherwell.pk) == (1, 2)
    assert found(place=cherwell.pk, area=area.pk) == (1, 1)
    assert found(kind=Kind.BUSINESS) == (1, 1)
    assert found(year=2024) == (1, 2)
    assert found(year=2024, kind=Kind.BUSINESS) == (0, 0)
    assert [(year, row.partners, row.promised) for year, row in by_year()] == [(2023, 1, 1), (2024, 1, 2)]
    months = by_month()
    assert months[0] == (datetime.date(2023, 3, 1), 1, 0)
    assert months[1] == (datetime.date(2023, 4, 1), 1, 1)
    assert (datetime.date(2024, 1, 1), 2, 1) in months
    assert months[-1] == (timezone.localdate().replace(day=1), 2, 3)


def test_a_day_is_one_of_oxfordshire(bakery):
    """At 23:30 UTC in summer the next day, and here the next month, has begun."""
    Partner.objects.filter(pk=bakery.pk).update(approved_at=datetime.datetime(2023, 6, 30, 23, 30, tzinfo=datetime.UTC))
    assert by_month()[0][0] == datetime.date(2023, 7, 1)


# Kept until something changes -----------------------------------------------------------------


def test_kept_figures_take_one_query(bakery, django_assert_num_queries):
    facts()
    with django_assert_num_queries(1):
        assert figures().partners == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda partner, pledge: Partner.objects.filter(pk=partner.pk).update(kind=Kind.EDUCATION),
        lambda partner, pledge: partner.districts.add(DistrictFactory()),
        lambda partner, pledge: Pledge.objects.filter(pk=pledge.pk).update(commitment="hours"),
        lambda partner, pledge: _said(pledge, Progress.BEHIND),
        lambda partner, pledge: pledge.delete(),
    ],
    ids=["partner", "district", "pledge", "answer", "deleted"],
)
def test_any_change_is_seen_at_once(bakery, area, change):
    pledge = PledgeFactory(approved=True, partner=bakery, area=area)
    before, mark = facts(), version()
    assert facts() is before
    change(bakery, pledge)
    assert version() != mark
    assert facts() is not before


def test_figures_of_yesterday_are_not_kept(bakery, time_machine):
    time_machine.move_to("2026-05-04 09:00")
    before = facts()
    time_machine.move_to("2026-05-05 09:00")
    assert facts() is not before


@pytest.mark.parametrize(
    ("took", "age", "is_good"), [(0.1, 0.01, False), (1, 19, True), (1, 21, False), (9, 61, False)]
)
def test_what_takes_long_to_ask_rests_for_a_while(settings, took, age, is_good):
    settings.FIGURES_REST_AT_MOST = 60
    today = timezone.localdate()
    kept = Kept("7.1", Facts(today, [], [], []), time.monotonic() - age, took, today)
    assert kept.is_good("7.2", today) is is_good
    assert kept.is_good("7.1", today)
    assert not kept.is_good("7.1", today + datetime.timedelta(1))


def test_few_changes_are_remembered():
    with connection.cursor() as cursor:
        for _n in range(450):
            cursor.execute("UPDATE partners_district SET name = name WHERE id = 0")
        cursor.execute("SELECT count(*) FROM oiep_datachange")
        assert cursor.fetchone()[0] <= 400


@pytest.mark.django_db(transaction=True)
def test_a_change_that_is_committed_late_is_seen():
    """It has a smaller key than one that was committed before it."""
    begun, may_commit = threading.Event(), threading.Event()

    def slow():
        from django.db import transaction

        try:
            with transaction.atomic():
                DistrictFactory(name="Slow", slug="slow")
                begun.set()
                may_commit.wait(10)
        finally:
            connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    begun.wait(10)
    DistrictFactory(name="Quick", slug="quick")
    before = version()
    may_commit.set()
    thread.join()
    assert version() != before
