"""The lead, the second contact, and leaving."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from oiep import audit
from oiep import email as mail
from oiep.moderation import NotPossible
from partners.actions.standing import lock_standing
from partners.models import Membership

Role = Membership.Role


def people_of(partner):
    """Those who act for a partner now, by the number of their user; the caller holds the partner's lock."""
    return {member.user_id: member for member in partner.memberships.current().select_related("user")}


def lead_among(people):
    return next((member for member in people.values() if member.role == Role.LEAD), None)


def require_lead(people, actor):
    """Raises NotPossible when the actor does not lead the partner, or does no longer."""
    lead = lead_among(people)
    if lead is None or lead.user_id != actor.pk:
        raise NotPossible(_("Only the lead can do this, and you are not the lead any more."))


def _member(people, membership):
    for member in people.values():
        if member.pk == membership.pk:
            return member
    raise NotPossible(_("This person does not act for the partner any more."))


@transaction.atomic
def hand_over(*, membership, actor):
    """The lead makes another of the partner's people the lead, and stays as a member. Both are told.

    Raises NotPossible when the actor is not the lead (any more), or the other has left. Returns the new lead's row.
    """
    partner = lock_standing(membership.partner)
    people = people_of(partner)
    require_lead(people, actor)
    return make_lead(people, _member(people, membership), actor, by_manager=False)


def make_lead(people, member, actor, *, by_manager, reason="", end_former=False):
    """Puts a person, new or one of the people, in the lead's place; the caller holds the partner's lock."""
    former = lead_among(people)
    if former and former.user_id == member.user_id:
        return former
    if former:  # first, as there is one lead at a time
        former.role = former.role if end_former else Role.MEMBER
        former.ended_at = timezone.now() if end_former else None
        former.save(update_fields=["role", "ended_at"])
    member.role = Role.LEAD
    member.save(update_fields=["role"] if member.pk else None)
    audit.record(
        verb="membership.lead_appointed",
        subject=member,
        actor=actor,
        note=reason,
        partner=member.partner_id,
        former=former.pk if former else None,
        former_ended=bool(former and former.ended_at),
    )
    write(member, "partner_lead_new", by_manager=by_manager)
    if former:
        write(former, "partner_removed" if former.ended_at else "partner_lead_former", by_manager=by_manager)
    return member


@transaction.atomic
def change_role(*, membership, role, actor):
    """The lead makes somebody the second contact, whose place they then take, or a plain member. Returns the row."""
    partner = lock_standing(membership.partner)
    people = people_of(partner)
    require_lead(people, actor)
    member = _member(people, membership)
    if member.role == Role.LEAD or role == Role.LEAD:
        raise NotPossible(_("Hand the lead over to somebody else first."))
    if member.role == role:
        return member
    if role == Role.SECOND:
        for second in people.values():
            if second.role == Role.SECOND:
                _set_role(second, Role.MEMBER, actor)
    return _set_role(member, role, actor)


def _set_role(member, role, actor):
    before, member.role = member.role, role
    member.save(update_fields=["role"])
    audit.record(
        verb="membership.role_changed",
        subject=member,
        actor=actor,
        partner=member.partner_id,
        before=before,
        after=role,
    )
    return member


@transaction.atomic
def take_off(*, membership, actor):
    """The lead takes somebody off the partner's people. They are told. Returns the membership that ended."""
    partner = lock_standing(membership.partner)
    people = people_of(partner)
    require_lead(people, actor)
    member = _member(people, membership)
    if member.role == Role.LEAD:
        raise NotPossible(_("Hand the lead over to somebody else first."))
    end(member, "membership.taken_off", actor)
    write(member, "partner_removed", by_manager=False)
    return member


@transaction.atomic
def leave(*, membership):
    """Somebody stops acting for a partner; its lead is told. Raises NotPossible where it would be left without one."""
    partner = lock_standing(membership.partner)
    people = people_of(partner)
    member = _member(people, membership)
    if obstacle := why_cannot_leave(member, people.values()):
        raise NotPossible(obstacle)
    end(member, "membership.left", member.user)
    if lead := lead_among(people):
        write(lead, "partner_left", person=member.user)
    return member


def why_cannot_leave(member, people):
    """Why somebody cannot leave, in words for them; empty when they can. people: all who act for the partner."""
    if len(list(people)) == 1:
        return _("You are the only person who acts for this partner.")
    if member.role == Role.LEAD:
        return _("You are the lead. Hand the lead over to somebody else first.")
    return ""


def end(member, verb, actor, note=""):
    member.ended_at = timezone.now()
    member.save(update_fields=["ended_at"])
    audit.record(verb=verb, subject=member, actor=actor, note=note, partner=member.partner_id, role=member.role)


def write(member, template, **context):
    """Writes to one of the partner's people, or to who was."""
    mail.queue(
        to=member.user.email,
        template=template,
        context={"partner": member.partner, **context},
        about=member.partner,
    )
