"""Events as the public finds them: the list, the page of one, and what is never shown."""

import datetime
import json
import re

import pytest
from django.utils import timezone

from tests.factories import (
    ActionFactory,
    ContributorFactory,
    DistrictFactory,
    EventFactory,
    FeedbackFactory,
    GroupFactory,
    JudgeFactory,
    LearningPointFactory,
    MaterialFactory,
    PartnerFactory,
    PhotographFactory,
    PriorityAreaFactory,
    ProgrammeItemFactory,
    RegistrationFactory,
    SeriesFactory,
    UserFactory,
)
from tests.html import Page

pytestmark = pytest.mark.django_db


def titles(response):
    return [event.title for event in response.context["listing"].page]


def at(day, hour=10):
    return datetime.datetime.fromisoformat(f"{day}T{hour:02}:00").replace(tzinfo=timezone.get_default_timezone())


@pytest.fixture
def programme():
    """Three events to come, in order, one in the past, a draft."""
    area, oxford, cherwell = PriorityAreaFactory(slug="spend"), DistrictFactory(slug="oxford"), DistrictFactory()
    EventFactory(title="Late", published=True, starts_at=at("2098-06-02"), district=cherwell)
    EventFactory(title="Early", published=True, starts_at=at("2098-05-04"), district=oxford, areas=[area])
    EventFactory(title="Middle", published=True, starts_at=at("2098-05-31", 23), kind="seminar", place="Banbury Museum")
    EventFactory(title="Gone", past=True, district=oxford)
    EventFactory(title="Draft", starts_at=at("2098-05-04"), district=oxford, areas=[area])


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("/events/", ["Early", "Middle", "Late"]),
        ("/events/?when=past", ["Gone"]),
        ("/events/?area=spend", ["Early"]),
        ("/events/?place=oxford", ["Early"]),
        ("/events/?when=past&place=oxford", ["Gone"]),
        ("/events/?kind=seminar", ["Middle"]),
        ("/events/?month=2098-05", ["Early", "Middle"]),  # 31 May, 23:00 in summer time, is June nowhere
        ("/events/?month=2098-06", ["Late"]),
        ("/events/?month=2098-05&place=oxford", ["Early"]),
        ("/events/?q=banbury", ["Middle"]),
        ("/events/?q=MUSEUM banb", ["Middle"]),
        ("/events/?q=nothing", []),
        ("/events/?month=2098-13", ["Early", "Middle", "Late"]),
        ("/events/?month=%00&kind=none&page=9&q=%00", ["Early", "Middle", "Late"]),
    ],
)
def test_list_is_filtered_by_its_address(client, programme, address, found):
    assert titles(client.get(address)) == found


def test_months_offered_are_those_with_events(client, programme):
    assert client.get("/events/").context["months"] == [datetime.date(2098, 5, 1), datetime.date(2098, 6, 1)]


def test_empty_list_says_so(client):
    assert "No event is planned at the moment" in Page(client.get("/events/")).text
    assert "There are no past events yet" in Page(client.get("/events/?when=past")).text
    assert "No event matches all of that" in Page(client.get("/events/?q=tea")).text


def test_event_that_runs_now_is_not_past(client):
    now = timezone.now()
    EventFactory(
        title="Now",
        published=True,
        starts_at=now - datetime.timedelta(hours=1),
        ends_at=now + datetime.timedelta(hours=1),
    )
    assert titles(client.get("/events/")) == ["Now"]
    assert titles(client.get("/events/?when=past")) == []


@pytest.mark.parametrize(
    ("held", "words"), [([3], "7 places left"), ([3, 6], "1 place left"), ([4, 6], "Full: there is a waiting list")]
)
def test_room_is_said_in_words(client, held, words):
    event = EventFactory(published=True, capacity=10)
    for places in held:
        RegistrationFactory(event=event, booked=True, places=places)
    RegistrationFactory(event=event, waiting=True)
    RegistrationFactory(event=event, cancelled=True, places=4)
    for address in ("/events/", event.get_absolute_url()):
        assert words in Page(client.get(address)).text


def test_offered_places_are_held(client):
    event = EventFactory(published=True, capacity=2)
    RegistrationFactory(event=event, offered=True, places=2)
    assert "Full" in Page(client.get(event.get_absolute_url())).text


@pytest.mark.parametrize(
    ("known", "words", "when"),
    [
        ("month", "", "October 2019"),
        ("month", "October or November 2019", "October or November 2019"),
        ("day", "", "1 October 2019"),
        ("time", "", "Tuesday 1 October 2019, 10am to noon (BST)"),
    ],
)
def test_when_is_as_exact_as_we_know(client, known, words, when):
    event = EventFactory(past=True, starts_at=at("2019-10-01"), known=known, when_words=words)
    assert f"When {when}" in Page(client.get(event.get_absolute_url())).text


def test_page_before_the_event_shows_what_one_needs_to_come(client):
    host = PartnerFactory(name="Host Ltd", approved=True)
    event = EventFactory(
        published=True,
        access="A ramp leads to the door.",
        who_may_come="Shop owners.",
        online_url="https://meet.example/secret",
        series=SeriesFactory(name="Lunches"),
    )
    ContributorFactory(event=event, partner=host, name="")
    ContributorFactory(event=event, role="sponsor", name="Old Bank")
    ProgrammeItemFactory(event=event, title="Soup", speakers="A. Cook")
    LearningPointFactory(event=event, text="Too early to say.")
    page = Page(client.get(event.get_absolute_url()))
    for words in ("A ramp leads to the door.", "Shop owners.", "Free", "Lunches", "Host Ltd", "Old Bank", "A. Cook"):
        assert words in page.text
    assert host.get_absolute_url() in page.links
    assert "Too early to say." not in page.text
    assert b"meet.example" not in client.get(event.get_absolute_url()).content
    assert page.faults == []


def test_page_after_the_event_shows_what_came_of_it(client):
    event = EventFactory(past=True)
    LearningPointFactory(event=event, text="Small firms hear of tenders too late.")
    picture = PhotographFactory(event=event, public=True, alt="Two people laughing.")
    PhotographFactory(event=event, alt="Nobody agreed to this.")
    slides = MaterialFactory(event=event, title="The slides", is_public=True)
    MaterialFactory(event=event, title="The rehearsal")
    FeedbackFactory(registration__event=event, learnt="Ask the buyer early.", may_quote=True)
    FeedbackFactory(registration__event=event, learnt="Just for you.")
    response = client.get(event.get_absolute_url())
    page = Page(response)
    for words in ("Small firms hear of tenders too late.", "The slides", "Ask the buyer early."):
        assert words in page.text
    for words in ("The rehearsal", "Just for you."):
        assert words not in page.text
    assert b"Nobody agreed" not in response.content
    assert f"/events/materials/{slides.pk}/" in page.links
    assert f'src="/events/photographs/{picture.pk}/" alt="Two people laughing."'.encode() in response.content
    shared = f'<meta property="og:image" content="http://testserver/events/photographs/{picture.pk}/">'
    assert shared in response.content.decode()
    assert response.content.decode().count('"og:image"') == 1
    assert structured_in(response)["image"] == [f"http://testserver/events/photographs/{picture.pk}/"]


@pytest.mark.parametrize(
    ("hidden", "public", "is_told"), [(False, True, True), (False, False, False), (True, True, False)]
)
def test_who_took_a_point_up_is_told_where_that_is_public(client, hidden, public, is_told):
    group = GroupFactory(name="Fair work", is_closed=hidden)
    point = LearningPointFactory(action=ActionFactory(group=group, is_public=public))
    LearningPointFactory(event=point.event)
    text = Page(client.get(point.event.get_absolute_url())).text
    assert ("Taken up by: Fair work" in text) is is_told
    assert text.count("Taken up by") == is_told


def test_address_to_subscribe_to_is_there_to_copy(client):
    content = client.get("/events/").content.decode()
    assert 'value="http://testserver/events/calendar.ics"' in content
    assert 'href="webcal://testserver/events/calendar.ics"' in content


def test_awards_stand_in_the_section_of_events(client):
    assert '<a href="/events/" aria-current="true">' in client.get("/awards/").content.decode()


def test_cancelled_event_says_so_everywhere(client):
    event = EventFactory(cancelled=True, cancelled_why="The hall has flooded.")
    assert "Cancelled" in Page(client.get("/events/")).text
    page = Page(client.get(event.get_absolute_url()))
    assert "This event is cancelled" in page.text
    assert "The hall has flooded." in page.text
    assert "places left" not in page.text
    assert event.title not in Page(client.get("/")).text


def test_next_events_are_on_the_pages_of_home_area_and_place(client):
    area, place = PriorityAreaFactory(slug="spend"), DistrictFactory(slug="oxford")
    EventFactory(title="Mine", published=True, areas=[area], district=place)
    EventFactory(title="Other", published=True)
    EventFactory(title="Draft", areas=[area], district=place)
    assert {"Mine", "Other"} == {event.title for event in client.get("/").context["events"]}
    for address in ("/areas/spend/", "/places/oxford/"):
        text = Page(client.get(address)).text
        assert "Mine" in text
        assert "Other" not in text
        assert "Draft" not in text


@pytest.mark.parametrize("rows", [1, 30])
def test_number_of_queries_does_not_grow(client, django_assert_num_queries, rows):
    area, place = PriorityAreaFactory(), DistrictFactory()
    for _n in range(rows):
        event = EventFactory(published=True, areas=[area], district=place, series=SeriesFactory(), capacity=5)
        RegistrationFactory(event=event, booked=True)
    for _n in range(rows):
        ContributorFactory(event=event, partner=PartnerFactory(approved=True), name="")
        ProgrammeItemFactory(event=event)
    client.get("/events/")
    with django_assert_num_queries(5):
        client.get("/events/")
    with django_assert_num_queries(6):
        client.get(event.get_absolute_url())


# What machines read ---------------------------------------------------------------------------


def structured_in(response):
    text = re.search(r'<script type="application/ld\+json">(.*?)</script>', response.content.decode(), re.DOTALL)[1]
    return json.loads(text)


def test_search_engines_get_the_event_with_its_status_and_price(client):
    within = {"group": GroupFactory(name="Fair work", slug="fair-work"), "series": SeriesFactory(name="Lunches")}
    online = "https://meet.example/x"
    event = EventFactory(published=True, starts_at=at("2098-05-04"), capacity=1, online_url=online, **within)
    data = structured_in(client.get(event.get_absolute_url()))
    assert data["@type"] == "Event"
    assert (data["startDate"], data["endDate"]) == ("2098-05-04T10:00+01:00", "2098-05-04T12:00+01:00")
    assert data["eventStatus"] == "https://schema.org/EventScheduled"
    assert data["eventAttendanceMode"] == "https://schema.org/MixedEventAttendanceMode"
    assert data["isAccessibleForFree"] is True
    assert data["organizer"] == [
        {"@type": "Organization", "name": "Fair work", "url": "http://testserver/working-groups/fair-work/"}
    ]
    assert data["superEvent"] == {"@type": "EventSeries", "name": "Lunches"}
    assert (data["offers"]["price"], data["offers"]["availability"]) == (0, "https://schema.org/InStock")
    assert "meet.example" not in json.dumps(data)
    RegistrationFactory(event=event, booked=True)
    assert "SoldOut" in structured_in(client.get(event.get_absolute_url()))["offers"]["availability"]


def test_search_engines_read_of_a_cancelled_event_that_it_is(client):
    data = structured_in(client.get(EventFactory(cancelled=True).get_absolute_url()))
    assert data["eventStatus"] == "https://schema.org/EventCancelled"
    assert "offers" not in data


@pytest.mark.parametrize("title", ["</script><script>alert(1)</script>", "<!-- <script>", "A & B \u2028 “C”"])
def test_title_cannot_leave_the_data_that_it_stands_in(client, title):
    event = EventFactory(published=True, title=title.replace("\u2028", " "), summary=title)
    response = client.get(event.get_absolute_url())
    assert structured_in(response)["description"] == title
    assert "<script>alert" not in response.content.decode()


# Files ----------------------------------------------------------------------------------------


def test_photograph_is_shown_only_while_it_is_public(client):
    picture = PhotographFactory(public=True)
    address = f"/events/photographs/{picture.pk}/"
    response = client.get(address)
    assert response["Content-Type"] == "image/png"
    assert "sandbox" in response["Content-Security-Policy"]
    assert response["Cache-Control"] == "public, max-age=3600"
    picture.is_public = False
    picture.save()
    assert client.get(address).status_code == 404


def test_files_of_what_is_not_public_are_not_there(client):
    for event in (EventFactory(), EventFactory(past=True, group=GroupFactory(is_closed=True))):
        picture, slides = PhotographFactory(event=event, public=True), MaterialFactory(event=event, is_public=True)
        assert client.get(f"/events/photographs/{picture.pk}/").status_code == 404
        assert client.get(f"/events/materials/{slides.pk}/").status_code == 404


def test_who_runs_events_or_judges_finds_the_way_from_their_own_place(client_of):
    organiser = UserFactory()
    client = client_of(organiser)
    assert "Events that you run" not in Page(client.get("/account/")).text
    plan = EventFactory(organiser=organiser, title="Our plan")
    EventFactory(past=True, title="Old", organiser=organiser, starts_at=at("2019-10-01"))
    EventFactory(published=True, title="Somebody else's")
    judge = JudgeFactory(user=organiser)
    page = Page(client.get("/account/"))
    assert f"/events/{plan.slug}/desk/" in page.links
    assert "Our plan" in page.text
    assert "Old" not in page.text
    assert "Somebody else's" not in page.text
    assert "/judging/" in page.links
    judge.stood_down_at = timezone.now()
    judge.save()
    assert "/judging/" not in Page(client.get("/account/")).links
