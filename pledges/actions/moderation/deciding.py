"""Deciding on what a partner sent in."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from oiep import audit
from oiep.moderation import Move, NotPossible, State, move
from partners.actions import apply_profile_change, follow_approval, send_first_invitations
from partners.models import DeclineReason, Partner, ProfileChange, Recognition
from pledges.actions import answers
from pledges.actions.moderation.rows import (
    CHANGED,
    Rows,
    after_moves,
    is_decided,
    naming,
    new_number,
    nothing,
    outcome_of,
    write_letter,
)
from pledges.actions.reviews import refresh_lapse
from pledges.emails import letter_about
from pledges.models import Pledge, Review


@dataclass(frozen=True)
class Decision:
    """What to do with a partner's signature (the Partner), a Pledge, a ProfileChange, a Review or a Recognition.

    message: what the partner will read. reason: whose words are used when there is no message of one's own.
    """

    obj: models.Model
    move: Move
    message: str = ""
    reason: DeclineReason | None = None

    @property
    def words(self):
        return self.message.strip() or (self.reason.message.strip() if self.reason else "")


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
    rows = Rows(decisions[0].obj)
    if is_decided(number):
        return []
    if seen is not None and seen != rows.fingerprint:
        raise NotPossible(CHANGED)
    decisions = [(rows.of(decision.obj), decision) for decision in decisions]
    decisions.sort(key=lambda pair: rows.order(pair[0]))  # the signature first: the rest stands on it
    decided = []
    for obj, decision in decisions:
        with naming(obj):
            _CONSEQUENCES.get((type(obj), decision.move), nothing)(obj, rows)
            reason = decision.reason.pk if decision.reason else None
            move(obj, decision.move, actor=actor, message=decision.words, decision=number, reason=reason)
            if isinstance(obj, Review):
                _follow_review(obj, decision.move)
        decided.append(obj)
    if decided[0] == rows.partner and rows.partner.state == State.APPROVED:
        send_first_invitations(rows.partner)
    if rows.partner.state == State.DECLINED:
        decided += _decline_what_waits(rows, actor, number)
    after_moves(rows, decided)
    write_letter(letter_about(rows.partner, [outcome_of(obj) for obj in decided]), rows.partner, number)
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


def _approve_recognition(recognition, rows):
    _require_approved_partner(rows.partner)
    if obstacle := recognition.why_not(Move.APPROVE):  # before the one that it renews ends
        raise NotPossible(obstacle)
    follow_approval(recognition=recognition, replaced=rows.standing_like(recognition))


def _follow_review(review, move):
    """What a decision on a review brings about. One that is declined may make its partner lapse."""
    if move == Move.APPROVE:
        answers.apply_review(review=review)
    else:
        refresh_lapse(partner=review.partner)


def _require_approved_partner(partner):
    if partner.state != State.APPROVED:
        raise NotPossible(_("Approve the signature first, or together with this."))


_CONSEQUENCES = {
    (Partner, Move.APPROVE): _approve_partner,
    (Pledge, Move.APPROVE): _approve_pledge,
    (ProfileChange, Move.APPROVE): _approve_profile_change,
    (Recognition, Move.APPROVE): _approve_recognition,
}


def _decline_what_waits(rows, actor, number):
    """Pledges cannot stand without a signature: those that wait are declined with it, in the same words."""
    waiting = [p for p in rows.pledges.values() if p.state == State.SUBMITTED and not p.ended_at]
    for pledge in waiting:
        words = rows.partner.decision_message
        move(pledge, Move.DECLINE, actor=actor, message=words, decision=number, with_partner=True)
    return waiting
