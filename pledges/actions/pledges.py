"""What partners do with their pledges, and what follows from it for the partner.

The partner's row is locked first, in every action, so that of two people who act at once the second decides on what the
first has left. What is approved is never rewritten: a change to it is a new pledge that waits (product.md).
"""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from oiep import audit
from oiep.moderation import Move, NotPossible, State, move
from partners import actions as partner_actions
from partners.models import PriorityArea
from pledges.actions.reviews import close_reviews_of
from pledges.models import Pledge

FIELDS = (
    "area",
    "capacity",
    "idea",
    "statement",
    "measure",
    "unit",
    "baseline",
    "target",
    "target_date",
    "commitment",
    "commitment_amount",
    "commitment_note",
)


@transaction.atomic
def refresh_active_areas(*, partner):
    """Tells a partner in which areas it has live pledges."""
    live = Pledge.objects.approved().filter(partner=partner, ended_at=None)
    partner_actions.set_active_areas(partner=partner, areas=PriorityArea.objects.filter(pk__in=live.values("area")))


@transaction.atomic
def withdraw_partner(*, partner, actor):
    """Ends a partner's part in the Charter, with its pledges and reviews. Raises NotPossible when it has withdrawn.

    Live pledges stay on record as stopped, with that reason; those that wait for a decision are taken back. Reviews
    that are open close.
    """
    partner = partner_actions.withdraw(partner=partner, actor=actor)
    for pledge in partner.pledges.open().select_for_update(of=("self",)):
        _end(pledge, _("The partner withdrew from the Charter."), actor, at=partner.withdrawn_at)
    close_reviews_of(partner, actor=actor)
    return partner


def values_of(pledge):
    """What a pledge says, as `change_pledge` takes it."""
    return {field: getattr(pledge, field) for field in FIELDS}


def version_of(pledge):
    """A short mark of what a form was opened on: the words, and whether they were approved."""
    words = {field: getattr(pledge, pledge._meta.get_field(field).attname) for field in FIELDS}
    return partner_actions.version_of({**words, "live": pledge.is_live})


@transaction.atomic
def add_pledge(*, partner, values, actor):
    """Sends a new pledge in. values: field → value, for fields of FIELDS; others are ignored.

    To promise the same twice is to promise it once: then the pledge that is there is returned.

    Raises NotPossible when the partner withdrew, was declined or has PLEDGES_AT_MOST pledges, ValidationError for
    values that the model does not take.
    """
    partner = partner_actions.lock_standing(partner)
    if partner.state == State.DECLINED:
        raise NotPossible(_("This signature was declined, so pledges cannot be added to it."))
    same = {field: values[field] for field in ("area", "capacity", "statement")}
    if twin := partner.pledges.open().filter(**same).first():
        return twin
    if partner.pledges.open().filter(replaces=None).count() >= settings.PLEDGES_AT_MOST:
        raise NotPossible(
            _("You have %(number)s pledges, the most there can be. Stop one before you add another.")
            % {"number": settings.PLEDGES_AT_MOST}
        )
    return _send_in(Pledge(partner=partner), values, actor, verb="pledge.added")


@transaction.atomic
def change_pledge(*, pledge, values, actor, message="", seen=None):
    """Changes what a pledge says, and sends it in.

    One that nobody has approved is changed in place. For an approved one a new pledge waits that will replace it; the
    approved one stays public as it was. message: a word to the manager. seen: `version_of` the pledge when the form was
    opened.

    Returns the pledge that waits. Raises Conflict when it is not as it was seen, NotPossible when it ended, was
    declined, or a change to it waits already, ValidationError for values that the model does not take.
    """
    pledge = _lock_open(pledge)
    changed = _differences(pledge, values)
    if changed and seen is not None and seen != version_of(pledge):
        raise partner_actions.Conflict(
            _("Somebody else changed this pledge while you were writing. Look at it again, then send it.")
        )
    if pledge.state == State.APPROVED:
        if waiting := pledge.replacement:
            if not _differences(waiting, values):  # a double click
                return waiting
            raise NotPossible(_("A change to this pledge waits already. Change that one instead."))
        if not changed:
            raise NotPossible(_("Nothing is different yet. Change the pledge, then send it."))
        new = Pledge(partner=pledge.partner, replaces=pledge)
        values = values_of(pledge) | values
        return _send_in(new, values, actor, verb="pledge.change_proposed", message=message, fields=changed)
    if changed:
        _fill(pledge, values).save()
        audit.record(verb="pledge.changed", subject=pledge, actor=actor, note=message.strip(), fields=changed)
    if pledge.can(Move.SUBMIT):
        move(pledge, Move.SUBMIT, actor=actor, message=message)
    return pledge


@transaction.atomic
def stop_pledge(*, pledge, actor, reason=""):
    """Ends a pledge. A live one is shown as stopped, with its reason; one that waits for a decision is taken back.

    A change that waits for a live pledge is taken back with it. reason: needed for a live pledge, up to 300
    characters. Raises NotPossible when the pledge ended or was declined, ValidationError for a reason that cannot be
    shown.
    """
    pledge = _lock_open(pledge)
    reason = reason.strip()
    if pledge.is_live and not reason:
        raise ValidationError(_("Write why you stop this pledge."))
    Pledge._meta.get_field("ending_reason").run_validators(reason)
    if pledge.is_live and pledge.replacement:
        _end(pledge.replacement, _("The pledge that it changes was stopped."), actor)
    _end(pledge, reason, actor)
    refresh_active_areas(partner=pledge.partner)
    return pledge


def _lock_open(pledge):
    """The pledge, locked after its partner. Raises NotPossible when there is nothing left to change."""
    partner = partner_actions.lock_standing(pledge.partner)
    pledge = Pledge.objects.select_for_update(of=("self",)).get(pk=pledge.pk)
    pledge.partner = partner
    if pledge.ended_at:
        raise NotPossible(
            _("This pledge ended on %(date)s (%(how)s), so it cannot be changed any more.")
            % {"date": date_format(timezone.localdate(pledge.ended_at)), "how": pledge.get_ending_display()}
        )
    if pledge.state == State.DECLINED:
        raise NotPossible(_("This pledge was declined, so it cannot be changed. You can add a new one."))
    return pledge


def _differences(pledge, values):
    return sorted(field for field in FIELDS if field in values and values[field] != getattr(pledge, field))


def _fill(pledge, values):
    for field in FIELDS:
        if field in values:
            setattr(pledge, field, values[field])
    pledge.full_clean()
    return pledge


def _send_in(pledge, values, actor, *, verb, message="", **data):
    pledge.state, pledge.submitted_at = State.SUBMITTED, timezone.now()
    _fill(pledge, values).save()
    audit.record(
        verb=verb,
        subject=pledge,
        actor=actor,
        note=message.strip(),
        partner=pledge.partner_id,
        replaces=pledge.replaces_id,
        **data,
    )
    return pledge


def _end(pledge, reason, actor, at=None):
    ending = Pledge.Ending.STOPPED if pledge.state == State.APPROVED else Pledge.Ending.WITHDRAWN
    pledge.ended_at, pledge.ending, pledge.ending_reason = at or timezone.now(), ending, reason
    pledge.save(update_fields=["ended_at", "ending", "ending_reason"])
    audit.record(verb=f"pledge.{ending}", subject=pledge, actor=actor, note=reason, partner=pledge.partner_id)


@transaction.atomic
def record_own_approval(*, signature, url, actor, seen=None):
    """Notes where the decision of the partner's own board or cabinet can be read. It is public at once.

    seen: the address that was given when the form was opened. Returns the signature. Raises Conflict when somebody else
    gave another since, NotPossible when the partner withdrew.
    """
    partner_actions.lock_standing(signature.partner)
    signature.refresh_from_db()
    if signature.approval_url == url:
        return signature
    if seen is not None and seen != signature.approval_url:
        raise partner_actions.Conflict(
            _("Somebody else gave an address while you were writing. Look at it again, then save.")
        )
    signature.approval_url = url
    signature.full_clean()
    signature.save(update_fields=["approval_url"])
    audit.record(verb="signature.own_approval", subject=signature, actor=actor, given=bool(url))
    return signature
