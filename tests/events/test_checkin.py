"""At the door: by name and by code, on several telephones, with a connection that comes and goes."""

import re
import threading
import uuid

import pytest
from django.conf import settings
from django.urls import reverse

from events.actions import checkin
from events.actions.checkin import check_in
from events.models import Registration
from events.models.registrations import RegistrationQuerySet
from events.qr import drawn
from oiep import audit
from oiep.models import AuditEvent
from oiep.moderation import NotPossible
from tests.events.test_booking_races import THREADS, all_at_once
from tests.factories import EventFactory, RegistrationFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def organiser():
    return UserFactory()


@pytest.fixture
def booking(organiser):
    event = EventFactory(published=True, slug="fair", organiser=organiser)
    return RegistrationFactory(event=event, booked=True, name="Rosa Ito", organisation="Coop", places=3)


@pytest.fixture
def client(client_of, organiser):
    return client_of(organiser)


def press(client, booking, arrived, *, key="", json=False):
    headers = {"accept": "application/json"} if json else {}
    address = reverse("event-check-in-one", args=["fair", booking.pk])
    return client.post(address, {"arrived": arrived, "key": key}, headers=headers)


def came(booking):
    return Registration.objects.get(pk=booking.pk).arrived


def test_check_in_by_name_and_undo(client, booking):
    listed = client.get(reverse("event-check-in", args=["fair"]), {"q": "coop ros"})
    assert [row.pk for row in listed.context["bookings"]] == [booking.pk]
    assert press(client, booking, 2).status_code == 302
    row = Registration.objects.get(pk=booking.pk)
    assert (row.arrived, row.checked_in_at is None) == (2, False)
    press(client, booking, 0)
    row.refresh_from_db()
    assert (row.arrived, row.checked_in_at) == (0, None)


def test_two_who_check_in_the_same_person_count_them_once(client, client_of, booking):
    press(client, booking, 1, key=uuid.uuid4())
    booking.event.organiser = second = UserFactory()
    booking.event.save()
    press(client_of(second), booking, 1, key=uuid.uuid4())
    assert came(booking) == 1


def test_press_that_comes_again_late_undoes_nothing(client, booking):
    key = uuid.uuid4()
    first = press(client, booking, 3, key=key, json=True)
    assert first.json()["came"] == 3
    press(client, booking, 0, key=uuid.uuid4())
    again = press(client, booking, 3, key=key, json=True)
    assert (again.status_code, again.json()["came"], came(booking)) == (200, 0, 0)
    assert audit.trail(booking).filter(verb="registration.arrived").count() == 2


def test_press_that_changed_nothing_is_remembered_as_well(client, booking):
    key = uuid.uuid4()
    press(client, booking, 1)
    press(client, booking, 1, key=key)
    press(client, booking, 0)
    press(client, booking, 1, key=key)
    assert came(booking) == 0


def test_row_comes_back_as_html_with_what_was_typed_escaped(client, booking):
    Registration.objects.update(name="<b>Rosa</b>")
    row = press(client, booking, 1, json=True).json()["row"]
    assert "&lt;b&gt;Rosa" in row
    assert "<b>Rosa" not in row


@pytest.mark.parametrize(("arrived", "status"), [("4", 409), ("-1", 404), ("", 404), ("many", 404)])
def test_no_more_come_than_have_booked(client, booking, arrived, status):
    assert press(client, booking, arrived, json=True).status_code == status
    assert came(booking) == 0


@pytest.mark.parametrize("state", ["waiting", "offered", "cancelled", "lapsed"])
def test_who_has_no_place_is_not_checked_in(organiser, state):
    booking = RegistrationFactory(**{state: True})
    with pytest.raises(NotPossible):
        check_in(booking=booking, arrived=1, actor=organiser)
    assert came(booking) == 0


def test_cancelled_event_lets_nobody_in(client, booking):
    booking.event.cancelled_at = booking.event.published_at
    booking.event.save()
    assert press(client, booking, 1, json=True).json() == {"words": "This event is cancelled."}
    assert came(booking) == 0


# Codes ----------------------------------------------------------------------------------------


def test_code_leads_who_runs_the_event_to_the_person_and_tells_others_nothing(client, client_of, booking):
    path = booking.code_url.removeprefix(settings.SITE_URL)
    there = reverse("event-check-in-one", args=["fair", booking.pk])
    assert client.get(path)["Location"] == there
    assert client_of(UserFactory()).get(path).status_code == 404
    client.logout()
    answer = client.get(path)
    assert answer["Location"].startswith("/accounts/login/?next=/events/check-in/")
    assert came(booking) == 0
    assert not re.search("fair|rosa|ito", path.lower().replace(str(booking.pk.hex), ""))


def test_code_cannot_be_made_up_or_be_used_for_another_thing(client, booking):
    code = booking.code_url.rstrip("/").rpartition("/")[2]
    forged = code.replace(code[0], "0" if code[0] != "0" else "1", 1)
    for path in (reverse("check-in-code", args=[forged]), reverse("registration", args=[code])):
        assert client.get(path).status_code == 404


def test_booking_shows_its_code_while_it_is_good(client, booking):
    path = booking.manage_url.removeprefix(settings.SITE_URL)
    assert client.get(path).context["code"] == drawn(booking.code_url)
    Registration.objects.filter(pk=booking.pk).update(state="cancelled", ended_at=booking.confirmed_at)
    assert "code" not in client.get(path).context


def test_code_is_square_and_has_a_margin():
    code = drawn("https://charter.example/events/check-in/x/")
    xs = [int(x) for x in re.findall(r"M(\d+) ", code["path"])]
    assert min(xs) == 4  # what readers need
    assert max(xs) < code["size"] - 4
    assert re.fullmatch(r"(M\d+ \d+h\d+v1h-\d+z)+", code["path"])


# At the same moment ---------------------------------------------------------------------------


class TrailLookedIntoTogether:
    """A trail that answers once all have looked into it."""

    def __init__(self, barrier, rows):
        self.barrier, self.rows = barrier, rows

    def filter(self, **query):
        self.rows = list(self.rows.filter(**query))
        return self

    def exists(self):
        self.barrier.wait()
        return bool(self.rows)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_locked", [True, False])
def test_one_press_sent_twice_at_one_moment_is_done_once(booking, organiser, monkeypatch, is_locked):
    """Without the row's lock, the negative control, all find that it was not done yet."""
    if not is_locked:
        barrier, trail = threading.Barrier(THREADS, timeout=30), audit.trail
        monkeypatch.setattr(RegistrationQuerySet, "select_for_update", lambda rows, **how: rows)
        monkeypatch.setattr(checkin.audit, "trail", lambda row: TrailLookedIntoTogether(barrier, trail(row)))
    key = str(uuid.uuid4())
    presses = [lambda: check_in(booking=booking, arrived=1, actor=organiser, key=key)] * THREADS
    assert all_at_once(presses) == []
    times = AuditEvent.objects.filter(verb="registration.arrived").count()
    assert times == (1 if is_locked else THREADS)
