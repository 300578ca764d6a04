"""What a group has agreed to do, how it goes, and what it tells of its progress."""

import datetime

import pytest
from django.utils import timezone

from oiep.models import AuditEvent, OutgoingEmail
from oiep.moderation import NotPossible
from partners.actions import Conflict
from tests.factories import ActionFactory, GroupFactory, GroupMemberFactory, MeetingFactory, ProgressUpdateFactory
from working_groups.actions import work
from working_groups.models import Action, ProgressUpdate

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


def mails():
    return sorted(OutgoingEmail.objects.exclude(state="not_sent").values_list("template", "to"))


def values_of(row, fields=work.ACTION_FIELDS, **changed):
    return {name: getattr(row, name) for name in fields} | changed


@pytest.fixture
def action(jobs, member):
    return ActionFactory(group=jobs, owner=member)


def change(action, actor, **changed):
    seen = work.version(action, work.ACTION_FIELDS)
    return work.change_action(action=action, values=values_of(action, **changed), seen=seen, actor=actor)


# What was agreed ------------------------------------------------------------------------------


def test_owner_is_told_of_a_new_action_with_one_press_to_it(jobs, chair, member):
    values = {"what": "Write to\nall colleges.", "owner": member, "due_on": TODAY + datetime.timedelta(days=30)}
    action = work.add_action(group=jobs, values={**values, "meeting": None, "is_public": True}, actor=chair)
    [mail] = OutgoingEmail.objects.all()
    assert (mail.template, mail.to) == ("action_given", "member@example.org")
    lines = mail.text.splitlines()
    assert lines[2].endswith(f"/working-groups/jobs/actions/{action.pk}/")
    assert "> Write to\n> all colleges." in mail.text
    [event] = AuditEvent.objects.all()
    assert (event.verb, event.actor) == ("action.added", chair)
    assert event.data == {
        "group": jobs.pk,
        "owner": str(member.pk),
        "due_on": str(action.due_on),
        "meeting": None,
        "is_public": True,
    }


@pytest.mark.parametrize("owner", [None, "named", "chair"])
def test_nobody_is_told_who_has_no_account_or_wrote_it(jobs, chair, owner):
    who = {
        None: None,
        "named": GroupMemberFactory(group=jobs, named=True),
        "chair": jobs.members.get(user=chair),
    }[owner]
    values = {"what": "Write.", "owner": who, "due_on": TODAY, "meeting": None, "is_public": True}
    work.add_action(group=jobs, values=values, actor=chair)
    assert mails() == []


def test_owner_has_to_be_in_the_group(jobs, chair, action):
    for stranger in (GroupMemberFactory(), GroupMemberFactory(group=jobs, ended=True)):
        with pytest.raises(NotPossible, match="no member of the group"):
            change(action, chair, owner=stranger)
    action.refresh_from_db()
    assert action.owner.user.email == "member@example.org"


def test_action_of_who_has_left_can_be_changed_and_given_to_another(jobs, chair, action):
    action.owner.ends_on = TODAY
    action.owner.save()
    change(action, chair, what="Write to one college.")
    other = GroupMemberFactory(group=jobs, user__email="other@example.org")
    action.refresh_from_db()
    change(action, chair, owner=other)
    assert mails() == [("action_given", "other@example.org")]
    event = AuditEvent.objects.filter(verb="action.changed").latest("pk")
    assert event.data["changed"] == ["owner"]
    assert (event.data["owner_was"], event.data["owner"]) == (str(action.owner_id), str(other.pk))


def test_trail_says_that_words_changed_and_not_the_words(chair, action):
    change(action, chair, what="Zebra")
    [event] = AuditEvent.objects.all()
    assert event.data["changed"] == ["what"]
    assert "Zebra" not in str(event.data)


def test_second_of_two_who_change_an_action_is_told(chair, action):
    stale = Action.objects.get(pk=action.pk)
    change(action, chair, what="Write to one college.")
    with pytest.raises(Conflict):
        change(stale, chair, due_on=TODAY)
    action.refresh_from_db()
    assert action.what == "Write to one college."


def test_only_those_who_run_it_change_an_action(member, action):
    with pytest.raises(NotPossible):
        change(action, member.user, what="Nothing.")


# How it goes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("progress", "closes"),
    [("on_track", False), ("behind", False), ("achieved", True), ("stopped", True)],
)
def test_owner_says_how_it_goes(member, action, progress, closes):
    work.report_progress(action=action, progress=progress, note="We wrote.", actor=member.user)
    action.refresh_from_db()
    assert (action.progress, action.note) == (progress, "We wrote.")
    assert action.closed_on == (TODAY if closes else None)
    [event] = AuditEvent.objects.all()
    assert event.verb == ("action.closed" if closes else "action.reported")
    assert (event.data["was"], event.data["progress"], event.note) == ("not_started", progress, "We wrote.")


def test_closed_action_keeps_its_day_when_its_words_change_and_opens_again(chair, action):
    long_ago = TODAY - datetime.timedelta(days=40)
    Action.objects.filter(pk=action.pk).update(progress="achieved", closed_on=long_ago, note="Done.")
    work.report_progress(action=action, progress="achieved", note="Done, all of it.", actor=chair)
    action.refresh_from_db()
    assert action.closed_on == long_ago
    work.report_progress(action=action, progress="behind", note="Not all of it.", actor=chair)
    action.refresh_from_db()
    assert action.closed_on is None
    assert AuditEvent.objects.latest("pk").verb == "action.reopened"


def test_other_members_and_owners_who_left_say_nothing(jobs, action):
    other = GroupMemberFactory(group=jobs).user
    with pytest.raises(NotPossible):
        work.report_progress(action=action, progress="achieved", note="Done.", actor=other)
    action.owner.ends_on = TODAY
    action.owner.save()
    with pytest.raises(NotPossible):
        work.report_progress(action=action, progress="achieved", note="Done.", actor=action.owner.user)


# Progress updates -----------------------------------------------------------------------------


def test_update_is_added_changed_and_taken_back(jobs, chair):
    values = {"happened_on": TODAY, "text": "Three sub-groups established.", "is_public": True}
    update = work.add_update(group=jobs, values=values, actor=chair)
    assert list(ProgressUpdate.objects.published()) == [update]
    seen = work.version(update, work.UPDATE_FIELDS)
    work.change_update(update=update, values={**values, "is_public": False}, seen=seen, actor=chair)
    assert not ProgressUpdate.objects.published().exists()
    with pytest.raises(Conflict):
        work.change_update(update=update, values=values, seen=seen, actor=chair)
    work.take_back_update(update=update, actor=chair)
    with pytest.raises(NotPossible):
        work.take_back_update(update=update, actor=chair)
    verbs = [event.verb for event in AuditEvent.objects.order_by("pk")]
    assert verbs == ["progressupdate.added", "progressupdate.changed", "progressupdate.taken_back"]


def test_update_of_which_only_the_month_was_known_knows_its_day_once_that_is_set(jobs, chair):
    update = ProgressUpdateFactory(group=jobs, happened_on=datetime.date(2021, 11, 1), is_day_known=False)
    for changed, known in (({"text": "It met."}, False), ({"happened_on": datetime.date(2021, 11, 9)}, True)):
        seen = work.version(update, work.UPDATE_FIELDS)
        values = values_of(update, work.UPDATE_FIELDS, **changed)
        work.change_update(update=update, values=values, seen=seen, actor=chair)
        update.refresh_from_db()
        assert update.is_day_known is known


# The pages ------------------------------------------------------------------------------------


def test_action_is_added_from_a_meeting_s_page(client_of, jobs, chair, member):
    meeting = MeetingFactory(group=jobs, past=True, title="May meeting")
    draft, elsewhere = MeetingFactory(group=jobs), MeetingFactory(past=True)
    client, address = client_of(chair), "/working-groups/jobs/actions/new/"
    for found, number in ((meeting, meeting.pk), (None, draft.pk), (None, elsewhere.pk), (None, "9" * 30), (None, "x")):
        assert client.get(address, {"meeting": number}).context["form"].initial["meeting"] == found
    data = {"what": "Write.", "owner": member.pk, "due_on": "1 May 2027", "meeting": meeting.pk, "is_public": "on"}
    page = client.get(meeting.get_absolute_url()).content.decode()
    assert f'href="{address}?meeting={meeting.pk}"' in page
    assert address not in client_of(member.user).get(meeting.get_absolute_url()).content.decode()
    answer = client.post(f"{address}?meeting={meeting.pk}", data)
    assert answer["Location"] == meeting.get_absolute_url()
    action = Action.objects.get()
    assert (action.due_on, action.meeting, action.owner, action.is_public) == (
        datetime.date(2027, 5, 1),
        meeting,
        member,
        True,
    )
    assert "May meeting" in client_of(member.user).get(f"/working-groups/jobs/actions/{action.pk}/").content.decode()


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"what": ""}, "what"),
        ({"what": "x" * 601}, "what"),
        ({"what": "a\u202eb"}, "what"),
        ({"due_on": ""}, "due_on"),
        ({"due_on": "31 February 2027"}, "due_on"),
        ({"due_on": "2099-01-01"}, "due_on"),
        ({"owner": "0"}, "owner"),
        ({"meeting": "0"}, "meeting"),
    ],
)
def test_what_an_action_cannot_be(client_of, jobs, chair, changed, field):
    data = {"what": "Write.", "owner": "", "due_on": "2026-12-01", "meeting": "", **changed}
    answer = client_of(chair).post("/working-groups/jobs/actions/new/", data)
    assert list(answer.context["form"].errors) == [field]
    assert not Action.objects.exists()


def test_conflict_page_shows_theirs_and_keeps_mine(client_of, chair, action):
    client, address = client_of(chair), f"/working-groups/jobs/actions/{action.pk}/change/"
    seen = client.get(address).context["form"].initial["seen"]
    change(action, chair, what="Theirs, which came first.")
    mine = {"what": "Mine.", "owner": action.owner_id, "due_on": str(action.due_on), "meeting": "", "is_public": "on"}
    answer = client.post(address, {**mine, "seen": seen})
    html = answer.content.decode()
    assert "Theirs, which came first." in html
    assert "Mine." in html
    assert client.post(address, {**mine, "seen": answer.context["form"]["seen"].value()}).status_code == 302
    action.refresh_from_db()
    assert action.what == "Mine."


def test_closing_needs_a_sentence(client_of, member, action):
    client, address = client_of(member.user), f"/working-groups/jobs/actions/{action.pk}/"
    for progress in ("achieved", "stopped"):
        assert client.post(address, {"progress": progress, "note": ""}).context["form"].errors["note"]
    client.post(address, {"progress": "on_track", "note": ""})
    client.post(address, {"progress": "stopped", "note": "The college closed."})
    action.refresh_from_db()
    assert action.progress == "stopped"
    told = client.get(address).context["events"]
    assert [(event["title"], event["text"]) for event in told] == [("Stopped", "The college closed."), ("On track", "")]


def test_other_members_see_an_action_and_are_offered_nothing(client_of, jobs, action):
    client, address = client_of(GroupMemberFactory(group=jobs).user), f"/working-groups/jobs/actions/{action.pk}/"
    page = client.get(address)
    assert (page.status_code, page.context["form"]) == (200, None)
    assert client.post(address, {"progress": "stopped", "note": "No."}).status_code == 404
    action.refresh_from_db()
    assert action.closed_on is None


def test_update_is_of_what_has_been_done(client_of, jobs, chair):
    client, address = client_of(chair), "/working-groups/jobs/updates/new/"
    tomorrow = TODAY + datetime.timedelta(days=1)
    for day in (tomorrow, "1066-10-14"):
        assert client.post(address, {"happened_on": day, "text": "Done."}).context["form"].errors["happened_on"]
    client.post(address, {"happened_on": TODAY, "text": "Done.", "is_public": "on"})
    update = ProgressUpdate.objects.get()
    address = f"/working-groups/jobs/updates/{update.pk}/"
    seen = client.get(address).context["form"].initial["seen"]
    client.post(address, {"happened_on": TODAY, "text": "Done for us.", "seen": seen})
    update.refresh_from_db()
    assert (update.text, update.is_public) == ("Done for us.", False)
    client.post(address, {"take_back": "yes"})
    assert not ProgressUpdate.objects.exists()


def _fill(group, number):
    for _n in range(number):
        member = GroupMemberFactory(group=group)
        ActionFactory(group=group, owner=member)
        ActionFactory(group=group, owner=member, achieved=True)
        ProgressUpdateFactory(group=group)


@pytest.mark.parametrize(("page", "queries"), [("room", 12), ("actions", 8), ("updates", 8), ("members", 12)])
@pytest.mark.parametrize("number", [1, 6])
def test_pages_cost_the_same_with_one_and_with_many(
    client_of, jobs, chair, django_assert_num_queries, page, queries, number
):
    _fill(jobs, number)
    client = client_of(chair)
    with django_assert_num_queries(queries):
        assert client.get(f"/working-groups/jobs/{page}/").status_code == 200


def test_room_shows_mine_apart_and_nothing_of_other_groups(client_of, jobs, member, action):
    MeetingFactory(group=jobs, called=True, title="Next one", online_url="https://meet.example/abc")
    MeetingFactory(group=jobs, title="Only a draft")
    ActionFactory(group=jobs, what="Somebody else's.", owner=None)
    ActionFactory(group=GroupFactory(is_closed=True), what="Zebra")
    page = client_of(member.user).get("/working-groups/jobs/room/")
    html = page.content.decode()
    assert (page.context["mine"], len(page.context["others"])) == ([action], 1)
    for words, there in (("Next one", True), ("meet.example/abc", True), ("Only a draft", False), ("Zebra", False)):
        assert (words in html) == there, words


def test_account_shows_groups_and_what_is_due(client_of, jobs, member, action):
    Action.objects.filter(pk=action.pk).update(due_on=TODAY + datetime.timedelta(days=8))
    client = client_of(member.user)
    html = client.get("/account/").content.decode()
    assert "/working-groups/jobs/room/" in html
    assert "Say how your action goes" not in html
    Action.objects.filter(pk=action.pk).update(due_on=TODAY + datetime.timedelta(days=7))
    assert "Say how your action goes" in client.get("/account/").content.decode()
    work.report_progress(action=action, progress="achieved", note="Done.", actor=member.user)
    assert "Say how your action goes" not in client.get("/account/").content.decode()
