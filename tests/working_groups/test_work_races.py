"""Two people, or a person and the day's work, who act on a group at the same moment, with real connections."""

import datetime

import pytest
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone

from oiep.models import OutgoingEmail
from tests.factories import (
    ActionFactory,
    GroupFactory,
    GroupInvitationFactory,
    GroupJoinRequestFactory,
    GroupMemberFactory,
    UserFactory,
)
from working_groups.actions import daily, joining, work
from working_groups.actions import members as deeds
from working_groups.models import GroupMember

pytestmark = pytest.mark.django_db(transaction=True)
Role = GroupMember.Role


@pytest.fixture
def group(transactional_db):
    return GroupFactory(chair=UserFactory(email="chair@example.org"))


@pytest.fixture
def chair(group):
    return group.members.get(role=Role.CHAIR).user


def refusals(results):
    return [result for result in results if isinstance(result, ValidationError)]


def test_closed_while_reminding_leaves_nothing_that_waits(group, chair, at_once):
    for _round in range(5):
        action = ActionFactory(group=group, due_on=timezone.localdate())
        at_once(
            lambda action=action: daily.remind(action=action),
            lambda action=action: work.report_progress(action=action, progress="achieved", note="Done.", actor=chair),
        )
        states = {row.state for row in OutgoingEmail.objects.about(action)}
        assert states <= {"not_sent"}
        action.refresh_from_db()
        assert action.closed_on


def test_two_schedulers_remind_once(group, at_once):
    action = ActionFactory(group=group, due_on=timezone.localdate())
    results = at_once(*[lambda: daily.remind(action=action)] * 4)
    assert sorted(results, key=str) == [None, None, None, "due"]
    assert OutgoingEmail.objects.about(action).exclude(state="not_sent").count() == 1


def test_owner_leaves_while_reminding_and_nothing_waits_for_them(group, at_once):
    for _round in range(5):
        member = GroupMemberFactory(group=group)
        action = ActionFactory(group=group, owner=member, due_on=timezone.localdate())
        at_once(
            lambda action=action: daily.remind(action=action),
            lambda member=member: deeds.end_membership(member=member, actor=member.user),
        )
        assert not OutgoingEmail.objects.about(action).filter(to=member.user.email).exclude(state="not_sent").exists()


def test_accepted_by_two_and_invited_at_once_they_are_a_member_once(group, chair, at_once):
    for _round in range(3):
        user = UserFactory()
        asked = GroupJoinRequestFactory(group=group, user=user)
        invitation = GroupInvitationFactory(group=group, email=user.email, invited_by=chair)
        results = at_once(
            lambda asked=asked: joining.answer_join_request(request=asked, accept=True, actor=chair),
            lambda asked=asked: joining.answer_join_request(request=asked, accept=True, actor=chair),
            lambda invitation=invitation, user=user: joining.accept_invitation(invitation=invitation, user=user),
        )
        assert len(refusals(results)) in (1, 2)
        assert group.members.filter(user=user).count() == 1


def test_two_chairs_who_put_each_other_out_do_not_both_succeed(chair, group, at_once):
    _put_each_other_out(group, chair, at_once)
    assert group.members.current().running().count() == 1


def _put_each_other_out(group, chair, at_once):
    other = GroupMemberFactory(group=group, role=Role.CHAIR)
    own = group.members.get(user=chair)
    return at_once(
        lambda: deeds.end_membership(member=other, actor=chair),
        lambda: deeds.end_membership(member=own, actor=other.user),
    )


def test_without_locks_both_chairs_are_put_out(chair, group, at_once, monkeypatch):
    """The negative control: what the lock on the group's row prevents."""
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, *args, **kwargs: self)
    for _round in range(20):
        group.members.exclude(user=chair).delete()
        group.members.update(ends_on=None)
        _put_each_other_out(group, chair, at_once)
        if not group.members.current().exists():
            return
    pytest.fail("Without the lock, both should have succeeded at least once.")


def test_request_made_twice_at_once_is_one(group, at_once):
    user = UserFactory()
    results = at_once(*[lambda: joining.ask_to_join(group=group, user=user)] * 4)
    assert len({result.pk for result in results}) == 1
    assert OutgoingEmail.objects.filter(template="group_asked").count() == 1


def test_second_of_two_changes_at_once_is_told(group, chair, at_once):
    action = ActionFactory(group=group, owner=None)
    seen = work.version(action, work.ACTION_FIELDS)

    def change(days):
        values = {name: getattr(action, name) for name in work.ACTION_FIELDS}
        due_on = timezone.localdate() + datetime.timedelta(days=days)
        return work.change_action(action=action, values={**values, "due_on": due_on}, seen=seen, actor=chair)

    assert len(refusals(at_once(lambda: change(50), lambda: change(60)))) == 1
