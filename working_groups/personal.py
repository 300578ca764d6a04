"""What the tables of working groups hold about people."""

from django.db.models import Case, F, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from oiep.personal import Rows, Table
from working_groups.actions.groups import tell_manager_if_nobody_runs
from working_groups.models import Group


def unname_members(members):
    """That a group had a member in that role, and was at a meeting, stays, and not who it was.

    The manager is told of a group that nobody runs any more, as when its chair leaves it.
    """
    today = timezone.localdate()
    running = list(Group.objects.filter(members__in=members.current(today).running()).distinct())
    members.filter(starts_on__gt=today).delete()
    members.update(
        user=None,
        name=Value(_now("A former member")),
        partner=None,
        organisation="",
        agreed_on=None,
        agreed_how="",
        ends_on=Case(When(ends_on__gt=today, then=Value(today)), default=Coalesce(F("ends_on"), Value(today))),
    )
    for group in running:
        tell_manager_if_nobody_runs(group)


REGISTER = {
    "working_groups.Group": Table(
        plain="id parent kind slug starts_on ends_on is_closed takes_requests order is_example is_hidden",
        groups="purpose about terms source",
        ours="name link_label link_url",
    ),
    "working_groups.Group_areas": Table(plain="id group priorityarea"),
    "working_groups.GroupMember": Table(
        plain="id group user partner role starts_on ends_on agreed_on",
        personal="name organisation agreed_how",
        rows=(
            Rows(
                _("Groups that you take part in"),
                user="user",
                erased=unname_members,
                shown="group partner organisation role starts_on ends_on agreed_on agreed_how",
            ),
        ),
    ),
    "working_groups.GroupInvitation": Table(
        plain="id state invited_by invited_at answered_at group role",
        personal="email",
        rows=(
            Rows(
                _("Invitations to join a group"), address="email", shown="group email role state invited_at answered_at"
            ),
        ),
        clock="requests",
    ),
    "working_groups.GroupJoinRequest": Table(
        plain="id group user state asked_at answered_at answered_by",
        personal="words",
        rows=(Rows(_("Groups that you asked to join"), user="user", shown="group words state asked_at answered_at"),),
        clock="requests",
    ),
    "working_groups.CalendarAddress": Table(
        plain="id user made_at",
        personal="key",
        rows=(Rows(_("Your calendar's address"), user="user", shown="made_at"),),
    ),
    "working_groups.Meeting": Table(
        plain=(
            "id group starts_at ends_at is_day_known online_url minutes_published_at called_at cancelled_at uid"
            " sequence created_by changed_at"
        ),
        groups="title place agenda minutes cancelled_why",
    ),
    "working_groups.Attendance": Table(
        plain="id meeting member answer",
        rows=(Rows(_("Meetings that you were asked to"), user="member__user", erased={}, shown="meeting answer"),),
    ),
    "working_groups.Decision": Table(plain="id meeting order", groups="text"),
    "working_groups.Paper": Table(
        plain="id group meeting file size added_by added_at published_at", groups="title name"
    ),
    "working_groups.Action": Table(
        plain="id group meeting owner due_on progress closed_on is_public created_by created_at changed_at",
        groups="what note",
    ),
    "working_groups.ProgressUpdate": Table(
        plain="id group happened_on is_day_known is_public written_by written_at", groups="text"
    ),
}
