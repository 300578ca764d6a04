"""What drafts are written from: figures to the unit, and nothing that is not public."""

import datetime

import pytest
import time_machine
from django.utils import timezone

from oiep.reports.drafting import drafts
from oiep.reports.models import Statement
from oiep.reports.prose import blocks_of, html_of
from pledges.figures import totals
from tests.factories import (
    ActionFactory,
    ContributorFactory,
    DistrictFactory,
    EventFactory,
    GroupFactory,
    LearningPointFactory,
    MeetingFactory,
    PartnerFactory,
    PledgeFactory,
    PriorityAreaFactory,
    ProgressUpdateFactory,
    ResidentFactory,
    StatementFactory,
    UpdateReportFactory,
)

pytestmark = pytest.mark.django_db
MARCH = datetime.date(2027, 3, 10)


def at(year, month, day, hour=12):
    return datetime.datetime(year, month, day, hour, tzinfo=datetime.UTC)


def drafted(**period):
    return {draft.key: draft for draft in drafts(UpdateReportFactory(**period))}


def text_of(found, beginning):
    return next(draft.text for key, draft in found.items() if key.startswith(beginning))


# Statements -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "is_told"),
    [
        ({"starts_on": datetime.date(2027, 3, 1)}, True),
        ({"starts_on": datetime.date(2027, 3, 31)}, True),
        ({"starts_on": datetime.date(2027, 2, 28)}, False),
        ({"starts_on": datetime.date(2027, 4, 1)}, False),
        ({"kind": "lasting", "starts_on": datetime.date(2020, 1, 1)}, True),
        ({"kind": "lasting", "starts_on": datetime.date(2027, 4, 1)}, False),
        ({"kind": "lasting", "starts_on": datetime.date(2020, 1, 1), "ends_on": datetime.date(2027, 3, 31)}, True),
        ({"kind": "lasting", "starts_on": datetime.date(2020, 1, 1), "ends_on": datetime.date(2027, 3, 30)}, False),
    ],
)
def test_a_statement_is_told_in_its_time(values, is_told):
    statement = StatementFactory(**values)
    assert (f"statement/{statement.pk}" in drafted()) is is_told
    assert Statement.objects.count() == 1


# Groups ---------------------------------------------------------------------------------------


def test_a_group_is_told_of_from_its_updates_meetings_and_actions():
    group = GroupFactory(name="Good Jobs", kind="working", starts_on=datetime.date(2026, 1, 1))
    GroupFactory(name="Apprentices", kind="sub", parent=group)
    ProgressUpdateFactory(group=group, happened_on=MARCH, text="We asked *ten* employers.")
    ProgressUpdateFactory(group=group, happened_on=datetime.date(2027, 4, 1), text="Later.")
    ProgressUpdateFactory(group=group, happened_on=MARCH, text="Between us.", is_public=False)
    MeetingFactory(group=group, called=True, starts_at=at(2027, 3, 9), ends_at=at(2027, 3, 9, 13))
    ActionFactory(group=group, what="Write a guide.", due_on=datetime.date(2027, 5, 1), created_at=at(2027, 3, 9))
    with time_machine.travel(at(2027, 6, 1), tick=False):
        text = text_of(drafted(), "group/")
    assert text == (
        "**Good Jobs working group.** It has 1 sub-group (Apprentices). It met once: 9 March 2027.\n\n"
        "- 10 March 2027: We asked \\*ten\\* employers.\n"
        "- To be done by 1 May 2027: Write a guide."
    )


def test_of_a_closed_group_nothing_is_told():
    closed = GroupFactory(kind="working", is_closed=True)
    ProgressUpdateFactory(group=closed, happened_on=MARCH)
    ProgressUpdateFactory(group=GroupFactory(kind="working", parent=closed), happened_on=MARCH)
    assert not [key for key in drafted() if key.startswith(("group/", "structure"))]


def test_a_group_of_before_or_after_is_not_told_of():
    GroupFactory(kind="working", starts_on=datetime.date(2027, 4, 1))
    GroupFactory(kind="working", starts_on=datetime.date(2026, 1, 1), ends_on=datetime.date(2027, 2, 28))
    assert not [key for key in drafted() if key.startswith("group/")]


def test_of_a_meeting_of_which_the_month_is_known_the_month_is_told():
    group = GroupFactory(kind="steering", name="Steering Group")
    MeetingFactory(
        group=group, called=True, starts_at=at(2027, 3, 1, 0), ends_at=at(2027, 3, 1, 1), is_day_known=False, place=""
    )
    with time_machine.travel(at(2027, 6, 1), tick=False):
        assert "It met once: March 2027." in text_of(drafted(), "group/")


# Events ---------------------------------------------------------------------------------------


def test_an_event_is_told_of_with_who_held_it_and_what_was_learnt():
    event = EventFactory(
        title="Fair",
        summary="We met.",
        place="Town Hall",
        published=True,
        starts_at=at(2027, 3, 9),
        ends_at=at(2027, 3, 9, 14),
    )
    for role, name in (("host", "OIEP"), ("partner", "OxLEP"), ("partner", "Aspire"), ("sponsor", "A Bank")):
        ContributorFactory(event=event, role=role, name=name, partner=None)
    LearningPointFactory(event=event, text="People need help.")
    EventFactory(title="Draft", starts_at=at(2027, 3, 9), ends_at=at(2027, 3, 9, 14))
    with time_machine.travel(at(2027, 6, 1), tick=False):
        found = drafted()
    assert [key for key in found if key.startswith("event/")] == [f"event/{event.pk}"]
    text = text_of(found, "event/")
    assert "OIEP held it in partnership with OxLEP and Aspire, and with sponsorship from A Bank." in text
    assert text.endswith("What we learnt from it:\n\n- People need help.")


# Figures --------------------------------------------------------------------------------------


@pytest.fixture
def signed():
    """Two organisations and a resident who had signed by the end of March 2027, one of them in March."""
    area, empty = PriorityAreaFactory(short_name="Spend"), PriorityAreaFactory(short_name="Homes")
    place = DistrictFactory(name="Oxford")
    old = PartnerFactory(approved=True, approved_at=at(2027, 1, 5), districts=[place])
    new = PartnerFactory(approved=True, approved_at=at(2027, 3, 5), districts=[place])
    resident = ResidentFactory(approved=True, approved_at=at(2027, 2, 5), districts=[place])
    PartnerFactory(approved=True, approved_at=at(2027, 4, 1), districts=[place])  # later
    PartnerFactory(submitted=True, districts=[place])
    PartnerFactory(withdrawn=True, approved_at=at(2027, 1, 5), districts=[place])
    for partner, day in ((old, 5), (old, 6), (new, 7)):
        PledgeFactory(approved=True, partner=partner, area=area, started_on=datetime.date(2027, 3, day))
    PledgeFactory(approved=True, partner=old, area=empty, started_on=datetime.date(2027, 4, 5))
    with time_machine.travel(at(2027, 6, 1), tick=False):
        yield resident


def test_figures_are_those_of_the_last_day(signed):
    found = drafted()
    assert found["signatures"].text == (
        "By 31 March 2027, 2 organisations and 1 resident had signed the Charter. "
        "Of these, 1 organisation and 0 residents signed in this period."
    )
    assert dict(found["signatures"].chart["rows"])["Resident"] == 1
    assert found["pledges"].text == "On 31 March 2027, 3 pledges were live. No pledge had been made yet in Homes."
    assert found["pledges"].chart["rows"] == [["Spend", 3], ["Homes", 0]]
    assert found["districts"].chart["rows"] == [["Oxford", 2], ["All of Oxfordshire", 0]]
    assert found["signatures"].sources[0]["number"] == 3


def test_the_conclusion_says_what_it_comes_to(signed):
    assert drafted()["figures"].text == (
        "At the end of this period the Charter had 2 organisations and 1 resident, with 3 pledges under way. "
        "In the period 0 pledges were achieved."
    )


def test_of_a_working_group_without_news_that_is_said():
    GroupFactory(kind="working", name="Quiet")
    assert text_of(drafted(), "group/") == "**Quiet working group.** Nothing is on record for this period."


def test_figures_of_today_are_those_of_the_home_page(signed):
    today = max(timezone.localdate(), datetime.date(2028, 1, 1))
    found = drafted(starts_on=datetime.date(2027, 1, 1), ends_on=today, reported_on=today)
    chart = dict(found["signatures"].chart["rows"])
    now = totals()
    assert chart.pop("Resident") == now["residents"] == 1
    assert sum(chart.values()) == now["organisations"] == 3
    assert sum(number for _area, number in found["pledges"].chart["rows"]) == now["pledges"] == 4


def test_what_was_achieved_is_told_without_the_name_of_a_resident(signed):
    PledgeFactory(
        approved=True,
        partner=signed,
        statement="I will teach.",
        started_on=datetime.date(2027, 1, 1),
        ended_at=at(2027, 3, 8),
        ending="achieved",
    )
    text = drafted()["achieved"].text
    assert "**A resident of Oxford**" in text
    assert signed.name not in text


# Words of people ------------------------------------------------------------------------------


def test_what_people_wrote_is_no_markdown_and_no_html():
    html = html_of(
        "<script>alert(1)</script> [x](javascript:alert(1)) ![p](https://evil.example/a.png) **b** [y](https://e.org)"
    )
    assert "<script>" not in html
    assert "javascript" not in html.replace("[x](javascript:alert(1))", "")
    assert "<img" not in html
    assert '<strong>b</strong> <a href="https://e.org">y</a>' in html


def test_blocks_nest():
    kinds = [block["kind"] for block in blocks_of("a\n\n- b\n  - c\n\n3. d")]
    assert kinds == ["p", "ul", "ol"]
    assert blocks_of("3. d")[0]["start"] == 3
