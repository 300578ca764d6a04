"""What we write about stories. Each message once: its key is in the one ledger."""

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from oiep import email as mail
from oiep.models import OutgoingEmail
from oiep.moderation import Move


def to_confirm(story):
    """The first message to an address that nobody has confirmed: it repeats nothing that was typed."""
    return mail.queue(
        to=story.teller_email, template="story_confirm", context={"story": story}, about=story, unproven=True
    )


def own_url(story):
    """Where who offered it, or a change to it, sees how it stands."""
    story = story.replaces or story
    if story.partner_id:
        return settings.SITE_URL + reverse("account-stories", args=[story.partner.slug])
    return story.confirmation_url


def answered(story, decision):
    to = story.teller_email or (story.offered_by and story.offered_by.email)
    if not to:
        return
    mail.queue(
        to=to,
        template="story_answer",
        context={
            "story": story,
            "is_change": bool(story.replaces_id),
            "approved": decision == Move.APPROVE,
            "asked": decision == Move.ASK,
            "words": story.decision_message,
            "own_url": own_url(story),
            "story_url": settings.SITE_URL + (story.replaces or story).get_absolute_url(),
        },
        key=f"story/{story.pk}/answer/{timezone.now().isoformat(timespec='microseconds')}",
        about=story,
    )


def tell_people(story):
    """Tells who is in it that it is public, with the link by which they can withdraw; each person once."""
    for consent in story.consents.filter(withdrawn_at=None).exclude(email=""):
        before = _told(consent)
        if before.exclude(state=OutgoingEmail.State.NOT_SENT).exists():
            continue
        mail.queue(
            to=consent.email,
            template="story_consent",
            context={
                "consent": consent,
                "story": story,
                "story_url": settings.SITE_URL + story.get_absolute_url(),
            },
            key=f"consent/{consent.pk}/told/{before.count() + 1}",
            about=story,
            unproven=True,
        )


def _told(consent):
    return OutgoingEmail.objects.filter(key__startswith=f"consent/{consent.pk}/told")


def consent_withdrawn(consent):
    """Tells the manager, who has to see to the uses that are not ours to undo."""
    return mail.queue(
        to=settings.CONTACT_EMAIL,
        template="story_consent_withdrawn",
        context={"consent": consent, "story": consent.story, "admin_url": admin_url(consent.story)},
        key=f"consent/{consent.pk}/withdrawn",
        about=consent.story,
    )


def admin_url(story):
    return settings.SITE_URL + reverse("admin:pledges_story_change", args=[story.pk])


def forget_unsent(story):
    """A decision that was undone is not told any more, if its message has not gone yet."""
    reason = _("The decision was undone.")
    rows = OutgoingEmail.objects.about(story).filter(template__in=("story_answer", "story_consent"))
    mail.withhold(rows, reason=reason)
    for consent in story.consents.all() if story.replaces_id else ():
        mail.withhold(_told(consent), reason=reason)
