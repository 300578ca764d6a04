"""Asking to join a partner, and the lead's answer."""

import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from oiep import audit
from oiep import email as mail
from oiep.invitations import actions as invitations
from oiep.moderation import NotPossible
from partners.actions.people.roles import lead_among, people_of, require_lead
from partners.actions.standing import lock_standing
from partners.models import JoinRequest, Membership


@transaction.atomic
def ask_to_join(*, partner, user, job_title=""):
    """Asks the lead of a partner to add a person. Asking again while it waits changes nothing.

    Returns the request. Raises NotPossible when the partner withdrew, the person acts for it already, or was refused
    less than JOIN_AGAIN_DAYS ago.
    """
    partner = lock_standing(partner)
    if partner.memberships.current().filter(user=user).exists():
        raise NotPossible(_("You act for this partner already."))
    if waiting := partner.join_requests.filter(user=user, state=JoinRequest.State.ASKED).first():
        return waiting
    if again := may_ask_from(partner, user.email):
        raise NotPossible(
            _("The lead has said no to you. You can ask again from %(date)s. They can also invite you.")
            % {"date": date_format(again)}
        )
    request = JoinRequest.objects.create(partner=partner, user=user, job_title=job_title)
    audit.record(verb="joinrequest.asked", subject=request, actor=user, partner=partner.pk)
    if lead := partner.lead:
        mail.queue(
            to=lead.user.email,
            template="join_asked",
            context={"partner": partner, "asker_words": "\n".join(filter(None, [user.name, user.email, job_title]))},
            about=partner,
        )
    return request


def may_ask_from(partner, email):
    """The day from which the owner of an address, who was refused, may ask a partner again; None when they may now."""
    refused = partner.join_requests.filter(user__email=email, state=JoinRequest.State.REFUSED)
    if not (latest := refused.order_by("-answered_at").first()):
        return None
    again = timezone.localdate(latest.answered_at) + datetime.timedelta(days=settings.JOIN_AGAIN_DAYS)
    return again if timezone.localdate() < again else None


@transaction.atomic
def answer_join_request(*, request, accept, actor):
    """Adds the person who asked to the partner's people, or refuses, and tells them.

    Returns the request. Raises NotPossible when it was answered already or the partner withdrew.
    """
    partner = lock_standing(request.partner)
    people = people_of(partner)
    if lead_among(people):
        require_lead(people, actor)  # where there is none, the manager answers
    request = partner.join_requests.select_for_update(of=("self",)).get(pk=request.pk)
    if request.state != JoinRequest.State.ASKED:
        raise NotPossible(
            _("This was answered on %(date)s: %(answer)s.")
            % {
                "date": date_format(timezone.localdate(request.answered_at)),
                "answer": request.get_state_display(),
            }
        )
    if accept and request.user_id not in people:
        role = Membership.Role.MEMBER if lead_among(people) else Membership.Role.LEAD
        membership = partner.memberships.create(user=request.user, role=role, job_title=request.job_title)
        audit.record(verb="membership.added", subject=membership, actor=actor, partner=partner.pk, role=role)
    if accept:
        for invitation in partner.invitations.open().filter(email=request.user.email):
            invitations.accept(invitation=invitation, user=request.user)
    _answer(request, JoinRequest.State.ACCEPTED if accept else JoinRequest.State.REFUSED, actor)
    return request


def refuse_join_requests(partner, actor):
    """Answers all that wait, as the partner leaves; the caller holds its lock."""
    for request in partner.join_requests.select_for_update().filter(state=JoinRequest.State.ASKED):
        _answer(request, JoinRequest.State.REFUSED, actor)


def close_join_requests_of(partner, user, actor):
    """Notes that somebody who asked is in now, by another way; the caller holds the partner's lock."""
    for request in partner.join_requests.select_for_update().filter(user=user, state=JoinRequest.State.ASKED):
        _note(request, JoinRequest.State.ACCEPTED, actor)


def _answer(request, state, actor):
    _note(request, state, actor)
    mail.queue(
        to=request.user.email,
        template=f"join_{state}",
        context={"partner": request.partner, "asker": request.user},
        about=request.partner,
    )


def _note(request, state, actor):
    request.state, request.answered_at, request.answered_by = state, timezone.now(), actor
    request.save(update_fields=["state", "answered_at", "answered_by"])
    audit.record(verb=f"joinrequest.{state}", subject=request, actor=actor, partner=request.partner_id)
