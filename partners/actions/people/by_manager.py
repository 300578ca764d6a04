"""What only the manager does: finding a partner another lead, when its own has died or cannot be reached."""

from django.db import transaction
from django.utils.translation import gettext as _

from oiep.moderation import NotPossible, State
from partners.actions.people.inviting import write_invitation
from partners.actions.people.joining import close_join_requests_of
from partners.actions.people.roles import end, lead_among, make_lead, people_of, write
from partners.actions.standing import lock_standing
from partners.models import Membership


@transaction.atomic
def appoint_lead(*, partner, user, actor, reason="", end_former=False):
    """Makes a person the lead of a partner at once. Both are told. Returns the lead's membership.

    The lead until then stays as a member or, with end_former, acts for the partner no more. reason: why that, for the
    audit trail.
    """
    partner = lock_standing(partner)
    people = people_of(partner)
    close_join_requests_of(partner, user, actor)
    member = people.get(user.pk) or Membership(partner=partner, user=user)
    return make_lead(people, member, actor, by_manager=True, reason=reason, end_former=end_former)


@transaction.atomic
def invite_lead(*, partner, email, actor, end_former=False, reason=""):
    """Asks somebody to lead the partner: they do from when they accept. Returns the invitation.

    The lead until then stays so long or, with end_former, acts for the partner no more from now on; that is the only
    way in which a partner comes to be without a lead. reason: why that, for the audit trail. Raises NotPossible when
    the partner is not approved, or the person acts for it already and can be appointed at once.
    """
    partner = lock_standing(partner)
    if partner.state != State.APPROVED:
        raise NotPossible(_("Approve the signature first: our e-mail tells the partner's name."))
    people = people_of(partner)
    invitation = write_invitation(partner, people, email, Membership.Role.LEAD, actor)
    if end_former and (lead := lead_among(people)):
        end(lead, "membership.ended_by_manager", actor, note=reason)
        write(lead, "partner_removed", by_manager=True)
    return invitation
