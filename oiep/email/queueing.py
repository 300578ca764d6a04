"""Writing a message into the queue, and telling a worker of it."""

import datetime
import logging
import re
import threading

from django.conf import settings
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation
from kombu.exceptions import OperationalError

from oiep import languages
from oiep.locks import lock_on
from oiep.models import OutgoingEmail
from oiep.text import normalise_email
from oiep.texts.nodes import in_use as wordings_in_use

logger = logging.getLogger(__name__)


@transaction.atomic
def queue(
    *,
    to,
    template,
    context,
    key=None,
    about=None,
    language="",
    reply_to="",
    calendar="",
    stop_url="",
    unproven=False,
    leaves_no_trace=False,
    hurry=True,
):
    """Writes a message to be sent once this transaction has committed. Returns its row, or None if none was written.

    to: one e-mail address. template: `templates/email/<template>.txt`, whose first line is the subject. key: what makes
    the message the only one of its kind; a second call with it writes nothing. about: the object that the manager finds
    the message by. language: in which to write, for who has no account to keep it with; otherwise the account's, and
    English for a stranger. calendar: an iCalendar object with its METHOD, which calendar programs take in. stop_url:
    where its reader stops messages of that kind with one press. unproven: nobody has confirmed this address yet, so it
    gets a few messages a day at most, over all features (UNPROVEN_ADDRESS_MAILS_A_DAY). leaves_no_trace: the row is
    deleted once the message has gone. hurry: tell a worker
    at once; a caller that writes many does so at the end.

    Raises ValidationError when an address is none, or a header would hold a character that does not belong in one line.
    """
    to = normalise_email(to)
    if unproven and _unproven_allowance_is_used(to):
        return None
    language = languages.of_address(to) or language or languages.ENGLISH
    with translation.override(language):
        subject, text = compose(template, context)
    email = OutgoingEmail(
        key=key,
        template=template,
        to=to,
        language=language,
        reply_to=reply_to,
        subject_line=subject,
        text=text,
        calendar=calendar,
        stop_url=stop_url,
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
    with wordings_in_use():
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
