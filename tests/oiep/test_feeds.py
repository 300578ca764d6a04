"""The Atom feeds, read as a feed reader reads them."""

import datetime

import feedparser
import pytest
import time_machine

from partners.models import Kind
from tests.factories import (
    DistrictFactory,
    EventFactory,
    PartnerFactory,
    PledgeFactory,
    PriorityAreaFactory,
    ResidentFactory,
)

pytestmark = pytest.mark.django_db

UNKIND = "<script>alert(1)</script> Bread & butter"


def read(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
    feed = feedparser.parse(
        answer.content, response_headers={"content-type": answer["Content-Type"]}, sanitize_html=False
    )
    assert feed.bozo is False
    assert feed.version == "atom10"
    assert feed.feed.id == feed.feed.links[1].href == f"http://testserver{address}"
    assert feed.feed.title
    assert feed.feed.updated_parsed
    for entry in feed.entries:
        assert entry.id == entry.link
        assert entry.link.startswith("http://testserver/")
        assert entry.published_parsed
        assert entry.updated_parsed >= entry.published_parsed
    assert len({entry.id for entry in feed.entries}) == len(feed.entries)
    return feed


def test_partners_newest_first_and_organisations_only(client):
    spend, oxford = PriorityAreaFactory(slug="spend", short_name="Local spend"), DistrictFactory(slug="oxford")
    day = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.UTC)
    old = PartnerFactory(name="Old & Sons", approved=True, approved_at=day, districts=[oxford])
    new = PartnerFactory(name="New", approved=True, kind=Kind.BUSINESS, description=UNKIND)
    PledgeFactory(approved=True, partner=new, area=spend)
    ResidentFactory(approved=True)
    PartnerFactory(submitted=True)
    PartnerFactory(approved=True, lapsed_on=datetime.date(2026, 2, 2))
    feed = read(client, "/feeds/partners/")
    assert [entry.title for entry in feed.entries] == ["New", "Old & Sons"]
    assert feed.entries[0].summary == "<p>Business</p><p>&lt;script&gt;alert(1)&lt;/script&gt; Bread &amp; butter</p>"
    assert [tag.term for tag in feed.entries[0].tags] == ["Local spend"]
    assert [entry.title for entry in read(client, "/feeds/partners/areas/spend/").entries] == ["New"]
    assert [entry.title for entry in read(client, "/feeds/partners/places/oxford/").entries] == ["Old & Sons"]
    assert old.get_absolute_url() in feed.entries[1].link


def test_events_to_come(client):
    EventFactory(title="Fair & free", published=True, place="Town Hall")
    EventFactory(title="Off", cancelled=True)
    EventFactory(title="Over", past=True)
    EventFactory(title="Draft")
    feed = read(client, "/feeds/events/")
    assert {entry.title for entry in feed.entries} == {"Fair & free", "Cancelled: Off"}
    (fair,) = [entry for entry in feed.entries if entry.title == "Fair & free"]
    assert "<p>Town Hall</p>" in fair.summary


def test_feed_with_nothing_in_it(client):
    assert read(client, "/feeds/partners/").entries == []
    with time_machine.travel("2031-05-06T09:00:00Z"):
        first = client.get("/feeds/partners/")
    with time_machine.travel("2031-05-07T09:00:00Z"):
        assert client.get("/feeds/partners/").content == first.content, "It does not change by being looked at"


@pytest.mark.parametrize(
    "address",
    ["/feeds/partners/", "/feeds/stories/", "/feeds/events/", "/stories/", "/partners/", "/resources/", "/help/"],
)
def test_thousand_filters_cost_nothing_and_break_nothing(client, address, django_assert_max_num_queries):
    PartnerFactory(approved=True)
    for query in ("&".join(f"area=a{n}" for n in range(900)), "&".join(f"area={n}&place={n}" for n in range(2000))):
        with django_assert_max_num_queries(20):
            answer = client.get(f"{address}?{query}")
        assert answer.status_code in (200, 400)


def test_feed_that_has_not_changed_is_not_sent_again(client):
    PartnerFactory(approved=True)
    first = client.get("/feeds/partners/")
    assert first["Cache-Control"] == "public, no-cache"
    again = client.get("/feeds/partners/", headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    PartnerFactory(approved=True)
    assert client.get("/feeds/partners/", headers={"if-none-match": first["ETag"]}).status_code == 200


def test_feed_takes_as_many_queries_however_long(client, django_assert_num_queries):
    for number in (1, 12):
        for _n in range(number):
            PartnerFactory(approved=True)
        with django_assert_num_queries(3):
            client.get("/feeds/partners/")
        assert client.post("/feeds/partners/").status_code == 405


def test_pages_lead_to_their_feeds(client):
    area, place = PriorityAreaFactory(slug="spend"), DistrictFactory(slug="oxford")
    for address, feed in (
        ("/partners/", "/feeds/partners/"),
        (area.get_absolute_url(), "/feeds/partners/areas/spend/"),
        (place.get_absolute_url(), "/feeds/partners/places/oxford/"),
        ("/events/", "/feeds/events/"),
    ):
        assert (
            f'<link rel="alternate" type="application/atom+xml" href="{feed}"' in client.get(address).content.decode()
        )
