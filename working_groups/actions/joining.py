"""How people come into a group: they ask, or are asked."""

import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from oiep import audit
from oiep import email as mail
from oiep.invitations import actions as invitations
from oiep.moderation import NotPossible
from working_groups.actions.groups import addresses_of_those_who_run, check_runs, give_name, lock_standing, locked
from working_groups.actions.meetings import invite_newcomers
from working_groups.models import GroupJoinRequest, GroupMember

State = GroupJoinRequest.State


def may_ask_again_on(group, user):
    """The day from which a person who was refused may ask once more; None where nothing keeps them from asking."""
    last = group.join_requests.filter(user=user, state=State.REFUSED).order_by("answered_at").last()
    if last is None:
        return None
    day = timezone.localdate(last.answered_at) + datetime.timedelta(days=settings.JOIN_AGAIN_DAYS)
    return day if day > timezone.localdate() else None


@transaction.atomic
def ask_to_join(*, group, user, words="", name=""):
    """Asks those who run a group to let a person in; asking again while it waits changes nothing. Returns the request.

    name: the person's own, where we do not know it. Each of those who run the group gets one mail about it, or the
    partnership when nobody does. Raises NotPossible when the person is a member, was refused lately, or the group takes
    no requests.
    """
    group = lock_standing(group)
    if not group.takes_requests:
        raise NotPossible(_("This group takes no requests at the moment."))
    if group.members.current().filter(user=user).exists():
        raise NotPossible(_("You are a member of this group already."))
    if waiting := group.join_requests.filter(user=user, state=State.ASKED).first():
        return waiting
    if day := may_ask_again_on(group, user):
        raise NotPossible(_("You can ask again from %(date)s.") % {"date": day.strftime("%-d %B %Y")})
    give_name(user, name)
    request = GroupJoinRequest(group=group, user=user, words=words)
    request.full_clean(exclude=["answered_at", "answered_by"])
    request.save()
    audit.record(verb="groupjoinrequest.asked", subject=request, actor=user, group=group.pk)
    for address in addresses_of_those_who_run(group):
        mail.queue(to=address, template="group_asked", context={"group": group, "asked": request}, about=group)
    return request


@transaction.atomic
def answer_join_request(*, request, accept, actor):
    """Lets the person who asked into the group, or refuses, and tells them. Returns the request.

    Raises NotPossible when it was answered already, the actor does not run the group any more, or it has ended.
    """
    group = lock_standing(request.group)
    check_runs(group, actor)
    request = group.join_requests.select_related("user").select_for_update(of=("self",)).get(pk=request.pk)
    if request.state != State.ASKED:
        raise NotPossible(
            _("This was answered on %(date)s: %(answer)s.")
            % {
                "date": timezone.localdate(request.answered_at).strftime("%-d %B %Y"),
                "answer": request.get_state_display(),
            }
        )
    if accept:
        add_member(group=group, user=request.user, actor=actor)
    _answer(request, State.ACCEPTED if accept else State.REFUSED, actor)
    mail.queue(
        to=request.user.email,
        template=f"group_join_{request.state}",
        context={"group": group, "ask_again_days": settings.JOIN_AGAIN_DAYS},
        about=group,
    )
    return request


def _answer(request, state, actor):
    request.state, request.answered_at, request.answered_by = state, timezone.now(), actor
    request.save(update_fields=["state", "answered_at", "answered_by"])
    audit.record(verb=f"groupjoinrequest.{state}", subject=request, actor=actor, group=request.group_id)


@transaction.atomic
def invite(*, group, email, role, actor):
    """Asks an address to join the group in a role, by e-mail. Returns the invitation. email: in our one spelling.

    Raises NotPossible when the actor does not run the group, or may not give that role, when the person is a member or
    invited already, and when there are too many.
    """
    group = lock_standing(group)
    check_runs(group, actor, appoints={role})
    if group.members.current().filter(user__email=email).exists():
        raise NotPossible(_("This person is a member of the group already."))
    return invitations.invite(
        invitations=group.invitations, email=email, actor=actor, template="group_invited", **_mail(group), role=role
    )


@transaction.atomic
def send_invitation_again(*, invitation, actor):
    """Sends an invitation once more. Raises NotPossible. Returns it."""
    group = lock_standing(invitation.group)
    check_runs(group, actor, appoints={invitation.role})
    return invitations.send_again(
        invitations=group.invitations, invitation=invitation, actor=actor, template="group_invited", **_mail(group)
    )


def _mail(group):
    # A closed group is not named to an address that nobody has shown to be theirs.
    return {"context": {"group_name": "" if group.is_hidden else group.name}}


@transaction.atomic
def take_back_invitation(*, invitation, actor):
    """Takes an invitation back. Raises NotPossible when it was answered. Returns it."""
    check_runs(locked(invitation.group), actor, appoints={invitation.role})
    return invitations.take_back(invitation=invitation, actor=actor)


@transaction.atomic
def accept_invitation(*, invitation, user):
    """Makes the invited person a member, in the role that they were invited to, and tells those who run the group.

    Returns the member. Who is a member by then stays so in their own role. Raises NotPossible when the invitation is
    over, went to another address, or the group has ended.
    """
    group = lock_standing(invitation.group)
    invitation = invitations.accept(invitation=invitation, user=user)
    is_new = not group.members.current().filter(user=user).exists()
    member = add_member(group=group, user=user, actor=user, role=invitation.role)
    for asked in group.join_requests.filter(user=user, state=State.ASKED):
        _answer(asked, State.ACCEPTED, invitation.invited_by)
    for address in addresses_of_those_who_run(group):
        if is_new and address != user.email:
            mail.queue(to=address, template="group_joined", context={"group": group, "member": member}, about=group)
    return member


def add_member(*, group, user, actor, role=GroupMember.Role.MEMBER):
    """Makes a person a member unless they are one, and invites them to the meetings to come. Returns the member.

    group: locked by the caller.
    """
    member = group.members.current().filter(user=user).first()
    if member is None:
        member = group.members.create(user=user, role=role)
        audit.record(verb="groupmember.added", subject=member, actor=actor, group=group.pk, role=role)
        for meeting in group.meetings.upcoming():
            invite_newcomers(meeting=meeting)
    return member
