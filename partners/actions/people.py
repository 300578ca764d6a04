"""Who acts for a partner."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from oiep import audit
from oiep import email as mail
from oiep.moderation import NotPossible
from partners.actions.standing import lock_standing
from partners.models import JoinRequest, Membership


@transaction.atomic
def ask_to_join(*, partner, user, job_title=""):
    """Asks the lead of a partner to add a person. Asking again while it waits changes nothing.

    Returns the request. Raises NotPossible when the partner withdrew or the person acts for it already. The lead gets
    at most one mail a day from one person.
    """
    partner = lock_standing(partner)
    if partner.memberships.current().filter(user=user).exists():
        raise NotPossible(_("You act for this partner already."))
    if waiting := partner.join_requests.filter(user=user, state=JoinRequest.State.ASKED).first():
        return waiting
    request = JoinRequest.objects.create(partner=partner, user=user, job_title=job_title)
    audit.record(verb="joinrequest.asked", subject=request, actor=user, partner=partner.pk)
    if lead := partner.lead:
        mail.queue(
            to=lead.user.email,
            template="join_asked",
            context={"partner": partner, "asker_words": "\n".join(filter(None, [user.name, user.email, job_title]))},
            key=f"join/{partner.pk}/{user.pk}/{timezone.localdate()}",
            about=partner,
        )
    return request


@transaction.atomic
def answer_join_request(*, request, accept, actor):
    """Adds the person who asked to the partner's people, or refuses, and tells them.

    Returns the request. Raises NotPossible when it was answered already or the partner withdrew.
    """
    partner = lock_standing(request.partner)
    request = partner.join_requests.select_for_update(of=("self",)).get(pk=request.pk)
    if request.state != JoinRequest.State.ASKED:
        raise NotPossible(
            _("This was answered on %(date)s: %(answer)s.")
            % {
                "date": timezone.localdate(request.answered_at).strftime("%-d %B %Y"),
                "answer": request.get_state_display(),
            }
        )
    if accept and not partner.memberships.current().filter(user=request.user).exists():
        role = Membership.Role.MEMBER if partner.lead else Membership.Role.LEAD
        membership = partner.memberships.create(user=request.user, role=role, job_title=request.job_title)
        audit.record(verb="membership.added", subject=membership, actor=actor, partner=partner.pk, role=role)
    answer(request, JoinRequest.State.ACCEPTED if accept else JoinRequest.State.REFUSED, actor)
    return request


def answer(request, state, actor):
    request.state, request.answered_at, request.answered_by = state, timezone.now(), actor
    request.save(update_fields=["state", "answered_at", "answered_by"])
    audit.record(verb=f"joinrequest.{state}", subject=request, actor=actor, partner=request.partner_id)
    mail.queue(
        to=request.user.email,
        template=f"join_{state}",
        context={"partner": request.partner, "asker": request.user},
        about=request.partner,
    )


@transaction.atomic
def appoint_lead(*, partner, user, actor):
    """Makes a person the lead of a partner; the lead until then stays as a member. Returns the lead's membership."""
    partner = lock_standing(partner)
    members = {member.user_id: member for member in partner.memberships.current()}
    former = next((m for m in members.values() if m.role == Membership.Role.LEAD), None)
    if former and former.user_id == user.pk:
        return former
    if former:
        former.role = Membership.Role.MEMBER
        former.save(update_fields=["role"])
    lead = members.get(user.pk) or Membership(partner=partner, user=user)
    lead.role = Membership.Role.LEAD
    lead.save()
    audit.record(
        verb="membership.lead_appointed",
        subject=lead,
        actor=actor,
        partner=partner.pk,
        former=former.pk if former else None,
    )
    return lead
