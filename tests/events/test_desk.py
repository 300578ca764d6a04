"""An event's desk: who comes and what they need; adding, letting in, cancelling, writing to all; what is printed."""

import csv
import datetime
import io
import re
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from events.models import Registration
from oiep import audit
from oiep.models import OutgoingEmail
from tests.factories import EventFactory, GroupFactory, RegistrationFactory, UserFactory

pytestmark = pytest.mark.django_db

State = Registration.State
WHY = "She speaks first."


@pytest.fixture
def organiser():
    return UserFactory(email="organiser@example.org")


@pytest.fixture
def event(organiser):
    return EventFactory(published=True, capacity=2, title="The fair", slug="fair", organiser=organiser)


@pytest.fixture
def client(client_of, organiser):
    return client_of(organiser)


def page(name, *more):
    return reverse(name, args=["fair", *more])


def letters(**query):
    return list(OutgoingEmail.objects.filter(**query).order_by("created_at").values_list("template", flat=True))


def told(answer):
    return [str(message) for message in answer.context["messages"]]


# Looking --------------------------------------------------------------------------------------


def test_desk_counts_people_and_not_bookings(client, event):
    RegistrationFactory(event=event, booked=True, places=2, arrived=1)
    RegistrationFactory(event=event, waiting=True, places=3)
    RegistrationFactory(event=event, cancelled=True, places=4)
    figures = client.get(page("event-desk")).context["figures"]
    assert {name: figures[name] for name in ("booked", "offered", "waiting", "came")} == {
        "booked": 2,
        "offered": 0,
        "waiting": 3,
        "came": 1,
    }


def test_who_runs_the_group_has_a_desk_and_who_ran_it_has_none(client_of, organiser):
    group = GroupFactory(chair=organiser)
    EventFactory(published=True, slug="fair", group=group)
    assert client_of(organiser).get(page("event-desk")).status_code == 200
    group.members.update(ends_on=timezone.localdate() - datetime.timedelta(days=1))
    assert client_of(organiser).get(page("event-desk")).status_code == 404


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["Ada", "bo", "Cy"]),
        ({"q": "ELSWORTHY cy"}, ["Cy"]),
        ({"q": "nobody"}, []),
        ({"sort": "organisation"}, ["bo", "Ada", "Cy"]),
        ({"state": "waiting"}, ["Dee"]),
        ({"state": "nonsense", "sort": "nonsense", "page": "nonsense"}, ["Ada", "bo", "Cy"]),
    ],
)
def test_people_are_found_by_name_and_sorted(client, event, query, names):
    for name, organisation in (("Cy", "Elsworthy"), ("Ada", "Coop"), ("bo", "Bakery")):
        RegistrationFactory(event=event, booked=True, name=name, organisation=organisation)
    RegistrationFactory(event=event, waiting=True, name="Dee")
    RegistrationFactory(booked=True, name="Of another event")
    assert [row.name for row in client.get(page("event-people"), query).context["page_obj"]] == names


@pytest.mark.parametrize(
    "name", ["event-desk", "event-people", "event-check-in", "event-badges", "event-sign-in-sheet"]
)
def test_lists_cost_the_same_with_many(client, event, django_assert_num_queries, name):
    RegistrationFactory(event=event, booked=True)
    with CaptureQueriesContext(connection) as few:
        client.get(page(name))
    RegistrationFactory.create_batch(9, event=event, booked=True)
    RegistrationFactory.create_batch(3, event=event, waiting=True)
    with django_assert_num_queries(len(few)):
        client.get(page(name))


def test_needs_stand_at_the_desk_and_nowhere_else(client, client_of, event):
    booking = RegistrationFactory(event=event, booked=True, access_needs="A ramp.", dietary_needs="No nuts.")
    for name in ("event-people", "event-sheet"):
        answer = client.get(page(name))
        words = b"".join(answer).decode() if answer.streaming else answer.content.decode()
        assert "A ramp." in words
        assert "No nuts." in words
    assert "A ramp." in client.get(page("event-person", booking.pk)).content.decode()
    for address in (page("event-badges"), page("event-sign-in-sheet"), event.get_absolute_url()):
        assert "A ramp." not in client.get(address).content.decode()


def test_sheet_runs_nothing_in_a_spreadsheet(client, event):
    RegistrationFactory(event=event, booked=True, name="=1+1", email="a@example.org", photographs=True)
    RegistrationFactory(event=event, name="Unconfirmed")
    answer = client.get(page("event-sheet"))
    rows = list(csv.reader(io.StringIO(b"".join(answer).decode().lstrip("\ufeff"))))
    assert rows[1:] == [["'=1+1", "", "a@example.org", "booked", "1", "", "", "", "yes", "0"]]
    assert re.fullmatch(r'attachment; filename="fair-[\d-]{10}\.csv"', answer["Content-Disposition"])


def test_badges_and_sign_in_sheet_name_everybody(client, event):
    RegistrationFactory(event=event, booked=True, name="Rosa", guests="Sam\nKim", places=4, photographs=True)
    RegistrationFactory(event=event, waiting=True, name="Waits")
    badges = client.get(page("event-badges")).context["badges"]
    assert [badge["name"] for badge in badges] == ["Rosa", "Sam", "Kim", ""]  # a blank one for whom we know no name of
    rows = re.findall(r"<tr>(.*?)</tr>", client.get(page("event-sign-in-sheet")).content.decode())
    # Who agreed to photographs agreed for themselves.
    said = [(re.sub("<[^>]*>", "", row.split("</th>")[0]), "<td>Yes</td>" in row) for row in rows[1:]]
    assert said == [("Rosa", True), ("Sam", False), ("Kim", False), ("with Rosa:", False)]


# Adding by hand -------------------------------------------------------------------------------


def by_hand(**changed):
    return {"name": "Tom", "email": "", "places": "1", **changed}


def test_somebody_who_telephones_needs_no_address(client, event, organiser):
    client.post(page("event-person-add"), by_hand())
    client.post(page("event-person-add"), by_hand(name="Tim"))
    assert [(row.name, row.state, row.email) for row in event.registrations.by_name()] == [
        ("Tim", "booked", ""),
        ("Tom", "booked", ""),
    ]
    assert letters(template="event_booked") == []
    [added] = audit.trail(event.registrations.get(name="Tom")).filter(verb="registration.by_hand")
    assert added.actor == organiser
    assert "Tom" not in str(added.data)


def test_who_has_an_address_is_told(client, event):
    client.post(page("event-person-add"), by_hand(email="TOM@example.org", places="2"))
    assert letters(to="tom@example.org") == ["event_booked"]
    answer = client.post(page("event-person-add"), by_hand(email="tom@example.org"))
    assert "There is a booking with this e-mail address already." in answer.content.decode()
    assert event.registrations.count() == 1


def test_where_it_is_full_they_wait(client, event):
    RegistrationFactory(event=event, booked=True, places=2)
    answer = client.post(page("event-person-add"), by_hand(email="tom@example.org"), follow=True)
    assert told(answer) == ["All places are taken: they are on the waiting list."]
    assert event.registrations.get(name="Tom").state == State.WAITING


def test_at_the_door_there_is_no_waiting_list(client, event):
    event.bookings_close_at = event.published_at
    event.save()
    assert client.post(page("event-person-add"), by_hand()).status_code == 302
    answer = client.post(page("event-person-add"), by_hand(places="2"))
    assert "There is no room, and bookings have closed." in answer.content.decode()
    assert event.registrations.count() == 1


# Letting in, cancelling, places ---------------------------------------------------------------


def let_in(client, booking, **changed):
    data = {"let_in": "yes", "in-why": WHY, **changed}
    return client.post(page("event-person", booking.pk), data, follow=True)


def test_somebody_is_let_in_out_of_order_with_a_reason(client, event, organiser):
    RegistrationFactory(event=event, booked=True, places=2)
    first, second = RegistrationFactory.create_batch(2, event=event, waiting=True)
    assert "There are not enough free places." in told(let_in(client, second))[0]
    let_in(client, second, **{"in-add_places": "on"})
    let_in(client, second, **{"in-add_places": "on"})
    for row in (event, first, second):
        row.refresh_from_db()
    assert (first.state, second.state, event.capacity) == (State.WAITING, State.BOOKED, 3)
    assert letters(to=second.email) == ["event_booked"]
    [moved] = audit.trail(second).filter(verb="registration.let_in")
    assert (moved.actor, moved.note) == (organiser, WHY)


def test_nobody_is_let_in_without_a_reason(client, event):
    waits = RegistrationFactory(event=event, waiting=True)
    answer = let_in(client, waits, **{"in-why": " "})
    assert "<title>Error: " in answer.content.decode()
    waits.refresh_from_db()
    assert waits.state == State.WAITING


def test_cancelling_gives_the_place_to_the_next(client, event, organiser):
    booking = RegistrationFactory(event=event, booked=True, places=2)
    waits = RegistrationFactory(event=event, waiting=True)
    client.post(page("event-person", booking.pk), {"cancel": "yes", "out-why": "They telephoned."})
    booking.refresh_from_db()
    waits.refresh_from_db()
    assert (booking.state, waits.state) == (State.CANCELLED, State.OFFERED)
    assert audit.trail(booking).get(verb="registration.cancelled").actor == organiser


def test_places_are_never_fewer_than_are_booked(client, event):
    RegistrationFactory(event=event, booked=True, places=2)
    answer = client.post(page("event-desk"), {"capacity": "1"})
    assert "2 places are booked or offered." in answer.content.decode()
    waits = RegistrationFactory(event=event, waiting=True)
    client.post(page("event-desk"), {"capacity": "5"})
    event.refresh_from_db()
    waits.refresh_from_db()
    assert (event.capacity, waits.state) == (5, State.OFFERED)


# Writing to all -------------------------------------------------------------------------------


def test_message_goes_to_everybody_once(client, event):
    RegistrationFactory(event=event, booked=True, email="a@example.org")
    RegistrationFactory(event=event, waiting=True, email="b@example.org")
    RegistrationFactory(event=event, booked=True, email="", name="Tom")
    RegistrationFactory(event=event, cancelled=True, email="c@example.org")
    message = {"key": str(uuid.uuid4()), "subject": "Bring a coat", "text": "It is cold\nin the hall."}
    first = client.post(page("event-message"), message, follow=True)
    again = client.post(page("event-message"), message, follow=True)
    assert told(first) == ["Your message goes to 1 person."]
    assert told(again) == ["There was nobody to write to, or this message was sent already."]
    [sent] = OutgoingEmail.objects.filter(template="event_message")
    assert (sent.to, sent.subject_line) == ("a@example.org", "The fair: Bring a coat")
    assert "> It is cold\n> in the hall." in sent.text
    [written] = audit.trail(event).filter(verb="event.written_to")
    assert "coat" not in str(written.data) + written.note
    client.post(page("event-message"), {**message, "key": str(uuid.uuid4()), "also_waiting": "on"})
    assert letters(to="b@example.org") == ["event_message"]


def test_message_cannot_forge_a_header(client, event):
    RegistrationFactory(event=event, booked=True)
    message = {"key": str(uuid.uuid4()), "subject": "Hello\x0bBcc: x@example.org", "text": "Hello"}
    assert "<title>Error: " in client.post(page("event-message"), message).content.decode()
    assert letters() == []
