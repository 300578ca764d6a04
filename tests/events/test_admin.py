"""The manager keeps events in admin: writes, publishes, changes and cancels them, and adds what came of them."""

import io

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from PIL import Image

from events.actions import cancel_event, publish_event, save_event
from events.models import Event, Photograph
from oiep import audit
from oiep.moderation import NotPossible
from tests.factories import DistrictFactory, EventFactory, PartnerFactory, PhotographFactory, RegistrationFactory

pytestmark = pytest.mark.django_db

PARTS = ("contributors", "programme", "learning", "photographs", "materials")


@pytest.fixture
def client(client_of, manager):
    return client_of(manager)


def form(event=None, **changed):
    values = {
        "kind": "workshop",
        "title": "Tenders made easy",
        "slug": "tenders",
        "summary": "How to answer one.",
        "starts_at_0": "2098-05-04",
        "starts_at_1": "10:00",
        "ends_at_0": "2098-05-04",
        "ends_at_1": "12:00",
        "place": "Town Hall",
        "who_may_come": "Everybody is welcome.",
        "takes_bookings": "on",
        "places_at_most": "4",
        "known": "time",
    }
    for part in PARTS:
        values |= {f"{part}-TOTAL_FORMS": "0", f"{part}-INITIAL_FORMS": "0"}
    return values | changed


def errors(response):
    return {**response.context["adminform"].form.errors}


def test_event_is_written_published_and_cancelled(client):
    assert client.post("/admin/events/event/add/", form()).status_code == 302
    event = Event.objects.get()
    assert (event.slug, event.published_at, event.starts_at.hour) == ("tenders", None, 9)
    assert client.get("/events/tenders/").status_code == 404
    page = f"/admin/events/event/{event.pk}"
    assert "Publish" in client.get(f"{page}/change/").content.decode()
    client.post(f"{page}/publish/")
    assert client.get("/events/tenders/").status_code == 200
    assert "Cancel this event…" in client.get(f"{page}/change/").content.decode()
    assert "Say why" not in client.get(f"{page}/cancel/").content.decode()
    refused = client.post(f"{page}/cancel/", {"why": ""})
    assert "This field is required" in refused.content.decode()
    client.post(f"{page}/cancel/", {"why": "The hall has flooded."})
    assert "The hall has flooded." in client.get("/events/tenders/").content.decode()
    assert {e.verb for e in audit.trail(event)} == {"event.added", "event.published", "event.cancelled"}


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"ends_at_1": "09:00"}, "__all__", "It ends before it starts."),
        ({"place": ""}, "__all__", "Say where it is"),
        ({"title": "Two\x0blines"}, "title", "cannot be shown"),
        ({"capacity": "0"}, "capacity", "1"),
        ({"slug": "booking"}, "slug", "something else"),  # /events/booking/… are the links in our e-mails
        (
            {"starts_at_0": "2026-03-29", "starts_at_1": "01:30", "ends_at_0": "2026-03-29"},
            "starts_at",
            "may not exist",
        ),
        ({"starts_at_0": "2026-10-25", "starts_at_1": "01:30", "ends_at_0": "2026-10-25"}, "starts_at", "ambiguous"),
    ],
)
def test_bad_input_is_refused_with_words(client, changed, field, words):
    response = client.post("/admin/events/event/add/", form(**changed))
    assert words in " ".join(errors(response)[field])
    assert not Event.objects.exists()


def test_fewer_places_than_are_booked_are_refused(client, manager):
    event = EventFactory(published=True, capacity=10)
    RegistrationFactory(event=event, booked=True, places=3)
    RegistrationFactory(event=event, offered=True, places=2)
    page = f"/admin/events/event/{event.pk}/change/"
    response = client.post(page, form(capacity="4"))
    assert "5 places are booked or offered. Write 5 or more" in " ".join(errors(response)["capacity"])
    event.capacity = 4
    with pytest.raises(ValidationError, match="Write 5 or more"):
        save_event(event=event, fields=["capacity"], actor=manager)
    assert client.post(page, form(capacity="5")).status_code == 302
    event.refresh_from_db()
    assert event.capacity == 5


def test_address_stays_when_the_title_changes(client):
    event = EventFactory(published=True, slug="fair")
    client.post(f"/admin/events/event/{event.pk}/change/", form(slug="other", title="Fayre"))
    event.refresh_from_db()
    assert (event.slug, event.title, event.sequence) == ("fair", "Fayre", 1)


def test_what_the_form_did_not_change_is_not_written(manager):
    """Two managers at once: each keeps what they changed."""
    mine, theirs = EventFactory(published=True), Event.objects.get()
    theirs.place = "Museum"
    save_event(event=theirs, fields=["place"], actor=manager)
    mine.title = "New title"
    now = save_event(event=mine, fields=["title"], actor=manager)
    assert (now.title, now.place, now.sequence) == ("New title", "Museum", 2)


@pytest.mark.parametrize(
    ("trait", "words"),
    [
        ({}, "is not public"),
        ({"past": True}, "is over"),
        ({"cancelled": True}, "is cancelled already"),
    ],
)
def test_what_cannot_be_cancelled_says_why(manager, trait, words):
    with pytest.raises(NotPossible, match=words):
        cancel_event(event=EventFactory(**trait), why="Rain", actor=manager)


def test_event_is_published_once(manager):
    event = publish_event(event=EventFactory(), actor=manager)
    with pytest.raises(NotPossible):
        publish_event(event=event, actor=manager)


# Pictures and files ---------------------------------------------------------------------------


def picture(size=(40, 30)):
    content, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6  # a telephone held upright
    Image.new("RGB", size, "green").save(content, format="JPEG", exif=exif)
    return SimpleUploadedFile("us.jpg", content.getvalue(), content_type="text/html")


def with_photograph(**values):
    values = {"alt": "Us.", "order": "0", "file": picture(), **values}
    return form(**{"photographs-TOTAL_FORMS": "1"}, **{f"photographs-0-{name}": v for name, v in values.items()})


def test_photograph_is_drawn_anew_and_hidden_until_consent(client):
    event = EventFactory(past=True)
    page = f"/admin/events/event/{event.pk}/change/"
    response = client.post(page, with_photograph(file=picture((3000, 1000))))
    assert response.status_code == 302
    photograph = Photograph.objects.get()
    assert (photograph.width, photograph.height, photograph.is_public) == (533, 1600, False)
    assert photograph.file.name.endswith(".webp")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"alt": ""}, "required"),
        ({"is_public": "on"}, "Say who agreed that it is shown"),
        ({"file": SimpleUploadedFile("us.svg", b"<svg><script>alert(1)</script></svg>")}, "cannot take an SVG"),
        ({"file": SimpleUploadedFile("us.jpg", b"GIF89a")}, "cannot read this"),
    ],
)
def test_photograph_that_is_not_taken_says_why(client, values, words):
    event = EventFactory(past=True)
    response = client.post(f"/admin/events/event/{event.pk}/change/", with_photograph(**values))
    assert words in response.content.decode()
    assert not Photograph.objects.exists()


def test_file_leaves_the_disk_with_its_row(client, django_capture_on_commit_callbacks):
    photograph = PhotographFactory()
    storage, name = photograph.file.storage, photograph.file.name
    with django_capture_on_commit_callbacks(execute=True):
        photograph.delete()
    assert not storage.exists(name)


# What the reports say -------------------------------------------------------------------------


def test_events_of_the_reports_are_loaded_once(client, capsys):
    DistrictFactory(slug="oxford")
    PartnerFactory(approved=True)
    call_command("load_events")
    call_command("load_events")
    assert "nothing to add" in capsys.readouterr().out
    event = Event.objects.get(slug="inclusive-economy-in-action")
    assert (event.when, event.place) == ("4 May 2022", "Ashmolean Museum, Oxford")
    assert [row.name for row in event.contributors.filter(role="partner")] == [
        "Aspire Oxfordshire",
        "Oxfordshire Social Enterprise Partnership",
        "OxLEP",
    ]
    assert [row.name for row in event.contributors.filter(role="sponsor")] == ["Bouygues"]
    assert event.learning.count() == 7
    seminars = Event.objects.filter(series__slug="inclusive-economy-seminars").order_by("starts_at", "slug")
    assert sorted(seminar.when for seminar in seminars) == [
        "29 January 2020",
        "November 2019",
        "October 2019",
        "October or November 2019",
    ]
    assert client.get("/events/inclusive-economy-in-action/").status_code == 200


def test_what_the_manager_deleted_or_changed_stays_so(capsys):
    DistrictFactory(slug="oxford")
    call_command("load_events")
    Event.objects.filter(slug="launch-of-the-partnership").delete()
    Event.objects.filter(slug="inclusive-economy-in-action").update(title="In action")
    call_command("load_events")
    assert not Event.objects.filter(slug="launch-of-the-partnership").exists()
    assert Event.objects.filter(title="In action").exists()


def test_entry_that_cannot_be_loaded_names_itself(tmp_path):
    (tmp_path / "series.toml").write_text('[[series]]\nslug = "a"\nname = "A"')
    (tmp_path / "events.toml").write_text(
        '[[event]]\nslug = "x"\nkind = "ball"\ntitle = "X"\nsummary = "X"\nplace = "X"\nday = 2022-01-01'
    )
    with pytest.raises(CommandError, match=r"events.toml, event 1 \(x\): kind: .*ball"):
        call_command("load_events", directory=tmp_path)
    assert not Event.objects.exists()


def test_examples_are_loaded_once_and_marked(client, capsys):
    call_command("load_reference", verbosity=0)
    call_command("load_examples")
    call_command("load_example_events")
    call_command("load_example_events")
    assert "Example events: they are here already." in capsys.readouterr().out
    events = Event.objects.filter(is_example=True)
    assert {bool(event.cancelled_at) for event in events} == {True, False}
    for event in events:
        page = client.get(event.get_absolute_url()).content.decode()
        assert "example-mark" in page
    full = events.get(slug="apprentices-and-employers-example")
    assert (full.places_left, full.registrations.waiting().count()) == (0, 2)
    assert "guest1@example.org" not in client.get(full.get_absolute_url()).content.decode()
