"""A word from the manager to several partners about their reviews."""

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from oiep import audit
from oiep import email as mail
from oiep.models import OutgoingEmail
from oiep.moderation import NotPossible
from pledges.models import Review


def letter_to(review, *, subject, words):
    """The template and the context of the message to one partner's lead."""
    return "review_message", {
        "subject": subject,
        "words": words,
        "partner": review.partner,
        "review": review,
        "account_url": settings.SITE_URL + reverse("account"),
    }


def obstacle_to_writing(review):
    """Why there is nobody to write to, in words for a user; empty when there is."""
    if review.partner.withdrawn_at:
        return _("It withdrew from the Charter.")
    return "" if review.partner.lead else _("It has no lead to write to.")


@transaction.atomic
def write_to(*, review, subject, words, batch, actor):
    """Writes to the lead of a review's partner. Of one batch, a partner gets one message, however often it is pressed.

    Returns whether a message was written. Raises NotPossible when there is nobody to write to.
    """
    review = Review.objects.select_related("partner").get(pk=review.pk)
    key = f"message/{batch}/{review.partner_id}"
    if OutgoingEmail.objects.filter(key=key).exists():
        return False
    if obstacle := obstacle_to_writing(review):
        raise NotPossible(obstacle)
    template, context = letter_to(review, subject=subject, words=words)
    message = mail.queue(
        to=review.partner.lead.user.email,
        template=template,
        context=context,
        key=key,
        about=review.partner,
        hurry=False,
    )
    if message:
        audit.record(
            verb="review.written_to", subject=review, actor=actor, note=words, batch=batch, message=str(message.pk)
        )
    return bool(message)
