"""Winners are public at the set time, and not a second earlier anywhere; and for ever after."""

import datetime

import pytest
import time_machine
from django.utils import timezone

from events.actions.daily import run_tick
from events.models import Nomination
from oiep.models import OutgoingEmail
from tests.factories import (
    AwardRoundFactory,
    CategoryFactory,
    CriterionFactory,
    NominationFactory,
    PartnerFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

CANARY = "zqxwinner"
AT = datetime.datetime(2030, 6, 28, 17, 0, tzinfo=datetime.UTC)  # 18:00 in Oxfordshire
SECOND = datetime.timedelta(seconds=1)


@pytest.fixture
def awards():
    return AwardRoundFactory(
        year=2030,
        opens_at=AT - datetime.timedelta(days=90),
        closes_at=AT - datetime.timedelta(days=60),
        judged_until=AT - datetime.timedelta(days=20),
        announced_at=AT,
        shortlisted_at=AT - datetime.timedelta(days=10),
        published_at=AT - datetime.timedelta(days=100),
    )


@pytest.fixture
def winner(awards):
    category = CategoryFactory(round=awards, name="Best", slug="best")
    CriterionFactory(round=awards)
    bakery = PartnerFactory(name="Bakery", approved=True, lead=True, approved_at=AT - datetime.timedelta(days=100))
    NominationFactory(category=category, shortlisted=True, place=2, partner__name="Mill")
    NominationFactory(category=category, shortlisted=True, partner__name="Shed")
    return NominationFactory(category=category, winner=True, partner=bakery)


def at(moment):
    return time_machine.travel(moment, tick=False)


ADDRESSES = (
    "/awards/",
    "/awards/2030/",
    "/partners/bakery/",
    "/partners/mill/",
    "/sitemap-awards.xml",
    "/events/",
    "/",
)


def seen(client):
    """All that these pages answer, headers too, without what a token makes differ."""
    answers = [client.get(address) for address in ADDRESSES]
    assert {answer.status_code for answer in answers} == {200}
    return "".join(f"{answer.headers}{answer.content.decode()}" for answer in answers)


def test_not_a_second_earlier(client, awards, winner):
    with at(AT - SECOND):
        early = seen(client)
        assert run_tick()["told"] == 0
    assert not any(words in early for words in (">Winner<", "Won “", "Highly commended", "award-won"))
    with at(AT):
        late = {address: client.get(address).content.decode() for address in ADDRESSES}
    assert "award-won" in late["/awards/2030/"]
    names = [late["/awards/2030/"].index(name) for name in ("Bakery", "Mill", "Shed")]
    assert names == sorted(names)
    assert "Bakery" in late["/awards/"]
    assert "Won “Best”" in late["/partners/bakery/"]
    assert "Highly commended in “Best”" in late["/partners/mill/"]


def test_who_wins_makes_no_difference_before(client, awards, winner):
    """The same pages, byte by byte, whoever is to win."""
    with at(AT - SECOND):
        before = [client.get(address).content for address in ADDRESSES]
        Nomination.objects.update(place=None)
        assert [client.get(address).content for address in ADDRESSES] == before


def test_pages_are_not_kept_by_caches(client, winner):
    with at(AT - SECOND):
        for address in ("/awards/", "/awards/2030/"):
            assert "no-store" in client.get(address)["Cache-Control"]


def test_nominees_are_told_once(awards, winner):
    with at(AT):
        assert run_tick()["told"] == 3
        assert run_tick()["told"] == 0
    letters = OutgoingEmail.objects.filter(template="award_result")
    assert letters.get(to=winner.partner.lead.user.email).subject_line == f"You have won: {awards}"
    assert letters.count() == 3


@pytest.mark.parametrize(("days", "stays"), [(1, True), (0, False), (-1, False)])
def test_leaving_the_charter_keeps_what_was_won_before(client, winner, days, stays):
    winner.partner.withdrawn_at = AT + datetime.timedelta(days=days)
    winner.partner.withdrawn_by = UserFactory()
    winner.partner.save()
    with at(AT + datetime.timedelta(days=400)):
        page = client.get("/awards/2030/").content.decode()
        own = client.get("/partners/bakery/").content.decode()
    assert "It withdrew from the Charter on" in page
    assert ("award-won" in page) == stays
    assert ("Won “Best”" in own) == stays


def test_withdrawn_after_the_shortlist_shows_as_that_and_wins_nothing(client, winner):
    winner.withdrawn_at, winner.place = AT - datetime.timedelta(days=1), None
    winner.save()
    for moment in (AT - SECOND, AT):
        with at(moment):
            page = client.get("/awards/2030/").content.decode()
        assert "This nomination was withdrawn on 27 June 2030." in page
    assert "award-won" not in page
    assert "No award was given in this category." in page


def test_shortlist_is_hidden_until_it_is_published(client, awards, winner):
    with at(AT - SECOND):
        assert "Shed" in client.get("/awards/2030/").content.decode()
        awards.shortlisted_at = None
        awards.save()
        assert "Shed" not in client.get("/awards/2030/").content.decode()


def test_drafts_have_no_page(client):
    AwardRoundFactory(year=2031, published_at=None, title=CANARY)
    assert client.get("/awards/2031/").status_code == 404
    for address in ("/awards/", "/sitemap-awards.xml"):
        assert CANARY not in client.get(address).content.decode()
        assert "2031" not in client.get(address).content.decode()


def test_nothing_yet(client):
    assert "There have been no awards yet" in client.get("/awards/").content.decode()


def test_times_are_those_of_oxfordshire(client, winner):
    with at(AT):
        assert "28 June 2030, 6pm (BST)" in " ".join(client.get("/awards/2030/").content.decode().split())
    assert timezone.localtime(AT).hour == 18
