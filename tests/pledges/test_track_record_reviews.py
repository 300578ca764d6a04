"""What reviews leave on a partner's page and on its pledges' pages."""

import datetime

import pytest

from partners.models import Kind
from pledges.history import with_due_dates
from pledges.models import DueDate
from pledges.progress import reports_on
from pledges.track_record import track_record
from tests.factories import (
    AnswerFactory,
    EvidenceFactory,
    PartnerFactory,
    PauseFactory,
    PledgeFactory,
    PriorityAreaFactory,
    ResidentFactory,
    ReviewFactory,
)
from tests.html import Page
from tests.pledges.days import date, on

pytestmark = pytest.mark.django_db

DUE = date("2027-05-04")


def _moment(text):
    return datetime.datetime.combine(date(text), datetime.time(12), datetime.UTC)


@pytest.fixture
def bakery():
    return PartnerFactory(name="Bakery", approved=True, decided_at=_moment("2026-05-04"))


@pytest.fixture
def pledge(bakery):
    return PledgeFactory(
        approved=True, partner=bakery, decided_at=_moment("2026-05-04"), statement="We will buy flour nearby.",
        area=PriorityAreaFactory(short_name="Local spend"), measure="Flour from nearby", unit="%", baseline=10,
        target=50,
    )  # fmt: skip


def _approved(partner, answered, decided, due=DUE, **values):
    return ReviewFactory(
        approved=True, partner=partner, round_on=due, submitted_at=_moment(answered), decided_at=_moment(decided),
        **values,
    )  # fmt: skip


def _record(partner, day):
    with on(date(day)):
        pledges = list(partner.pledges.published().select_related("area"))
        events = track_record(partner, [], pledges, list(with_due_dates(partner.reviews)), list(partner.pauses.all()))
    return [(str(event["date"]), event["title"], event["text"]) for event in events if "Pledged" not in event["title"]]


# Reviews --------------------------------------------------------------------------------------


def test_approved_review_shows_each_pledge_with_its_figure_words_and_evidence(client, bakery, pledge):
    review = _approved(bakery, "2027-04-20", "2027-04-25", recruitment="Two bakers came.", help_wanted="A bigger oven.")
    answer = AnswerFactory(
        review=review, pledge=pledge, figure=20, words="A new mill\nopened. <b>Good</b> flour.",
        evidence_url="https://mill.example/flour",
    )  # fmt: skip
    file = EvidenceFactory(answer=answer, name="Our <year>.pdf", size=2048)
    with on(date("2027-05-01")):
        response = client.get("/partners/bakery/")
    page, html = Page(response), response.content.decode()
    assert response.context["standing"].label == "Up to date"
    for words in (
        "20 April 2027 Progress review for the round of 4 May 2027 On track We will buy flour nearby.",
        "Flour from nearby : 20%. It began at 10%, and the target is 50%.",
        "It goes on for another year.",
        "Evidence: mill.example/flour , Our <year>.pdf (2.0",
        "What it did for its people: Finding new people Two bakers came.",
    ):
        assert words in page.text
    assert "A new mill<br>opened. &lt;b&gt;Good&lt;/b&gt; flour." in html
    assert 'width="25%"' in html  # a quarter of the way from 10 to 50
    assert f"/evidence/{file.pk}/" in page.links
    assert 'href="https://mill.example/flour" rel="nofollow ugc noopener"' in html
    assert "A bigger oven." not in page.text
    assert page.faults == []


@pytest.mark.parametrize("state", [{}, {"submitted": True}, {"changes_asked": True}, {"declined": True}])
def test_review_that_is_not_approved_leaves_no_trace(client, bakery, pledge, state):
    review = ReviewFactory(partner=bakery, round_on=DUE, recruitment="zqxhidden", **state)
    AnswerFactory(review=review, pledge=pledge, words="zqxhidden", figure=47)
    for address in ("/partners/bakery/", pledge.get_absolute_url()):
        page = Page(client.get(address))
        for words in ("zqxhidden", "47%", "Progress review for"):
            assert words not in page.text
    assert reports_on([pledge]) == []


@pytest.mark.parametrize(
    ("figures", "words", "bar"),
    [
        ({"baseline": 10, "target": 50, "figure": 60}, "60%. It began at 10%, and the target is 50%.", 100),
        ({"baseline": 10, "target": 50, "figure": 5}, "5%. It began at 10%, and the target is 50%.", 0),
        ({"baseline": 50, "target": 10, "figure": 40}, "40%. It began at 50%, and the target is 10%.", 25),
        ({"baseline": None, "target": 50, "figure": 25}, "25%. The target is 50%.", 50),
        ({"baseline": 50, "target": 50, "figure": 50}, "50%. It began at 50%, and the target is 50%.", None),
        ({"baseline": None, "target": 0, "figure": 3}, "3%. The target is 0%.", None),
        ({"baseline": None, "target": None, "figure": 0}, "0%", None),
        ({"baseline": 10, "target": 50, "figure": None}, "", None),
    ],
)
def test_figure_stands_beside_where_it_began_and_where_it_is_to_get(client, bakery, figures, words, bar):
    figure = figures.pop("figure")
    pledge = PledgeFactory(approved=True, partner=bakery, measure="Flour", unit="%", **figures)
    AnswerFactory(review=_approved(bakery, "2027-04-20", "2027-04-25"), pledge=pledge, figure=figure)
    [report] = reports_on([pledge])
    assert report.figure == words
    html = client.get(pledge.get_absolute_url()).content.decode()
    assert (f'class="bar-value" width="{bar}%"' in html) is (bar is not None)
    assert ('class="bar"' in html) is (bar is not None)


def test_pledge_s_page_tells_each_round_newest_first_also_from_before_it_changed(client, bakery, pledge):
    first = _approved(bakery, "2027-04-20", "2027-04-25")
    AnswerFactory(review=first, pledge=pledge, figure=20, progress="behind", words="Slowly.", next="change")
    pledge.ended_at, pledge.ending = _moment("2027-04-25"), "replaced"
    pledge.save()
    new = PledgeFactory(
        approved=True, partner=bakery, area=pledge.area, replaces=pledge, decided_at=_moment("2027-04-25"),
        measure="Flour from nearby", unit="%", baseline=20, target=40,
    )  # fmt: skip
    second = _approved(bakery, "2028-04-20", "2028-04-25", due=date("2028-05-04"))
    AnswerFactory(review=second, pledge=new, figure=30, words="Faster.")
    for address in (pledge.get_absolute_url(), new.get_absolute_url()):
        page = Page(client.get(address))
        told = [
            "20 April 2028 On track Flour from nearby : 30%. It began at 20%, and the target is 40%. Faster.",
            "20 April 2027 Behind Flour from nearby : 20%. It began at 10%, and the target is 50%. Slowly. "
            "It goes on with a change.",
        ]
        assert sorted(told, key=page.text.index) == told
        assert page.faults == []


def test_pledge_taken_up_in_a_review_tells_what_was_said_there(client, bakery, pledge):
    review = _approved(bakery, "2027-04-20", "2027-04-25")
    AnswerFactory(
        review=review, pledge=None, new_pledge=pledge, new_values={"statement": "x"}, progress="not_started",
        words="From now on.",
    )  # fmt: skip
    for address in ("/partners/bakery/", pledge.get_absolute_url()):
        text = Page(client.get(address)).text
        assert "Not started" in text
        assert "From now on." in text


def test_achieved_and_stopped_pledges_are_told_with_their_day(client, bakery, pledge):
    pledge.ended_at, pledge.ending = _moment("2027-04-25"), "achieved"
    pledge.save()
    assert _record(bakery, "2027-05-01") == [
        ("2027-04-25", "Achieved a pledge on Local spend", "We will buy flour nearby.")
    ]
    page = Page(client.get("/partners/bakery/"))
    assert "Pledges achieved Local spend" in page.text
    assert page.faults == []


# Dates ----------------------------------------------------------------------------------------


def test_missed_round_and_lapse_and_return_are_told(bakery):
    ReviewFactory(partner=bakery, round_on=DUE, closed_at=_moment("2028-04-04"), closing="missed")
    told = [
        ("2028-04-04", "No review came for the round of 4 May 2027", ""),
        ("2027-10-31", "Lapsed", "No progress review had come 180 days after it was due."),
    ]
    assert _record(bakery, "2027-10-30") == told[:1]
    assert _record(bakery, "2028-04-04") == told
    _approved(bakery, "2028-04-20", "2028-04-25", due=date("2028-05-04"))
    assert _record(bakery, "2028-05-01") == [
        ("2028-04-25", "Back among the partners of the Charter, after lapsing", ""),
        ("2028-04-20", "Progress review for the round of 4 May 2028", ""),
        *told,
    ]


def test_date_that_moved_is_told_once_and_without_the_manager_s_reason(bakery, manager):
    first = ReviewFactory(partner=bakery, round_on=DUE, closed_at=_moment("2028-04-04"), closing="missed")
    second = ReviewFactory(partner=bakery, round_on=date("2028-05-04"))
    for review in (first, second):
        review.due_on = date("2028-07-01")
        review.save()
        DueDate.objects.create(
            review=review, due_on=review.due_on, known_from=date("2028-05-10"), set_by=manager, reason="Flood"
        )
    moved = [event for event in _record(bakery, "2028-06-01") if "moved" in event[1]]
    assert moved == [
        ("2028-05-10", "The date of the progress review moved to 1 July 2028", "It was due on 4 May 2027.")
    ]
    assert "Flood" not in str(_record(bakery, "2028-06-01"))


def test_pauses_are_told_but_not_one_that_covered_no_day(bakery):
    PauseFactory(partner=bakery, starts_on=date("2026-07-01"), until=date("2026-09-01"), reason="Illness")
    PauseFactory(partner=bakery, starts_on=date("2026-10-01"), until=date("2026-10-01"))
    assert _record(bakery, "2026-12-01") == [("2026-07-01", "Paused until 1 September 2026", "")]


def test_resident_s_record_has_what_came_of_pledges_and_nothing_about_standing(client):
    resident = ResidentFactory(approved=True, decided_at=_moment("2026-05-04"))
    assert resident.kind == Kind.RESIDENT
    pledge = PledgeFactory(approved=True, partner=resident, decided_at=_moment("2026-05-04"))
    ReviewFactory(partner=resident, round_on=DUE, closed_at=_moment("2028-04-04"), closing="missed")
    PauseFactory(partner=resident, starts_on=date("2027-06-01"), until=date("2027-07-01"))
    review = _approved(resident, "2028-04-20", "2028-04-25", due=date("2028-05-04"))
    AnswerFactory(review=review, pledge=pledge, words="I did it.")
    assert _record(resident, "2028-05-01") == [("2028-04-20", "Progress review for the round of 4 May 2028", "")]
    assert "I did it." in Page(client.get(resident.get_absolute_url())).text


@pytest.mark.parametrize("rounds", [1, 6])
def test_pages_take_as_many_queries_however_many_rounds(client, bakery, pledge, django_assert_num_queries, rounds):
    for year in range(2027, 2027 + rounds):
        review = _approved(bakery, f"{year}-04-20", f"{year}-04-25", due=date(f"{year}-05-04"))
        EvidenceFactory(answer=AnswerFactory(review=review, pledge=pledge))
        DueDate.objects.create(review=review, due_on=date(f"{year}-06-04"), known_from=date(f"{year}-04-10"))
    with django_assert_num_queries(12):
        client.get("/partners/bakery/")
    with django_assert_num_queries(8):
        client.get(pledge.get_absolute_url())
