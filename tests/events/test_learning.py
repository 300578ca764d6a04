"""After an event: feedback once and without a name, key points that become actions, photographs and slides."""

import datetime
import io

import pytest
import time_machine
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from events.actions.learning import run_day
from events.models import Feedback, Photograph, Registration
from oiep import audit
from oiep.models import OutgoingEmail
from tests.factories import (
    EventFactory,
    FeedbackFactory,
    GroupFactory,
    LearningPointFactory,
    MaterialFactory,
    PhotographFactory,
    RegistrationFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

DAY = datetime.timedelta(days=1)
ANSWER = {"rating": "5", "learnt": "Ask early.", "better": "Warmer rooms.", "may_quote": "on"}


@pytest.fixture
def organiser():
    return UserFactory()


@pytest.fixture
def event(organiser):
    """It ended two hours ago."""
    ended = timezone.now() - datetime.timedelta(hours=2)
    return EventFactory(published=True, slug="talk", starts_at=ended - DAY / 12, ends_at=ended, organiser=organiser)


@pytest.fixture
def desk(client_of, organiser):
    return client_of(organiser)


def page(name, *more):
    return reverse(name, args=["talk", *more])


def run_on(event, days):
    """The day's work, at noon so many days after an event."""
    noon = timezone.localtime(event.ends_at).replace(hour=12) + days * DAY
    with time_machine.travel(noon, tick=False):
        return run_day(timezone.localdate())


def asked():
    return sorted(OutgoingEmail.objects.filter(template="event_feedback").values_list("to", flat=True))


def link(booking):
    return booking.feedback_url.removeprefix(settings.SITE_URL)


# Asking ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "so_far"),
    [([0], 0), ([1], 1), ([1, 1, 2], 1), ([0, 9], 1), ([15], 0)],  # not on the day; once; late; too late
)
def test_people_are_asked_once_from_the_day_after(event, days, so_far):
    RegistrationFactory(event=event, booked=True, email="a@example.org")
    for day in days:
        run_on(event, day)
    assert asked() == ["a@example.org"] * so_far


def test_only_those_who_came_are_asked_where_people_were_checked_in(event):
    RegistrationFactory(event=event, booked=True, arrived=1, email="came@example.org")
    RegistrationFactory(event=event, booked=True, email="stayed@example.org")
    for state in ("waiting", "cancelled", "lapsed"):
        RegistrationFactory(event=event, **{state: True})
    RegistrationFactory(event=EventFactory(past=True, cancelled_at=timezone.now(), ends_at=event.ends_at), booked=True)
    RegistrationFactory(event=event, booked=True, arrived=1, email="", name="Tom")
    assert run_on(event, 1) == {"failed": 0, "asked": 1, "unlinked": 0}
    assert asked() == ["came@example.org"]


def test_mail_says_what_to_do_and_its_link_changes_nothing(client, event):
    booking = RegistrationFactory(event=event, booked=True)
    run_on(event, 1)
    sent = OutgoingEmail.objects.get()
    assert booking.feedback_url in sent.text
    assert client.get(link(booking)).status_code == 200
    assert not Feedback.objects.exists()


# Giving ---------------------------------------------------------------------------------------


def test_feedback_is_given_once_and_can_be_changed(client, event):
    booking = RegistrationFactory(event=event, booked=True)
    assert "Thank you" in client.post(link(booking), ANSWER).content.decode()
    client.post(link(booking), {**ANSWER, "rating": "2", "may_quote": ""})
    feedback = Feedback.objects.get()
    assert (feedback.rating, feedback.learnt, feedback.may_quote) == (2, "Ask early.", False)


@pytest.mark.parametrize("rating", ["", "0", "6", "many"])
def test_feedback_needs_a_mark(client, event, rating):
    booking = RegistrationFactory(event=event, booked=True)
    assert "<title>Error: " in client.post(link(booking), {**ANSWER, "rating": rating}).content.decode()
    assert not Feedback.objects.exists()


def test_after_some_days_nobody_can_tell_whose_it_was(client, event):
    booking = RegistrationFactory(event=event, booked=True)
    client.post(link(booking), ANSWER)
    run_on(event, 13)
    assert Feedback.objects.get().registration == booking
    assert [run_on(event, 15)["unlinked"], run_on(event, 15)["unlinked"]] == [1, 0]
    assert (Feedback.objects.get().registration, Feedback.objects.get().learnt) == (None, "Ask early.")
    with time_machine.travel(event.ends_at + 15 * DAY):
        assert client.post(link(booking), ANSWER).status_code == 410
    assert Feedback.objects.count() == 1


@pytest.mark.parametrize("state", ["waiting", "cancelled", "lapsed"])
def test_who_had_no_place_gives_none(client, event, state):
    booking = RegistrationFactory(event=event, **{state: True})
    assert client.post(link(booking), ANSWER).status_code == 410
    assert not Feedback.objects.exists()


def test_feedback_waits_for_the_end_of_the_event(client):
    booking = RegistrationFactory(booked=True)
    answer = client.get(link(booking))
    assert (answer.status_code, "Come back to this link after the event." in answer.content.decode()) == (410, True)


def test_desk_shows_what_people_thought_and_not_who(client, desk, event):
    FeedbackFactory(registration=RegistrationFactory(event=event, booked=True, name="Rosa"), rating=5, better="Tea.")
    FeedbackFactory(registration=RegistrationFactory(event=event, booked=True), rating=2)
    FeedbackFactory()
    answer = desk.get(page("event-learning"))
    assert answer.context["ratings"] == [(5, 1), (4, 0), (3, 0), (2, 1), (1, 0)]
    words = answer.content.decode()
    assert "2 answers: 3.5 of 5 on average." in words
    assert "Tea." in words
    assert "Rosa" not in words


def test_only_what_may_be_quoted_is_public_and_without_a_name(client, event):
    for learnt, may_quote in (("Ask early.", True), ("Between us.", False)):
        booking = RegistrationFactory(event=event, booked=True, name="Rosa")
        FeedbackFactory(registration=booking, learnt=learnt, may_quote=may_quote, better="Tea.")
    words = client.get(event.get_absolute_url()).content.decode()
    assert [word in words for word in ("Ask early.", "Between us.", "Tea.", "Rosa")] == [True, False, False, False]


# Key points -----------------------------------------------------------------------------------


def texts(event):
    return list(event.learning.values_list("text", flat=True))


def test_points_are_added_moved_changed_and_removed(desk, event):
    for text in ("One", "Two", "Three"):
        desk.post(page("event-learning"), {"text": text})
    one, two, three = event.learning.all()
    desk.post(page("event-point", three.pk), {"do": "up"})
    assert texts(event) == ["One", "Three", "Two"]
    desk.post(page("event-point", one.pk), {"do": "up"})  # it is the first
    desk.post(page("event-point", one.pk), {"do": "down"})
    assert texts(event) == ["Three", "One", "Two"]
    desk.post(page("event-point", two.pk), {"text": "Two and more"})
    desk.post(page("event-point", one.pk), {"do": "remove"})
    assert texts(event) == ["Three", "Two and more"]
    assert "<title>Error: " in desk.post(page("event-learning"), {"text": " "}).content.decode()


def test_point_becomes_an_action_of_a_group_once(desk, event, organiser):
    point = LearningPointFactory(event=event, text="Tell small firms earlier.")
    group, foreign = GroupFactory(chair=organiser), GroupFactory()
    due = timezone.localdate() + 30 * DAY
    form = {"group": group.pk, "what": "Write to small firms.", "due_on": f"{due:%Y-%m-%d}"}
    refused = desk.post(page("event-point-action", point.pk), {**form, "group": foreign.pk})
    assert "<title>Error: " in refused.content.decode()
    desk.post(page("event-point-action", point.pk), form)
    desk.post(page("event-point-action", point.pk), form)
    [action] = group.actions.all()
    point.refresh_from_db()
    assert (point.action, action.what, action.due_on, action.is_public) == (action, "Write to small firms.", due, True)
    assert audit.trail(point).get(verb="learningpoint.acted_on").data == {"action": action.pk}


# Photographs and slides -----------------------------------------------------------------------


def picture():
    """A JPEG that says where it was taken."""
    exif = Image.Exif()
    exif[0x010F] = "Camera of Rosa"
    file = io.BytesIO()
    Image.new("RGB", (40, 30)).save(file, "JPEG", exif=exif)
    return SimpleUploadedFile("rosa.jpg", file.getvalue(), "image/jpeg")


def test_photograph_is_public_only_with_consent(client, desk, event):
    form = {"alt": "Twelve people round a table.", "is_public": "on"}
    refused = desk.post(page("event-photograph-add"), {**form, "upload": picture()})
    assert "Say who agreed that it is shown, and how you know." in refused.content.decode()
    desk.post(page("event-photograph-add"), {**form, "upload": picture(), "consent": "All said yes."})
    photograph = Photograph.objects.get()
    assert b"Camera of Rosa" not in photograph.file.read()
    address = reverse("photograph", args=[photograph.pk])
    assert client.get(address)["Content-Type"] == "image/webp"
    desk.post(page("event-photograph", photograph.pk), {"do": "hide"})
    assert client.get(address).status_code == 404
    assert address not in client.get(event.get_absolute_url()).content.decode()
    desk.post(page("event-photograph", photograph.pk), {"consent": " "})
    assert client.get(address).status_code == 404
    desk.post(page("event-photograph", photograph.pk), {"consent": "All said yes again."})
    assert client.get(address).status_code == 200


def test_what_is_no_picture_is_refused(desk, event):
    upload = SimpleUploadedFile("x.png", b"<svg onload=alert(1)>", "image/png")
    answer = desk.post(page("event-photograph-add"), {"alt": "A trick.", "upload": upload})
    assert "We cannot read this as a PNG file." in answer.content.decode()
    assert not Photograph.objects.exists()


def test_slides_are_public_once_shown(client, desk, event):
    upload = SimpleUploadedFile("slides.pdf", b"%PDF-1.4\n%%EOF", "application/pdf")
    desk.post(page("event-material-add"), {"title": "Our slides", "upload": upload})
    slides = event.materials.get()
    address = reverse("material", args=[slides.pk])
    assert client.get(address).status_code == 404
    desk.post(page("event-material", slides.pk), {"do": "show"})
    assert client.get(address)["Content-Disposition"] == 'attachment; filename="slides.pdf"'
    desk.post(page("event-material", slides.pk), {"do": "hide"})
    assert client.get(address).status_code == 404


@pytest.mark.parametrize(("name", "factory"), [("photograph", PhotographFactory), ("material", MaterialFactory)])
def test_removed_file_leaves_the_disk(desk, event, django_capture_on_commit_callbacks, name, factory):
    row = factory(event=event)
    with django_capture_on_commit_callbacks(execute=True):
        desk.post(page(f"event-{name}", row.pk), {"do": "remove"})
    assert not row.file.storage.exists(row.file.name)
    assert not type(row).objects.exists()


def test_what_is_left_when_attendees_are_forgotten(event):
    feedback = FeedbackFactory(registration=RegistrationFactory(event=event, booked=True), learnt="Ask early.")
    run_on(event, 15)
    Registration.objects.all().delete()
    feedback.refresh_from_db()
    assert feedback.learnt == "Ask early."
