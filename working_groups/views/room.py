"""A member's home of a group."""

from django.utils import timezone

from working_groups.models import Action
from working_groups.views.inner import show
from working_groups.views.page import of_group

UPDATES = PAPERS = 5


@of_group()
def room(request, group):
    members = list(group.members.current().select_related("user", "partner"))
    own = next((member for member in members if member.user_id == request.user.pk), None)
    actions = list(open_actions(group))
    return show(
        request,
        group,
        "room/room",
        tab="group-room",
        own=own,
        meeting=group.meetings.upcoming().first(),
        mine=[action for action in actions if own and action.owner_id == own.pk],
        others=[action for action in actions if not own or action.owner_id != own.pk],
        papers=group.papers.select_related("meeting")[:PAPERS],
        updates=group.updates.all()[:UPDATES],
        members=members,
        requests=group.join_requests.filter(state="asked").count(),
        today=timezone.localdate(),
    )


def open_actions(group):
    return Action.objects.open().filter(group=group).select_related("group", "owner__user").order_by("due_on", "pk")
