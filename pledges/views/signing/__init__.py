"""The signing journey, page by page."""

from pledges.views.signing.check import check, done
from pledges.views.signing.links import confirm, resume
from pledges.views.signing.pledges import add_pledge, edit_pledge
from pledges.views.signing.start import questions, start
from pledges.views.signing.steps import save_for_later, step

__all__ = [
    "add_pledge",
    "check",
    "confirm",
    "done",
    "edit_pledge",
    "questions",
    "resume",
    "save_for_later",
    "start",
    "step",
]
