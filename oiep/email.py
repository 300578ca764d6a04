"""Outgoing mail. PostgreSQL is the queue, Celery the engine (quality.md, *Mail and periodic work*).

`queue` writes a message in the transaction that causes it. After the commit a worker is nudged; if Redis is away, the
scheduler's tick finds the row within a minute. `send_due` claims one row at a time, sends it, and closes it only if the
attempt is still its own.
"""

import contextlib
import datetime
import logging
import re
import smtplib

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import IntegrityError, transaction
from django.db.models import Case, F, TextField, Value, When
from django.db.models.functions import Concat
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html, format_html_join, urlize
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from kombu.exceptions import OperationalError

from oiep import audit
from oiep.locks import lock_on
from oiep.models import OutgoingEmail
from oiep.text import is_clean_line

logger = logging.getLogger(__name__)

ACTION = re.compile(r"^(?P<label>[^\n:>]{3,60}): (?P<url>https?://\S+)$")


def queue(*, to, template, context, key=None, about=None, reply_to="", unproven=False, hurry=True):
    """Writes a message to be sent once this transaction has committed. Returns its row, or None if none was written.

    to: one e-mail address. template: `templates/email/<template>.txt`, whose first line is the subject. key: what makes
    the message the only one of its kind; a second call with it writes nothing. about: the object that the manager finds
    the message by. unproven: nobody has confirmed this address yet, so it gets a few messages a day at most, over all
    features (UNPROVEN_ADDRESS_MAILS_A_DAY). hurry: tell a worker at once; a caller that writes many does so at the end.
    """
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
        unproven=unproven,
    )
    if about is not None:  # None would set the number of nothing to NULL
        email.subject = about
    email.clean_fields(exclude=["subject_type"])
    try:
        with transaction.atomic():
            email.save(force_insert=True)
    except IntegrityError:
        if key is None:
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


def nudge():
    """Asks a worker to look at the queue now. Redis may be away: then the scheduler's next tick finds the mail."""
    from oiep.tasks import send_mail

    try:
        send_mail.apply_async(expires=50, retry=False)
    except (OperationalError, OSError) as error:
        logger.warning("No worker could be told of new mail; the next tick sends it. %s", error)


def html_of(text):
    """The HTML of a message, drawn from its text, so that the two never differ.

    A paragraph `Label: https://…` becomes a button with the address below it, lines that begin with `- ` a list, lines
    that begin with `> ` a quotation of somebody's own words, in which nothing is clickable.
    """
    parts = [_html_of_paragraph(paragraph) for paragraph in re.split(r"\n\s*\n", text.strip())]
    return mark_safe("\n".join(parts))  # noqa: S308 - each part is escaped where it is made


def _html_of_paragraph(paragraph):
    lines = paragraph.strip().split("\n")
    if action := ACTION.match(paragraph.strip()):
        return render_to_string("email/_action.html", action.groupdict())
    if all(line.startswith("> ") or line == ">" for line in lines):
        return format_html("<blockquote>{}</blockquote>", _lines((line[2:] for line in lines), link=False))
    if all(line.startswith("- ") for line in lines):
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}</li>", ((_link(line[2:]),) for line in lines)))
    return format_html("<p>{}</p>", _lines(lines, link=True))


def _link(line):
    return mark_safe(urlize(line, autoescape=True))  # noqa: S308 - urlize escapes


def _lines(lines, *, link):
    return format_html_join(mark_safe("<br>\n"), "{}", ((_link(line) if link else line,) for line in lines))


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
    return message


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
        email.uncertain = email.uncertain or email.state == OutgoingEmail.State.SENDING
        email.state = OutgoingEmail.State.SENDING
        email.lease_until = now + datetime.timedelta(seconds=settings.EMAIL_LEASE_SECONDS)
        email.attempts += 1
        email.save(update_fields=["uncertain", "state", "lease_until", "attempts"])
    return email


def _close(email, **values):
    """Closes the attempt, unless another worker has claimed the row since."""
    mine = OutgoingEmail.objects.filter(pk=email.pk, state=OutgoingEmail.State.SENDING, attempts=email.attempts)
    return mine.update(lease_until=None, **values)


def _retry_delay(attempts):
    return datetime.timedelta(minutes=min(2 ** (attempts - 1), 60))


def _close_refused(email, error, *, for_good):
    now = timezone.now()
    too_old = now - email.created_at > datetime.timedelta(days=settings.EMAIL_GIVE_UP_AFTER_DAYS)
    state = OutgoingEmail.State.FAILED if for_good or too_old else OutgoingEmail.State.WAITING
    is_wanted = When(withheld="", then=Value(state))
    _close(
        email,
        state=Case(is_wanted, default=Value(OutgoingEmail.State.NOT_SENT)),
        due_at=now + _retry_delay(email.attempts),
        reason=Case(
            When(withheld="", then=Value(str(error) or type(error).__name__, TextField())), default=F("withheld")
        ),
    )


def is_permanent(error):
    """Whether the mail server refused this message for good (SMTP 5xx for the message or its recipient)."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _words in error.recipients.values()]
    elif isinstance(error, (smtplib.SMTPDataError, smtplib.SMTPSenderRefused)):
        codes = [error.smtp_code]
    else:
        return isinstance(error, ValueError)
    return bool(codes) and all(500 <= code < 600 for code in codes)


def send_due(limit=None):
    """Sends what is due, one row at a time over one connection. Returns how many the mail server accepted.

    limit: how many to claim at most; None for all. A refusal is tried again later, from one minute doubling to an hour,
    and marked as failed after EMAIL_GIVE_UP_AFTER_DAYS or at once when the server refuses for good.
    """
    _close_withheld()
    sent = claimed = 0
    mail_connection = get_connection()
    try:
        while (limit is None or claimed < limit) and (email := claim()):
            claimed += 1
            try:
                message_of(email, mail_connection).send()
            except Exception as error:  # one poisoned row fails alone
                _close_refused(email, error, for_good=is_permanent(error))
                _close_quietly(mail_connection)
            else:
                sent += _close(email, state=OutgoingEmail.State.SENT, sent_at=timezone.now(), reason="")
    finally:
        _close_quietly(mail_connection)
    return sent


def _close_quietly(mail_connection):
    with contextlib.suppress(Exception):
        mail_connection.close()


def send_again(email, *, actor):
    """Puts a failed message back into the queue; the manager's button."""
    with transaction.atomic():
        waiting = (
            OutgoingEmail.objects.failed()
            .filter(pk=email.pk)
            .update(state=OutgoingEmail.State.WAITING, due_at=timezone.now(), created_at=timezone.now(), reason="")
        )
        if waiting:
            audit.record(verb="outgoingemail.sent_again", subject=email, actor=actor)
            transaction.on_commit(nudge, robust=True)
    return bool(waiting)


def skip(*, templates, reason, about=None):
    """Records that messages are not sent, and why, under the keys that they would have had. Does nothing where one is.

    templates: key → template.
    """
    state = OutgoingEmail.State.NOT_SENT
    OutgoingEmail.objects.bulk_create(
        [
            OutgoingEmail(key=key, template=template, subject=about, state=state, reason=reason)
            for key, template in templates.items()
        ],
        ignore_conflicts=True,
    )


def withhold(emails, *, reason):
    """Keeps messages that were not sent from being sent, saying why. Returns how many were found.

    One that is on its way may still arrive, but is not tried again. All in one statement: a row that changes meanwhile
    is judged as it then is.
    """
    state = OutgoingEmail.State
    return emails.filter(state__in=(state.WAITING, state.FAILED, state.SENDING)).update(
        state=Case(When(state=state.SENDING, then=Value(state.SENDING)), default=Value(state.NOT_SENT)),
        reason=Case(When(state=state.SENDING, then=F("reason")), default=Value(reason, TextField())),
        withheld=reason,
    )


ON_ITS_WAY = _("It was on its way at that moment, so it may have arrived.")


def _close_withheld():
    """Closes messages that were withheld while a worker that died held them."""
    rows = OutgoingEmail.objects.filter(state=OutgoingEmail.State.SENDING, lease_until__lt=timezone.now())
    rows.exclude(withheld="").update(
        state=OutgoingEmail.State.NOT_SENT,
        lease_until=None,
        reason=Concat("withheld", Value(f" {ON_ITS_WAY}", TextField())),
    )
