"""An event in a real browser: booked, waited for, checked in at the door with a bad connection, and learnt from."""

import datetime
import re

import icalendar
import pytest
from django.core.cache import cache
from django.utils import timezone

from events.actions.learning import run_day
from events.models import Event, Feedback, Registration
from oiep.models import OutgoingEmail
from tests.axe import faults
from tests.factories import EventFactory, RegistrationFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


def link(template, path):
    """The link of that path in the one e-mail of a template."""
    [email] = OutgoingEmail.objects.filter(template=template, to="rosa@example.org")
    return re.search(rf"https?://[^/\s]+({re.escape(path)}\S+)", email.text)[1]


def press(page, name):
    with page.expect_navigation():
        page.locator("main").get_by_role("button", name=name, exact=True).click()


def test_visitor_books_waits_comes_and_says_what_they_thought(open_page, sign_in):
    cache.clear()
    organiser = UserFactory(name="Olu Organiser")
    event = EventFactory(published=True, slug="fair", title="The fair", capacity=1, organiser=organiser)
    holder = RegistrationFactory(event=event, booked=True, name="Hal Holder")

    visitor = open_page(width=320)
    visitor.goto("/events/fair/")
    visitor.get_by_role("link", name="Join the waiting list").click()
    visitor.get_by_label("Your name").fill("Rosa Ito")
    visitor.get_by_label("Your e-mail address").fill("rosa@example.org")
    press(visitor, "Join the waiting list")
    visitor.goto(link("event_confirm", "/events/confirm/"))
    press(visitor, "Confirm")
    assert "You are number 1 on the waiting list" in visitor.inner_text("main")

    door = open_page(width=320)
    sign_in(door, organiser)
    door.goto("/events/fair/")
    door.get_by_role("link", name="Your desk for this event").click()
    assert faults(door) == []
    door.goto(f"/events/fair/desk/people/{holder.pk}/")
    assert faults(door) == []
    door.get_by_label("Why is it cancelled?").fill("They telephoned.")
    press(door, "Cancel it")

    visitor.goto(link("event_offered", "/events/booking/"))
    press(visitor, "Yes, I come")
    assert faults(visitor) == []
    [booked] = OutgoingEmail.objects.filter(template="event_booked", to="rosa@example.org")
    assert icalendar.Calendar.from_ical(booked.calendar).walk("VEVENT")[0]["SUMMARY"] == "The fair"

    # By the code: the telephone's camera app opens its address.
    rosa = event.registrations.get(name="Rosa Ito")
    door.goto(re.sub(r"^https?://[^/]+", "", rosa.code_url))
    assert faults(door) == []
    door.locator("[data-arrival]").get_by_role("button").click()
    door.get_by_text(re.compile(r"^Came, ")).wait_for()

    # By name, when the connection drops.
    Event.objects.update(capacity=9)
    late = RegistrationFactory(event=event, booked=True, name="Lou Late", places=2)
    door.goto("/events/fair/desk/check-in/")
    assert faults(door) == []
    door.get_by_label("Name or organisation").fill("lou")
    assert door.locator("[data-arrival]:visible").count() == 1
    door.context.set_offline(True)
    door.locator("[data-arrival]:visible").get_by_role("button").click()
    unsent = door.locator("[data-unsent]:visible")
    unsent.wait_for()
    assert faults(door) == []
    assert Registration.objects.get(pk=late.pk).arrived == 0
    door.context.set_offline(False)
    door.get_by_text(re.compile(r"^2 of 2 came")).wait_for()
    assert unsent.count() == 0
    assert door.locator("[data-waiting]").is_hidden()
    assert Registration.objects.get(pk=late.pk).arrived == 2

    ended = timezone.now() - datetime.timedelta(hours=30)
    Event.objects.update(starts_at=ended - datetime.timedelta(hours=2), ends_at=ended)
    run_day(timezone.localdate())
    visitor.goto(link("event_feedback", "/events/feedback/"))
    press(visitor, "Send my answer")
    assert visitor.title().startswith("Error: ")
    assert faults(visitor) == []
    visitor.get_by_label("Very useful", exact=True).check()
    visitor.get_by_label("What do you take away?").fill("Ask early.")
    visitor.get_by_label(re.compile("^You may quote")).check()
    press(visitor, "Send my answer")
    assert Feedback.objects.get().rating == 5
    visitor.goto("/events/fair/")
    assert "Ask early." in visitor.inner_text("main")

    door.goto("/events/fair/desk/learning/")
    door.get_by_label("What was learnt?").fill("Small firms need to hear of tenders earlier.")
    press(door, "Add it")
    assert faults(door) == []
    for page in ("files/", "photographs/add/", "materials/add/", "badges/", "sign-in-sheet/", "message/", "people/"):
        door.goto(f"/events/fair/desk/{page}")
        assert faults(door) == [], page
