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
- for a recognition, it was taken off or removed, it was renewed, or another claim of it waits;
- for a review, a later one was approved, something was built on what it brought about, or the partner has begun to
  write what it was asked to change.
"""

from pledges.actions.moderation.answering import submit_again
from pledges.actions.moderation.deciding import Decision, decide
from pledges.actions.moderation.rows import CHANGED, MOVE_TO, is_decided, new_number
from pledges.actions.moderation.undoing import decided_things, latest_decision_of, undo, why_not_undo

__all__ = [
    "CHANGED",
    "MOVE_TO",
    "Decision",
    "decide",
    "decided_things",
    "is_decided",
    "latest_decision_of",
    "new_number",
    "submit_again",
    "undo",
    "why_not_undo",
]
