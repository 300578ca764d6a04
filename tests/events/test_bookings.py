"""Booking places: never more than there are, the waiting list in its order, and each message once."""

import datetime
import re

import icalendar
import pytest
import time_machine
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone

from events.actions import bookings as actions
from events.actions import cancel_event, save_event
from events.actions.daily import forget_attendee, run_tick
from events.models import Registration
from events.personal import unname_bookings
from oiep.day import run_day
from oiep.models import OutgoingEmail
from oiep.moderation import NotPossible
from tests.factories import EventFactory, ManagerFactory, MembershipFactory, RegistrationFactory, UserFactory

pytestmark = pytest.mark.django_db

State = Registration.State
HOUR = datetime.timedelta(hours=1)


def values(email="rosa@example.org", **changed):
    empty = {"organisation": "", "guests": "", "access_needs": "", "dietary_needs": "", "photographs": False}
    return {"name": "Rosa", "email": email, "places": 1, **empty, **changed}


def book(event, email="rosa@example.org", *, source="s", **changed):
    return actions.book(event=event, values=values(email, **changed), source=source)


def booked(event, email="rosa@example.org", **changed):
    """Booked and confirmed."""
    return actions.confirm_booking(booking=book(event, email, source=email, **changed))


def states(event):
    return [booking.state for booking in event.registrations.order_by("created_at", "pk")]


def letters(**query):
    return list(OutgoingEmail.objects.filter(**query).order_by("created_at").values_list("template", flat=True))


@pytest.fixture
def event():
    return EventFactory(published=True, capacity=2, title="The fair")


# From the form to the place -------------------------------------------------------------------


def form(**changed):
    fields = {"name": "Rosa Ito", "email": "rosa@example.org", "places": "1", **changed}
    return {name: value for name, value in fields.items() if value is not None}


def link_in(message):
    return re.search(r"http://testserver(/events/\S+)", message.body)[1]


def test_stranger_books_confirms_and_gets_the_calendar_file(client, event, mailbox):
    answer = client.post(f"/events/{event.slug}/book/", form(access_needs="A ramp."), follow=True)
    assert "Check your e-mail" in answer.content.decode()
    [message] = mailbox()
    assert message.to == ["rosa@example.org"]
    assert "Rosa" not in message.body  # nothing typed by a stranger in the first mail to an address
    assert "ramp" not in message.body
    confirm = link_in(message)
    for _n in range(3):  # scanners look, and change nothing
        assert "Confirm your booking" in client.get(confirm).content.decode()
        client.head(confirm)
    assert states(event) == ["unconfirmed"]
    page = client.post(confirm, follow=True).content.decode()
    assert "You have a place" in page
    assert "A ramp." in page
    [message] = [message for message in mailbox() if message.subject == "You have a place: The fair"]
    [calendar] = [part for part in message.message().walk() if part.get_content_type() == "text/calendar"]
    entry = icalendar.Calendar.from_ical(calendar.get_payload(decode=True)).walk("VEVENT")[0]
    assert (str(entry["summary"]), entry["dtstart"].dt) == ("The fair", event.starts_at.replace(microsecond=0))
    assert f"http://testserver/events/{event.slug}/calendar.ics" in message.body
    assert client.get(confirm, follow=True).redirect_chain  # a second time leads to the booking


def test_signed_in_person_needs_no_confirmation(client_of, event):
    user = UserFactory(name="Rosa Ito")
    client = client_of(user)
    assert f'value="{user.email}"' in client.get(f"/events/{event.slug}/book/").content.decode()
    answer = client.post(f"/events/{event.slug}/book/", form(email=user.email.upper()), follow=True)
    assert "You have a place" in answer.content.decode()
    assert letters(to=user.email) == ["event_booked"]


def test_person_of_a_partner_may_say_so(client_of, event):
    membership = MembershipFactory()
    client = client_of(membership.user)
    mine, other = membership.partner, MembershipFactory().partner
    page = client.get(f"/events/{event.slug}/book/").content.decode()
    assert mine.name in page
    assert other.name not in page
    client.post(f"/events/{event.slug}/book/", form(email=membership.user.email, partner=str(mine.pk)))
    assert event.registrations.get().partner == mine
    refused = client.post(f"/events/{event.slug}/book/", form(email=membership.user.email, partner=str(other.pk)))
    assert refused.context["form"].errors["partner"]


def test_other_spellings_of_an_address_are_one_booking(client, event):
    for spelling in ("rosa@example.org", " Rosa@Example.ORG ", "ROSA@EXAMPLE.ORG", "ｒosa@example.org"):
        client.post(f"/events/{event.slug}/book/", form(email=spelling))
    booking = event.registrations.get()
    actions.confirm_booking(booking=booking)
    before = client.post(f"/events/{event.slug}/book/", form(email="new@example.org"), follow=True)
    after = client.post(f"/events/{event.slug}/book/", form(email="RoSa@example.org"), follow=True)
    assert after.content == before.content  # the page tells nobody that there is a booking
    assert event.registrations.filter(email="rosa@example.org").count() == 1
    assert letters(to="rosa@example.org")[-1] == "event_already"


def test_owner_is_told_of_another_try_once_a_day(event):
    booked(event)
    for _n in range(3):
        book(event)
    assert letters().count("event_already") == 1


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"name": ""}, "name", "Enter your name."),
        ({"name": "R\u202eosa"}, "name", ""),
        ({"email": "rosa"}, "email", "name@example.org"),
        ({"places": "5"}, "places", "4 places at most"),
        ({"places": "3"}, "places", "There are 2 places in all."),
        ({"places": "0"}, "places", "1"),
        ({"places": "x"}, "places", "whole number"),
        ({"places": "2", "guests": "Ann\nBo"}, "guests", "more names than"),
        ({"access_needs": "x" * 601}, "access_needs", "600"),
        ({"fax": "1"}, "fax", "robot"),
    ],
)
def test_bad_input_is_refused_with_words_and_kept(client, event, changed, field, words):
    answer = client.post(f"/events/{event.slug}/book/", form(**changed))
    assert words in " ".join(answer.context["form"].errors[field])
    assert "Error:" in answer.content.decode()
    assert "rosa" in answer.content.decode().lower()
    assert not event.registrations.exists()


def test_name_in_any_script_is_welcome(client, event):
    for number, name in enumerate(["Zoë O’Brien", "محمد", "李明", "Siân 🌻"]):
        client.post(f"/events/{event.slug}/book/", form(name=name, email=f"p{number}@example.org"))
    assert event.registrations.count() == 4


@pytest.mark.parametrize("trait", [{"cancelled": True}, {"past": True}, {"published": True, "takes_bookings": False}])
def test_event_that_takes_no_bookings_says_so(client, trait):
    event = EventFactory(**trait)
    answer = client.post(f"/events/{event.slug}/book/", form())
    assert "Bookings have closed" in answer.content.decode()
    assert not event.registrations.exists()
    with pytest.raises(NotPossible):
        book(event)


def test_bookings_close_while_the_link_waits(event, client):
    booking = book(event)
    event.bookings_close_at = timezone.now()
    event.save()
    with pytest.raises(NotPossible, match="closed"):
        actions.confirm_booking(booking=booking)
    answer = client.post(booking.confirmation_url.removeprefix("http://testserver"))
    assert (answer.status_code, "have closed" in answer.content.decode()) == (410, True)


def test_link_lives_as_long_as_all_others(client, event):
    booking = book(event)
    address = booking.confirmation_url.removeprefix("http://testserver")
    with time_machine.travel(timezone.now() + datetime.timedelta(days=settings.CONFIRMATION_DAYS, minutes=1)):
        answer = client.post(address)
        assert (answer.status_code, "Book again" in answer.content.decode()) == (410, True)
    assert states(event) == ["unconfirmed"]


@pytest.mark.parametrize("address", ["/events/confirm/x/", "/events/booking/x/", "/events/booking/x:y/change/"])
def test_link_that_is_not_ours(client, address):
    answer = client.get(address)
    assert (answer.status_code, "do not know this link" in answer.content.decode()) == (404, True)


def test_one_kind_of_link_is_not_the_other(client, event):
    booking = booked(event)
    token = booking.manage_token
    assert client.get(f"/events/confirm/{token}/").status_code == 404
    assert client.get(f"/events/booking/{token}/").status_code == 200


def test_twenty_bookings_an_hour_from_one_network(client, event):
    for number in range(20):
        assert client.post(f"/events/{event.slug}/book/", form(email=f"p{number}@example.org")).status_code == 302
    answer = client.post(f"/events/{event.slug}/book/", form(email="late@example.org"))
    assert (answer.status_code, "try again later" in answer.content.decode()) == (429, True)


# Room -----------------------------------------------------------------------------------------


def test_places_are_taken_in_the_order_of_confirming(event):
    first, second, third = (book(event, f"p{n}@example.org", source=f"s{n}") for n in range(3))
    for booking in (third, first, second):
        actions.confirm_booking(booking=booking)
    assert states(event) == ["booked", "waiting", "booked"]
    assert letters(to="p1@example.org") == ["event_confirm", "event_waiting"]


def test_confirming_twice_books_once(event):
    booking = booked(event)
    again = actions.confirm_booking(booking=booking)
    assert (again.pk, again.state) == (booking.pk, State.BOOKED)
    assert letters().count("event_booked") == 1


def test_several_places_wait_together_and_smaller_ones_pass(event):
    booked(event, "a@example.org")
    large = booked(event, "b@example.org", places=2)
    small = booked(event, "c@example.org")
    assert (large.state, small.state) == (State.WAITING, State.BOOKED)


def test_places_that_an_erasure_freed_go_to_who_waits_and_not_to_the_next_who_comes(event):
    event.capacity = 1
    event.save()
    gone, waits = booked(event, "a@example.org"), booked(event, "b@example.org")
    unname_bookings(Registration.objects.filter(pk=gone.pk))
    late = booked(event, "c@example.org")
    waits.refresh_from_db()
    assert (waits.state, late.state) == (State.OFFERED, State.WAITING)


def test_without_a_limit_there_is_always_room():
    event = EventFactory(published=True)
    assert [booked(event, f"p{n}@example.org", places=4).state for n in range(5)] == [State.BOOKED] * 5


def test_freed_place_is_offered_to_the_first_in_line(event, client, mailbox):
    first, _second, third, fourth = (booked(event, f"p{n}@example.org") for n in range(4))
    page = client.get(f"/events/booking/{fourth.manage_token}/").content.decode()
    assert "You are number 2 on the waiting list" in page
    actions.cancel_booking(booking=first)
    assert states(event) == ["cancelled", "booked", "offered", "waiting"]
    third.refresh_from_db()
    assert third.offered_until - timezone.now() > 47 * HOUR
    message = mailbox()[-1]
    assert (message.to, "There is room for you now" in message.subject) == (["p2@example.org"], True)
    address = link_in(message)
    assert "free for you" in client.get(address).content.decode()
    assert states(event)[2] == "offered"
    assert "You have a place" in client.post(address, {"accept": "yes"}, follow=True).content.decode()
    assert states(event) == ["cancelled", "booked", "booked", "waiting"]


def test_refused_offer_goes_to_the_next(event):
    first, _second, third, _fourth = (booked(event, f"p{n}@example.org") for n in range(4))
    actions.cancel_booking(booking=first)
    actions.cancel_booking(booking=third)
    assert states(event) == ["cancelled", "booked", "cancelled", "offered"]


def test_unanswered_offer_lapses_and_goes_to_the_next(event, client):
    first, _second, third, _fourth = (booked(event, f"p{n}@example.org") for n in range(4))
    actions.cancel_booking(booking=first)
    with time_machine.travel(timezone.now() + 47 * HOUR):
        assert run_tick()["lapsed"] == 0
    with time_machine.travel(timezone.now() + 49 * HOUR):
        with pytest.raises(NotPossible, match="run out"):
            actions.accept_offer(booking=third)
        assert run_tick()["lapsed"] == 1
        assert run_tick()["lapsed"] == 0
        assert states(event) == ["cancelled", "booked", "lapsed", "offered"]
        page = client.get(f"/events/booking/{third.manage_token}/").content.decode()
        assert "Our offer has run out" in page
        client.post(f"/events/booking/{third.manage_token}/", {"again": "yes"})
        assert states(event)[2] == "waiting"
    assert letters(to="p2@example.org")[-2:] == ["event_lapsed", "event_waiting"]


@pytest.mark.parametrize(("hours", "lasts"), [(24 * 30, 48), (40, 10), (2, 0.5)])
def test_offer_is_shorter_near_the_event(hours, lasts):
    now = timezone.now()
    event = EventFactory.build(starts_at=now + hours * HOUR)
    assert actions.offered_until(event, now) == now + lasts * HOUR


def test_nothing_is_offered_once_bookings_have_closed(event):
    first, _second, _third = (booked(event, f"p{n}@example.org") for n in range(3))
    event.bookings_close_at = timezone.now()
    event.save()
    actions.cancel_booking(booking=first)
    assert states(event) == ["cancelled", "booked", "waiting"]


def test_more_places_go_to_the_waiting_list(event):
    for number in range(5):
        booked(event, f"p{number}@example.org")
    event.capacity = 4
    save_event(event=event, fields=["capacity"], actor=ManagerFactory())
    assert states(event) == ["booked", "booked", "offered", "offered", "waiting"]


# Changing and giving back ---------------------------------------------------------------------


def test_coming_with_fewer_frees_places(event, client):
    pair, single = booked(event, "a@example.org", places=2, guests="Bo"), booked(event, "b@example.org")
    assert single.state == State.WAITING
    address = f"/events/booking/{pair.manage_token}/change/"
    assert "Bo" in client.get(address).content.decode()
    assert client.post(address, form(email=None, places="1", access_needs="A seat.")).status_code == 302
    pair.refresh_from_db()
    assert (pair.places, pair.guests, pair.access_needs, pair.email) == (1, "", "A seat.", "a@example.org")
    assert states(event) == ["booked", "offered"]


def test_coming_with_more_needs_room(event, client):
    booking = booked(event, "a@example.org")
    booked(event, "b@example.org")
    answer = client.post(f"/events/booking/{booking.manage_token}/change/", form(places="2"))
    assert "There are no more places" in answer.content.decode()
    booking.refresh_from_db()
    assert booking.places == 1


def test_address_of_a_booking_stays(event, client):
    booking = booked(event)
    client.post(f"/events/booking/{booking.manage_token}/change/", form(email="other@example.org"))
    booking.refresh_from_db()
    assert booking.email == "rosa@example.org"


def test_cancelled_booking_leaves_the_calendar_and_can_be_made_anew(event, client, mailbox):
    booking = booked(event)
    client.post(f"/events/booking/{booking.manage_token}/", {"cancel": "yes"})
    message = mailbox()[-1]
    [calendar] = [part for part in message.message().walk() if part.get_content_type() == "text/calendar"]
    parsed = icalendar.Calendar.from_ical(calendar.get_payload(decode=True))
    assert (str(parsed["method"]), str(parsed.walk("VEVENT")[0]["status"])) == ("CANCEL", "CANCELLED")
    assert booked(event).state == State.BOOKED
    assert states(event) == ["cancelled", "booked"]


def test_cancelling_twice_is_cancelling_once(event):
    booking = booked(event)
    for _n in range(2):
        actions.cancel_booking(booking=booking)
    assert letters().count("event_given_back") == 1


def test_what_is_over_changes_no_more(event):
    booking = booked(event)
    with time_machine.travel(event.ends_at + HOUR):
        for change in (
            lambda: actions.cancel_booking(booking=booking),
            lambda: actions.change_booking(booking=booking, values={"places": 1}),
        ):
            with pytest.raises(NotPossible, match="over"):
                change()


# The link to take part online -----------------------------------------------------------------


def test_online_link_is_for_those_who_have_a_place(client):
    event = EventFactory(published=True, capacity=1, online_url="https://meet.example/secret")
    has, waits = booked(event, "a@example.org"), booked(event, "b@example.org")
    assert "meet.example/secret" in client.get(f"/events/booking/{has.manage_token}/").content.decode()
    assert "meet.example" not in client.get(f"/events/booking/{waits.manage_token}/").content.decode()
    texts = {row.template: row.text + row.calendar for row in OutgoingEmail.objects.all()}
    assert {name for name, text in texts.items() if "meet.example" in text.replace("\r\n ", "")} == {"event_booked"}


# Messages -------------------------------------------------------------------------------------


def test_organiser_is_told_at_half_four_fifths_and_full_once_each():
    organiser = UserFactory()
    event = EventFactory(published=True, capacity=10, organiser=organiser)
    for number in range(10):
        last = booked(event, f"p{number}@example.org")
    actions.cancel_booking(booking=last)
    booked(event, "again@example.org")
    subjects = OutgoingEmail.objects.filter(to=organiser.email).order_by("created_at").values_list("subject_line")
    assert [subject.split(" ", 1)[0] for (subject,) in subjects] == ["50", "80", "100"]


def test_organiser_is_told_once_when_all_go_at_once(event):
    booked(event, places=2)
    sent = OutgoingEmail.objects.filter(template="event_filled").order_by("key").values_list("key", "state")
    assert [(key.rpartition("/")[2], state) for key, state in sent] == [
        ("100", "waiting"),
        ("50", "not_sent"),
        ("80", "not_sent"),
    ]


def test_moved_event_tells_everybody_once_for_each_change(event, mailbox):
    for number in range(3):
        booked(event, f"p{number}@example.org")
    book(event, "unconfirmed@example.org")
    actions.cancel_booking(booking=booked(event, "gone@example.org"))
    manager, told, was = ManagerFactory(), [], event.when
    for change in ({"starts_at": event.starts_at + HOUR}, {"summary": "Said better."}, {"place": "Museum"}):
        for name, value in change.items():
            setattr(event, name, value)
        event = save_event(event=event, fields=change, actor=manager)
        told.append(OutgoingEmail.objects.filter(template="event_changed").count())
    assert told == [3, 3, 6]
    of_one = [message for message in mailbox() if message.to == ["p1@example.org"]]
    moved, elsewhere = (message for message in of_one if message.subject.startswith("New "))
    assert (moved.subject, elsewhere.subject) == ("New time: The fair", "New place: The fair")
    assert f"When it was to be before: {was}" in moved.body
    assert "Where: Museum\n\nWhere it was to be before: Town Hall, Oxford" in elsewhere.body
    assert "When it was" not in elsewhere.body


def test_cancelled_event_tells_everybody_once(event, client):
    bookings = [booked(event, f"p{number}@example.org") for number in range(3)]
    cancel_event(event=event, why="The hall has flooded.", actor=ManagerFactory())
    rows = OutgoingEmail.objects.filter(template="event_cancelled")
    assert {row.to for row in rows} == {f"p{number}@example.org" for number in range(3)}
    assert all("> The hall has flooded." in row.text for row in rows)
    assert ["METHOD:CANCEL" in row.calendar for row in rows.order_by("to")] == [True, True, False]
    page = client.get(f"/events/booking/{bookings[0].manage_token}/").content.decode()
    assert "This event is cancelled" in page
    assert "Cancel my booking" not in page


REMINDERS = [
    # hours before the event, reminders so far
    (72, 0),
    (49, 0),
    (47, 1),
    (46, 1),
    (1, 1),
    (-1, 1),
]


def test_reminder_goes_once_two_days_before(event):
    booked(event)
    for hours, so_far in REMINDERS:
        with time_machine.travel(event.starts_at - hours * HOUR):
            run_tick()
            run_tick()
        assert letters().count("event_reminder") == so_far, hours


def test_reminder_after_a_sleeping_scheduler_goes_late_but_never_after_the_beginning(event):
    booked(event)
    with time_machine.travel(event.starts_at - HOUR):
        assert run_tick()["reminded"] == 1
    other = booked(EventFactory(published=True))
    with time_machine.travel(other.event.starts_at + HOUR):
        assert run_tick()["reminded"] == 0


def test_no_reminder_for_who_does_not_come_or_has_just_booked(event):
    gone = booked(event, "gone@example.org")
    actions.cancel_booking(booking=gone)
    with time_machine.travel(event.starts_at - 10 * HOUR):
        booked(event, "late@example.org")
        assert run_tick()["reminded"] == 0


def test_no_reminder_for_who_got_their_place_after_the_reminders_went(event):
    event.capacity = 1
    event.save()
    first, second = booked(event, "a@example.org"), booked(event, "b@example.org")
    with time_machine.travel(event.starts_at - 30 * HOUR):
        actions.cancel_booking(booking=first)
        actions.accept_offer(booking=second)
        assert run_tick()["reminded"] == 0


def test_moved_event_is_announced_again(event):
    booked(event)
    with time_machine.travel(event.starts_at - 40 * HOUR):
        run_tick()
    event.starts_at += datetime.timedelta(days=7)
    event.ends_at += datetime.timedelta(days=7)
    event = save_event(event=event, fields=["starts_at", "ends_at"], actor=ManagerFactory())
    with time_machine.travel(event.starts_at - 40 * HOUR):
        run_tick()
    assert letters().count("event_reminder") == 2


# Years later ----------------------------------------------------------------------------------


def test_attendees_are_erased_six_months_after_the_event(event):
    with time_machine.travel(datetime.datetime(2026, 3, 2, 12, tzinfo=datetime.UTC)):
        event = EventFactory(published=True, starts_at=timezone.now() + 24 * HOUR)  # ends on 3 March
        booking = booked(event, "zqx@example.org", guests="zqx Guest", places=2, access_needs="zqx", name="zqx")
        book(event, "zqx2@example.org")
    assert run_day(datetime.date(2026, 9, 3))["attendees"] == 1  # the one that nobody confirmed, long before
    assert run_day(datetime.date(2026, 9, 4))["attendees"] == 1
    assert run_day(datetime.date(2026, 9, 5))["attendees"] == 0
    booking.refresh_from_db()
    assert (booking.places, booking.email, booking.state) == (2, "", State.BOOKED)
    for rows in (Registration.objects.values(), OutgoingEmail.objects.filter(subject_id=str(booking.pk)).values()):
        assert "zqx" not in str(list(rows))


def test_unconfirmed_booking_goes_after_seven_days_with_its_mail(event, client):
    with time_machine.travel(datetime.datetime(2026, 3, 2, 12, tzinfo=datetime.UTC)):
        event = EventFactory(published=True, starts_at=timezone.now() + 24 * HOUR * 90)
        address = book(event, "zqx@example.org").confirmation_url
        sent = OutgoingEmail.objects.get(template="event_confirm")
        assert "The link works until 9 March 2026" in sent.text
    assert run_day(datetime.date(2026, 3, 9))["attendees"] == 0
    assert run_day(datetime.date(2026, 3, 10))["attendees"] == 1
    assert not Registration.objects.exists()
    assert "zqx" not in str(list(OutgoingEmail.objects.values()))
    assert "book again" in client.get(address).content.decode()


def test_booking_confirmed_while_it_is_deleted_stays(event):
    with time_machine.travel(timezone.now() - 24 * 6.9 * HOUR):
        booking = book(event, "rosa@example.org")
    actions.confirm_booking(booking=booking)
    assert not forget_attendee(booking=booking, today=timezone.localdate() + datetime.timedelta(days=2))
    assert event.registrations.get().email == "rosa@example.org"


def test_forgetting_twice_is_forgetting_once():
    booking, later = RegistrationFactory(booked=True, event__past=True), timezone.localdate() + 24 * 365 * HOUR
    assert [forget_attendee(booking=booking, today=later) for _n in range(2)] == [True, False]


def test_database_refuses_two_bookings_of_one_address(event):
    RegistrationFactory(event=event, booked=True, email="a@example.org")
    with pytest.raises(ValidationError, match="already"):
        RegistrationFactory.build(event=event, booked=True, email="a@example.org").full_clean()
