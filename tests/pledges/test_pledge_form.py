"""The form of a pledge: what it understands, and what it says when a rule is broken."""

import datetime
from decimal import Decimal

import pytest

from partners.models import Kind
from pledges.forms.pledges import PledgeForm
from pledges.models import Pledge
from tests.factories import PledgeFactory, PriorityAreaFactory

pytestmark = pytest.mark.django_db


def filled(kind=Kind.BUSINESS, **data):
    data = {"area": PriorityAreaFactory().pk, "capacity": "buyer", "statement": "We will buy nearby."} | data
    return PledgeForm(data, kind=kind)


def measured(**data):
    return filled(measure="Spend", target="100", **data)


@pytest.mark.parametrize(
    ("typed", "figure"),
    [
        ("1,200", "1200"),
        ("£1 200.50", "1200.50"),
        (" 12 ", "12"),
        ("-5", "-5"),
        ("\N{MINUS SIGN}5", "-5"),
        ("0", "0"),
        ("999,999,999,999.99", "999999999999.99"),
    ],
)
def test_figures_are_understood_as_people_write_them(typed, figure):
    form = filled(measure="Spend", target=typed)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["target"] == Decimal(figure)


@pytest.mark.parametrize("typed", ["ten", "1.2.3", "12.345", "1" * 13, "1e999", "NaN", "Infinity"])
def test_figures_that_cannot_be_kept_are_refused(typed):
    form = filled(measure="Spend", target=typed)
    assert list(form.errors) == ["target"]


@pytest.mark.parametrize(("kept", "shown"), [("1200.00", "1200"), ("12.50", "12.50"), ("0.00", "0"), ("-7.00", "-7")])
def test_figures_are_shown_as_people_write_them(kept, shown):
    form = PledgeForm(instance=PledgeFactory(measure="Spend", target=Decimal(kept)), kind=Kind.BUSINESS)
    assert form["target"].value() == shown


@pytest.mark.parametrize("typed", ["2031-03-04", "4/3/2031", "04.03.2031", "4 March 2031", "4 Mar 2031"])
def test_dates_are_read_day_first(time_machine, typed):
    time_machine.move_to("2026-05-04T09:00:00+00:00", tick=False)
    form = measured(target_date=typed)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["target_date"] == datetime.date(2031, 3, 4)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("31/2/2031", "Enter a date as day, month and year."),
        ("2026-05-04", "Enter a date after today."),
        ("2025-05-04", "Enter a date after today."),
        ("2206-05-04", "Enter a date within the next 30 years."),
    ],
)
def test_dates_lie_ahead(time_machine, typed, words):
    time_machine.move_to("2026-05-04T09:00:00+00:00", tick=False)
    assert measured(target_date=typed).errors == {"target_date": [words]}


@pytest.mark.parametrize(
    ("data", "field", "words"),
    [
        ({"target": "5"}, "measure", "Say what you will measure, so that the figures mean something."),
        ({"baseline": "0"}, "measure", "Say what you will measure, so that the figures mean something."),
        ({"unit": "people"}, "measure", "Say what you will measure, so that the figures mean something."),
        (
            {"measure": "Spend", "target_date": "2051-01-01"},
            "target",
            "Give the target that you want to reach by that date, or leave the date out.",
        ),
        ({"commitment_amount": "5"}, "commitment", "Choose what kind of resource you commit."),
        ({"commitment_note": "A van."}, "commitment", "Choose what kind of resource you commit."),
        (
            {"commitment": "hours", "commitment_amount": "0"},
            "commitment_amount",
            "Give an amount above 0, or leave it out.",
        ),
        ({"statement": ""}, "statement", "Write what you promise."),
        ({"capacity": ""}, "capacity", "Choose in what capacity you promise it."),
        ({"area": ""}, "area", "Choose a priority area."),
    ],
)
def test_each_rule_is_said_once_beside_its_question(time_machine, data, field, words):
    time_machine.move_to("2026-05-04T09:00:00+00:00", tick=False)
    assert filled(**data).errors == {field: [words]}


@pytest.mark.parametrize("kind", Kind.values)
def test_capacities_fit_the_kind_of_partner(kind):
    offered = {value for value, _label in PledgeForm(kind=kind).fields["capacity"].choices}
    if kind == Kind.RESIDENT:
        assert offered == {"buyer", "community", "owner", "investor", "resident"}
    else:
        assert offered == {"employer", "buyer", "supplier", "community", "owner", "investor"}


def test_retired_area_is_kept_where_it_is_and_offered_nowhere_else():
    retired = PriorityAreaFactory(retired=True)
    assert filled(area=retired.pk).errors == {"area": ["This priority area is not on offer any more. Choose another."]}
    pledge = PledgeFactory(area=retired)
    data = {"area": retired.pk, "capacity": "buyer", "statement": "We will buy nearby."}
    assert PledgeForm(data, instance=pledge, kind=Kind.BUSINESS).is_valid()


def test_valid_form_makes_a_pledge_that_the_database_takes(time_machine):
    time_machine.move_to("2026-05-04T09:00:00+00:00", tick=False)
    form = measured(target_date="2051-01-01", commitment="money", commitment_amount="£2,000", commitment_note="A year.")
    assert form.is_valid(), form.errors
    form.instance.partner = PledgeFactory().partner
    assert Pledge.objects.get(pk=form.save().pk).commitment_amount == 2000
