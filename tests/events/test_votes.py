"""Everybody's votes: one a person, by a link in an e-mail, and nothing to be learnt before the announcement."""

import datetime

import pytest
import time_machine
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from events.actions import votes as actions
from events.actions.daily import run_tick
from events.models import Nomination, Vote, VoteRequest
from oiep.models import OutgoingEmail
from tests.factories import AwardRoundFactory, CategoryFactory, NominationFactory, VoteFactory

pytestmark = pytest.mark.django_db
SECOND = datetime.timedelta(seconds=1)
HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def category():
    round = AwardRoundFactory(judging=True, year=2027, shortlisted_at=timezone.now() - HOUR)
    return CategoryFactory(round=round, slug="choice", name="People's choice", is_peoples_choice=True)


@pytest.fixture
def entries(category):
    return [NominationFactory(category=category, shortlisted=True) for _n in range(2)]


ADDRESS = "/awards/2027/choice/vote/"


def ask(client, nomination, email="rosa@example.org", **values):
    return client.post(ADDRESS, {"nomination": nomination.pk, "email": email, **values})


def links(mailbox):
    return [f"/awards/vote/{letter.body.partition('/awards/vote/')[2].split()[0]}" for letter in mailbox()]


def counted():
    return dict(Vote.objects.values_list("voter", "nomination"))


def test_vote_counts_once_it_is_confirmed(client, category, entries, mailbox):
    assert entries[0].partner.name in client.get(ADDRESS).text
    assert ask(client, entries[0])["Location"] == reverse("award-voted", args=[2027, "choice"])
    assert client.get(reverse("award-voted", args=[2027, "choice"])).status_code == 200
    [link] = links(mailbox)
    for _scanner in range(3):
        assert entries[0].partner.name in client.get(link).text
    assert counted() == {}
    for _press in range(2):
        assert client.post(link).status_code == 302
    assert counted() == {actions.voter_of(category, "rosa@example.org"): entries[0].pk}
    assert "Your vote counts" in client.get(link).text


def test_vote_can_be_changed_and_an_old_link_changes_nothing(client, category, entries, mailbox):
    for entry in (*entries, entries[0]):
        ask(client, entry)
        client.post(links(mailbox)[-1])
    _first, second, _third = links(mailbox)
    assert list(counted().values()) == [entries[0].pk]
    client.post(second)
    assert list(counted().values()) == [entries[0].pk]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("rosa@example.org", "Rosa@EXAMPLE.org", True),
        ("rosa@example.org", "rosa+2@example.org", True),
        ("r.osa@gmail.com", "rosa+x@googlemail.com", True),
        ("r.osa@example.org", "rosa@example.org", False),
        ("+rosa@example.org", "+ben@example.org", False),
        ("rosa@example.org", "ben@example.org", False),
    ],
)
def test_one_person_one_vote(client, category, entries, mailbox, one, other, same):
    for address, entry in ((one, entries[0]), (other, entries[1])):
        ask(client, entry, address)
        client.post(links(mailbox)[-1])
    assert len(counted()) == (1 if same else 2)


def test_a_voter_cannot_be_followed_from_category_to_category(category):
    other = CategoryFactory(round=category.round, is_peoples_choice=True)
    assert actions.voter_of(category, "rosa@example.org") != actions.voter_of(other, "rosa@example.org")


def test_voting_begins_with_the_shortlist_and_ends_to_the_second(client, category, entries, mailbox):
    round = category.round
    ask(client, entries[0], "early@example.org")
    [early] = links(mailbox)
    with time_machine.travel(round.shortlisted_at - SECOND, tick=False):
        assert "Voting has not begun" in client.get(ADDRESS).text
        assert ask(client, entries[0]).status_code == 200
    with time_machine.travel(round.judged_until - SECOND, tick=False):
        ask(client, entries[0])
        late = VoteRequest.objects.order_by("-asked_at").first().url.removeprefix(settings.SITE_URL)
        assert client.get(late).status_code == 200
    with time_machine.travel(round.judged_until, tick=False):
        assert client.get(ADDRESS).status_code == 410
        assert ask(client, entries[1]).status_code == 410
        for link in (early, late):
            assert client.get(link).status_code == 410
            assert client.post(link).status_code == 410
    assert counted() == {}
    assert VoteRequest.objects.count() == 2


def test_link_works_for_its_hours_and_is_then_forgotten(client, category, entries, mailbox):
    ask(client, entries[0])
    [link] = links(mailbox)
    after = timezone.now() + settings.AWARD_VOTE_HOURS * HOUR + SECOND
    with time_machine.travel(after, tick=False):
        assert client.post(link).status_code == 410
        run_tick()
        assert client.get(link).status_code == 404
    assert not VoteRequest.objects.exists()
    assert client.get("/awards/vote/guessed/").status_code == 404


def test_only_the_shortlist_can_be_voted_for(client, category, entries, mailbox):
    others = [
        NominationFactory(category=category, approved=True),
        NominationFactory(category=category, shortlisted=True, withdrawn_at=timezone.now()),
        NominationFactory(category__round=category.round, shortlisted=True),
    ]
    page = client.get(ADDRESS).text
    for nomination in others:
        assert nomination.partner.name not in page
        assert "Error: " in ask(client, nomination).text
    ask(client, entries[0])
    Nomination.objects.filter(pk=entries[0].pk).update(withdrawn_at=timezone.now())
    [link] = links(mailbox)
    assert client.post(link).status_code == 410
    assert counted() == {}


def test_other_categories_and_unpublished_rounds_have_no_vote(client, category):
    judged = CategoryFactory(round=category.round, slug="judged")
    hidden = CategoryFactory(round__published_at=None, slug="hidden", is_peoples_choice=True)
    for row in (judged, hidden):
        for name in ("award-vote", "award-voted"):
            assert client.get(reverse(name, args=[row.round.year, row.slug])).status_code == 404


def test_nothing_tells_how_others_voted_or_whether_one_did(client, category, entries, mailbox):
    ask(client, entries[0])
    client.post(links(mailbox)[-1])
    paths = (ADDRESS, reverse("award-voted", args=[2027, "choice"]), links(mailbox)[0])

    def seen():
        return [client.get(path).content.partition(b"<main")[2].partition(b"csrfmiddlewaretoken")[0] for path in paths]

    before = seen()
    VoteFactory.create_batch(7, nomination=entries[1])
    assert seen() == before
    answers = [ask(client, entries[1], address) for address in ("rosa@example.org", "new@example.org")]
    assert answers[0]["Location"] == answers[1]["Location"]
    assert answers[0].content == answers[1].content


def test_mail_does_not_say_for_whom(client, category, entries, mailbox):
    ask(client, entries[0])
    [letter] = mailbox()
    assert entries[0].partner.name not in letter.subject + letter.body
    row = OutgoingEmail.objects.get()
    assert row.unproven
    assert row.subject is None


def test_one_address_gets_few_mails_and_the_page_says_the_same(client, category, entries):
    answers = [ask(client, entries[0]) for _n in range(5)]
    assert {answer["Location"] for answer in answers} == {reverse("award-voted", args=[2027, "choice"])}
    assert OutgoingEmail.objects.count() == 3


def test_one_source_votes_so_often(client, category, entries, settings):
    settings.AWARD_VOTE_LIMITS_BY_SOURCE = ((2, 3600),)
    statuses = [ask(client, entries[0], f"voter{n}@example.org").status_code for n in range(3)]
    assert statuses == [302, 302, 429]
    assert VoteRequest.objects.count() == 2


def test_robots_and_nonsense_are_turned_away(client, category, entries):
    for values in ({"fax": "1"}, {"email": "nobody"}, {"nomination": "x"}):
        assert "Error: " in client.post(ADDRESS, {"nomination": entries[0].pk, "email": "a@example.org", **values}).text
    assert not VoteRequest.objects.exists()
