"""Who is in a group, in what role, until when, and whether the public sees it."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from oiep import audit
from oiep import email as mail
from oiep.models import OutgoingEmail
from oiep.moderation import NotPossible
from working_groups.actions.groups import check_runs, give_name, locked, tell_manager_if_nobody_runs
from working_groups.actions.meetings import forget_member, invite_newcomers
from working_groups.models import GroupMember


@transaction.atomic
def appoint(*, member, role, actor):
    """Gives a member another role, and tells them. Returns the member.

    Raises NotPossible when the membership has ended, or it is not for the actor to give or to take that role.
    """
    group, member = _lock_current(member)
    was = member.role
    if role == was:
        return member
    check_runs(group, actor, appoints={role, was})
    member.role = role
    member.save(update_fields=["role"])
    audit.record(verb="groupmember.appointed", subject=member, actor=actor, group=group.pk, was=was, role=role)
    if member.user_id and member.user != actor:
        mail.queue(to=member.user.email, template="group_role", context={"group": group, "member": member}, about=group)
    if was in group.RUN_BY:
        tell_manager_if_nobody_runs(group)
    return member


@transaction.atomic
def end_membership(*, member, actor, on=None):
    """Takes a person off a group, and tells them, or lets them leave when they do it themselves. Returns the member.

    on: the first day on which they are no member, today if left out; not before they began, nor to come. Their actions
    stay theirs by name until somebody gives them to another; no reminder goes to them any more. Raises NotPossible
    when it has ended already, or it is not for the actor to end it.
    """
    group, member = _lock_current(member)
    today = timezone.localdate()
    on = on or today
    is_leaving = member.user_id is not None and member.user_id == actor.pk
    if not is_leaving:
        check_runs(group, actor, appoints={member.role})
    if not member.starts_on <= on <= today:
        raise NotPossible(_("Give a day from the one on which they joined until today."))
    member.ends_on = on
    member.save(update_fields=["ends_on"])
    verb = "groupmember.left" if is_leaving else "groupmember.ended"
    audit.record(verb=verb, subject=member, actor=actor, group=group.pk, role=member.role, on=str(on))
    if member.user_id:
        end_messages(member)
        if not is_leaving:
            mail.queue(to=member.user.email, template="group_ended", context={"group": group}, about=group)
    if member.runs_it:
        tell_manager_if_nobody_runs(group)
    return member


def tell_of_entry(*, member, changed, actor):
    """After the manager has entered a member of a group with an account, or changed them, in admin: tells that person.

    changed: the fields, None for a member who is new. Who is new is invited to the meetings to come. Of an entry about
    the past, or about days to come, nobody is told. The group's row is locked by now.
    """
    context = {"group": member.group, "member": member, "is_new": changed is None}
    is_ended = member.ends_on is not None and not member.is_current()
    if is_ended:
        end_messages(member)
    if member.is_current() and (changed is None or "role" in changed):
        template = "group_role"
    elif is_ended and "ends_on" in (changed or ()):
        template = "group_ended"
    else:
        return
    if member.user != actor:
        mail.queue(to=member.user.email, template=template, context=context, about=member.group)
    if changed is None:
        for meeting in member.group.meetings.upcoming():
            invite_newcomers(meeting=meeting)


def end_messages(member):
    """Keeps what waits to be sent about a group's work and meetings from a member with an account who has left it."""
    reminders = OutgoingEmail.objects.filter(to=member.user.email)
    for action in member.actions.open():
        mail.withhold(reminders.about(action), reason=_("They have left the group."))
    forget_member(group=member.group, user=member.user)


@transaction.atomic
def describe(*, member, partner, organisation, shown, actor, name=""):
    """What a person says of their own part in a group, past or present. Returns the member.

    partner: one that they act for, or None. organisation: where they come from, when it is no partner. shown: whether
    the public may see them; the day on which they agreed is kept, and taking it back hides them at once. name: theirs,
    where we do not know it.
    """
    give_name(actor, name)
    member = GroupMember.objects.select_for_update(of=("self",)).get(pk=member.pk)
    was_shown = member.agreed_on is not None
    member.partner, member.organisation = partner, organisation
    if shown and not was_shown:
        member.agreed_on, member.agreed_how = timezone.localdate(), _("Said so on this site.")
    elif not shown:
        member.agreed_on, member.agreed_how = None, ""
    member.full_clean(validate_unique=False, validate_constraints=False)
    member.save(update_fields=["partner", "organisation", "agreed_on", "agreed_how"])
    if shown != was_shown:
        verb = "groupmember.agreed" if shown else "groupmember.agreement_withdrawn"
        audit.record(verb=verb, subject=member, actor=actor, group=member.group_id)
    return member


def _lock_current(member):
    group = locked(member.group)
    member = group.members.select_related("user").select_for_update(of=("self",)).get(pk=member.pk)
    if not member.is_current():
        raise NotPossible(_("This person is no member of the group any more."))
    return group, member
