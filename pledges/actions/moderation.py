"""Deciding on what partners send in, and taking a decision back (product.md, *Moderation*).

All that is decided in one call is one decision: it happens whole or not at all, and the lead gets one letter about it.
Its number ties its audit events and its letter together, so that it can be undone as one.

What can be undone: any decision, for as long as nothing has been built on it. That ends when

- the partner withdraws, or a pledge ends (stopped, or replaced by a change that was approved since);
- the partner has answered: what was changed and sent in again waits for a new decision;
- a change to the approved pledge waits, or the profile was changed again: decide on or undo the later thing first;
- for the approval of a signature, pledges or changes were approved in a later decision: undo those first;
- for the approval of a signature, a review has opened since;
- for a declined signature, the organisation has signed again;
- for a review, a later one was approved, something was built on what it brought about, or the partner has begun to
  write what it was asked to change.
"""

import uuid
from contextlib import contextmanager
from dataclasses import dataclass

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from oiep import audit
from oiep import email as mail
from oiep.models import OutgoingEmail
from oiep.moderation import Move, NotPossible, State, move
from partners.actions import apply_profile_change, revert_profile_change
from partners.models import DeclineReason, Partner, ProfileChange
from pledges.actions import answers
from pledges.actions.pledges import refresh_active_areas
from pledges.actions.reviews import refresh_lapse
from pledges.emails import Outcome, letter_about, letter_of_undoing, name_of
from pledges.models import Pledge, Review
from pledges.models.moderation import fingerprint, things_waiting

CHANGED = gettext_lazy("This changed after you opened it. Look at it again, then decide.")
MOVE_TO = {State.APPROVED: Move.APPROVE, State.CHANGES_ASKED: Move.ASK, State.DECLINED: Move.DECLINE}


@dataclass(frozen=True)
class Decision:
    """What to do with a partner's signature (the Partner), a Pledge, a ProfileChange or a Review.

    message: what the partner will read. reason: whose words are used when there is no message of one's own.
    """

    obj: models.Model
    move: Move
    message: str = ""
    reason: DeclineReason | None = None

    @property
    def words(self):
        return self.message.strip() or (self.reason.message.strip() if self.reason else "")


def new_number():
    return str(uuid.uuid4())


def is_decided(number):
    """Whether the decision of that number has been taken."""
    return OutgoingEmail.objects.filter(key=_letter_key(number, 1)).exists()


@transaction.atomic
def decide(*, decisions, actor, seen=None, number=None):
    """Decides on things of one partner, all or none, and writes one letter to its lead.

    seen: the `Case.fingerprint` that the manager looked at. number: names this decision, so that pressing twice decides
    once; made here unless given.

    Returns the objects decided, also the pledges that were declined with their partner. Raises NotPossible, with words
    that say which and why, when somebody else moved first; ValidationError when words are missing or a change cannot be
    made any more.
    """
    if not decisions:
        raise ValidationError(_("Choose what to do with at least one thing."))
    number = number or new_number()
    rows = _Rows(decisions[0].obj)
    if is_decided(number):
        return []
    if seen is not None and seen != rows.fingerprint:
        raise NotPossible(CHANGED)
    decisions = [(rows.of(decision.obj), decision) for decision in decisions]
    decisions.sort(key=lambda pair: rows.order(pair[0]))  # the signature first: the rest stands on it
    decided = []
    for obj, decision in decisions:
        with _naming(obj):
            _CONSEQUENCES.get((type(obj), decision.move), _none)(obj, rows)
            reason = decision.reason.pk if decision.reason else None
            move(obj, decision.move, actor=actor, message=decision.words, decision=number, reason=reason)
            if isinstance(obj, Review):
                _follow_review(obj, decision.move)
        decided.append(obj)
    if rows.partner.state == State.DECLINED:
        decided += _decline_what_waits(rows, actor, number)
    _after(rows, decided)
    _write(letter_about(rows.partner, [_outcome(obj) for obj in decided]), rows.partner, number)
    return decided


def _approve_partner(partner, rows):
    partner.approved_at = partner.approved_at or timezone.now()
    partner.next_round_on = partner.round_after(timezone.localdate(partner.approved_at))
    partner.save(update_fields=["approved_at", "next_round_on"])


def _approve_pledge(pledge, rows):
    _require_approved_partner(rows.partner)
    pledge.started_on = timezone.localdate()
    pledge.save(update_fields=["started_on"])
    replaced = rows.pledges.get(pledge.replaces_id)
    if replaced and not replaced.ended_at:
        replaced.ended_at, replaced.ending = timezone.now(), Pledge.Ending.REPLACED
        replaced.save(update_fields=["ended_at", "ending"])
        audit.record(verb="pledge.replaced", subject=replaced, by=pledge.pk)


def _approve_profile_change(change, rows):
    _require_approved_partner(rows.partner)
    if obstacle := change.why_not(Move.APPROVE):  # before its words are made public
        raise NotPossible(obstacle)
    apply_profile_change(change=change)
    rows.partner.refresh_from_db()


def _follow_review(review, move):
    """What a decision on a review brings about. One that is declined may make its partner lapse."""
    if move == Move.APPROVE:
        answers.apply_review(review=review)
    else:
        refresh_lapse(partner=review.partner)


def _require_approved_partner(partner):
    if partner.state != State.APPROVED:
        raise NotPossible(_("Approve the signature first, or together with this."))


def _none(obj, rows):
    """No consequence but the move itself."""


_CONSEQUENCES = {
    (Partner, Move.APPROVE): _approve_partner,
    (Pledge, Move.APPROVE): _approve_pledge,
    (ProfileChange, Move.APPROVE): _approve_profile_change,
}


def _decline_what_waits(rows, actor, number):
    """Pledges cannot stand without a signature: those that wait are declined with it, in the same words."""
    waiting = [p for p in rows.pledges.values() if p.state == State.SUBMITTED and not p.ended_at]
    for pledge in waiting:
        words = rows.partner.decision_message
        move(pledge, Move.DECLINE, actor=actor, message=words, decision=number, with_partner=True)
    return waiting


def _after(rows, moved):
    if any(isinstance(obj, Pledge) for obj in moved):
        refresh_active_areas(partner=rows.partner)


# Undoing --------------------------------------------------------------------------------------


@transaction.atomic
def undo(*, objects, actor):
    """Takes decisions on things of one partner back: they wait again, and what the decisions brought about is reversed.

    A signature takes the pledges approved or declined in the same decision with it. A letter that still waits to be
    sent is withheld, and one about the rest of its decision is written instead; when it has gone, the lead is told.

    Returns the objects that wait again. Raises NotPossible, with words that say which and why.
    """
    if not objects:
        raise ValidationError(_("Choose what to undo."))
    rows = _Rows(objects[0])
    chosen = [rows.of(obj) for obj in objects]
    if rows.partner in chosen:
        chosen += [pledge for pledge in _decided_with_partner(rows) if pledge not in chosen]
    chosen.sort(key=rows.order, reverse=True)  # the signature last: the rest stands on it
    undone = []
    for obj in chosen:
        before, words, number = obj.state, obj.decision_message, rows.number(obj)
        with _naming(obj):
            if obstacle := _obstacle_to_undoing(obj, rows, chosen):
                raise NotPossible(obstacle)
            move(obj, Move.UNDO, actor=actor, decision=number)
            _REVERSALS.get((type(obj), before), _none)(obj, rows)
            if isinstance(obj, Review):
                _unfollow_review(obj, before, actor)
        undone.append((number, Outcome(obj, MOVE_TO[before], words)))
    _after(rows, chosen)
    _correct_letters(rows, undone)
    return chosen


def why_not_undo(obj):
    """Why the decision on a thing cannot be undone now, in words for a user; empty when it can."""
    rows = _Rows(obj, lock=False)
    return _why_not_undo(rows.of(obj), rows)


def _why_not_undo(obj, rows):
    along = [obj, *_decided_with_partner(rows)] if obj == rows.partner else [obj]
    return next(filter(None, (_obstacle_to_undoing(each, rows, along) for each in along)), "")


def decided_things(partner):
    """What has been decided about a partner, the latest first, each with why it cannot be undone, if so."""
    rows = _Rows(partner, lock=False)
    decided = sorted((obj for obj in rows.all() if obj.state in MOVE_TO), key=lambda obj: obj.decided_at, reverse=True)
    return [(obj, _why_not_undo(obj, rows)) for obj in decided]


@dataclass(frozen=True)
class LatestDecision:
    """What was decided together the last time, and still stands so.

    obstacle: why it cannot be undone, in words for a user. is_unsent: whether its letter can still be withheld.
    """

    objects: list
    obstacle: str = ""
    is_unsent: bool = False


def latest_decision_of(partner):
    rows = _Rows(partner, lock=False)
    # A pledge that came with a review was not decided on by itself.
    decided = [obj for obj in rows.all() if obj.state in MOVE_TO and not hasattr(obj, "came_with")]
    if not decided:
        return LatestDecision([], _("There is no decision left to undo."))
    number = rows.number(max(decided, key=lambda obj: obj.decided_at))
    objects = [obj for obj in decided if rows.number(obj) == number]
    obstacles = ((obj, _obstacle_to_undoing(obj, rows, objects)) for obj in objects)
    obstacle = next((_named(obj, words) for obj, words in obstacles if words), "")
    unsent = bool(number) and _letters(number).filter(state__in=("waiting", "failed")).exists()
    return LatestDecision(objects, obstacle, unsent)


def _decided_with_partner(rows):
    """The pledges that were approved, or declined, in the same decision as the signature was."""
    if rows.partner.state not in (State.APPROVED, State.DECLINED):
        return []
    alike = [pledge for pledge in rows.pledges.values() if pledge.state == rows.partner.state]
    return [pledge for pledge in alike if rows.number(pledge) == rows.number(rows.partner)]


def _obstacle_to_undoing(obj, rows, along):
    if obstacle := obj.why_not(Move.UNDO):
        return obstacle
    if obj == rows.partner:
        return _obstacle_to_undoing_signature(rows, along)
    if rows.partner.state not in (State.APPROVED, State.SUBMITTED) and rows.partner not in along:
        return _("Undo the decision on the signature first.")
    if isinstance(obj, Review):
        return _obstacle_to_undoing_review(obj)
    if isinstance(obj, Pledge) and obj.state == State.APPROVED:
        change = rows.replacement_of(obj)
        if change and not change.ended_at and change not in along:
            return _("A change to this pledge was sent in since. Decide on that one first.")
    return ""


def _obstacle_to_undoing_signature(rows, along):
    partner = rows.partner
    if partner.state == State.APPROVED and any(
        obj.state == State.APPROVED and obj not in along for obj in rows.all() if obj != partner
    ):
        return _("Pledges or changes have been approved since. Undo those first.")
    if partner.state == State.APPROVED and partner.reviews.exists():
        return _("A review has opened since, so the approval stands.")
    if partner.state == State.DECLINED and not partner.is_resident and _has_signed_again(partner):
        return _("This organisation has signed again since. Decide on that signature instead.")
    return ""


def _obstacle_to_undoing_review(review):
    if review.state == State.APPROVED:
        return answers.obstacle_to_reverting(review)
    if review.state == State.CHANGES_ASKED and review.answers.filter(changed_at__gt=review.decided_at).exists():
        return _("The partner has begun to change it. Wait until it is sent in again.")
    return ""


def _has_signed_again(partner):
    return Partner.objects.same_name(partner.name).exclude(pk=partner.pk).exists()


def _unapprove_partner(partner, rows):
    partner.approved_at = partner.next_round_on = None
    partner.save(update_fields=["approved_at", "next_round_on"])


def _unapprove_pledge(pledge, rows):
    pledge.started_on = None
    pledge.save(update_fields=["started_on"])
    replaced = rows.pledges.get(pledge.replaces_id)
    if replaced and replaced.ending == Pledge.Ending.REPLACED:
        replaced.ended_at, replaced.ending = None, ""
        replaced.save(update_fields=["ended_at", "ending"])
        audit.record(verb="pledge.replacement_undone", subject=replaced, by=pledge.pk)


def _unapprove_profile_change(change, rows):
    revert_profile_change(change=change)
    rows.partner.refresh_from_db()


_REVERSALS = {
    (Partner, State.APPROVED): _unapprove_partner,
    (Pledge, State.APPROVED): _unapprove_pledge,
    (ProfileChange, State.APPROVED): _unapprove_profile_change,
}


def _unfollow_review(review, before, actor):
    if before == State.APPROVED:
        answers.revert_review(review=review, actor=actor)
    else:
        refresh_lapse(partner=review.partner)


def _correct_letters(rows, undone):
    told = []
    for number in dict.fromkeys(number for number, _outcome in undone):
        outcomes = [outcome for of, outcome in undone if of == number]
        if number and _withhold_letters(number):
            rest = [obj for obj in rows.all() if obj.state in MOVE_TO and rows.number(obj) == number]
            if rest:
                _write(letter_about(rows.partner, [_outcome(obj) for obj in rest]), rows.partner, number)
        else:
            told += outcomes
    if told:
        _write(letter_of_undoing(rows.partner, told), rows.partner)


def _withhold_letters(number):
    """Keeps the letter about a decision from being sent. Returns whether that did it: not when one may have arrived."""
    letters = _letters(number)
    # Locked, so that no worker takes one in the meantime.
    states = set(letters.select_for_update(of=("self",)).values_list("state", flat=True))
    if states & {"sending", "sent"}:
        return False
    return bool(mail.withhold(letters, reason=_("The decision was undone before this was sent.")))


# Answers --------------------------------------------------------------------------------------


@transaction.atomic
def submit_again(*, objects, actor, message=""):
    """Sends things of one partner, for which changes were asked, in again. message: the partner's word to the manager.

    Raises NotPossible, with words that say which and why.
    """
    if not objects:
        raise ValidationError(_("Choose what to send in again."))
    rows = _Rows(objects[0])
    again = sorted((rows.of(obj) for obj in objects), key=rows.order)
    for obj in again:
        with _naming(obj):
            if obj != rows.partner and rows.partner.state == State.DECLINED:
                raise NotPossible(_("The signature was declined, so this cannot be sent in any more."))
            if isinstance(obj, Review):  # it has to be complete
                answers.send_in(review=obj, actor=actor)
                obj.refresh_from_db()
            else:
                move(obj, Move.SUBMIT, actor=actor, message=message)
    return again


# What these share -----------------------------------------------------------------------------


# What belongs to a partner, in the order of deciding: a review may end or change pledges that are decided with it.
_PARTS = (Pledge, ProfileChange, Review)


class _Rows:
    """A partner with what belongs to it, locked in one order: the partner, then its rows by key."""

    def __init__(self, obj, *, lock=True):
        pk = obj.pk if isinstance(obj, Partner) else obj.partner_id

        def rows_of(model):
            rows = model.objects.select_related("decided_by")
            return rows.select_for_update(of=("self",)) if lock else rows

        self.partner = rows_of(Partner).filter(pk=pk).first()
        if self.partner is None:
            raise NotPossible(_("This partner has been erased, so there is nothing left to decide."))
        parts = rows_of(Pledge).select_related("decided_by", "came_with"), rows_of(ProfileChange), rows_of(Review)
        self.pledges, self.changes, self.reviews = (
            {row.pk: row for row in part.filter(partner=pk).order_by("pk")} for part in parts
        )
        for row in self.all()[1:]:
            row.partner = self.partner

    def all(self):
        return [self.partner, *self.pledges.values(), *self.changes.values(), *self.reviews.values()]

    @property
    def fingerprint(self):
        rows = (self.pledges.values(), self.changes.values(), self.reviews.values())
        return fingerprint(things_waiting(self.partner, *rows))

    def of(self, obj):
        """The row of a thing as it is now. Raises NotPossible when it is gone."""
        if isinstance(obj, Partner):
            row = self.partner if obj.pk == self.partner.pk else None
        else:
            row = dict(zip(_PARTS, (self.pledges, self.changes, self.reviews), strict=True))[type(obj)].get(obj.pk)
        if row is None:
            raise NotPossible(_("This is not there any more, so there is nothing left to decide."))
        return row

    def order(self, obj):
        return (Partner, *_PARTS).index(type(obj)), obj.pk

    def replacement_of(self, pledge):
        """As `Pledge.replacement`, without asking the database."""
        changes = (row for row in self.pledges.values() if row.replaces_id == pledge.pk)
        stands = (row for row in changes if row.state != State.DECLINED and row.ending != Pledge.Ending.WITHDRAWN)
        return next(stands, None)

    def number(self, obj):
        """The number of the latest decision on a thing; None when it was not decided here."""
        return self._numbers.get((ContentType.objects.get_for_model(obj).pk, str(obj.pk)))

    @cached_property
    def _numbers(self):
        numbers = {}
        for event in audit.trail(*self.all()).filter(data__has_key="decision").exclude(verb__endswith=f".{Move.UNDO}"):
            numbers.setdefault((event.subject_type_id, event.subject_id), event.data["decision"])
        return numbers


@contextmanager
def _naming(obj):
    """Puts the name of a thing before the words that say why it could not be moved."""
    try:
        yield
    except NotPossible as refusal:
        raise NotPossible(_named(obj, refusal.message)) from refusal


def _named(obj, words):
    return _("%(thing)s: %(why)s") % {"thing": name_of(obj), "why": words}


def _outcome(obj):
    return Outcome(obj, MOVE_TO[obj.state], obj.decision_message)


def _letter_key(number, n):
    return f"decision/{number}/{n}"


def _letters(number):
    return OutgoingEmail.objects.filter(key__startswith=_letter_key(number, ""))


def _write(letter, partner, number=None):
    """Queues a letter to the partner's lead; to whoever signed, where it has none."""
    lead = partner.lead
    signature = partner.signatures.exclude(signer=None).select_related("signer").first()
    user = lead.user if lead else signature and signature.signer
    if user is None:
        return
    key = _letter_key(number, _letters(number).count() + 1) if number else None
    template, context = letter
    mail.queue(to=user.email, template=template, context={"user": user, **context}, key=key, about=partner)
