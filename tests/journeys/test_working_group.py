"""A working group at its work: a meeting is called, attended, minuted and published. And its pages are accessible."""

import datetime

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from oiep.models import OutgoingEmail
from tests.axe import faults
from tests.factories import (
    ActionFactory,
    AttendanceFactory,
    CalendarAddressFactory,
    DecisionFactory,
    GroupFactory,
    GroupMemberFactory,
    MeetingFactory,
    PaperFactory,
    UserFactory,
)
from working_groups.models import CalendarAddress, Meeting

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def group(db):
    cache.clear()
    chair = UserFactory(email="chair@example.org", name="Cher Chair")
    group = GroupFactory(slug="jobs", name="Inclusive Employers", chair=chair)
    GroupMemberFactory(group=group, user__email="ann@example.org", user__name="Ann Other", shown=True)
    return group


@pytest.fixture
def chair(group):
    return group.members.get(role="chair").user


def press(page, name):
    with page.expect_navigation():
        page.locator("main").get_by_role("button", name=name, exact=True).click()


def follow(page, name):
    page.locator("main").get_by_role("link", name=name, exact=True).click()


def test_meeting_is_called_attended_minuted_and_published(open_page, sign_in, group, chair, letters):
    page = open_page(width=320, java_script_enabled=False)
    sign_in(page, chair)
    page.goto(reverse("group-meetings", args=["jobs"]))
    follow(page, "Add a meeting")
    press(page, "Save")
    assert page.title().startswith("Error: Add a meeting")
    day = timezone.localdate() + datetime.timedelta(days=21)
    page.get_by_label("What kind of meeting is it?").fill("Quarterly meeting")
    page.get_by_label("On which day?").fill(f"{day:%Y-%m-%d}")
    page.get_by_label("When does it start?").fill("10:00")
    page.get_by_label("Where is it?").fill("Town Hall")
    page.get_by_label("Agenda").fill("- Apprentices")
    press(page, "Save")
    follow(page, "Invite the members")
    assert "Ann Other" in page.locator("main").inner_text()
    press(page, "Send the invitations")
    assert "We are writing to 2 members." in page.get_by_role("status").first.inner_text()

    [letter] = letters("ann@example.org")
    assert letter.subject.startswith("Invitation: Quarterly meeting")
    [row] = OutgoingEmail.objects.filter(to="ann@example.org")
    [entry] = Calendar.from_ical(row.calendar).walk("VEVENT")
    assert timezone.localtime(entry.decoded("DTSTART")).strftime("%Y-%m-%d %H:%M") == f"{day} 10:00"
    ann = open_page(width=320)
    sign_in(ann, group.members.get(user__name="Ann Other").user)
    ann.goto(letter.link("/working-groups/jobs/meetings/"))
    assert "Apprentices" in ann.locator("main").inner_text()
    assert ann.locator("main").get_by_role("link", name="Change the meeting").count() == 0

    shift = datetime.timedelta(days=30)
    meeting = group.meetings.get()
    Meeting.objects.update(starts_at=meeting.starts_at - shift, ends_at=meeting.ends_at - shift)
    page.goto(meeting.get_absolute_url())
    follow(page, "Write the minutes")
    page.get_by_role("group", name="Ann Other").get_by_label("Present").check()
    page.get_by_role("group", name="Cher Chair").get_by_label("Present").check()
    page.get_by_label("What was agreed").fill("We write to all colleges.\nWe meet again in June.")
    page.get_by_label("Minutes").fill("We talked about **apprentices**.")
    press(page, "Save")
    visitor = open_page()
    assert "/accounts/login/" in visitor.goto(meeting.get_absolute_url()).url
    follow(page, "Publish the minutes")
    press(page, "Publish the minutes")
    visitor.goto(meeting.get_absolute_url())
    words = visitor.locator("main").inner_text()
    for shown in ("We write to all colleges.", "We talked about apprentices.", "Ann Other and 1 other"):
        assert shown in words
    assert "Cher Chair" not in words


def test_second_of_two_secretaries_is_shown_what_the_first_wrote(open_page, sign_in, group, chair):
    meeting = MeetingFactory(group=group, past=True)
    other = GroupMemberFactory(group=group, role="officer").user
    pages = []
    for user in (chair, other):
        page = open_page()
        sign_in(page, user)
        page.goto(reverse("meeting-minutes", args=["jobs", meeting.pk]))
        page.get_by_label("Minutes").fill(f"Words of {user.name}.")
        pages.append(page)
    for page in reversed(pages):
        press(page, "Save")
    first = pages[0]
    assert first.title().startswith("Error: ")
    assert "Somebody else changed these minutes" in first.evaluate("document.activeElement.innerText")
    assert f"Words of {other.name}." in first.get_by_role("alert").inner_text()
    press(first, "Save")
    meeting.refresh_from_db()
    assert meeting.minutes == "Words of Cher Chair."


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (1280, "light")])
def test_pages_of_meetings_are_accessible(open_page, sign_in, group, chair, width, scheme):
    words = {"agenda": "# Agenda\n\n- One", "online_url": "https://meet.example/1"}
    draft = MeetingFactory(group=group, title="Draft", **words)
    MeetingFactory(group=group, called=True, **words)
    MeetingFactory(group=group, cancelled=True, cancelled_why="Snow.")
    past = MeetingFactory(group=group, minuted=True, **words | {"minutes": "# Hello\n\nWe met."})
    unpublished = MeetingFactory(group=group, past=True, minutes="We met.")
    for member in group.members.all():
        AttendanceFactory(meeting=past, member=member)
    DecisionFactory(meeting=past)
    ActionFactory(meeting=past, group=group)
    paper = PaperFactory(group=group, meeting=past, published=True)
    CalendarAddressFactory(user=chair)
    forms = [
        reverse("meeting-add", args=["jobs"]),
        reverse("meeting-cancel", args=["jobs", group.meetings.upcoming().get().pk]),
        reverse("paper-add", args=["jobs"]),
    ]
    plain = [
        reverse("group-meetings", args=["jobs"]),
        draft.get_absolute_url(),
        past.get_absolute_url(),
        reverse("meeting-call", args=["jobs", draft.pk]),
        reverse("meeting-cancel", args=["jobs", draft.pk]),
        reverse("meeting-minutes", args=["jobs", past.pk]),
        reverse("meeting-publish", args=["jobs", past.pk]),
        reverse("meeting-publish", args=["jobs", unpublished.pk]),
        reverse("group-papers", args=["jobs"]),
        reverse("paper-manage", args=["jobs", paper.pk]),
        reverse("calendar"),
    ]
    page = open_page(width=width, color_scheme=scheme)

    def check():
        assert faults(page) == [], page.url

    page.goto(past.get_absolute_url())
    check()
    sign_in(page, chair)
    for address in [*plain, *forms]:
        page.goto(address)
        check()
    for address in forms:
        page.goto(address)
        with page.expect_navigation():
            page.locator("main form button.btn-primary, main form button.btn-danger").click()
        assert page.title().startswith("Error: "), address
        check()
    CalendarAddress.objects.all().delete()
    page.goto(reverse("calendar"))
    check()
