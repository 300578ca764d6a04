"""A person's groups, as their account shows them, and what waits there for them."""

import datetime
from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from pledges.next_steps import Step, Urgency
from working_groups.models import Action, Group, GroupInvitation, GroupJoinRequest, GroupMember, Meeting

# Actions that are due so soon are among what to do next.
SOON = datetime.timedelta(days=7)


@dataclass(frozen=True)
class Yours:
    """A part in a group: the next meeting, and the person's own open actions. Of a past part neither."""

    member: GroupMember
    meeting: Meeting | None
    actions: list

    @property
    def group(self):
        return self.member.group


def groups_of(user):
    """The parts that a person has in groups, those that are past last; in three queries."""
    members = list(user.group_memberships.select_related("group").order_by("group__order", "group__name", "pk"))
    current = [member for member in members if member.is_current()]
    meetings = {}
    for meeting in Meeting.objects.upcoming().filter(group__in=[member.group_id for member in current]):
        meetings.setdefault(meeting.group_id, meeting)
    actions = {}
    for action in Action.objects.open().filter(owner__in=[member.pk for member in current]).select_related("group"):
        actions.setdefault(action.owner_id, []).append(action)
    past = [member for member in members if not member.is_current()]
    return [
        *(Yours(member, meetings.get(member.group_id), actions.get(member.pk, [])) for member in current),
        *(Yours(member, None, []) for member in past),
    ]


def steps_in_groups(user):
    """What a person should do next in their groups: answer who is waiting, and what is due."""
    return [*_invitations(user), *_requests(user), *_actions(user)]


def _invitations(user):
    waiting = GroupInvitation.objects.open().filter(email=user.email).select_related("group").order_by("invited_at")
    return [
        Step(
            title=_("You are invited to join a working group"),
            about=invitation.group.name,
            text=_("%(group)s: you can answer until %(until)s.")
            % {"group": invitation.group, "until": date_format(timezone.localdate(invitation.expires_at))},
            url=reverse("group-invitation", args=[invitation.token]),
            label=_("Look at the invitation"),
            urgency=Urgency.WAITED_FOR,
        )
        for invitation in waiting
    ]


def _requests(user):
    groups = Group.objects.run_by(user).current()
    waiting = GroupJoinRequest.objects.filter(state=GroupJoinRequest.State.ASKED, group__in=groups)
    return [
        Step(
            title=_("%(person)s asks to join %(group)s") % {"person": request.user, "group": request.group},
            text=_("They asked on %(date)s.") % {"date": date_format(timezone.localdate(request.asked_at))},
            url=reverse("group-join-request", args=[request.group.slug, request.pk]),
            label=_("Accept or refuse"),
            urgency=Urgency.WAITED_FOR,
        )
        for request in waiting.select_related("user", "group")
    ]


def _actions(user):
    today = timezone.localdate()
    mine = GroupMember.objects.current(today).filter(user=user, group__in=Group.objects.current(today))
    due = Action.objects.open().filter(owner__in=mine, due_on__lte=today + SOON).select_related("group")
    return [
        Step(
            title=_("Say how your action goes"),
            text=(
                _("It was due on %(date)s: %(what)s") if action.due_on < today else _("It is due on %(date)s: %(what)s")
            )
            % {"date": date_format(action.due_on), "what": Truncator(action.what).chars(120)},
            url=reverse("group-action", args=[action.group.slug, action.pk]),
            label=_("Go to the action"),
            urgency=Urgency.DUE,
        )
        for action in due
    ]
