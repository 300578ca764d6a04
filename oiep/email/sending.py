"""Sending what is due: one row at a time over one connection, each closed only by the attempt that holds it."""

import contextlib
import datetime
import logging
import smtplib

from django.conf import settings
from django.core.mail import get_connection
from django.db import transaction
from django.db.models import Case, F, TextField, Value, When
from django.utils import timezone

from oiep import audit
from oiep.email.message import message_of
from oiep.email.queueing import nudge
from oiep.email.settling import close_withheld
from oiep.models import OutgoingEmail

logger = logging.getLogger(__name__)

State = OutgoingEmail.State


def claim(now=None):
    """Claims one due row for this worker, for EMAIL_LEASE_SECONDS. Returns it, or None when nothing is due.

    A row whose earlier lease ran out may have been sent by a worker that died: it is flagged, and goes again with the
    same Message-ID.
    """
    now = now or timezone.now()
    with transaction.atomic():
        email = OutgoingEmail.objects.due(now).select_for_update(skip_locked=True).order_by("due_at").first()
        if email is None:
            return None
        email.uncertain = email.uncertain or email.state == State.SENDING
        email.state = State.SENDING
        email.lease_until = now + datetime.timedelta(seconds=settings.EMAIL_LEASE_SECONDS)
        email.attempts += 1
        email.save(update_fields=["uncertain", "state", "lease_until", "attempts"])
    return email


def send_due(limit=None):
    """Sends what is due, one row at a time over one connection. Returns how many the mail server accepted.

    limit: how many to claim at most; None for all. What the server refuses is tried again later, from one minute
    doubling to an hour, and marked as failed after EMAIL_GIVE_UP_AFTER_DAYS, or at once when it refuses for good. Where
    the server cannot be reached nothing is claimed, so that all goes out as soon as it is back.
    """
    close_withheld()
    sent = claimed = 0
    with contextlib.closing(_Connection()) as server:
        while limit is None or claimed < limit:
            if not server.is_open and OutgoingEmail.objects.due().exists() and not server.open():
                break
            if not (email := claim()):
                break
            claimed += 1
            try:
                if not (email.uncertain and server.has_accepted(email)):
                    message_of(email, server.connection).send()
            except Exception as error:  # one poisoned row fails alone
                server.close()
                _close_refused(email, error)
            else:
                sent += _close(email, state=State.SENT, sent_at=timezone.now(), reason="")
    return sent


class _Connection:
    """A connection to the mail server, opened before a row is claimed, so that its lease need not cover that."""

    def __init__(self):
        self.connection = get_connection()
        self.is_open = False

    def open(self):
        try:
            self.connection.open()
        except Exception as error:
            logger.warning("The mail server cannot be reached. %s", error)
            _note_unreachable(error)
        else:
            self.is_open = True
        return self.is_open

    def close(self):
        self.is_open = False
        with contextlib.suppress(Exception):
            self.connection.close()

    def has_accepted(self, email):
        """Whether the server took this message in an earlier try: False where the mail backend cannot say."""
        look_up = getattr(self.connection, "has_accepted", None)
        return bool(look_up and look_up(email.message_id))


def _note_unreachable(error):
    reason, due = _words_of(error), OutgoingEmail.objects.filter(state=State.WAITING, due_at__lte=timezone.now())
    due.filter(created_at__lt=_too_old()).update(state=State.FAILED, reason=reason)
    due.exclude(reason=reason).update(reason=reason)


def _close(email, **values):
    """Closes the attempt, unless another worker has claimed the row since. Returns how many rows: 1 or 0."""
    mine = OutgoingEmail.objects.filter(pk=email.pk, state=State.SENDING, attempts=email.attempts)
    closed = mine.update(lease_until=None, **values)
    if email.leaves_no_trace:
        OutgoingEmail.objects.closed().filter(pk=email.pk).delete()
    return closed


def _close_refused(email, error):
    state = State.FAILED if is_permanent(error) or email.created_at < _too_old() else State.WAITING
    due_at = timezone.now() + datetime.timedelta(minutes=min(2 ** (email.attempts - 1), 60))
    # Where the connection broke before an answer, the message may have arrived. (Each SMTP error is an OSError.)
    answered = isinstance(error, (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused))
    uncertain = email.uncertain or (state == State.WAITING and isinstance(error, OSError) and not answered)
    is_wanted = When(withheld="", then=Value(state))
    _close(
        email,
        state=Case(is_wanted, default=Value(State.NOT_SENT)),
        due_at=due_at,
        reason=Case(When(withheld="", then=Value(_words_of(error), TextField())), default=F("withheld")),
        uncertain=uncertain,
    )


def _too_old():
    return timezone.now() - datetime.timedelta(days=settings.EMAIL_GIVE_UP_AFTER_DAYS)


def _words_of(error):
    """What the server said, as `550 No such mailbox`; for another trouble, its own words."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        answers = list(error.recipients.values())
    elif isinstance(error, smtplib.SMTPResponseException):
        answers = [(error.smtp_code, error.smtp_error)]
    else:
        return str(error) or type(error).__name__
    return "; ".join(
        f"{code} {words.decode(errors='replace') if isinstance(words, bytes) else words}" for code, words in answers
    )


def is_permanent(error):
    """Whether this message will never be taken: the server refuses it or its recipient (SMTP 5xx), or it is malformed.

    A refusal of our own address as the sender is not: the operator mends that, and the message goes then.
    """
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(500 <= code < 600 for code, _words in error.recipients.values())
    if isinstance(error, smtplib.SMTPDataError):
        return 500 <= error.smtp_code < 600
    return isinstance(error, ValueError)


def send_again(email, *, actor):
    """Puts a failed message back into the queue; the manager's button."""
    with transaction.atomic():
        waiting = (
            OutgoingEmail.objects.failed()
            .filter(pk=email.pk)
            # It counts as written now: it has its days before it is given up all over again.
            .update(state=State.WAITING, due_at=timezone.now(), created_at=timezone.now(), reason="")
        )
        if waiting:
            audit.record(verb="outgoingemail.sent_again", subject=email, actor=actor)
            transaction.on_commit(nudge, robust=True)
    return bool(waiting)
