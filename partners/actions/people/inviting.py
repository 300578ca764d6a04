"""Inviting colleagues, and what accepting makes them."""

from django.db import transaction
from django.utils.translation import gettext as _

from oiep import audit
from oiep.invitations import actions as invitations
from oiep.models import OutgoingEmail
from oiep.moderation import NotPossible, State
from partners.actions.people.joining import close_join_requests_of
from partners.actions.people.roles import lead_among, make_lead, people_of, require_lead, write
from partners.actions.standing import lock_standing
from partners.models import Membership

Role = Membership.Role


@transaction.atomic
def invite(*, partner, email, role, actor):
    """The lead asks a colleague to act for the partner, as a member or second contact. Returns the invitation.

    Raises NotPossible when the actor is not the lead, the partner is not approved (its name goes to an address that may
    not know us), the person acts for it already, or the second contact's place is taken.
    """
    partner = lock_standing(partner)
    people = people_of(partner)
    require_lead(people, actor)
    _require_approved(partner)
    if role == Role.LEAD:
        raise NotPossible(_("Invite them as a member first. Once they have accepted you can hand the lead over."))
    if role == Role.SECOND and any(member.role == Role.SECOND for member in people.values()):
        raise NotPossible(_("You have a second contact already. Invite this person as a member."))
    return write_invitation(partner, people, email, role, actor)


def _require_approved(partner):
    if partner.state != State.APPROVED:
        raise NotPossible(_("You can invite people once we have approved your signature."))


def write_invitation(partner, people, email, role, actor):
    """Invites an address; the caller holds the partner's lock and has asked whether it may."""
    if any(member.user.email == email for member in people.values()):
        raise NotPossible(_("This person acts for the partner already."))
    return invitations.invite(
        invitations=partner.invitations,
        email=email,
        actor=actor,
        template="partner_invited",
        context={"partner": partner},
        role=role,
    )


@transaction.atomic
def send_invitation_again(*, invitation, actor, by_manager=False):
    """The lead, or the manager, sends an invitation once more. Raises NotPossible. Returns it."""
    partner = _partner_of(invitation, actor, by_manager)
    _require_approved(partner)  # the approval may have been undone
    return invitations.send_again(
        invitations=partner.invitations,
        invitation=invitation,
        actor=actor,
        template="partner_invited",
        context={"partner": partner},
    )


@transaction.atomic
def take_back_invitation(*, invitation, actor, by_manager=False):
    """The lead, or the manager, takes an invitation back. Raises NotPossible. Returns it."""
    _partner_of(invitation, actor, by_manager)
    return invitations.take_back(invitation=invitation, actor=actor)


def _partner_of(invitation, actor, by_manager):
    """The partner, locked. The lead may do nothing about an invitation to lead it, which is the manager's."""
    partner = lock_standing(invitation.partner)
    if not by_manager:
        require_lead(people_of(partner), actor)
        if invitation.role == Role.LEAD:
            raise NotPossible(_("We sent this invitation. Write to us about it."))
    return partner


def send_first_invitations(partner):
    """Writes to those whose invitations have waited for the partner's approval; the caller holds its lock.

    The manager can have named a second contact before (`pledges.actions.signing.listed`).
    """
    for invitation in partner.invitations.filter(state="open"):
        if not OutgoingEmail.objects.about(invitation).exists():
            invitations.send_again(
                invitations=partner.invitations,
                invitation=invitation,
                actor=invitation.invited_by,
                template="partner_invited",
                context={"partner": partner},
            )


def take_back_invitations(partner, actor):
    """Ends all that wait, as the partner leaves; the caller holds its lock."""
    for invitation in partner.invitations.filter(state="open"):
        invitations.take_back(invitation=invitation, actor=actor)


@transaction.atomic
def accept_invitation(*, invitation, user, job_title=""):
    """Makes the invited person act for the partner. Who leads it is told. Returns the membership.

    Raises NotPossible when the invitation is over, went to another address, or the partner takes no part. The second
    contact's place may have been taken meanwhile: then they are a member.
    """
    partner = lock_standing(invitation.partner)
    if partner.state == State.DECLINED:
        raise NotPossible(_("This partner takes no part in the Charter."))
    people = people_of(partner)
    invitation = invitations.accept(invitation=invitation, user=user)
    close_join_requests_of(partner, user, invitation.invited_by)
    member = people.get(user.pk) or Membership(partner=partner, user=user, job_title=job_title)
    if invitation.role == Role.LEAD:
        return make_lead(people, member, invitation.invited_by, by_manager=True)
    if member.pk:
        return member
    taken = any(other.role == Role.SECOND for other in people.values())
    member.role = Role.MEMBER if taken else invitation.role
    member.save()
    audit.record(verb="membership.added", subject=member, actor=user, partner=partner.pk, role=member.role)
    if lead := lead_among(people):
        write(lead, "partner_joined", person=user)
    return member
