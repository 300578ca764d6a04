"""Taking decisions back, and what stands in the way."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from oiep import audit
from oiep import email as mail
from oiep.moderation import Move, NotPossible, State, move
from partners.actions import reverse_approval, revert_profile_change
from partners.models import Partner, ProfileChange, Recognition
from pledges.actions import answers
from pledges.actions.moderation.rows import (
    MOVE_TO,
    Rows,
    after_moves,
    letters_of,
    named,
    naming,
    nothing,
    outcome_of,
    write_letter,
)
from pledges.actions.reviews import refresh_lapse
from pledges.emails import Outcome, letter_about, letter_of_undoing
from pledges.models import Pledge, Review


@transaction.atomic
def undo(*, objects, actor):
    """Takes decisions on things of one partner back: they wait again, and what the decisions brought about is reversed.

    A signature takes the pledges approved or declined in the same decision with it. A letter that still waits to be
    sent is withheld, and one about the rest of its decision is written instead; when it has gone, the lead is told.

    Returns the objects that wait again. Raises NotPossible, with words that say which and why.
    """
    if not objects:
        raise ValidationError(_("Choose what to undo."))
    rows = Rows(objects[0])
    chosen = [rows.of(obj) for obj in objects]
    if rows.partner in chosen:
        chosen += [pledge for pledge in _decided_with_partner(rows) if pledge not in chosen]
    chosen.sort(key=rows.order, reverse=True)  # the signature last: the rest stands on it
    undone = []
    for obj in chosen:
        before, words, number = obj.state, obj.decision_message, rows.number(obj)
        with naming(obj):
            if obstacle := _obstacle_to_undoing(obj, rows, chosen):
                raise NotPossible(obstacle)
            move(obj, Move.UNDO, actor=actor, decision=number)
            _REVERSALS.get((type(obj), before), nothing)(obj, rows)
            if isinstance(obj, Review):
                _unfollow_review(obj, before, actor)
        undone.append((number, Outcome(obj, MOVE_TO[before], words)))
    after_moves(rows, chosen)
    _correct_letters(rows, undone)
    return chosen


def why_not_undo(obj):
    """Why the decision on a thing cannot be undone now, in words for a user; empty when it can."""
    rows = Rows(obj, lock=False)
    return _why_not_undo(rows.of(obj), rows)


def _why_not_undo(obj, rows):
    along = [obj, *_decided_with_partner(rows)] if obj == rows.partner else [obj]
    return next(filter(None, (_obstacle_to_undoing(each, rows, along) for each in along)), "")


def decided_things(partner):
    """What has been decided about a partner, the latest first, each with why it cannot be undone, if so."""
    rows = Rows(partner, lock=False)
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
    rows = Rows(partner, lock=False)
    # A pledge that came with a review was not decided on by itself.
    decided = [obj for obj in rows.all() if obj.state in MOVE_TO and not hasattr(obj, "came_with")]
    if not decided:
        return LatestDecision([], _("There is no decision left to undo."))
    number = rows.number(max(decided, key=lambda obj: obj.decided_at))
    objects = [obj for obj in decided if rows.number(obj) == number]
    obstacles = ((obj, _obstacle_to_undoing(obj, rows, objects)) for obj in objects)
    obstacle = next((named(obj, words) for obj, words in obstacles if words), "")
    unsent = bool(number) and letters_of(number).filter(state__in=("waiting", "failed")).exists()
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
    if any(recognition.is_open for recognition in rows.recognitions.values()):
        return _("A recognition was claimed since. Decide on that one, then undo it, first.")
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


def _unapprove_recognition(recognition, rows):
    reverse_approval(recognition=recognition, replaced=rows.recognitions.get(recognition.replaces_id))


_REVERSALS = {
    (Partner, State.APPROVED): _unapprove_partner,
    (Pledge, State.APPROVED): _unapprove_pledge,
    (ProfileChange, State.APPROVED): _unapprove_profile_change,
    (Recognition, State.APPROVED): _unapprove_recognition,
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
                write_letter(letter_about(rows.partner, [outcome_of(obj) for obj in rest]), rows.partner, number)
        else:
            told += outcomes
    if told:
        write_letter(letter_of_undoing(rows.partner, told), rows.partner)


def _withhold_letters(number):
    """Keeps the letter about a decision from being sent. Returns whether that did it: not when one may have arrived."""
    letters = letters_of(number)
    # Locked, so that no worker takes one in the meantime.
    states = set(letters.select_for_update(of=("self",)).values_list("state", flat=True))
    if states & {"sending", "sent"}:
        return False
    return bool(mail.withhold(letters, reason=_("The decision was undone before this was sent.")))
