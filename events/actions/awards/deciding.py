"""The manager's decisions on nominations."""

from django.db import transaction

from events.actions.awards import letters
from events.actions.awards.locking import lock_nomination
from events.eligibility import obstacles
from oiep.moderation import Move, NotPossible, move


@transaction.atomic
def decide_nomination(*, nomination, decision, actor, message=""):
    """Approves a nomination, asks for changes, declines it, or undoes that. Returns it as it is now.

    Who nominated is told each time; the nominee once, when it is approved. message: what the nominator reads.

    Raises NotPossible when somebody moved first or, to approve, when the partner cannot be nominated any more;
    ValidationError when words are needed and there are none.
    """
    nomination = lock_nomination(nomination)
    if decision == Move.APPROVE and (reasons := obstacles(nomination.category, nomination.partner, besides=nomination)):
        raise NotPossible(" ".join(reasons))
    move(nomination, decision, actor=actor, message=message, partner=nomination.partner_id)
    if decision == Move.UNDO:
        letters.forget_unsent(nomination)
    else:
        letters.answered(nomination, decision)
        if decision == Move.APPROVE:
            letters.nominated(nomination)
    return nomination
