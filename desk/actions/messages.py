"""Messages to many: tried on oneself, sent a part at a time, stopped, gone on with. Nobody gets one twice.

Who gets it is written down when sending begins. The rows of the e-mails are then written a part at a time, so that a
message to thousands does not stand before the code with which somebody signs in. Each has a key that says whose it is,
which the database takes once.
"""

import hashlib

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from desk.audience import audience_of
from desk.models import Message, Recipient
from oiep import audit, news
from oiep import email as mail
from oiep.models import NewsWish, OutgoingEmail
from oiep.moderation import NotPossible

State = Message.State
# Kept with an e-mail, by which it is found again: the same in whatever language somebody works.
WHY_STOPPED = "The message was stopped."


def letter(message, user, *, subject=""):
    """The template, the context and the address to stop at of what one person reads."""
    wish = NewsWish.objects.filter(user=user).first() or NewsWish(user=user)
    stop_url = wish.stop_url if message.is_news else ""
    context = {
        "subject": subject or message.subject,
        "words": message.words,
        "whom": message.whom,
        "stop_url": stop_url,
        "account_url": settings.SITE_URL + reverse("account"),
    }
    return ("message_news" if message.is_news else "message_many"), context, stop_url


def fingerprint(message):
    """Differs when the message, or who gets it, is not what was seen."""
    keys = list(audience_of(message).values_list("pk", flat=True))
    seen = (message.subject, message.words, message.is_news, str(message.whom), keys)
    return hashlib.sha256(repr(seen).encode()).hexdigest()


def try_on_oneself(*, message, actor):
    """Sends a message to who writes it, and to nobody else."""
    subject = _("Test: %(subject)s") % {"subject": message.subject}
    template, context, stop_url = letter(message, actor, subject=subject)
    mail.queue(to=actor.email, template=template, context=context, about=message, stop_url=stop_url)


def _locked(message):
    return Message.objects.select_for_update(of=("self",)).get(pk=message.pk)


@transaction.atomic
def start(*, message, actor, seen):
    """Begins to send. seen: the fingerprint that the manager looked at.

    Raises NotPossible when it was sent before, when nobody would get it, or when it or who gets it changed meanwhile.
    """
    message = _locked(message)
    if message.state != State.DRAFT:
        raise NotPossible(_("This message is on its way already."))
    if seen != fingerprint(message):
        raise NotPossible(_("The message, or who gets it, changed after you looked. Look at it again."))
    keys = list(audience_of(message).values_list("pk", flat=True))
    if not keys:
        raise NotPossible(_("Nobody would get this message. Choose more people."))
    Recipient.objects.bulk_create([Recipient(message=message, user_id=key) for key in keys], batch_size=1000)
    message.state, message.started_at, message.started_by = State.SENDING, timezone.now(), actor
    message.save(update_fields=["state", "started_at", "started_by"])
    audit.record(verb="message.started", subject=message, actor=actor, recipients=len(keys))
    transaction.on_commit(feed_all, robust=True)
    return message


@transaction.atomic
def stop(*, message, actor):
    """Stops a message half-way: what is not sent yet is not. Raises NotPossible when it is not being sent."""
    message = _locked(message)
    if message.state not in (State.SENDING, State.SENT) or not _unsent(message):
        raise NotPossible(_("All of it has been sent already.") if message.finished_at else _("It is not being sent."))
    message.state, message.finished_at = State.STOPPED, None
    message.save(update_fields=["state", "finished_at"])
    mail.withhold(_emails(message), reason=WHY_STOPPED)
    audit.record(verb="message.stopped", subject=message, actor=actor)
    return message


@transaction.atomic
def resume(*, message, actor):
    """Goes on with a message that was stopped, where it stood. Raises NotPossible when it was not."""
    message = _locked(message)
    if message.state != State.STOPPED:
        raise NotPossible(_("It was not stopped."))
    message.state = State.SENDING
    message.save(update_fields=["state"])
    mail.release(_emails(message), reason=WHY_STOPPED)
    audit.record(verb="message.resumed", subject=message, actor=actor)
    transaction.on_commit(feed_all, robust=True)
    return message


def _emails(message):
    return OutgoingEmail.objects.about(message).filter(key__startswith=f"message/{message.pk}/")


def _unsent(message):
    on_their_way = _emails(message).filter(state__in=(OutgoingEmail.State.WAITING, OutgoingEmail.State.SENDING))
    return message.recipients.filter(queued_at=None, left_out="").exists() or on_their_way.exists()


# A part at a time -----------------------------------------------------------------------------


def feed_all():
    """Writes the next part of each message that is being sent, at each tick. Returns how many e-mails."""
    fed = sum(feed(pk) for pk in Message.objects.sending().order_by("started_at").values_list("pk", flat=True))
    if fed:
        mail.nudge()
    return fed


@transaction.atomic
def feed(pk):
    """Writes e-mails of a message until MESSAGES_AT_A_TIME wait. One worker at a time does it; a stop waits for it."""
    message = Message.objects.sending().select_for_update(of=("self",), skip_locked=True).filter(pk=pk).first()
    if message is None:
        return 0
    waiting = _emails(message).filter(state=OutgoingEmail.State.WAITING).count()
    room = max(0, settings.MESSAGES_AT_A_TIME - waiting)
    to_come = message.recipients.filter(queued_at=None, left_out="").select_related("user").order_by("pk")
    now, fed = timezone.now(), 0
    for recipient in to_come[:room]:
        if why := _why_not(message, recipient.user):
            recipient.left_out = why
        else:
            template, context, stop_url = letter(message, recipient.user)
            mail.queue(
                to=recipient.user.email,
                template=template,
                context=context,
                key=message.key_for(recipient.user_id),
                about=message,
                stop_url=stop_url,
                hurry=False,
            )
            recipient.queued_at = now
            fed += 1
        recipient.save(update_fields=["queued_at", "left_out"])
    if not to_come.exists():
        message.state, message.finished_at = State.SENT, now
        message.save(update_fields=["state", "finished_at"])
    return fed


def _why_not(message, user):
    """Why somebody who was chosen gets it no more; empty when they do."""
    if not user.is_active or not user.email:
        return _("This account is not in use any more.")
    if message.is_news and not news.wants_it(user):
        return news.WHY_STOPPED
    return ""


def progress_of(message):
    """How many get it, how many e-mails have gone, wait, failed or were withheld, and how many are left out."""
    recipients = message.recipients
    States = OutgoingEmail.State
    emails = dict.fromkeys(States.values, 0)
    for state in _emails(message).values_list("state", flat=True):
        emails[state] += 1
    total = recipients.count()
    return {
        "total": total,
        "sent": emails[States.SENT],
        "failed": emails[States.FAILED],
        "withheld": emails[States.NOT_SENT],
        "waiting": emails[States.WAITING] + emails[States.SENDING],
        "to_come": recipients.filter(queued_at=None, left_out="").count(),
        "left_out": recipients.exclude(left_out="").count(),
    }
