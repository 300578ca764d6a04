"""What changes a partner after it has signed.

Each action locks the partner's row first, so that of two people who act at once the second decides on what the first
has left. Leaving the Charter ends pledges too: `pledges.actions.pledges.withdraw_partner` does the whole of it.
"""

import datetime
import hashlib
import json
import math

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from oiep import audit
from oiep import email as mail
from oiep.limits import seconds_to_wait
from oiep.locks import lock_on
from oiep.models import OutgoingEmail
from oiep.moderation import Move, NotPossible, State, move
from partners.models import ContactMessage, District, JoinRequest, Membership, Partner, ProfileChange, Sector

PLAIN_FIELDS = ("name", "description", "website", "size", "county_wide", "is_social_enterprise", "is_cooperative")
PROFILE_FIELDS = (*PLAIN_FIELDS, "show_name", "sector", "districts")


class Conflict(NotPossible):
    """Somebody else changed it since the form was opened. The message may be shown to a user."""


class TooMany(ValidationError):
    """More messages than may be sent at a time. The message may be shown to a user."""


def _locked(partner):
    """The partner's row, locked until the transaction ends."""
    return Partner.objects.select_for_update(of=("self",)).get(pk=partner.pk)


def lock_standing(partner):
    """The same, of a partner that stands. Raises NotPossible when it has withdrawn."""
    partner = _locked(partner)
    if partner.withdrawn_at:
        raise NotPossible(
            _("This partner withdrew on %(date)s, so nothing about it can be changed any more.")
            % {"date": timezone.localdate(partner.withdrawn_at).strftime("%-d %B %Y")}
        )
    return partner


# Areas and leaving ----------------------------------------------------------------------------


@transaction.atomic
def set_active_areas(*, partner, areas):
    """Says in which priority areas a partner has live pledges, for the directory."""
    _locked(partner).areas.set(areas)


@transaction.atomic
def withdraw(*, partner, actor):
    """Ends a partner's part in the Charter. What is waiting to be sent about it is not sent; its lead is told.

    Raises NotPossible when it has withdrawn already. Returns the partner as it is now.
    """
    partner = lock_standing(partner)
    partner.withdrawn_at, partner.withdrawn_by = timezone.now(), actor
    partner.save(update_fields=["withdrawn_at", "withdrawn_by"])
    partner.areas.clear()
    audit.record(verb="partner.withdrawn", subject=partner, actor=actor, state=partner.state)
    mail.withhold(OutgoingEmail.objects.about(partner), reason=_("The partner withdrew from the Charter."))
    for request in partner.join_requests.select_for_update().filter(state=JoinRequest.State.ASKED):
        _answer(request, JoinRequest.State.REFUSED, actor)
    if lead := partner.lead:
        mail.queue(
            to=lead.user.email,
            template="partner_withdrawn",
            context={"partner": partner, "lead": lead.user, "by_lead": actor == lead.user},
            about=partner,
        )
    return partner


# The profile ----------------------------------------------------------------------------------


def profile_of(partner):
    """The live profile, as the JSON values that a ProfileChange holds."""
    values = {field: getattr(partner, field) for field in (*PLAIN_FIELDS, "show_name")}
    values["sector"] = partner.sector.slug if partner.sector else None
    values["districts"] = sorted(district.slug for district in partner.districts.all())
    return values


def open_change_of(partner):
    """The change that the partner can still work on, or None."""
    return partner.profile_changes.filter(state__in=ProfileChange.OPEN).first()


def proposed_profile_of(partner):
    """The profile as it will be once the change that waits is approved."""
    change = open_change_of(partner)
    return profile_of(partner) | (change.values if change else {})


def version_of(values):
    """A short mark of values, for a form to say what it was opened on."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()[:20]


def _fill(partner, values):
    """Sets profile values, all but the districts, without saving. Raises ValidationError for what cannot be saved."""
    for field in values.keys() & {*PLAIN_FIELDS, "show_name"}:
        setattr(partner, field, values[field])
    if "sector" in values:
        partner.sector = Sector.objects.get(slug=values["sector"]) if values["sector"] else None
    partner.full_clean()
    return partner


def _write(partner, values):
    _fill(partner, values).save()
    if "districts" in values:
        partner.districts.set(District.objects.filter(slug__in=values["districts"]))


@transaction.atomic
def propose_profile_change(*, partner, values, actor, message="", seen=None):
    """Takes a changed profile in: what is approved stays public as it was until the manager approves the change.

    A partner that was not approved yet is changed directly, and sent in again if changes were asked for. A resident who
    hides their name is hidden at once. values: as `profile_of`; fields that are left out stay. message: a word to the
    manager. seen: `version_of` the proposed profile when the form was opened.

    Returns the change that waits, or None when nothing does. Raises Conflict when the profile is not as it was seen,
    NotPossible when the partner withdrew or was declined, ValidationError for values that the model does not take.
    """
    partner = lock_standing(partner)
    if partner.state == State.DECLINED:
        raise NotPossible(_("This signature was declined, so its profile cannot be changed."))
    proposed = proposed_profile_of(partner)
    meddled = seen is not None and seen != version_of(proposed)
    if meddled and any(proposed[field] != value for field, value in values.items()):
        raise Conflict(_("Somebody else changed this profile while you were writing. Look at it again, then send it."))
    live = profile_of(partner)
    if partner.state != State.APPROVED:
        _change_directly(partner, {f: v for f, v in values.items() if v != live[f]}, actor, message)
        return None
    change = partner.profile_changes.select_for_update().filter(state__in=ProfileChange.OPEN).first()
    wanted = (change.values if change else {}) | values
    if live["show_name"] and wanted.get("show_name") is False:
        _write(partner, {"show_name": False})
        audit.record(verb="partner.name_hidden", subject=partner, actor=actor)
        live["show_name"] = False
    changed = {field: value for field, value in wanted.items() if value != live[field]}
    if not changed:
        if change and change.state != State.DRAFT:
            _take_back(change, actor)
        return None
    _fill(Partner.objects.get(pk=partner.pk), changed)
    return _stage(partner, change, changed, live, actor, message)


def _change_directly(partner, changed, actor, message):
    if changed:
        _write(partner, changed)
        audit.record(verb="partner.changed", subject=partner, actor=actor, note=message.strip(), fields=sorted(changed))
    if partner.state in (State.CHANGES_ASKED, State.DRAFT):
        move(partner, Move.SUBMIT, actor=actor, message=message)


def _take_back(change, actor):
    before = change.state
    change.state, change.values, change.before = State.DRAFT, {}, {}
    change.decided_at, change.decided_by, change.decision_message = None, None, ""
    change.save()
    audit.record(verb="profilechange.taken_back", subject=change, actor=actor, before=before, after=change.state)


def _stage(partner, change, changed, live, actor, message):
    if change and change.state == State.SUBMITTED and change.values == changed:
        return change
    change = change or ProfileChange(partner=partner)
    change.values, change.before = changed, {field: live[field] for field in changed}
    change.proposed_by, change.proposed_at = actor, timezone.now()
    if change.state == State.SUBMITTED:  # it keeps its place in the queue
        change.save()
        audit.record(
            verb="profilechange.changed", subject=change, actor=actor, note=message.strip(), fields=sorted(changed)
        )
        return change
    change.save()
    return move(change, Move.SUBMIT, actor=actor, message=message, fields=sorted(changed))


@transaction.atomic
def apply_profile_change(*, change):
    """Makes an approved change public. `before` is set to what it replaces, so that it can be undone exactly.

    Raises ValidationError when the values cannot be written any more, because another organisation took the name.
    """
    partner = lock_standing(change.partner)
    live = profile_of(partner)
    change.before = {field: live[field] for field in change.values}
    change.save(update_fields=["before"])
    _write(partner, change.values)


@transaction.atomic
def revert_profile_change(*, change):
    """The exact reverse of `apply_profile_change`. Raises NotPossible when the profile was changed again since."""
    partner = lock_standing(change.partner)
    live = profile_of(partner)
    if any(live[field] != value for field, value in change.values.items()):
        raise NotPossible(_("The profile was changed again since, so this change cannot be undone."))
    _write(partner, change.before)


@transaction.atomic
def update_contact_settings(*, partner, actor, purposes, paused, review_months):
    """Says by which purposes a partner may be written to, and how often it reports. Applies at once."""
    partner = lock_standing(partner)
    before = (set(partner.contact_purposes), bool(partner.contact_paused_at), partner.review_months)
    partner.contact_purposes = [purpose for purpose in Partner.Purpose.values if purpose in purposes]
    partner.contact_paused_at = (partner.contact_paused_at or timezone.now()) if paused else None
    partner.review_months = review_months
    if (set(partner.contact_purposes), paused, review_months) == before:
        return partner
    if review_months != before[2]:
        _follow_rhythm(partner)
    partner.full_clean()
    partner.save(update_fields=["contact_purposes", "contact_paused_at", "review_months", "next_round_on"])
    audit.record(
        verb="partner.contact_changed",
        subject=partner,
        actor=actor,
        purposes=partner.contact_purposes,
        paused=paused,
        review_months=review_months,
    )
    return partner


def _follow_rhythm(partner):
    """Finds the next round anew after a change of rhythm.

    The round that was to come is not passed over, and one more in between comes only if there is still all the time to
    answer it that a review has.
    """
    if partner.next_round_on:
        soonest = timezone.localdate() + datetime.timedelta(days=settings.REVIEW_OPENS_DAYS)
        partner.next_round_on = partner.round_after(min(partner.next_round_on - datetime.timedelta(days=1), soonest))


# People ---------------------------------------------------------------------------------------


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
    _answer(request, JoinRequest.State.ACCEPTED if accept else JoinRequest.State.REFUSED, actor)
    return request


def _answer(request, state, actor):
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


# Messages from visitors -----------------------------------------------------------------------


@transaction.atomic
def pass_on_message(*, partner, name, email, message, source, purpose=""):
    """Passes a visitor's message on by e-mail: to the partner's lead, or with None as partner to the partnership.

    purpose: one of those that the partner takes; none for the partnership. source: `oiep.limits.source_of` the request.
    Returns the ContactMessage. Raises TooMany when one source, sender or partner has reached its limit, NotPossible
    when the partner takes no such messages any more.
    """
    _check_message_limits(partner, source, email)
    to, template = settings.CONTACT_EMAIL, "contact_partnership"
    if partner:
        partner = _locked(partner)
        if not (partner.takes_messages and partner.lead and purpose in partner.contact_purposes):
            raise NotPossible(_("This partner does not take such messages any more, so yours was not sent."))
        to, template = partner.lead.user.email, "contact_message"
    letter = ContactMessage(partner=partner, purpose=purpose, name=name, email=email, message=message, source=source)
    letter.full_clean()
    letter.save()
    mail.queue(to=to, template=template, context={"letter": letter}, about=partner, reply_to=email)
    return letter


def _check_message_limits(partner, source, email):
    # Each is locked, always in this order, so that simultaneous messages cannot all see room for one more.
    limits = [("source", source, settings.CONTACT_LIMIT_BY_SOURCE), ("email", email, settings.CONTACT_LIMIT_BY_SENDER)]
    if partner:
        limits.append(("partner", partner.pk, settings.CONTACT_LIMIT_BY_PARTNER))
    for field, value, limit in limits:
        lock_on(f"contact by {field} {value}")
        if seconds := seconds_to_wait(ContactMessage.objects.filter(**{field: value}), "sent_at", limit):
            minutes = math.ceil(seconds / 60)
            raise TooMany(
                ngettext(
                    "There have been many messages in a short time, so yours was not sent. "
                    "Keep what you wrote and send it again in %(minutes)d minute.",
                    "There have been many messages in a short time, so yours was not sent. "
                    "Keep what you wrote and send it again in %(minutes)d minutes.",
                    minutes,
                )
                % {"minutes": minutes}
            )
