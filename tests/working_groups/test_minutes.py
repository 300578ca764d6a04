"""What was said and agreed, who was there, and what of it the public reads."""

import pytest
from django.urls import reverse

from oiep.models import AuditEvent
from oiep.moderation import NotPossible
from partners.actions import Conflict, version_of
from tests.factories import (
    ActionFactory,
    AttendanceFactory,
    DecisionFactory,
    GroupFactory,
    GroupMemberFactory,
    MeetingFactory,
    PaperFactory,
)
from working_groups.actions import minutes as actions
from working_groups.models import Group, Meeting

pytestmark = pytest.mark.django_db


@pytest.fixture
def group():
    return GroupFactory(slug="jobs", name="Jobs", chair=True)


@pytest.fixture
def chair(group):
    return group.members.get(role="chair").user


@pytest.fixture
def meeting(group):
    return MeetingFactory(group=group, past=True, title="Quarterly")


@pytest.fixture
def pages(client_of, chair):
    return client_of(chair)


def save(meeting, actor, seen=None, **values):
    record = actions.record_of(meeting)
    return actions.save_record(meeting=meeting, values=record | values, actor=actor, seen=seen or version_of(record))


def fresh(meeting):
    return Meeting.objects.get(pk=meeting.pk)


# Writing --------------------------------------------------------------------------------------


def test_record_is_kept_whole_and_changed_whole(meeting, chair, group):
    ann, bob = GroupMemberFactory(group=group), GroupMemberFactory(group=group)
    record = {"minutes": "We met.", "decisions": ["One.", "Two."], "attendance": {ann.pk: "present"}}
    save(meeting, chair, **record)
    assert actions.record_of(fresh(meeting)) == record
    record = {"minutes": "We met!", "decisions": ["Two.", "One."], "attendance": {ann.pk: "absent", bob.pk: "present"}}
    save(fresh(meeting), chair, **record)
    assert actions.record_of(fresh(meeting)) == record
    save(fresh(meeting), chair, **record)  # as it is
    assert [event.data["fields"] for event in AuditEvent.objects.filter(verb="meeting.minuted")] == [
        ["minutes", "decisions", "attendance"]
    ] * 2


def test_nobody_of_another_group_was_there(meeting, chair):
    stranger = GroupMemberFactory()
    save(meeting, chair, attendance={stranger.pk: "present"})
    assert not meeting.attendances.exists()


@pytest.mark.parametrize(("trait", "words"), [("draft", "Call this meeting first"), ("cancelled", "was cancelled on")])
def test_what_has_no_minutes(group, chair, trait, words):
    meeting = MeetingFactory(group=group, **({} if trait == "draft" else {trait: True}))
    with pytest.raises(NotPossible, match=words):
        save(meeting, chair, minutes="We met.")


def test_second_of_two_secretaries_is_told_so_whatever_the_first_changed(meeting, chair, group):
    member = GroupMemberFactory(group=group)
    for values in ({"minutes": "Mine."}, {"decisions": ["Mine."]}, {"attendance": {member.pk: "present"}}):
        seen = version_of(actions.record_of(fresh(meeting)))
        save(fresh(meeting), chair, **values)
        with pytest.raises(Conflict):
            save(fresh(meeting), chair, seen=seen, minutes="Yours.")
    assert fresh(meeting).minutes == "Mine."


def test_page_takes_it_all_at_once(pages, meeting, group, chair):
    ann = GroupMemberFactory(group=group, user__name="Ann")
    address = reverse("meeting-minutes", args=["jobs", meeting.pk])
    form = pages.get(address).context["form"]
    assert [field.label for field in form.attendance()] == [str(chair), "Ann"]
    response = pages.post(
        address,
        {
            "seen": form["seen"].value(),
            f"member-{ann.pk}": "apologies",
            "decisions": "  We write\tto all colleges. \r\n\r\nWe meet again.\r\n",
            "minutes": "We met.",
        },
    )
    assert response["Location"] == meeting.get_absolute_url()
    assert actions.record_of(fresh(meeting)) == {
        "minutes": "We met.",
        "decisions": ["We write to all colleges.", "We meet again."],
        "attendance": {ann.pk: "apologies"},
    }


def test_page_asks_for_those_who_were_members_on_that_day(pages, meeting, group):
    day = meeting.day
    GroupMemberFactory(group=group, user__name="Left since", ends_on=day.replace(year=day.year + 1))
    GroupMemberFactory(group=group, user__name="Left before", starts_on=day.replace(year=day.year - 2), ends_on=day)
    GroupMemberFactory(group=group, user__name="Came since", starts_on=day.replace(year=day.year + 1))
    guest = GroupMemberFactory(group=group, user__name="On record", starts_on=day.replace(year=day.year + 1))
    AttendanceFactory(meeting=meeting, member=guest)
    form = pages.get(reverse("meeting-minutes", args=["jobs", meeting.pk])).context["form"]
    assert [field.label for field in form.attendance()][1:] == ["Left since", "On record"]


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ({"decisions": "Short.\n" + "x" * 601}, "Decision 2 is too long. Use 600 characters or fewer."),
        ({"decisions": "x\n" * 101}, "Write at most 100 decisions."),
        ({"minutes": "x\u202ey"}, "Take out the hidden marks that change the direction of text, then try again."),
        ({"minutes": "x" * 50_001}, "Use 50000 characters or fewer. You have used 50001."),
    ],
)
def test_what_is_no_record_is_refused_and_kept_on_the_page(pages, meeting, words, error):
    address = reverse("meeting-minutes", args=["jobs", meeting.pk])
    seen = pages.get(address).context["form"]["seen"].value()
    page = pages.post(address, {"seen": seen, **words})
    assert [[error]] == list(page.context["form"].errors.values())
    [(name, value)] = words.items()
    assert page.context["form"][name].value() == value
    assert fresh(meeting).minutes == ""


def test_conflict_page_shows_theirs_and_keeps_mine(pages, meeting, chair, group):
    ann = GroupMemberFactory(group=group, user__name="Ann")
    address = reverse("meeting-minutes", args=["jobs", meeting.pk])
    mine = {"minutes": "Mine.", "seen": pages.get(address).context["form"]["seen"].value()}
    save(meeting, chair, minutes="Theirs.", decisions=["Theirs."], attendance={ann.pk: "present"})
    page = pages.post(address, mine)
    assert page.context["conflict"] == "Somebody else changed these minutes while you wrote"
    shown = {str(row["label"]): row["words"] for row in page.context["differences"]}
    assert shown == {"Ann": "present", "What was agreed": "Theirs.", "Minutes": "Theirs."}
    assert page.context["form"]["minutes"].value() == "Mine."
    assert fresh(meeting).minutes == "Theirs."
    pages.post(address, mine | {"seen": page.context["form"]["seen"].value()})
    assert fresh(meeting).minutes == "Mine."


def test_markdown_is_shown_and_html_is_only_text(pages, meeting):
    meeting.minutes = meeting.agenda = "# Hello\n\n<script>hit=1</script> [x](javascript:hit=1)"
    meeting.save()
    html = pages.get(meeting.get_absolute_url()).content.decode()
    assert html.count("<h3>Hello</h3>") == 2
    assert "<script>hit" not in html
    assert 'href="javascript' not in html


# Publishing -----------------------------------------------------------------------------------


@pytest.fixture
def minuted(group, meeting):
    """A meeting with all that it may have, of which some must stay with the members."""
    Meeting.objects.filter(pk=meeting.pk).update(
        minutes="We met and talked.", agenda="Secret agenda", online_url="https://meet.example/secret"
    )
    DecisionFactory(meeting=meeting, text="We write to all colleges.")
    shown = {"shown": True, "user__name": "Shown Sheila"}
    AttendanceFactory(meeting=meeting, member=GroupMemberFactory(group=group, **shown))
    AttendanceFactory(meeting=meeting, member=GroupMemberFactory(group=group, user__name="Secret Sam"))
    AttendanceFactory(
        meeting=meeting, member=GroupMemberFactory(group=group, user__name="Secret Sue"), answer="apologies"
    )
    absent = GroupMemberFactory(group=group, shown=True, user__name="Secret absentee")
    AttendanceFactory(meeting=meeting, member=absent, answer="absent")
    ActionFactory(meeting=meeting, group=group, what="Write the letter.", owner__user__name="Secret owner")
    ActionFactory(meeting=meeting, group=group, what="Secret action.", is_public=False)
    PaperFactory(meeting=meeting, group=group, title="The letter", published=True)
    PaperFactory(meeting=meeting, group=group, title="Secret paper")
    return fresh(meeting)


def test_public_reads_the_minutes_once_published_and_nothing_that_is_not(minuted, chair, client):
    address = minuted.get_absolute_url()
    assert client.get(address).status_code == 302
    actions.publish_minutes(meeting=minuted, actor=chair)
    html = client.get(address).content.decode()
    for words in ("We met and talked.", "We write to all colleges.", "Shown Sheila", "Write the letter.", "The letter"):
        assert words in html
    assert "and 1 other" in html
    assert "1 person" in html
    assert "ecret" not in html
    actions.unpublish_minutes(meeting=minuted, actor=chair)
    assert client.get(address).status_code == 302
    assert list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True)) == [
        "meeting.published",
        "meeting.unpublished",
    ]


def test_page_before_publishing_shows_what_the_public_will_see(minuted, pages):
    html = pages.get(reverse("meeting-publish", args=["jobs", minuted.pk])).content.decode()
    assert "Shown Sheila" in html
    for words in ("Secret Sam", "Secret Sue", "Secret absentee", "Secret owner", "Secret action", "Secret agenda"):
        assert words not in html
    assert fresh(minuted).minutes_published_at is None


def test_members_see_all_of_it(minuted, client_of):
    member = minuted.attendances.first().member.user
    html = client_of(member).get(minuted.get_absolute_url()).content.decode()
    for words in ("Secret agenda", "Secret Sam", "Secret absentee", "Secret paper", "https://meet.example/secret"):
        assert words in html
    assert "Publish the minutes" not in html


def test_a_member_who_has_left_sees_what_the_public_sees(minuted, client_of):
    member = minuted.attendances.first().member
    member.ends_on = member.starts_on
    member.save()
    assert client_of(member.user).get(minuted.get_absolute_url()).status_code == 404


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"minutes": ""}, "Write the minutes first."),
        ({"called_at": None}, "once the meeting is over"),
        ({"cancelled_at": "2026-01-01T10:00Z"}, "once the meeting is over"),
        ({"ends_at": "2099-01-01T10:00Z"}, "once the meeting is over"),
    ],
)
def test_what_cannot_be_published(minuted, chair, pages, changes, words):
    Meeting.objects.filter(pk=minuted.pk).update(**changes)
    with pytest.raises(NotPossible, match=words):
        actions.publish_minutes(meeting=minuted, actor=chair)
    pages.post(reverse("meeting-publish", args=["jobs", minuted.pk]), {"do": "publish"})
    assert fresh(minuted).minutes_published_at is None


def test_nothing_of_a_closed_group_is_published_and_what_was_is_hidden_with_it(minuted, chair, client):
    actions.publish_minutes(meeting=minuted, actor=chair)
    group = Group.objects.get(slug="jobs")
    group.is_closed = True
    group.save()
    assert client.get(minuted.get_absolute_url()).status_code == 302
    assert not Meeting.objects.published().exists()
    actions.unpublish_minutes(meeting=minuted, actor=chair)
    with pytest.raises(NotPossible, match="closed to the public"):
        actions.publish_minutes(meeting=minuted, actor=chair)


def test_published_minutes_are_not_emptied(minuted, chair):
    actions.publish_minutes(meeting=minuted, actor=chair)
    with pytest.raises(NotPossible, match="Take them back first"):
        save(fresh(minuted), chair, minutes="")
    save(fresh(minuted), chair, minutes="Corrected.")
    assert AuditEvent.objects.get(verb="meeting.minuted").data["public"] is True


def test_publishing_twice_is_said_and_changes_nothing(minuted, chair):
    published = actions.publish_minutes(meeting=minuted, actor=chair)
    with pytest.raises(NotPossible, match="published already"):
        actions.publish_minutes(meeting=minuted, actor=chair)
    assert fresh(minuted).minutes_published_at == published.minutes_published_at


def test_pages_cost_the_same_with_much_on_them(minuted, chair, pages, client, django_assert_num_queries):
    actions.publish_minutes(meeting=minuted, actor=chair)
    address, minutes = minuted.get_absolute_url(), reverse("meeting-minutes", args=["jobs", minuted.pk])

    def count():
        with django_assert_num_queries(11):
            pages.get(address)
        with django_assert_num_queries(5):
            client.get(address)
        with django_assert_num_queries(9):
            pages.get(minutes)

    count()
    for _row in range(10):
        AttendanceFactory(meeting=minuted)
        DecisionFactory(meeting=minuted)
        ActionFactory(meeting=minuted, group=minuted.group)
        PaperFactory(meeting=minuted, group=minuted.group, published=True)
    count()
