"""Each action on a group's people and work locks the group's row first, so of two people the second sees the first."""

from django.conf import settings
from django.utils.translation import gettext as _

from oiep import email as mail
from oiep.models import User
from oiep.moderation import NotPossible
from working_groups.models import Group, GroupMember

Role = GroupMember.Role
# Those whom only one of themselves, or the manager, may appoint, change or end.
HEADS = (Role.CHAIR, Role.CO_CHAIR)


def locked(group):
    """The group's row, locked until the transaction ends."""
    return Group.objects.select_for_update(of=("self",)).get(pk=group.pk)


def lock_standing(group):
    """The same, of a group that goes on. Raises NotPossible when it has ended."""
    group = locked(group)
    if group.has_ended():
        raise NotPossible(
            _("This group finished its work on %(date)s, so nobody can join it any more.")
            % {"date": group.ends_on.strftime("%-d %B %Y")}
        )
    return group


def check_runs(group, actor, *, appoints=None):
    """Raises NotPossible unless the actor runs the group at this moment or is the manager.

    appoints: the roles that the actor wants to give or to take; those of HEADS are for a chair, a co-chair and the
    manager.
    """
    if actor.has_perm("working_groups.change_group"):
        return
    roles = set(group.members.current().filter(user=actor).values_list("role", flat=True))
    if not roles & set(Group.RUN_BY):
        raise NotPossible(_("You do not run this group any more, so nothing was changed."))
    if set(appoints or ()) & set(HEADS) and not roles & set(HEADS):
        raise NotPossible(_("Only a chair or the partnership's manager decides who chairs the group."))


def addresses_of_those_who_run(group):
    """Where mail to those who run a group goes: to each of them, or to the partnership when nobody runs it."""
    people = group.members.current().running().filter(user__is_active=True)
    return sorted({*people.values_list("user__email", flat=True)}) or [settings.CONTACT_EMAIL]


def give_name(user, name):
    """Notes a person's name, where we do not know it yet."""
    if name and User.objects.filter(pk=user.pk, name="").update(name=name):
        user.name = name


def tell_manager_if_nobody_runs(group):
    """To be called after somebody who ran the group does not any more. The group goes on meanwhile."""
    if group.has_ended() or group.members.current().running().filter(user__is_active=True).exists():
        return
    mail.queue(to=settings.CONTACT_EMAIL, template="group_run_by_nobody", context={"group": group}, about=group)
