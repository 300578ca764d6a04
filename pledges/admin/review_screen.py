"""What a progress review looks like to the manager: on its own screen, and on its partner's case."""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from oiep import audit
from oiep.models import OutgoingEmail
from oiep.templatetags.charter import figure
from partners.models import PriorityArea
from pledges.actions.answers import last_answers, pledge_from_json, pledges_to_answer
from pledges.actions.reviews import days_to_extend_to
from pledges.history import standing_of
from pledges.ledger import ledgers_of
from pledges.models import Answer, Pledge, PledgeIdea

EVENTS_AT_MOST = 100

_NEXT = {
    Answer.Next.RENEW: gettext_lazy("It goes on for another year."),
    Answer.Next.CHANGE: gettext_lazy("It goes on with the change below."),
    Answer.Next.CLOSE: gettext_lazy("It is done and ends."),
}
_TONES = {Answer.Progress.ACHIEVED: "green", Answer.Progress.ON_TRACK: "green", Answer.Progress.BEHIND: "amber"}


@dataclass(frozen=True)
class Said:
    """What a review says of one pledge. new: the pledge as it is to be, where it changes or is taken up.

    last: what was said the last time, or None.
    """

    answer: Answer
    pledge: Pledge | None
    new: Pledge | None
    last: Answer | None

    @property
    def statement(self):
        return (self.pledge or self.new).statement

    @property
    def area(self):
        return (self.pledge or self.new).area

    @property
    def tone(self):
        return _TONES.get(self.answer.progress, "grey")

    @property
    def progress(self):
        return capfirst(self.answer.get_progress_display())

    @property
    def next(self):
        if self.answer.progress == Answer.Progress.STOPPED:
            return _("It ends as stopped.")
        return _NEXT.get(self.answer.next, "")

    @property
    def ended_since(self):
        """Whether the pledge ended in another way after this was written."""
        return bool(self.pledge and self.pledge.ended_at and not self.answer.effect)

    @property
    def figures(self):
        """The figure beside its target, last time's and where it started: (label, figure) pairs."""
        pledge = self.pledge
        if not (pledge and pledge.measure):
            return []
        pairs = [(_("Reached"), self.answer.figure), (_("Target"), pledge.target)]
        pairs += [(_("Last time"), self.last and self.last.figure), (_("Start"), pledge.baseline)]
        return [(label, figure(value, pledge.unit)) for label, value in pairs if isinstance(value, Decimal | int)]


def said_in(review):
    """What a review says of each pledge, in a number of queries that does not grow with the pledges."""
    answers = list(review.answers.select_related("pledge__area", "new_pledge__area").prefetch_related("evidence"))
    last = last_answers(review) if answers else {}
    new = {answer.pk: _new_pledge(answer) for answer in answers}
    areas = PriorityArea.objects.in_bulk({pledge.area_id for pledge in new.values() if pledge})
    ideas = PledgeIdea.objects.in_bulk({pledge.idea_id for pledge in new.values() if pledge and pledge.idea_id})
    for pledge in filter(None, new.values()):
        if pledge.area_id in areas:
            pledge.area = areas[pledge.area_id]
        pledge.idea = ideas.get(pledge.idea_id)
    return [Said(answer, answer.pledge, new[answer.pk], last.get(answer.pledge_id)) for answer in answers]


def _new_pledge(answer):
    if answer.is_adoption or answer.next == Answer.Next.CHANGE:
        return pledge_from_json(answer.new_values) if answer.new_values else None
    return None


class ReviewScreen:
    """One review on a screen of its own."""

    def __init__(self, review):
        self.review = review

    @cached_property
    def partner(self):
        return self.review.partner

    @cached_property
    def standing(self):
        return None if self.partner.is_resident else standing_of(self.partner)

    @cached_property
    def said(self):
        """What it says, once it was sent in: before, what they have written so far is theirs."""
        return said_in(self.review) if self.review.answered_at else []

    @cached_property
    def begun(self):
        """How many pledges there are to answer, and of how many something is said, while it is being filled in."""
        rows = pledges_to_answer(self.review)
        return {"pledges": len(rows), "said": sum(bool(answer and answer.is_complete) for _pledge, answer in rows)}

    @cached_property
    def ledger(self):
        return ledgers_of([self.review])[self.review.pk]

    @cached_property
    def due_dates(self):
        return list(self.review.due_dates.select_related("set_by"))

    @cached_property
    def can_extend(self):
        if not self.review.is_awaited or self.partner.withdrawn_at:
            return False
        earliest, latest = days_to_extend_to(self.review)
        return earliest <= latest

    @property
    def can_telephone(self):
        return self.review.is_editable and not self.partner.withdrawn_at

    @cached_property
    def emails(self):
        """Our other mail about it."""
        steps = {entry.row.pk for entry in self.ledger if entry.row}
        rows = OutgoingEmail.objects.about(self.review).exclude(to="")
        return [row for row in rows[:EVENTS_AT_MOST] if row.pk not in steps]

    @cached_property
    def trail(self):
        return list(audit.trail(self.review).select_related("subject_type")[:EVENTS_AT_MOST])
