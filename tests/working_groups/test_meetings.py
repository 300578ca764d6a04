"""Meetings are called, changed and cancelled, and the right people hear of it once."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from oiep.models import AuditEvent, OutgoingEmail
from oiep.moderation import NotPossible
from partners.actions import Conflict, version_of
from tests.factories import GroupFactory, GroupMemberFactory, ManagerFactory, MeetingFactory, PaperFactory, UserFactory
from working_groups.actions import meetings as actions
from working_groups.actions.joining import add_member
from working_groups.actions.members import end_membership
from working_groups.models import Meeting

pytestmark = pytest.mark.django_db


@pytest.fixture
def group():
    """Chaired by chair@, with ann@ as a member, a member without an account, and one who has left."""
    group = GroupFactory(slug="jobs", name="Jobs", chair=UserFactory(email="chair@example.org", name="Cher Chair"))
    GroupMemberFactory(group=group, user__email="ann@example.org", user__name="Ann")
    GroupMemberFactory(group=group, named=True, name="Nobody's Address")
    GroupMemberFactory(group=group, ended=True, user__email="left@example.org")
    GroupMemberFactory(group=group, user__email="shut@example.org", user__is_active=False)
    return group


@pytest.fixture
def chair(group):
    return group.members.get(role="chair").user


def mails(template=None):
    """(kind, to) of each message, in the order of the addresses."""
    rows = OutgoingEmail.objects.exclude(state="not_sent").filter(**({"template": template} if template else {}))
    return sorted(rows.values_list("template", "to"))


def to_both(template):
    return [(template, "ann@example.org"), (template, "chair@example.org")]


def change(meeting, actor, **values):
    details = actions.details_of(meeting)
    return actions.change_meeting(meeting=meeting, values={**details, **values}, actor=actor, seen=version_of(details))


def later(meeting, **shift):
    shift = datetime.timedelta(**shift)
    return {"starts_at": meeting.starts_at + shift, "ends_at": meeting.ends_at + shift}


# Calling --------------------------------------------------------------------------------------


def test_members_with_an_account_are_invited_once(group, chair):
    meeting = MeetingFactory(group=group)
    called = actions.call_meeting(meeting=meeting, actor=chair)
    assert called.told == 2
    assert mails() == to_both("meeting_invitation")
    with pytest.raises(NotPossible, match="called already"):
        actions.call_meeting(meeting=meeting, actor=chair)
    assert len(mails()) == 2
    keys = {f"meeting/{meeting.pk}/0/{user.pk}" for user in actions.invitees(group)}
    assert set(OutgoingEmail.objects.values_list("key", flat=True)) == keys


def test_meeting_that_nobody_could_find_is_not_called(group, chair):
    meeting = MeetingFactory(group=group, place="")
    with pytest.raises(NotPossible, match="Say where it is"):
        actions.call_meeting(meeting=meeting, actor=chair)
    meeting.online_url = "https://meet.example/1"
    meeting.save()
    assert actions.call_meeting(meeting=meeting, actor=chair).told == 2


def test_meeting_of_the_past_goes_on_record_and_nobody_is_told(group, chair):
    meeting = MeetingFactory(group=group, past=True, called_at=None)
    assert actions.call_meeting(meeting=meeting, actor=chair).told == 0
    assert mails() == []
    assert list(Meeting.objects.past()) == [meeting]


@pytest.mark.parametrize("who", ["member", "left", "chairs another"])
def test_only_who_runs_the_group_at_that_moment_calls_it(group, who):
    meeting = MeetingFactory(group=group)
    another = GroupFactory(chair=True)
    actor = {
        "member": group.members.get(user__email="ann@example.org").user,
        "left": group.members.get(user__email="left@example.org").user,
        "chairs another": another.members.get().user,
    }[who]
    for act in (actions.call_meeting, actions.delete_draft):
        with pytest.raises(NotPossible):
            act(meeting=meeting, actor=actor)
    assert mails() == []


def test_when_the_chair_leaves_meetings_stay_and_the_manager_can_run_them(group, chair):
    meeting = MeetingFactory(group=group, created_by=chair)
    actions.call_meeting(meeting=meeting, actor=chair)
    group.members.filter(user=chair).update(ends_on=timezone.localdate())
    with pytest.raises(NotPossible):
        change(Meeting.objects.get(pk=meeting.pk), chair, place="My house")
    changed = change(Meeting.objects.get(pk=meeting.pk), ManagerFactory(), place="Library")
    assert (changed.created_by, changed.told) == (chair, 1)
    assert mails("meeting_changed") == [("meeting_changed", "ann@example.org")]


# Changing -------------------------------------------------------------------------------------


@pytest.fixture
def called(group, chair):
    return actions.call_meeting(meeting=MeetingFactory(group=group, title="Quarterly"), actor=chair)


@pytest.mark.parametrize("values", [{"place": "Library"}, {"online_url": "https://meet.example/2"}])
def test_what_matters_is_told_once_with_the_next_number(called, chair, values):
    changed = change(called, chair, **values)
    assert (changed.told, changed.sequence, changed.uid) == (2, 1, called.uid)
    assert mails("meeting_changed") == to_both("meeting_changed")
    again = change(changed, chair, **values)  # saved once more as it is
    assert (again.told, again.sequence) == (0, 1)
    assert len(mails("meeting_changed")) == 2


@pytest.mark.parametrize("values", [{"title": "Another name"}, {"agenda": "1. Hello"}])
def test_the_rest_is_told_to_nobody(called, chair, values):
    changed = change(called, chair, **values)
    assert (changed.told, changed.sequence) == (0, 0)
    assert mails("meeting_changed") == []


def test_message_says_what_it_was_and_what_it_is(called, chair, mailbox):
    was = called.when
    changed = change(called, chair, place="Library", **later(called, days=7))
    message = next(m for m in mailbox() if m.to == ["ann@example.org"] and m.subject.startswith("Changed"))
    for words in (was, changed.when, "Town Hall, Oxford", "Library"):
        assert f"> {words}\n" in message.body
    assert message.body.count("It was:") == 2


def test_meeting_that_is_moved_twice_is_told_twice(called, chair):
    moved = change(called, chair, **later(called, days=1))
    moved = change(moved, chair, **later(called, days=2))
    assert moved.sequence == 2
    assert len(mails("meeting_changed")) == 4


def test_draft_is_changed_in_silence(group, chair):
    changed = change(MeetingFactory(group=group), chair, place="Library")
    assert (changed.told, changed.sequence, mails()) == (0, 0, [])


def test_record_of_the_past_is_corrected_in_silence_but_a_move_to_the_past_is_told(group, chair, called):
    past = MeetingFactory(group=group, past=True)
    assert change(past, chair, place="Library").told == 0
    assert change(called, chair, **later(called, days=-40)).told == 2


def test_meeting_whose_minutes_are_published_is_not_moved_to_the_future(group, chair):
    meeting = MeetingFactory(group=group, minuted=True)
    with pytest.raises(NotPossible, match="minutes are published"):
        change(meeting, chair, **later(meeting, days=60))


def test_second_of_two_who_change_it_is_told_so(called, chair):
    seen = version_of(actions.details_of(called))
    change(called, chair, place="Library")
    with pytest.raises(Conflict):
        actions.change_meeting(
            meeting=called, values={**actions.details_of(called), "place": "Pub"}, actor=chair, seen=seen
        )
    called.refresh_from_db()
    assert called.place == "Library"


# Who joins and who leaves ---------------------------------------------------------------------


def test_who_joins_later_is_invited_to_what_is_to_come_and_only_once(group, chair, called):
    change(called, chair, place="Library")
    newcomer = GroupMemberFactory(group=group, user__email="new@example.org").user
    for told in (1, 0):
        assert actions.invite_newcomers(meeting=called) == told
    assert ("meeting_invitation", "new@example.org") in mails()
    change(Meeting.objects.get(pk=called.pk), chair, place="Pub")
    assert ("meeting_changed", "new@example.org") in mails()
    assert OutgoingEmail.objects.filter(to=newcomer.email).count() == 2


def test_day_invites_who_has_joined_to_all_that_is_to_come_and_only_once(group, chair, called):
    actions.call_meeting(meeting=MeetingFactory(group=group), actor=chair)
    for trait in ({}, {"past": True}, {"cancelled": True}):
        MeetingFactory(group=group, **trait)
    GroupMemberFactory(group=group, user__email="new@example.org")
    tomorrow = timezone.localdate() + datetime.timedelta(days=1)
    GroupMemberFactory(group=group, user__email="comes@example.org", starts_on=tomorrow)
    assert actions.run_day() == {"invited": 2, "failed": 0}
    assert actions.run_day() == {"invited": 0, "failed": 0}
    assert [mail for mail in mails() if mail not in to_both("meeting_invitation")] == [
        ("meeting_invitation", "new@example.org")
    ] * 2


def test_who_has_not_heard_of_it_is_invited_when_it_changes_and_hears_of_no_end(group, chair, called):
    GroupMemberFactory(group=group, user__email="new@example.org")
    changed = change(called, chair, place="Library")
    assert ("meeting_invitation", "new@example.org") in mails()
    GroupMemberFactory(group=group, user__email="newer@example.org")
    assert actions.cancel_meeting(meeting=changed, why="Snow.", actor=chair).told == 3
    assert not OutgoingEmail.objects.filter(to="newer@example.org").exists()


@pytest.mark.parametrize("trait", ["cancelled", "past", "draft"])
def test_nobody_is_invited_to_what_does_not_come(group, trait):
    meeting = MeetingFactory(group=group, **({} if trait == "draft" else {trait: True}))
    assert actions.invite_newcomers(meeting=meeting) == 0
    assert mails() == []


def test_who_has_left_gets_no_more(group, chair, called):
    ann = group.members.get(user__email="ann@example.org")
    ann.ends_on = timezone.localdate()
    ann.save()
    assert actions.forget_member(group=group, user=ann.user) == 1
    assert change(called, chair, place="Library").told == 1
    assert actions.cancel_meeting(meeting=called, why="Snow.", actor=chair).told == 1
    assert {to for _template, to in mails()} == {"chair@example.org"}
    invitation = OutgoingEmail.objects.get(to="ann@example.org")
    assert (invitation.state, invitation.reason) == ("not_sent", "They have left the group.")


def test_who_leaves_and_comes_back_is_invited_again_each_time(group, chair, called):
    ann = UserFactory(email="ann2@example.org")
    for times in (1, 2, 3):
        member = add_member(group=group, user=ann, actor=chair)
        assert OutgoingEmail.objects.filter(template="meeting_invitation", to=ann.email).count() == times
        end_membership(member=member, actor=ann)
    assert actions.cancel_meeting(meeting=called, why="Snow.", actor=chair).told == 2


def test_a_member_loses_no_message(group, called):
    assert actions.forget_member(group=group, user=group.members.get(user__email="ann@example.org").user) == 0
    assert len(mails()) == 2


def test_other_groups_messages_stay(group, called):
    other = GroupFactory(chair=group.members.get(user__email="ann@example.org").user)
    actions.call_meeting(meeting=MeetingFactory(group=other), actor=other.members.get().user)
    group.members.filter(user__email="ann@example.org").update(ends_on=timezone.localdate())
    assert actions.forget_member(group=group, user=other.members.get().user) == 1
    assert mails() == to_both("meeting_invitation")


# Cancelling -----------------------------------------------------------------------------------


def test_end_is_told_once_with_the_reason(called, chair, mailbox):
    cancelled = actions.cancel_meeting(meeting=called, why="Too few can come.", actor=chair)
    assert (cancelled.told, cancelled.sequence) == (2, 1)
    with pytest.raises(NotPossible, match="was cancelled on"):
        actions.cancel_meeting(meeting=called, why="Again.", actor=chair)
    with pytest.raises(NotPossible, match="was cancelled on"):
        change(cancelled, chair, place="Library")
    assert mails("meeting_cancelled") == to_both("meeting_cancelled")
    message = next(m for m in mailbox() if m.subject.startswith("Cancelled: Quarterly"))
    assert "> Too few can come.\n" in message.body
    assert AuditEvent.objects.get(verb="meeting.cancelled").note == "Too few can come."


def test_past_meeting_that_did_not_take_place_is_cancelled_in_silence(group, chair):
    meeting = MeetingFactory(group=group, past=True)
    assert actions.cancel_meeting(meeting=meeting, why="Nobody came.", actor=chair).told == 0
    assert mails() == []
    assert not Meeting.objects.past().exists()


@pytest.mark.parametrize(("trait", "words"), [("minuted", "it took place"), ("draft", "nothing to cancel")])
def test_what_cannot_be_cancelled(group, chair, trait, words):
    meeting = MeetingFactory(group=group, **({} if trait == "draft" else {trait: True}))
    with pytest.raises(NotPossible, match=words):
        actions.cancel_meeting(meeting=meeting, why="Why not.", actor=chair)


def test_draft_is_deleted_and_its_papers_stay(group, chair):
    meeting = MeetingFactory(group=group)
    paper = PaperFactory(group=group, meeting=meeting)
    actions.delete_draft(meeting=meeting, actor=chair)
    paper.refresh_from_db()
    assert paper.meeting is None
    with pytest.raises(NotPossible, match="deleted this draft"):
        actions.delete_draft(meeting=meeting, actor=chair)


def test_called_meeting_is_not_deleted(called, chair):
    with pytest.raises(NotPossible, match="only be cancelled"):
        actions.delete_draft(meeting=called, actor=chair)


def test_each_act_is_in_the_trail(group, chair):
    values = actions.details_of(MeetingFactory.build(group=group))
    meeting = actions.add_meeting(group=group, values=values, actor=chair)
    actions.call_meeting(meeting=meeting, actor=chair)
    change(Meeting.objects.get(pk=meeting.pk), chair, place="Library")
    actions.cancel_meeting(meeting=meeting, why="Snow.", actor=chair)
    events = AuditEvent.objects.filter(actor=chair).order_by("pk").values_list("verb", flat=True)
    assert list(events) == ["meeting.added", "meeting.called", "meeting.changed", "meeting.cancelled"]


# Through the pages ----------------------------------------------------------------------------

ENTRY = {"title": "Quarterly", "day": "2026-12-01", "time": "10:00", "minutes": "120", "place": "Town Hall"}


@pytest.fixture
def pages(client_of, chair):
    return client_of(chair)


def errors_of(response):
    return {name: list(problems) for name, problems in response.context["form"].errors.items()}


def test_a_meeting_is_entered_in_uk_time(pages, group):
    response = pages.post(reverse("meeting-add", args=["jobs"]), ENTRY | {"day": "2027-07-01"}, follow=True)
    meeting = group.meetings.get()
    assert response.redirect_chain == [(meeting.get_absolute_url(), 302)]
    assert meeting.starts_at == datetime.datetime(2027, 7, 1, 9, tzinfo=datetime.UTC)
    assert meeting.ends_at - meeting.starts_at == datetime.timedelta(hours=2)
    assert meeting.is_draft


def test_time_that_comes_twice_is_asked_about(pages, group):
    entry = ENTRY | {"day": "25/10/2026", "time": "01:30"}
    response = pages.post(reverse("meeting-add", args=["jobs"]), entry)
    assert errors_of(response) == {"which": ["This time comes twice on that night. Choose which of the two you mean."]}
    for which, hour in (("first", 0), ("second", 1)):
        pages.post(reverse("meeting-add", args=["jobs"]), entry | {"which": which, "title": which})
        starts = datetime.datetime(2026, 10, 25, hour, 30, tzinfo=datetime.UTC)
        meeting = group.meetings.get(title=which)
        assert meeting.starts_at == starts
        form = pages.get(reverse("meeting-change", args=["jobs", meeting.pk])).context["form"]
        assert form["which"].value() == which


@pytest.mark.parametrize(
    ("entry", "errors"),
    [
        (
            {"day": "2026-03-29", "time": "01:30"},
            {"time": ["On 29 March 2026 the clocks go forward, and there is no 1.30am. Choose another time."]},
        ),
        ({"day": "2026-02-30"}, {"day": ["Enter a date as day, month and year."]}),
        ({"time": "25:00"}, {"time": ["Enter a time, for example 14:30."]}),
        ({"time": ""}, {"time": ["Enter the time when it starts."]}),
        ({"title": " "}, {"title": ["Enter a title for the meeting."]}),
        ({"minutes": "-60"}, {"minutes": ["Choose again: that is no longer in the list."]}),
        ({"online_url": "javascript:alert(1)"}, {"online_url": None}),
        ({"title": "Quarter\u202ely"}, {"title": None}),
        ({"day": "0206-12-01"}, {"day": None}),
        ({"day": "2206-12-01"}, {"day": None}),
    ],
)
def test_what_cannot_be_a_meeting_is_refused_in_words(pages, group, entry, errors):
    response = pages.post(reverse("meeting-add", args=["jobs"]), ENTRY | entry)
    found = errors_of(response)
    assert found.keys() == errors.keys()
    assert [words for name, words in errors.items() if words and words != found[name]] == []
    assert not group.meetings.exists()


@pytest.mark.parametrize("time", ["14:30", "14.30", "2:30pm", "2.30pm"])
def test_times_are_understood_as_people_write_them(pages, group, time):
    pages.post(reverse("meeting-add", args=["jobs"]), ENTRY | {"time": time})
    assert timezone.localtime(group.meetings.get().starts_at).time() == datetime.time(14, 30)


def test_clash_with_another_meeting_of_the_group_is_said_and_possible(pages, group):
    day = timezone.localtime(timezone.now() + datetime.timedelta(days=30)).replace(
        hour=10, minute=0, second=0, microsecond=0
    )
    other = MeetingFactory(group=group, title="The first", starts_at=day, place="x")
    MeetingFactory(group=group, title="Cancelled", starts_at=day, cancelled=True)
    MeetingFactory(title="Another group's", starts_at=day)
    entry = ENTRY | {"day": f"{day:%Y-%m-%d}", "time": "11:00"}
    page = pages.post(reverse("meeting-add", args=["jobs"]), entry, follow=True)
    assert page.context["clashes"] == [other]
    assert "This group has another meeting at that time: The first" in page.content.decode()
    page = pages.post(reverse("meeting-add", args=["jobs"]), entry | {"time": "12:00", "title": "Next"}, follow=True)
    assert page.context["clashes"] == [group.meetings.get(title="Quarterly")]  # one ends when the next begins


def test_page_before_inviting_names_who_is_told(pages, group):
    page = pages.get(reverse("meeting-call", args=["jobs", MeetingFactory(group=group).pk]))
    assert [str(user) for user in page.context["invitees"]] == ["Ann", "Cher Chair"]
    assert "Nobody&#x27;s Address" in page.content.decode()
    assert mails() == []


def test_called_meeting_keeps_a_place(pages, called):
    response = pages.post(reverse("meeting-change", args=["jobs", called.pk]), ENTRY | {"place": ""})
    assert errors_of(response) == {"place": ["Say where it is, or give the link to take part online."]}


def test_conflict_page_shows_theirs_and_keeps_mine(pages, chair, called):
    address = reverse("meeting-change", args=["jobs", called.pk])
    seen = pages.get(address).context["form"]["seen"].value()
    change(called, chair, place="Library")
    page = pages.post(address, ENTRY | {"seen": seen, "place": "Pub"})
    words = {row["label"]: row["words"] for row in page.context["differences"]}
    assert words["Where is it?"] == "Library"
    assert page.context["form"]["place"].value() == "Pub"
    pages.post(address, ENTRY | {"seen": page.context["form"]["seen"].value(), "place": "Pub"})
    called.refresh_from_db()
    assert called.place == "Pub"


def test_pages_cost_the_same_with_many_meetings(pages, group, django_assert_num_queries):
    address = reverse("group-meetings", args=["jobs"])

    def fill(number):
        for trait in ("called", "past", "cancelled"):
            MeetingFactory.create_batch(number, group=group, **{trait: True})
        MeetingFactory.create_batch(number, group=group)

    fill(1)
    with django_assert_num_queries(11):
        pages.get(address)
    fill(30)
    with django_assert_num_queries(11):
        page = pages.get(address)
    assert len(page.context["page_obj"]) == 25


def test_who_is_taken_off_a_group_gets_none_of_what_waits(group, chair, called):
    ann = group.members.get(user__email="ann@example.org")
    end_membership(member=ann, actor=chair)
    invitation = OutgoingEmail.objects.get(to="ann@example.org", template="meeting_invitation")
    assert (invitation.state, invitation.reason) == ("not_sent", "They have left the group.")
