"""What the public reads about a partner, and by what it can be written to."""

import datetime
import hashlib
import json

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from oiep import audit
from oiep.moderation import Move, NotPossible, State, move
from partners.actions.logo import logo_of, new_logo
from partners.actions.standing import Conflict, lock_standing
from partners.models import District, Partner, ProfileChange, Sector

PLAIN_FIELDS = ("name", "description", "website", "size", "county_wide", "is_social_enterprise", "is_cooperative")
PROFILE_FIELDS = (*PLAIN_FIELDS, "show_name", "sector", "districts", "logo")


def profile_of(partner):
    """The live profile, as the JSON values that a ProfileChange holds."""
    values = {field: getattr(partner, field) for field in (*PLAIN_FIELDS, "show_name")}
    values["sector"] = partner.sector.slug if partner.sector else None
    values["districts"] = sorted(district.slug for district in partner.districts.all())
    values["logo"] = partner.logo_id
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
    """Sets profile values, all but the districts, without saving.

    Raises ValidationError for what cannot be saved, NotPossible for a logo that is not kept any more.
    """
    for field in values.keys() & {*PLAIN_FIELDS, "show_name"}:
        setattr(partner, field, values[field])
    if "sector" in values:
        partner.sector = Sector.objects.get(slug=values["sector"]) if values["sector"] else None
    if "logo" in values:
        partner.logo = logo_of(partner, values["logo"])
    partner.full_clean()
    return partner


def _write(partner, values):
    _fill(partner, values).save()
    if "districts" in values:
        partner.districts.set(District.objects.filter(slug__in=values["districts"]))


@transaction.atomic
def propose_profile_change(*, partner, values, actor, message="", seen=None, picture=None):
    """Takes a changed profile in: what is approved stays public as it was until the manager approves the change.

    A partner that was not approved yet is changed directly, and sent in again if changes were asked for. A resident who
    hides their name is hidden at once, and a logo that is taken off goes at once. values: as `profile_of`; fields that
    are left out stay. picture: a new logo, as `make_safe_picture` returns it. message: a word to the manager. seen:
    `version_of` the proposed profile when the form was opened.

    Returns the change that waits, or None when nothing does. Raises Conflict when the profile is not as it was seen,
    NotPossible when the partner withdrew or was declined, ValidationError for values that the model does not take.
    """
    partner = lock_standing(partner)
    if partner.state == State.DECLINED:
        raise NotPossible(_("This signature was declined, so its profile cannot be changed."))
    proposed = proposed_profile_of(partner)
    with new_logo(partner=partner, picture=picture, actor=actor, proposed=proposed["logo"]) as logo:
        values = values | logo
        meddled = seen is not None and seen != version_of(proposed)
        if meddled and any(proposed[field] != value for field, value in values.items()):
            raise Conflict(
                _("Somebody else changed this profile while you were writing. Look at it again, then send it.")
            )
        return _take_in(partner, values, actor, message)


def _take_in(partner, values, actor, message):
    live = profile_of(partner)
    if partner.state != State.APPROVED:
        _change_directly(partner, {f: v for f, v in values.items() if v != live[f]}, actor, message)
        return None
    change = partner.profile_changes.select_for_update().filter(state__in=ProfileChange.OPEN).first()
    wanted = (change.values if change else {}) | values
    _hide_at_once(partner, live, wanted, actor)
    changed = {field: value for field, value in wanted.items() if value != live[field]}
    if not changed:
        if change and change.state != State.DRAFT:
            _take_back(change, actor)
        return None
    _fill(Partner.objects.get(pk=partner.pk), changed)
    return _stage(partner, change, changed, live, actor, message)


# What a partner need not ask for, because it shows less: the field, its value, and what the trail says.
_HIDING = (("show_name", False, "partner.name_hidden"), ("logo", None, "partner.logo_taken_off"))


def _hide_at_once(partner, live, wanted, actor):
    for field, hidden, verb in _HIDING:
        if live[field] and wanted.get(field, live[field]) == hidden:
            _write(partner, {field: hidden})
            audit.record(verb=verb, subject=partner, actor=actor)
            live[field] = hidden


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


def contact_settings_of(partner):
    """By which purposes a partner may be written to, and how often it reports, for `update_contact_settings`."""
    return {
        "purposes": list(partner.contact_purposes),
        "paused": bool(partner.contact_paused_at),
        "review_months": partner.review_months,
    }


@transaction.atomic
def update_contact_settings(*, partner, actor, purposes, paused, review_months, seen=None):
    """Says by which purposes a partner may be written to, and how often it reports. Applies at once.

    seen: `version_of` the `contact_settings_of` the partner when the form was opened. Returns the partner. Raises
    Conflict when they are not as they were seen, NotPossible when the partner withdrew.
    """
    partner = lock_standing(partner)
    before = (set(partner.contact_purposes), bool(partner.contact_paused_at), partner.review_months)
    meddled = seen is not None and seen != version_of(contact_settings_of(partner))
    if meddled and (set(purposes), paused, review_months) != before:
        raise Conflict(_("Somebody else changed these settings while you were writing. Look at them again, then save."))
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
