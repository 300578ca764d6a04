"""Reviews in a partner's own place: what is due, what was, and what we wrote about it."""

import datetime

import pytest

from oiep.models import OutgoingEmail
from pledges.actions.daily import run_day
from tests.factories import (
    AnswerFactory,
    OutgoingEmailFactory,
    PartnerFactory,
    PauseFactory,
    PledgeFactory,
    ResidentFactory,
    ReviewFactory,
    UserFactory,
)
from tests.html import Page
from tests.pledges.days import date, on

pytestmark = pytest.mark.django_db

DUE = date("2027-05-04")


def _moment(text):
    return datetime.datetime.combine(date(text), datetime.time(12), datetime.UTC)


@pytest.fixture
def lead():
    return UserFactory()


@pytest.fixture
def bakery(lead):
    partner = PartnerFactory(name="Bakery", approved=True, decided_at=_moment("2026-05-04"), lead=lead)
    PledgeFactory(approved=True, partner=partner)
    return partner


@pytest.fixture
def at(client_of, lead):
    """`at(day, address)` is the page that the lead sees on that day."""

    def get(day, address="/account/partners/bakery/reviews/"):
        with on(date(day)):
            return Page(client_of(lead).get(address))

    return get


def test_next_review_is_announced_with_its_day(at, bakery):
    page = at("2026-07-01")
    assert "The next review opens on 4 April 2027 and is due on 4 May 2027." in page.text
    assert "Signed What this means" in page.text
    assert page.faults == []


@pytest.mark.parametrize(
    ("day", "words", "is_first"),
    [
        ("2027-04-10", "It is due on 4 May 2027. It takes ten minutes at most.", False),
        ("2027-05-04", "It is due on 4 May 2027.", False),
        ("2027-05-05", "It was due on 4 May 2027.", False),
        ("2027-06-04", "Until you send it in, your page says that it is overdue.", True),
    ],
)
def test_review_that_waits_is_to_be_done_and_comes_first_once_the_public_can_see_it(at, bakery, day, words, is_first):
    review = ReviewFactory(partner=bakery, round_on=DUE)
    PledgeFactory(changes_asked=True, partner=bakery)
    for address in ("/account/", "/account/partners/bakery/"):
        page = at(day, address)
        assert words in page.text
        assert (page.text.index("Say how your pledges go") < page.text.index("and send it in again")) == is_first
        assert f"/account/reviews/{review.pk}/" in page.links
        assert page.faults == []


def test_overdue_is_not_said_to_residents_nor_before_its_day(at, client_of, bakery):
    ReviewFactory(partner=bakery, round_on=DUE)
    assert "overdue" not in at("2027-06-03", "/account/").text
    user = UserFactory()
    resident = ResidentFactory(approved=True, decided_at=_moment("2026-05-04"), lead=user)
    ReviewFactory(partner=resident, round_on=DUE)
    with on(date("2027-09-01")):
        for address in ("/account/", f"/account/partners/{resident.slug}/"):
            text = Page(client_of(user).get(address)).text
            assert "It was due on 4 May 2027." in text
            assert "overdue" not in text


def test_paused_partner_is_not_asked(at, bakery):
    ReviewFactory(partner=bakery, round_on=DUE)
    PauseFactory(partner=bakery, starts_on=date("2027-05-01"), until=date("2027-08-01"))
    assert "Say how your pledges go" not in at("2027-07-31", "/account/").text
    assert "Paused until 1 August 2027" in at("2027-07-31").text
    assert "Say how your pledges go" in at("2027-08-01", "/account/").text


def test_review_for_which_changes_were_asked_shows_what_we_wrote(at, bakery):
    review = ReviewFactory(
        changes_asked=True, partner=bakery, round_on=DUE, submitted_at=_moment("2027-05-01"),
        decided_at=_moment("2027-05-02"), decision_message="Which year is the figure of?",
    )  # fmt: skip
    page = at("2027-05-03", "/account/")
    assert "Change your progress review and send it in again" in page.text
    assert "Which year is the figure of?" in page.text
    assert f"/account/reviews/{review.pk}/" in page.links


def test_reviews_past_and_present_say_where_they_stand(at, bakery):
    ReviewFactory(
        partner=bakery, round_on=date("2024-05-04"), closed_at=_moment("2025-04-04"), closing="missed",
        opened_at=_moment("2024-04-04"),
    )  # fmt: skip
    ReviewFactory(
        approved=True, partner=bakery, round_on=date("2025-05-04"), submitted_at=_moment("2025-05-01"),
        decided_at=_moment("2025-05-02"),
    )  # fmt: skip
    waits = ReviewFactory(
        submitted=True, partner=bakery, round_on=date("2026-05-04"), submitted_at=_moment("2026-05-01")
    )
    page = at("2026-05-05")
    order = [
        "Review for the round of 4 May 2026 Waiting for our decision You sent it in on 1 May 2026.",
        "Review for the round of 4 May 2025 Public",
        "Review for the round of 4 May 2024 Closed on 4 April 2025 No answer came before the next review opened.",
    ]
    assert [page.text.count(words) for words in order] == [1, 1, 1]
    assert sorted(order, key=page.text.index) == order
    assert [link for link in page.links if "/account/reviews/" in link] == [f"/account/reviews/{waits.pk}/"]
    assert page.faults == []


def test_mails_about_a_review_are_told_as_they_went_or_did_not(at, bakery):
    ReviewFactory(partner=bakery, round_on=DUE)
    with on(date("2027-05-12")):
        assert run_day()["recorded"] == 1
        OutgoingEmail.objects.filter(state="waiting").update(state="sent", sent_at=_moment("2027-05-12"))
    page = at("2027-05-13")
    assert "The e-mails that we sent you about it" in page.text
    why = "Its day had passed by the time we looked, so the next message went instead."
    assert f"The review is open : not sent. {why}" in page.text
    assert f"A week left : not sent. {why}" in page.text
    assert "Due today : sent on 12 May 2027" in page.text
    assert "Overdue, with" not in page.text  # that has not gone, and need not
    assert page.faults == []


def test_mail_that_failed_says_so_and_that_of_others_is_not_shown(at, bakery, lead):
    review, other = ReviewFactory(partner=bakery, round_on=DUE), ReviewFactory()
    for about, step in ((review, "opened"), (other, "week")):
        OutgoingEmailFactory(
            failed=True, key=f"review/{about.pk}/{about.due_on}/{step}", subject=about, to="who@example.org"
        )
    page = at("2027-05-13")
    assert "The review is open : could not be sent: 550 No such mailbox" in page.text
    assert "A week left" not in page.text
    assert "who@example.org" not in page.text


@pytest.mark.parametrize("rows", [1, 8])
def test_page_takes_as_many_queries_however_many_reviews(client_of, bakery, lead, django_assert_num_queries, rows):
    for year in range(2026, 2026 - rows, -1):
        moments = {"submitted_at": _moment(f"{year}-05-01"), "decided_at": _moment(f"{year}-05-02")}
        review = ReviewFactory(approved=True, partner=bakery, round_on=date(f"{year}-05-04"), **moments)
        OutgoingEmailFactory(sent=True, key=f"review/{review.pk}/{review.due_on}/opened", subject=review)
        AnswerFactory(review=review, pledge=bakery.pledges.get())
    client = client_of(lead)
    for address, queries in (("/account/partners/bakery/", 21), ("/account/partners/bakery/reviews/", 19)):
        client.get(address)
        with django_assert_num_queries(queries):
            client.get(address)
