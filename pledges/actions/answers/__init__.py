"""What partners say in their reviews, and what approving a review makes of it: product.md, *Reviews and reminders*.

A review is saved page by page and sent in once. The partner's row is locked first, then the review's, in every action,
so that of two windows the second decides on what the first has left. A pledge that is changed or taken up in a review
waits in its answer: nothing of it is public, and no row of it is there, until the review as a whole is approved.
"""

from pledges.actions.answers.applying import apply_review, obstacle_to_reverting, revert_review
from pledges.actions.answers.explaining import explain, take_out_explanation
from pledges.actions.answers.proposed import pledge_from_json, pledge_to_json
from pledges.actions.answers.reading import (
    last_answers,
    last_answers_of,
    missing,
    pledges_to_answer,
    version_of,
)
from pledges.actions.answers.sending_in import NotComplete, send_in
from pledges.actions.answers.writing import adopt, drop_adoption, remove_evidence, save_answer, save_words

__all__ = [
    "NotComplete",
    "adopt",
    "apply_review",
    "drop_adoption",
    "explain",
    "last_answers",
    "last_answers_of",
    "missing",
    "obstacle_to_reverting",
    "pledge_from_json",
    "pledge_to_json",
    "pledges_to_answer",
    "remove_evidence",
    "revert_review",
    "save_answer",
    "save_words",
    "send_in",
    "take_out_explanation",
    "version_of",
]
