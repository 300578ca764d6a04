"""What we write to a partner's lead about decisions. Nothing is sent from here: a preview composes the same letters."""

from dataclasses import dataclass

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from oiep.moderation import DECISIONS, Move
from partners.models import Partner, ProfileChange, Recognition
from pledges.models import Pledge, Review

_RESULTS = {
    Move.APPROVE: gettext_lazy("approved"),
    Move.ASK: gettext_lazy("changes asked for"),
    Move.DECLINE: gettext_lazy("declined"),
}


@dataclass(frozen=True)
class Outcome:
    """A decision as it was taken: on what, which, and in which words to the partner."""

    obj: models.Model
    move: Move
    words: str = ""

    @property
    def result(self):
        return _RESULTS[self.move]

    @property
    def is_signature(self):
        return isinstance(self.obj, Partner)

    @property
    def is_pledge(self):
        return isinstance(self.obj, Pledge)

    @property
    def is_review(self):
        return isinstance(self.obj, Review)

    @property
    def is_recognition(self):
        return isinstance(self.obj, Recognition)

    @property
    def is_profile(self):
        """Whether it is about what the partner says of itself: its signature, or a change to its profile."""
        return isinstance(self.obj, Partner | ProfileChange)

    @property
    def name(self):
        return name_of(self.obj)


def name_of(obj):
    """What a thing that is moderated is called in a sentence, within its partner's case."""
    if isinstance(obj, Partner):
        return _("The signature")
    if isinstance(obj, Pledge):
        return _("The pledge “%(words)s”") % {"words": Truncator(obj.statement).chars(60)}
    if isinstance(obj, Review):
        return _("The progress review for %(date)s") % {"date": date_format(obj.round_on)}
    if isinstance(obj, Recognition):
        return _("The recognition “%(name)s”") % {"name": obj.kind}
    return _("The change to the profile")


_TEMPLATES = {
    frozenset({Move.APPROVE}): "decision_approved",
    frozenset({Move.ASK}): "decision_changes",
    frozenset({Move.DECLINE}): "decision_declined",
}


def letter_about(partner, outcomes):
    """The template and the context of the one letter about all that was decided in one go."""
    template = _TEMPLATES.get(frozenset(outcome.move for outcome in outcomes), "decision_mixed")
    return template, _context(partner, outcomes)


def letter_of_undoing(partner, outcomes):
    """The same, about decisions that were taken back after the lead had been told of them."""
    return "decision_undone", _context(partner, outcomes)


def _context(partner, outcomes):
    signature = next((outcome for outcome in outcomes if outcome.is_signature), None)
    pledges = [outcome for outcome in outcomes if outcome.is_pledge]
    if signature and signature.move == Move.DECLINE:
        # They were declined with it, in the same words.
        pledges = [outcome for outcome in pledges if outcome.words != signature.words]
    return {
        "partner": partner,
        "signature": signature,
        "pledges": pledges,
        "change": next((o for o in outcomes if isinstance(o.obj, ProfileChange)), None),
        "reviews": [outcome for outcome in outcomes if outcome.is_review],
        "recognitions": [outcome for outcome in outcomes if outcome.is_recognition],
        "review_url": _review_to_change(outcomes),
        "declined_along": sum(o.is_pledge for o in outcomes) - len(pledges),
        "page_url": settings.SITE_URL + partner.get_absolute_url(),
        "account_url": settings.SITE_URL + reverse("account"),
        "working_days": settings.DECISION_WORKING_DAYS,
        **{move.value: [o for o in outcomes if o.move == move] for move in DECISIONS},
    }


def _review_to_change(outcomes):
    """The link to a review that is all there is to change; empty where the account is the place to go."""
    asked = [outcome for outcome in outcomes if outcome.move == Move.ASK]
    return asked[0].obj.url if len(asked) == 1 and asked[0].is_review else ""
