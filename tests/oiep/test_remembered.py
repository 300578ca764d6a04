"""What is remembered while nothing changes, and rows that come along with others."""

import datetime

import pytest
import time_machine
from django.db import connection
from django.db.models import OuterRef
from django.test.utils import CaptureQueriesContext

from oiep import changes
from oiep.nested import nested, rows_of
from partners.models import District, Partner, PriorityArea, Recognition, entries
from pledges.history import with_due_dates
from pledges.models import DueDate, Review, Signature
from pledges.of_partner import partner_in_full
from tests.factories import (
    DistrictFactory,
    EventFactory,
    PartnerFactory,
    PauseFactory,
    PledgeFactory,
    PriorityAreaFactory,
    RecognitionFactory,
    ReviewFactory,
    SignatureFactory,
)

pytestmark = pytest.mark.django_db

NOON = datetime.datetime(2031, 5, 6, 11, tzinfo=datetime.UTC)
SECOND = datetime.timedelta(seconds=1)


def counting(**options):
    """A function that tells how often it was made."""
    calls = []

    @changes.remembered(**options)
    def made(*arguments):
        calls.append(arguments)
        return len(calls)

    return made


def test_it_is_made_anew_for_each_change_argument_and_day():
    made = counting()
    with time_machine.travel(NOON, tick=False) as clock:
        assert [made(), made(), made("other"), made()] == [1, 1, 2, 1]
        DistrictFactory()
        assert [made(), made()] == [3, 3]
        clock.shift(datetime.timedelta(hours=11, minutes=59))
        assert made() == 3
        clock.shift(datetime.timedelta(hours=1))  # past eleven in the evening it is the next day in London, in summer
        assert made() == 4


def test_it_is_made_anew_at_a_moment_where_that_is_said():
    by_the_clock, not_so = counting(by_the_clock=True), counting()
    with time_machine.travel(NOON, tick=False) as clock:
        EventFactory(published=True, starts_at=NOON - 60 * SECOND, ends_at=NOON + 20 * SECOND)
        assert (by_the_clock(), not_so()) == (1, 1)
        clock.shift(19 * SECOND)
        assert (by_the_clock(), not_so()) == (1, 1)
        clock.shift(SECOND)
        assert (by_the_clock(), not_so()) == (2, 1)


def test_mark_is_asked_once_while_it_is_held_and_anew_afterwards():
    with changes.held(), CaptureQueriesContext(connection) as queries:
        before = changes.version()
        DistrictFactory()
        assert changes.version() == before
    assert len([query for query in queries if "oiep_datachange" in query["sql"]]) == 1
    assert changes.version() != before


def test_entries_are_there_with_retired_ones_and_follow_each_change():
    spend = PriorityAreaFactory(retired=True)
    assert entries(PriorityArea)[spend.pk] == spend
    PriorityArea.objects.filter(pk=spend.pk).update(short_name="Spending")
    assert entries(PriorityArea)[spend.pk].short_name == "Spending"


def test_cards_show_what_the_tables_say_in_the_order_of_the_lists(django_assert_num_queries):
    areas = [PriorityAreaFactory(order=order) for order in (3, 1, 2)]
    places = [DistrictFactory(order=order) for order in (2, 1)]
    PartnerFactory(approved=True, areas=areas, districts=places, name="A")
    PartnerFactory(approved=True, name="B", county_wide=True)
    expected = {
        row.name: (list(row.areas.all()), list(row.districts.all()))
        for row in Partner.objects.prefetch_related("areas", "districts")
    }
    assert expected["A"] == ([areas[1], areas[2], areas[0]], [places[1], places[0]])
    entries(PriorityArea), entries(District)
    with django_assert_num_queries(3):  # the mark, for each of the two lists
        found = {row.name: (row.areas.all(), row.districts.all()) for row in Partner.objects.with_cards()[:5]}
    assert found == expected


def test_rows_that_come_along_are_what_their_own_query_finds(django_assert_num_queries):
    partner = PartnerFactory(approved=True, name="Bakery", lead=True)
    other = PartnerFactory(approved=True, name="Mill", lead=True)
    for row in (partner, other):
        SignatureFactory(partner=row)
        review = ReviewFactory(partner=row, round_on=datetime.date(2030, 5, 4), due_on=datetime.date(2030, 5, 4))
        DueDate.objects.get_or_create(
            review=review, due_on=datetime.date(2030, 6, 4), known_from=datetime.date(2030, 5, 1)
        )
        PauseFactory(partner=row)
        RecognitionFactory(partner=row, approved=True)
        PledgeFactory(partner=row, approved=True)
    found = partner_in_full("bakery")
    for rows, own in (
        (found.signed, partner.signatures.order_by("declared_at")),
        (found.reviewed, with_due_dates(partner.reviews)),
        (found.paused, partner.pauses.all()),
        (found.recognised, partner.recognitions.approved()),
        (found.pledged, partner.pledges.published()),
    ):
        assert len(rows) == len(own) >= 1
        for row, expected in zip(rows, own, strict=True):
            assert row == expected
            for field in row._meta.concrete_fields:
                assert getattr(row, field.attname) == getattr(expected, field.attname), field
    assert [row.dues for row in found.reviewed] == [row.dues for row in with_due_dates(partner.reviews)]
    with django_assert_num_queries(0):
        assert found.signed[0].charter.number
        assert found.recognised[0].kind.name
    assert partner_in_full("nobody") is None


def test_nothing_comes_along_where_there_is_nothing():
    PartnerFactory(approved=True, name="Bakery")
    signed = nested(Signature.objects.filter(partner=OuterRef("pk")))
    [row] = Partner.objects.annotate(signed=signed)
    assert rows_of(Signature, row.signed) == []
    assert (Review.objects.count(), Recognition.objects.count()) == (0, 0)
