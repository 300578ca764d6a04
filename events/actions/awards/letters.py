"""What we write about nominations. Each message once: its key is in the one ledger."""

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from oiep import email as mail
from oiep.models import OutgoingEmail
from oiep.moderation import Move


def _write(nomination, template, *, to, key, hurry=True, **context):
    award_round = nomination.category.round
    return mail.queue(
        to=to,
        template=template,
        context={
            "nomination": nomination,
            "category": nomination.category,
            "partner": nomination.partner,
            "round": award_round,
            "nomination_url": settings.SITE_URL + reverse("nomination", args=[nomination.pk]),
            "year_url": settings.SITE_URL + award_round.get_absolute_url(),
            **context,
        },
        key=key,
        about=nomination,
        hurry=hurry,
    )


def key_of(nomination, what):
    return f"award/{nomination.category.round_id}/{nomination.pk}/{what}"


def _stamp():
    return timezone.now().isoformat(timespec="microseconds")


def _to_lead(nomination, template, what, **context):
    """To the nominee's lead, once. Without one the ledger says why nothing went."""
    key = key_of(nomination, what)
    if lead := nomination.partner.lead:
        return _write(nomination, template, to=lead.user.email, key=key, **context)
    reason = _("This partner has no lead to write to.")
    mail.skip(templates={key: template}, about=nomination, reason=reason)
    return None


def answered(nomination, decision):
    key = key_of(nomination, f"answer/{_stamp()}")
    words = nomination.decision_message
    _write(
        nomination,
        "award_answer",
        to=nomination.nominated_by.email,
        key=key,
        approved=decision == Move.APPROVE,
        asked=decision == Move.ASK,
        words=words,
    )


def nominated(nomination):
    """Tells the nominee, who may have nominated itself; not again when a decision was undone after it was told."""
    sent = OutgoingEmail.objects.about(nomination).filter(template="award_nominated", state=OutgoingEmail.State.SENT)
    if not sent.exists():
        _to_lead(nomination, "award_nominated", f"nominated/{_stamp()}")


def shortlisted(nomination):
    _to_lead(nomination, "award_shortlisted", "shortlisted", hurry=False)


def result(nomination):
    _to_lead(nomination, "award_result", "result", hurry=False)


def forget_unsent(nomination):
    """A decision that was undone is not told any more, if its message has not gone yet."""
    mail.withhold(OutgoingEmail.objects.about(nomination), reason=_("The decision was undone."))
