"""The review, page by page, from the link in an e-mail."""

from pledges.views.reviews.answers import change, pledge, stop
from pledges.views.reviews.files import evidence, own_evidence
from pledges.views.reviews.home import account_review, check, review
from pledges.views.reviews.rest import adopt, adopted, explanation, help_wanted, ideas, outcomes

__all__ = [
    "account_review",
    "adopt",
    "adopted",
    "change",
    "check",
    "evidence",
    "explanation",
    "help_wanted",
    "ideas",
    "outcomes",
    "own_evidence",
    "pledge",
    "review",
    "stop",
]
