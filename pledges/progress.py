"""What approved reviews say of pledges, as the public reads it on a partner's page and on a pledge's."""

from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from oiep.templatetags.charter import figure
from pledges.models import Answer, Pledge, Review

_TONES = {
    Answer.Progress.ACHIEVED: "green",
    Answer.Progress.ON_TRACK: "green",
    Answer.Progress.BEHIND: "amber",
}
_NEXT = {
    Answer.Next.RENEW: gettext_lazy("It goes on for another year."),
    Answer.Next.CHANGE: gettext_lazy("It goes on with a change."),
    Answer.Next.CLOSE: gettext_lazy("It is done and ends."),
}


@dataclass(frozen=True)
class Report:
    """What a review says of one pledge. pledge: as it was then, or the one that was taken up in the review."""

    answer: Answer
    pledge: Pledge
    review: Review

    @property
    def day(self):
        return timezone.localdate(self.review.answered_at)

    @property
    def tone(self):
        return _TONES.get(self.answer.progress, "grey")

    @property
    def label(self):
        return capfirst(self.answer.get_progress_display())

    @property
    def figure(self):
        """The figure with its unit, where the pledge began and where it is to get; empty without a figure."""
        if self.answer.figure is None:
            return ""
        pledge, reached = self.pledge, figure(self.answer.figure, self.pledge.unit)
        if pledge.target is None:
            return reached
        target = figure(pledge.target, pledge.unit)
        if pledge.baseline is None:
            return _("%(reached)s. The target is %(target)s.") % {"reached": reached, "target": target}
        return _("%(reached)s. It began at %(baseline)s, and the target is %(target)s.") % {
            "reached": reached,
            "baseline": figure(pledge.baseline, pledge.unit),
            "target": target,
        }

    @property
    def way(self):
        """How far the pledge has come and how far it had to go, for a bar; None where that cannot be said."""
        if self.answer.figure is None or self.pledge.target is None:
            return None
        start = self.pledge.baseline or Decimal(0)
        to_go = self.pledge.target - start
        return {"gone": self.answer.figure - start, "to_go": to_go} if to_go else None

    @property
    def next(self):
        return _NEXT.get(self.answer.next, "")


def reports_on(pledges):
    """What approved reviews said of these pledges, the newest first, in two queries. pledges: published ones."""
    by_key = {pledge.pk: pledge for pledge in pledges}
    answers = Answer.objects.published().about(*by_key).select_related("review").prefetch_related("evidence")
    return [Report(answer, by_key[answer.pledge_id or answer.new_pledge_id], answer.review) for answer in answers]
