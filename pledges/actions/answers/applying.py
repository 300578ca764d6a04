"""What approving a review makes of what it says, and how that is undone exactly."""

import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from oiep import audit
from oiep.moderation import Move, NotPossible, State, move
from pledges.actions.answers.proposed import pledge_from_json
from pledges.actions.pledges import refresh_active_areas
from pledges.actions.reviews import refresh_lapse
from pledges.models import Answer, Pledge, PledgeIdea


@transaction.atomic
def apply_review(*, review):
    """Makes what an approved review says of its pledges true. Call it after the move, in the same transaction.

    Achieved pledges that are done end; stopped ones end with their reason; changed ones are replaced; those that go on
    run another year; those that were taken up begin. Raises NotPossible, with words that say which, where a pledge was
    changed since in another way.
    """
    for answer in _answers_of(review):
        _APPLY.get(answer.next, _stop)(answer, review) if answer.pledge_id else _begin(answer, review)
    refresh_active_areas(partner=review.partner)
    refresh_lapse(partner=review.partner)


def _answers_of(review):
    """The review's answers, with their pledges locked."""
    answers = list(review.answers.order_by("pk"))
    keys = {key for answer in answers for key in (answer.pledge_id, answer.new_pledge_id) if key}
    pledges = Pledge.objects.select_for_update(of=("self",)).order_by("pk").in_bulk(keys)
    for answer in answers:
        answer.review, answer.pledge = review, pledges.get(answer.pledge_id)
        answer.new_pledge = pledges.get(answer.new_pledge_id)
        for pledge in filter(None, (answer.pledge, answer.new_pledge)):
            pledge.partner = review.partner
    return answers


def _renew(answer, review):
    pledge = answer.pledge
    if pledge.ended_at:
        return
    answer.effect = {"renewed_on": pledge.renewed_on and str(pledge.renewed_on)}
    pledge.renewed_on = max(timezone.localdate(review.answered_at), pledge.started_on)
    pledge.save(update_fields=["renewed_on"])
    answer.save(update_fields=["effect"])


def _close(answer, review):
    _end(answer, Pledge.Ending.ACHIEVED, review)


def _stop(answer, review):
    if answer.progress == Answer.Progress.STOPPED:
        _end(answer, Pledge.Ending.STOPPED, review, answer.reason)


def _end(answer, ending, review, reason=""):
    pledge = answer.pledge
    if pledge.ended_at:
        return
    if pledge.replacement:
        raise NotPossible(_changed_meanwhile(pledge))
    _write_ending(pledge, ending, review.decided_by, reason)
    answer.effect = {"ended": True}
    answer.save(update_fields=["effect"])


def _write_ending(pledge, ending, actor, reason=""):
    pledge.ended_at, pledge.ending, pledge.ending_reason = timezone.now(), ending, reason
    pledge.save(update_fields=["ended_at", "ending", "ending_reason"])
    audit.record(verb=f"pledge.{ending}", subject=pledge, actor=actor, note=reason, partner=pledge.partner_id)


def _change(answer, review):
    pledge = answer.pledge
    if pledge.ended_at or pledge.replacement:
        raise NotPossible(_changed_meanwhile(pledge))
    answer.new_pledge = _approved_pledge(answer, review, replaces=pledge)
    _write_ending(pledge, Pledge.Ending.REPLACED, review.decided_by)
    answer.effect = {"ended": True}
    answer.save(update_fields=["new_pledge", "effect"])


def _changed_meanwhile(pledge):
    return _(
        "The pledge “%(words)s” was changed or ended in another way since this was written. Decide on that first, or "
        "ask the partner to look at it again."
    ) % {"words": pledge.statement[:60]}


def _begin(answer, review):
    answer.new_pledge = _approved_pledge(answer, review)
    if answer.next == Answer.Next.CLOSE:
        _write_ending(answer.new_pledge, Pledge.Ending.ACHIEVED, review.decided_by)
    answer.save(update_fields=["new_pledge"])


def _approved_pledge(answer, review, replaces=None):
    pledge = pledge_from_json(
        answer.new_values,
        partner=review.partner,
        replaces=replaces,
        state=State.SUBMITTED,
        submitted_at=review.submitted_at,
        started_on=timezone.localdate(),
    )
    if pledge.idea_id and not PledgeIdea.objects.filter(pk=pledge.idea_id).exists():
        pledge.idea_id = None
    pledge.full_clean()
    pledge.save()
    return move(pledge, Move.APPROVE, actor=review.decided_by, review=review.pk, replaces=replaces and replaces.pk)


_APPLY = {Answer.Next.RENEW: _renew, Answer.Next.CLOSE: _close, Answer.Next.CHANGE: _change}


@transaction.atomic
def revert_review(*, review, actor=None):
    """The exact reverse of `apply_review`, for when its approval is undone. Call it after the move.

    Raises NotPossible, with words that say why, when something has been built on what the review brought about.
    """
    if obstacle := obstacle_to_reverting(review):
        raise NotPossible(obstacle)
    for answer in reversed(_answers_of(review)):
        pledge, new = answer.pledge, answer.new_pledge
        if new:
            answer.new_pledge = None
            answer.save(update_fields=["new_pledge"])
            audit.record(verb="pledge.unmade", subject=new, actor=actor, review=review.pk)
            new.delete()
        if answer.effect.get("ended"):
            pledge.ended_at, pledge.ending, pledge.ending_reason = None, "", ""
            pledge.save(update_fields=["ended_at", "ending", "ending_reason"])
            audit.record(verb="pledge.ending_undone", subject=pledge, actor=actor, review=review.pk)
        if "renewed_on" in answer.effect:
            before = answer.effect["renewed_on"]
            pledge.renewed_on = before and datetime.date.fromisoformat(before)
            pledge.save(update_fields=["renewed_on"])
        answer.effect = {}
        answer.save(update_fields=["effect"])
    refresh_active_areas(partner=review.partner)
    refresh_lapse(partner=review.partner)


def obstacle_to_reverting(review):
    """What has been built on what approving a review brought about, in words for a user; empty when nothing has."""
    if review.partner.reviews.approved().filter(round_on__gt=review.round_on).exists():
        return _("A later review has been approved since. Undo that decision first.")
    made = Pledge.objects.filter(came_with__review=review)
    ended_since = Q(ended_at__isnull=False) & ~Q(came_with__next=Answer.Next.CLOSE)
    if used := made.filter(ended_since | Q(replacements__isnull=False) | Q(answers__isnull=False)).first():
        return _(
            "The pledge “%(words)s”, which came with this review, has been changed, ended or reported on since."
        ) % {"words": used.statement[:60]}
    return ""
