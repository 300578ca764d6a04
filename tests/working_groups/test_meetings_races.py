"""Two people who run a group, at the same moment."""

import pytest
from django.utils import timezone

from oiep.models import OutgoingEmail
from oiep.moderation import NotPossible
from partners.actions import Conflict, version_of
from tests.factories import GroupFactory, GroupMemberFactory, ManagerFactory, MeetingFactory
from working_groups.actions import groups
from working_groups.actions import meetings as actions
from working_groups.actions import minutes as minutes_actions
from working_groups.models import Group, Meeting

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people():
    """A group of three with two chairs."""
    group = GroupFactory(chair=True)
    other = GroupMemberFactory(group=group, role="co_chair").user
    GroupMemberFactory(group=group)
    return group, group.members.get(role="chair").user, other


def test_meeting_called_by_two_invites_each_member_once(at_once, people):
    group, one, two = people
    for _round in range(5):
        meeting = MeetingFactory(group=group)
        results = at_once(
            *[
                lambda actor=actor, meeting=meeting: actions.call_meeting(meeting=meeting, actor=actor)
                for actor in (one, two)
            ]
        )
        assert sorted(isinstance(result, NotPossible) for result in results) == [False, True]
        assert OutgoingEmail.objects.filter(key__startswith=f"meeting/{meeting.pk}/").count() == 3


def test_meeting_moved_by_two_has_one_number_and_the_second_is_told(at_once, people):
    group, one, two = people
    for _round in range(5):
        meeting = actions.call_meeting(meeting=MeetingFactory(group=group), actor=one)
        details = actions.details_of(meeting)

        def move(actor, place, meeting=meeting, details=details):
            values = details | {"place": place}
            return actions.change_meeting(meeting=meeting, values=values, actor=actor, seen=version_of(details))

        results = at_once(lambda move=move: move(one, "Library"), lambda move=move: move(two, "Pub"))
        assert sorted(isinstance(result, Conflict) for result in results) == [False, True]
        assert Meeting.objects.get(pk=meeting.pk).sequence == 1


def _save_at_once(at_once, people):
    """Two secretaries save, each of whom saw none of the other's. Returns what each got."""
    group, one, two = people
    meeting = MeetingFactory(group=group, past=True)
    record = minutes_actions.record_of(meeting)

    def save(actor):
        values = record | {"minutes": f"By {actor.pk}."}
        return minutes_actions.save_record(meeting=meeting, values=values, actor=actor, seen=version_of(record))

    return at_once(lambda: save(one), lambda: save(two))


def test_minutes_saved_by_two_are_those_of_one_and_the_second_is_told(at_once, people):
    for _round in range(5):
        results = _save_at_once(at_once, people)
        assert sorted(isinstance(result, Conflict) for result in results) == [False, True]


def test_without_the_locks_one_overwrites_the_other_unseen(at_once, people, monkeypatch):
    """The negative control of the test above."""
    monkeypatch.setattr("working_groups.actions.meetings.locked", lambda group: Group.objects.get(pk=group.pk))
    monkeypatch.setattr(type(Meeting.objects.all()), "select_for_update", lambda self, **_kwargs: self)
    lost = 0
    for _round in range(20):
        results = _save_at_once(at_once, people)
        lost += not any(isinstance(result, Conflict) for result in results)
    assert lost > 0


def test_chair_who_is_removed_at_that_moment_calls_it_before_or_not_at_all(at_once, people):
    group, _one, _two = people
    manager = ManagerFactory()
    for _round in range(5):
        member = GroupMemberFactory(group=group, role="officer")
        meeting = MeetingFactory(group=group)

        def remove(member=member):
            from django.db import transaction

            with transaction.atomic():
                groups.locked(group)
                groups.check_runs(group, manager)
                member.ends_on = timezone.localdate()
                member.save()

        result, _removed = at_once(
            lambda meeting=meeting, member=member: actions.call_meeting(meeting=meeting, actor=member.user), remove
        )
        invited = OutgoingEmail.objects.filter(key__startswith=f"meeting/{meeting.pk}/").count()
        assert invited == (0 if isinstance(result, NotPossible) else 4)


def test_newcomer_is_invited_once_by_two_runs_of_the_day(at_once, people):
    group, one, _two = people
    for _round in range(5):
        meeting = actions.call_meeting(meeting=MeetingFactory(group=group), actor=one)
        GroupMemberFactory(group=group)
        told = at_once(*[lambda meeting=meeting: actions.invite_newcomers(meeting=meeting)] * 2)
        assert sorted(told) == [0, 1]
