"""The right of reply: a partner's explanation beside “Review overdue”."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from oiep import audit
from oiep import email as mail
from oiep.moderation import NotPossible
from pledges.actions.reminders import lock_review


@transaction.atomic
def explain(*, review, explanation, actor=None):
    """Keeps the partner's explanation, which stands beside “Review overdue” from the day on which that does.

    It is public without a decision: a reply that waits is none. The manager can take it out. Raises NotPossible when
    the review is not awaited any more, ValidationError for words that cannot be shown.
    """
    review = lock_review(review)
    if not review.is_awaited or review.partner.withdrawn_at or review.partner.is_resident:
        raise NotPossible(_("This review is not waited for any more, so there is nothing to explain."))
    if explanation == review.explanation:
        return review
    review.explanation = explanation
    review.full_clean()
    review.save(update_fields=["explanation"])
    audit.record(verb="review.explained", subject=review, actor=actor, given=bool(explanation))
    return review


@transaction.atomic
def take_out_explanation(*, review, actor, reason):
    """The manager takes an explanation out that cannot stay in public, and says why to the partner's lead."""
    if not reason.strip():
        raise ValidationError(_("Write why it cannot stay: we tell the partner."))
    review = lock_review(review)
    if not review.explanation:
        raise NotPossible(_("There is no explanation any more."))
    words, review.explanation = review.explanation, ""
    review.save(update_fields=["explanation"])
    audit.record(verb="review.explanation_taken_out", subject=review, actor=actor, note=reason.strip())
    if lead := review.partner.lead:
        mail.queue(
            to=lead.user.email,
            template="review_explanation_out",
            context={"review": review, "partner": review.partner, "words": words, "reason": reason.strip()},
            about=review,
        )
    return review
