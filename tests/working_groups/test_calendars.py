"""What calendar programs read: the entries in our e-mails, and a person's feed, as the icalendar package reads them."""

import datetime
import email
import email.policy
import logging
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from oiep import email as mail
from oiep.logs import MaskedFormatter
from oiep.models import AuditEvent, OutgoingEmail
from partners.actions import version_of
from tests.factories import CalendarAddressFactory, GroupFactory, GroupMemberFactory, MeetingFactory, UserFactory
from working_groups.actions import meetings as actions
from working_groups.calendars import invitation
from working_groups.models import CalendarAddress

pytestmark = pytest.mark.django_db

LONDON = ZoneInfo("Europe/London")
WORDS = 'Plan, "A"; and B\\C 😀 لقاء العمل ' + "that goes on and on, " * 3


@pytest.fixture
def group():
    group = GroupFactory(name="Jobs; skills, and more", slug="jobs", chair=UserFactory(email="chair@example.org"))
    GroupMemberFactory(group=group, user__email="ann@example.org")
    return group


@pytest.fixture
def chair(group):
    return group.members.get(role="chair").user


@pytest.fixture
def called(group, chair):
    meeting = MeetingFactory(
        group=group,
        title=WORDS.strip()[:120],
        place="Room 1, Town Hall; Oxford",
        online_url="https://meet.example/secret-room",
        starts_at=datetime.datetime(2035, 7, 2, 10, tzinfo=LONDON),
    )
    return actions.call_meeting(meeting=meeting, actor=chair)


def message_to(address, template):
    row = OutgoingEmail.objects.filter(to=address, template=template).latest("created_at")
    raw = mail.message_of(row).message().as_bytes()
    return email.message_from_bytes(raw, policy=email.policy.default)


def entry_of(message):
    """The method that the message's part is labelled with, its calendar, and the one entry in that."""
    [part] = [part for part in message.walk() if part.get_content_type() == "text/calendar"]
    calendar = Calendar.from_ical(part.get_content())
    [entry] = calendar.walk("VEVENT")
    return part["Content-Type"].params, calendar, entry


# In e-mails -----------------------------------------------------------------------------------


def test_invitation_is_read_by_calendar_programs(called):
    message = message_to("ann@example.org", "meeting_invitation")
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html", "text/calendar"]
    params, calendar, entry = entry_of(message)
    assert dict(params) == {"method": "REQUEST", "charset": "utf-8"}
    assert (calendar["METHOD"], calendar["VERSION"], bool(calendar["PRODID"])) == ("REQUEST", "2.0", True)
    assert entry["UID"] == str(called.uid)
    assert (entry["SEQUENCE"], entry["STATUS"]) == (0, "CONFIRMED")
    assert entry["SUMMARY"] == f"{called.title} (Jobs; skills, and more)"
    assert entry["LOCATION"] == "Room 1, Town Hall; Oxford"
    assert entry["URL"].endswith(called.get_absolute_url())
    assert "https://meet.example/secret-room" in entry["DESCRIPTION"]
    assert entry["ORGANIZER"] == "mailto:charter@oiep.example"
    assert entry["ATTENDEE"] == "mailto:ann@example.org"
    assert entry["ATTENDEE"].params["RSVP"] == "FALSE"
    assert entry.decoded("DTSTART") == called.starts_at
    assert entry.decoded("DTEND") - entry.decoded("DTSTART") == datetime.timedelta(hours=2)
    for name in ("DTSTAMP", "LAST-MODIFIED"):
        assert abs(entry.decoded(name) - timezone.now()) < datetime.timedelta(minutes=1)
        assert entry.decoded(name).utcoffset() == datetime.timedelta(0)


def test_invitation_gives_no_other_members_address_away(called):
    message = message_to("ann@example.org", "meeting_invitation")
    assert b"chair@example.org" not in message.as_bytes()
    assert "chair@example.org" not in entry_of(message)[1].to_ical().decode()


def test_lines_are_folded_and_end_as_the_standard_says(called):
    written = OutgoingEmail.objects.get(to="ann@example.org").calendar.encode()
    assert max(map(len, written.split(b"\r\n"))) <= 75
    assert b"\n" not in written.replace(b"\r\n", b"")
    assert rb"SUMMARY:Plan\, " in written


def test_line_break_that_got_into_a_field_ends_no_line(group, chair):
    """The form refuses it; the entry would still be one."""
    meeting = MeetingFactory(group=group, called=True, place="Hall\r\nATTENDEE:mailto:evil@example.org")
    [entry] = Calendar.from_ical(invitation(meeting, user=chair, now=timezone.now())).walk("VEVENT")
    assert entry["ATTENDEE"] == "mailto:chair@example.org"
    assert "evil@example.org" in entry["LOCATION"]


def test_moved_meeting_keeps_its_uid_and_gets_a_higher_number(called, chair):
    details = actions.details_of(called)
    starts = datetime.datetime(2035, 12, 3, 10, tzinfo=LONDON)
    values = details | {"starts_at": starts, "ends_at": starts + datetime.timedelta(hours=1)}
    actions.change_meeting(meeting=called, values=values, actor=chair, seen=version_of(details))
    params, _calendar, entry = entry_of(message_to("ann@example.org", "meeting_changed"))
    assert params["method"] == "REQUEST"
    assert (entry["UID"], entry["SEQUENCE"]) == (str(called.uid), 1)
    assert entry.decoded("DTSTART") == starts


def test_cancelled_meeting_is_taken_out_of_calendars(called, chair):
    actions.cancel_meeting(meeting=called, why="Snow, and\u00a0ice.", actor=chair)
    params, calendar, entry = entry_of(message_to("ann@example.org", "meeting_cancelled"))
    assert (params["method"], calendar["METHOD"], entry["STATUS"]) == ("CANCEL", "CANCEL", "CANCELLED")
    assert (entry["UID"], entry["SEQUENCE"]) == (str(called.uid), 1)
    assert "Snow, and\u00a0ice." in entry["DESCRIPTION"]


@pytest.mark.parametrize(
    ("starts", "written"),
    [
        (datetime.datetime(2026, 10, 24, 10, tzinfo=LONDON), b"DTSTART:20261024T090000Z"),
        (datetime.datetime(2026, 10, 26, 10, tzinfo=LONDON), b"DTSTART:20261026T100000Z"),
        (datetime.datetime(2026, 10, 25, 1, 30, tzinfo=LONDON), b"DTSTART:20261025T003000Z"),
        (datetime.datetime(2026, 10, 25, 1, 30, tzinfo=LONDON, fold=1), b"DTSTART:20261025T013000Z"),
        (datetime.datetime(2027, 3, 28, 0, 30, tzinfo=LONDON), b"DTSTART:20270328T003000Z"),
        (datetime.datetime(2027, 3, 28, 2, 30, tzinfo=LONDON), b"DTSTART:20270328T013000Z"),
    ],
)
def test_times_on_both_sides_of_a_clock_change(client, group, chair, starts, written):
    MeetingFactory(group=group, called=True, starts_at=starts)
    key = CalendarAddressFactory(user=chair).key
    content = client.get(reverse("calendar-feed", args=[key])).content
    assert written in content
    [entry] = Calendar.from_ical(content).walk("VEVENT")
    assert entry.decoded("DTSTART") == starts.astimezone(datetime.UTC)


# The feed -------------------------------------------------------------------------------------


@pytest.fixture
def address(chair):
    return CalendarAddressFactory(user=chair)


def entries(client, address):
    response = client.get(reverse("calendar-feed", args=[address.key]))
    assert response.status_code == 200
    return {
        str(entry["SUMMARY"]).partition(" (")[0]: entry for entry in Calendar.from_ical(response.content).walk("VEVENT")
    }


def ago(days):
    return timezone.now() - datetime.timedelta(days=days)


def test_feed_holds_the_past_year_and_all_to_come_of_ones_own_groups(client, group, address):
    closed = GroupFactory(is_closed=True)
    GroupMemberFactory(group=closed, user=address.user)
    MeetingFactory(group=group, title="coming", called=True)
    MeetingFactory(group=closed, title="in a closed group", called=True)
    MeetingFactory(group=group, title="years ahead", called=True, starts_at=ago(-1000))
    MeetingFactory(group=group, title="last winter", past=True, starts_at=ago(300))
    MeetingFactory(group=group, title="called off", cancelled=True)
    MeetingFactory(group=group, title="too long ago", past=True, starts_at=ago(400))
    MeetingFactory(group=group, title="a draft")
    MeetingFactory(title="another group's", called=True)
    found = entries(client, address)
    assert set(found) == {"coming", "in a closed group", "years ahead", "last winter", "called off"}
    assert {title for title, entry in found.items() if entry["STATUS"] == "CANCELLED"} == {"called off"}


def test_feed_holds_no_link_to_take_part_and_nobodys_address(client, called, address):
    content = Calendar.from_ical(client.get(reverse("calendar-feed", args=[address.key])).content).to_ical()
    assert b"secret-room" not in content.replace(b"\r\n ", b"")
    assert b"@example.org" not in content.replace(b"\r\n ", b"")


def test_empty_feed_is_a_calendar(client, address):
    """It has a component, without which it would be none (RFC 5545, 3.6)."""
    assert entries(client, address) == {}
    calendar = Calendar.from_ical(client.get(reverse("calendar-feed", args=[address.key])).content)
    assert [(part.name, part["TZID"]) for part in calendar.subcomponents] == [("VTIMEZONE", "Europe/London")]


def test_feed_is_for_calendar_programs_only(client, called, address):
    response = client.get(reverse("calendar-feed", args=[address.key]))
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert response["Cache-Control"] == "private, max-age=300"
    assert (response["X-Robots-Tag"], response["Referrer-Policy"]) == ("noindex", "no-referrer")
    assert not response.cookies
    assert not response.has_header("Last-Modified")


def test_feed_that_has_not_changed_is_not_sent_again(client, called, chair, address):
    path = reverse("calendar-feed", args=[address.key])
    etag = client.get(path)["ETag"]
    assert client.get(path)["ETag"] == etag
    again = client.get(path, headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    details = actions.details_of(called)
    actions.change_meeting(meeting=called, values=details | {"place": "Library"}, actor=chair, seen=version_of(details))
    changed = client.get(path, headers={"If-None-Match": etag, "If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"})
    assert changed.status_code == 200
    assert b"LOCATION:Library" in changed.content


def test_who_is_removed_reads_no_more_of_the_group_at_the_next_fetch(client, called, group, address):
    other = GroupMemberFactory(user=address.user).group
    MeetingFactory(group=other, title="elsewhere", called=True)
    path = reverse("calendar-feed", args=[address.key])
    etag = client.get(path)["ETag"]
    group.members.filter(user=address.user).update(ends_on=timezone.localdate())
    response = client.get(path, headers={"If-None-Match": etag})
    assert response.status_code == 200
    assert str(called.uid).encode() not in response.content
    assert set(entries(client, address)) == {"elsewhere"}


def test_feed_of_who_may_not_sign_in_any_more_is_gone(client, address):
    address.user.is_active = False
    address.user.save()
    assert client.get(reverse("calendar-feed", args=[address.key])).status_code == 404


def test_manager_reads_only_the_meetings_of_their_own_groups(client, called, manager):
    assert entries(client, CalendarAddressFactory(user=manager)) == {}


def test_feed_costs_the_same_with_many_meetings(client, group, address, django_assert_num_queries):
    for number in (1, 30):
        MeetingFactory.create_batch(number, group=group, called=True)
        with django_assert_num_queries(2):
            client.get(reverse("calendar-feed", args=[address.key]))


# The address ----------------------------------------------------------------------------------


def test_address_is_made_and_renewed_and_the_old_one_is_gone(client_of, client, chair, settings):
    own = client_of(chair)
    assert not own.get(reverse("calendar")).context.get("calendar_url")
    assert not CalendarAddress.objects.exists()
    urls = [own.post(reverse("calendar"), follow=True).context.get("calendar_url") for _time in range(2)]
    paths = [url.removeprefix(settings.SITE_URL) for url in urls]
    assert [client.get(path).status_code for path in paths] == [404, 200]
    assert list(AuditEvent.objects.order_by("pk").values_list("verb", "actor")) == [
        ("calendaraddress.made", chair.pk),
        ("calendaraddress.renewed", chair.pk),
    ]
    told = [str(event.data) + event.note for event in AuditEvent.objects.all()]
    assert not any(path.rpartition("/")[2] in words for path in paths for words in told)


def test_keys_cannot_be_guessed(client, address):
    assert len(address.key) >= 32
    for wrong in (address.key[:-1], address.key.swapcase(), address.key + "x", "x"):
        assert client.get(f"/working-groups/calendar/{wrong}.ics").status_code == 404


def test_log_does_not_tell_the_key(client, address, caplog):
    address.user.is_active = False
    address.user.save()
    with caplog.at_level(logging.WARNING):
        client.get(reverse("calendar-feed", args=[address.key]))
    [record] = [record for record in caplog.records if "/calendar/" in record.getMessage()]
    assert address.key in record.getMessage()  # Django would write it
    written = MaskedFormatter("%(message)s").format(record)
    assert written == "Not Found: /working-groups/calendar/…"


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("/reviews/SECRET/people/", "/reviews/…/people/"),
        ("/sign/confirm/SECRET/", "/sign/confirm/…/"),
        ("/invitations/partners/SECRET/", "/invitations/partners/…/"),
        ("/partners/bakery/", "/partners/bakery/"),
    ],
)
def test_log_does_not_tell_other_secrets_either(path, written):
    record = logging.LogRecord("django.request", logging.ERROR, "", 0, "Server Error: %s", (path,), None)
    assert MaskedFormatter("%(message)s").format(record) == f"Server Error: {written}"
