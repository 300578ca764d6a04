"""Events in calendar programs: one as a file, all to subscribe to."""

import datetime

import icalendar
import pytest
from django.utils import timezone

from events.actions import cancel_event, save_event
from events.calendars import entry_for
from tests.factories import EventFactory, GroupFactory, ManagerFactory, RegistrationFactory

pytestmark = pytest.mark.django_db


def entries(response):
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert max(map(len, response.content.split(b"\r\n"))) <= 75
    calendar = icalendar.Calendar.from_ical(response.content)
    return {str(entry["summary"]): entry for entry in calendar.walk("VEVENT")}


def at(text):
    return datetime.datetime.fromisoformat(text).replace(tzinfo=timezone.get_default_timezone())


def test_feed_holds_what_is_public(client):
    EventFactory(title="Coming", published=True)
    EventFactory(title="Gone", past=True)
    EventFactory(title="Off", cancelled=True)
    EventFactory(title="Draft")
    EventFactory(title="Among us", published=True, group=GroupFactory(is_closed=True))
    EventFactory(title="Some day", past=True, known="month")
    found = entries(client.get("/events/calendar.ics"))
    assert {title: str(entry["status"]) for title, entry in found.items()} == {
        "Coming": "CONFIRMED",
        "Gone": "CONFIRMED",
        "Off": "CANCELLED",
    }


@pytest.mark.parametrize(
    ("starts", "in_utc"),
    [
        ("2026-10-24T10:00", "2026-10-24T09:00"),  # the last day of summer time
        ("2026-10-25T10:00", "2026-10-25T10:00"),
        ("2027-03-27T10:00", "2027-03-27T10:00"),
        ("2027-03-28T10:00", "2027-03-28T09:00"),
    ],
)
def test_times_are_right_on_both_sides_of_a_clock_change(client, starts, in_utc):
    event = EventFactory(published=True, title="Walk", starts_at=at(starts))
    entry = entries(client.get(f"/events/{event.slug}/calendar.ics"))["Walk"]
    assert entry["dtstart"].dt == datetime.datetime.fromisoformat(in_utc).replace(tzinfo=datetime.UTC)
    assert entry["dtend"].dt - entry["dtstart"].dt == datetime.timedelta(hours=2)


def test_day_without_times_is_a_whole_day(client):
    event = EventFactory(past=True, title="Long ago", starts_at=at("2022-05-04T00:00"), known="day")
    entry = entries(client.get(f"/events/{event.slug}/calendar.ics"))["Long ago"]
    assert (entry["dtstart"].dt, entry["dtend"].dt) == (datetime.date(2022, 5, 4), datetime.date(2022, 5, 5))
    assert str(entry["transp"]) == "TRANSPARENT"


def test_month_without_a_day_has_no_file(client):
    event = EventFactory(past=True, known="month")
    assert client.get(f"/events/{event.slug}/calendar.ics").status_code == 404


@pytest.mark.parametrize("title", ["Bread, cheese; and \\ wine", "Cynulliad 🥖 “Økonomi”", "اقتصاد للجميع", "x" * 120])
def test_words_of_any_kind_come_through(client, title):
    EventFactory(published=True, title=title)
    assert list(entries(client.get("/events/calendar.ics"))) == [title]


def test_entry_tells_where_it_is_written_and_no_secret(client):
    event = EventFactory(published=True, title="Talk", online_url="https://meet.example/secret")
    response = client.get(f"/events/{event.slug}/calendar.ics")
    entry = entries(response)["Talk"]
    assert str(entry["url"]) == f"http://testserver/events/{event.slug}/"
    assert str(entry["location"]) == "Town Hall, Oxford"
    assert b"secret" not in response.content.replace(b"\r\n ", b"")


def test_entry_for_who_has_a_place_holds_the_link():
    registration = RegistrationFactory(booked=True, event__online_url="https://meet.example/secret")
    calendar = icalendar.Calendar.from_ical(entry_for(registration, now=timezone.now()))
    entry = calendar.walk("VEVENT")[0]
    assert "https://meet.example/secret" in str(entry["description"])
    # Outlook and Gmail follow what is an invitation, and one that its reader has accepted asks them nothing.
    assert str(calendar["method"]) == "REQUEST"
    assert str(entry["attendee"]) == f"mailto:{registration.email}"
    assert (entry["attendee"].params["PARTSTAT"], entry["attendee"].params["RSVP"]) == ("ACCEPTED", "FALSE")


def test_file_and_every_message_are_of_one_entry(client):
    # Moved from the last day of summer time to the first without it, at the same hour of the clock.
    registration = RegistrationFactory(booked=True, event__starts_at=at("2031-10-25T10:00"))
    event = registration.event
    [public] = entries(client.get(f"/events/{event.slug}/calendar.ics")).values()
    event.starts_at, event.ends_at = at("2031-10-26T10:00"), at("2031-10-26T12:00")
    event = registration.event = save_event(event=event, fields=["starts_at", "ends_at"], actor=ManagerFactory())
    moved = icalendar.Calendar.from_ical(entry_for(registration, now=timezone.now()))
    registration.event = cancel_event(event=event, why="Snow.", actor=ManagerFactory())
    off = icalendar.Calendar.from_ical(entry_for(registration, now=timezone.now()))
    parts = [public, moved.walk("VEVENT")[0], off.walk("VEVENT")[0]]
    assert len({str(entry["uid"]) for entry in parts}) == 1
    assert [int(entry["sequence"]) for entry in parts] == [0, 1, 2]
    assert [entry["dtstart"].dt.strftime("%d %H:%M %Z") for entry in parts] == [
        "25 09:00 UTC",
        "26 10:00 UTC",
        "26 10:00 UTC",
    ]
    assert [str(entry["url"]) for entry in parts] == [f"http://testserver/events/{event.slug}/"] * 3
    assert (str(off["method"]), str(parts[2]["attendee"])) == ("CANCEL", f"mailto:{registration.email}")


def test_moved_event_keeps_its_uid_and_counts_up(client):
    event = EventFactory(published=True, title="Talk")
    address, manager = f"/events/{event.slug}/calendar.ics", ManagerFactory()
    before = entries(client.get(address))["Talk"]
    event.starts_at += datetime.timedelta(days=1)
    event.ends_at += datetime.timedelta(days=1)
    event = save_event(event=event, fields=["starts_at", "ends_at"], actor=manager)
    moved = entries(client.get(address))["Talk"]
    event.summary = "The same, said better."
    save_event(event=event, fields=["summary"], actor=manager)
    reworded = entries(client.get(address))["Talk"]
    cancel_event(event=event, why="Snow.", actor=manager)
    off = entries(client.get(address))["Talk"]
    assert len({str(entry["uid"]) for entry in (before, moved, reworded, off)}) == 1
    assert [int(entry["sequence"]) for entry in (before, moved, reworded, off)] == [0, 1, 1, 2]
    assert (str(off["status"]), "Snow." in str(off["description"])) == ("CANCELLED", True)


def test_calendar_program_is_told_when_nothing_has_changed(client):
    event = EventFactory(published=True)
    first = client.get("/events/calendar.ics")
    assert client.get("/events/calendar.ics", headers={"If-None-Match": first["ETag"]}).status_code == 304
    event.title = "Another"
    event.save()
    assert client.get("/events/calendar.ics", headers={"If-None-Match": first["ETag"]}).status_code == 200
