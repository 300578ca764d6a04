"""Outgoing mail. PostgreSQL is the queue, Celery the engine (docs/decisions/0001).

`queue` writes a message in the transaction that causes it. After the commit a worker is nudged; if Redis is away, the
scheduler's tick finds the row within a minute. `send_due` claims one row at a time, sends it, and closes it only if the
attempt is still its own.
"""

import contextlib
import datetime
import logging
import re
import smtplib
import threading

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import IntegrityError, transaction
from django.db.models import Case, F, Q, TextField, Value, When
from django.db.models.functions import Concat
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from kombu.exceptions import OperationalError

from oiep import audit
from oiep.locks import lock_on
from oiep.models import OutgoingEmail
from oiep.text import is_clean_line, normalise_email

logger = logging.getLogger(__name__)

State = OutgoingEmail.State

# Writing --------------------------------------------------------------------------------------


@transaction.atomic
def queue(
    *,
    to,
    template,
    context,
    key=None,
    about=None,
    reply_to="",
    calendar="",
    unproven=False,
    leaves_no_trace=False,
    hurry=True,
):
    """Writes a message to be sent once this transaction has committed. Returns its row, or None if none was written.

    to: one e-mail address. template: `templates/email/<template>.txt`, whose first line is the subject. key: what makes
    the message the only one of its kind; a second call with it writes nothing. about: the object that the manager finds
    the message by. calendar: an iCalendar object with its METHOD, which calendar programs take in. unproven: nobody has
    confirmed this address yet, so it gets a few messages a day at most, over all features
    (UNPROVEN_ADDRESS_MAILS_A_DAY). leaves_no_trace: the row is deleted once the message has gone. hurry: tell a worker
    at once; a caller that writes many does so at the end.

    Raises ValidationError when an address is none, or a header would hold a character that does not belong in one line.
    """
    to = normalise_email(to)
    if unproven and _unproven_allowance_is_used(to):
        return None
    subject, text = compose(template, context)
    email = OutgoingEmail(
        key=key,
        template=template,
        to=to,
        reply_to=reply_to,
        subject_line=subject,
        text=text,
        calendar=calendar,
        unproven=unproven,
        leaves_no_trace=leaves_no_trace,
    )
    if about is not None:  # None would set the number of nothing to NULL
        email.subject = about
    email.clean_fields(exclude=["subject_type"])
    try:
        with transaction.atomic():
            email.save(force_insert=True)
    except IntegrityError:
        if key is None or not OutgoingEmail.objects.filter(key=key).exists():
            raise
        return None
    if hurry:
        transaction.on_commit(nudge, robust=True)
    return email


def compose(template, context):
    """The subject and the text of a message: the template's first line, and the rest."""
    rendered = render_to_string(f"email/{template}.txt", {"SITE_URL": settings.SITE_URL, **context})
    subject, _newline, text = rendered.strip().partition("\n")
    return " ".join(subject.split())[:250], re.sub(r"\n{3,}", "\n\n", text.strip()) + "\n"


def _unproven_allowance_is_used(to):
    # One address at a time, so that simultaneous requests cannot each see room for one more.
    lock_on(f"unproven mail to {to}")
    since = timezone.now() - datetime.timedelta(days=1)
    sent = OutgoingEmail.objects.filter(to=to, unproven=True, created_at__gt=since).count()
    return sent >= settings.UNPROVEN_ADDRESS_MAILS_A_DAY


_nudging = threading.Lock()
_redis_is_away = False


def nudge():
    """Asks a worker to look at the queue now, and waits for nothing: Redis may be away or slow.

    Then the scheduler's next tick finds the mail. One request at a time is enough, as a worker sends all that is due.
    """
    if _nudging.acquire(blocking=False):
        threading.Thread(target=_nudge, name="nudge", daemon=True).start()


def _nudge():
    global _redis_is_away
    from oiep.tasks import send_mail

    try:
        send_mail.apply_async(expires=50, retry=False)
        _redis_is_away = False
    except (OperationalError, OSError) as error:
        if not _redis_is_away:
            logger.warning("No worker can be told of new mail; the scheduler's ticks send it. %s", error)
        _redis_is_away = True
    finally:
        _nudging.release()


# The message ----------------------------------------------------------------------------------


def html_of(text):
    """The HTML of a message, drawn from its text, so that the two never differ.

    A paragraph `Label: https://…` becomes a button with the address below it, lines that begin with `- ` a list, lines
    that begin with `> ` a quotation of somebody's own words. Only this site's own addresses can be clicked, and none in
    a quotation.
    """
    parts = [_html_of_paragraph(paragraph) for paragraph in re.split(r"\n\s*\n", text.strip())]
    return mark_safe("\n".join(parts))  # noqa: S308 - each part is escaped where it is made


def _html_of_paragraph(paragraph):
    lines = paragraph.strip().split("\n")
    if action := re.fullmatch(rf"(?P<label>[^\n:>]{{3,60}}): (?P<url>{_own_address()})", paragraph.strip()):
        return render_to_string("email/_action.html", action.groupdict())
    if all(line.startswith("> ") or line == ">" for line in lines):
        return format_html("<blockquote>{}</blockquote>", _lines((line[2:] for line in lines), link=False))
    if all(line.startswith("- ") for line in lines):
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}</li>", ((_link(line[2:]),) for line in lines)))
    return format_html("<p>{}</p>", _lines(lines, link=True))


def _lines(lines, *, link):
    return format_html_join(mark_safe("<br>\n"), "{}", ((_link(line) if link else line,) for line in lines))


def _link(line):
    parts = re.split(f"({_own_address()})", line)  # text, address, text, …
    return format_html_join("", "{}", ((_anchor(part) if n % 2 else part,) for n, part in enumerate(parts)))


def _anchor(address):
    return format_html('<a href="{0}">{0}</a>', address)


def _own_address():
    """A pattern for an address of this site, whose host ends where ours does, without a sentence's full stop."""
    return re.escape(settings.SITE_URL) + r"(?![\w.:@-])\S*?(?=[.,;:!?)]*(?:\s|$))"


def message_of(email, mail_connection=None):
    """The message to hand to the mail server for a row of the queue.

    Raises ValueError when a header would hold a control character, whatever let it in.
    """
    for header in (email.subject_line, email.to, email.reply_to):
        if not is_clean_line(header):
            raise ValueError("A header holds a character that does not belong in one line.")
    message = EmailMultiAlternatives(
        subject=email.subject_line,
        body=email.text,
        to=[email.to],
        reply_to=[email.reply_to] if email.reply_to else None,
        headers={"Message-ID": email.message_id, "Auto-Submitted": "auto-generated"},
        connection=mail_connection,
    )
    parts = {"subject": email.subject_line, "content": html_of(email.text), "SITE_URL": settings.SITE_URL}
    html = render_to_string("email/base.html", parts)
    message.attach_alternative(html, "text/html")
    if email.calendar:
        method = re.search(r"^METHOD:(\w+)\r?$", email.calendar, re.MULTILINE)[1]
        message.attach_alternative(email.calendar, f"text/calendar; method={method}")
    return message


# Sending --------------------------------------------------------------------------------------


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
    _close_withheld()
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


def skip(*, templates, reason, about=None):
    """Records that messages are not sent, and why, under the keys that they would have had. Does nothing where one is.

    templates: key → template.
    """
    OutgoingEmail.objects.bulk_create(
        [
            OutgoingEmail(key=key, template=template, subject=about, state=State.NOT_SENT, reason=reason)
            for key, template in templates.items()
        ],
        ignore_conflicts=True,
    )


def withhold(emails, *, reason):
    """Keeps messages that were not sent from being sent, saying why. Returns how many were found.

    One that is on its way may still arrive, but is not tried again. All in one statement: a row that changes meanwhile
    is judged as it then is.
    """
    return emails.filter(state__in=(State.WAITING, State.FAILED, State.SENDING)).update(
        state=Case(When(state=State.SENDING, then=Value(State.SENDING)), default=Value(State.NOT_SENT)),
        reason=Case(When(state=State.SENDING, then=F("reason")), default=Value(reason, TextField())),
        withheld=reason,
    )


def forget(emails, reason=""):
    """Empties messages of their words and of who they are for. What was not sent is not sent; their keys stay.

    A worker that holds one at this moment may still send it, and then finds that the row is not its own any more.
    """
    reason = reason or gettext("Somebody whom it was about was erased.")
    pks = list(emails.values_list("pk", flat=True))  # what they are found by goes with the first change
    rows = OutgoingEmail.objects.filter(pk__in=pks, leaves_no_trace=False)
    rows.exclude(state=State.SENT).update(state=State.NOT_SENT, lease_until=None, reason=reason)
    rows.update(to="", reply_to="", subject_line="", text="", calendar="", withheld="")
    rows.filter(state=State.SENT).update(reason="")


def empty_old(*, before):
    """Empties messages written before a moment of their words and of who they were for. Returns how many.

    What became of each stays on record, under its key.
    """
    old = OutgoingEmail.objects.closed().filter(created_at__lt=before).exclude(to="", text="")
    refused = When(state=State.FAILED, then=Value(gettext("The mail server did not take it."), TextField()))
    own_words = When(state=State.NOT_SENT, then=F("reason"))
    return old.update(
        to="", reply_to="", subject_line="", text="", calendar="", withheld="",
        reason=Case(refused, own_words, default=Value("", TextField())),
    )  # fmt: skip


def delete_codes(*, before):
    """Deletes sign-in messages written before a moment, and what should have left no trace. Returns how many."""
    closed = OutgoingEmail.objects.closed()
    codes = Q(template__startswith="account/email/", created_at__lt=before)
    return closed.filter(codes | Q(leaves_no_trace=True)).delete()[0]


ON_ITS_WAY = _("It was on its way at that moment, so it may have arrived.")


def _close_withheld():
    """Closes messages that were withheld while a worker that died held them."""
    rows = OutgoingEmail.objects.filter(state=State.SENDING, lease_until__lt=timezone.now())
    rows.exclude(withheld="").update(
        state=State.NOT_SENT,
        lease_until=None,
        reason=Concat("withheld", Value(f" {ON_ITS_WAY}", TextField())),
    )
