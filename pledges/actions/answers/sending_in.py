"""Sending a review in for the manager's decision."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from oiep import email as mail
from oiep.moderation import Move, State, answer_due, move
from pledges.actions.answers.reading import missing
from pledges.actions.answers.writing import lock_editable
from pledges.actions.reminders import end_reminders, lock_review
from pledges.models import Answer


class NotComplete(ValidationError):
    """Something has still to be said. `pledges` says about which."""

    def __init__(self, pledges):
        super().__init__(_("Say how each of your pledges goes, then send the review in."))
        self.pledges = pledges


@transaction.atomic
def send_in(*, review, actor=None, by_telephone=False):
    """Sends a review in for the manager's decision. Reminders about it end at once. Sending twice sends once.

    actor: who did it, where that is known; a link from an e-mail needs no sign-in. by_telephone: the actor, a manager,
    wrote it down for the partner. Raises NotComplete, NotPossible when it was closed or decided since.
    """
    review = lock_review(review)
    if review.state == State.SUBMITTED and not review.closed_at:
        return review
    review = lock_editable(review)
    if lacking := missing(review):
        raise NotComplete(lacking)
    for answer in review.answers.exclude(pledge=None):
        _tidy(answer)
    if not review.answered_at:
        review.answered_at = timezone.now()
    if by_telephone:
        review.recorded_by = actor
    review.save(update_fields=["answered_at", "recorded_by"])
    end_reminders(review, reason=_("The review was sent in."))
    move(review, Move.SUBMIT, actor=actor, by_telephone=by_telephone)
    _tell_lead(review)
    return review


def _tidy(answer):
    # What was written and then left behind by another choice is not sent in.
    keeps_reason = answer.progress == Answer.Progress.STOPPED or answer.next == Answer.Next.CHANGE
    reason = answer.reason if keeps_reason else ""
    new_values = answer.new_values if answer.next == Answer.Next.CHANGE else {}
    if (reason, new_values) != (answer.reason, answer.new_values):
        answer.reason, answer.new_values = reason, new_values
        answer.save(update_fields=["reason", "new_values", "changed_at"])


def _tell_lead(review):
    if lead := review.partner.lead:
        mail.queue(
            to=lead.user.email,
            template="review_received",
            context={
                "review": review,
                "partner": review.partner,
                "answer_by": answer_due(review.submitted_at),
                "by_telephone": bool(review.recorded_by_id),
            },
            key=f"review/{review.pk}/received/{review.submitted_at.isoformat()}",
            about=review,
        )
