"""Messages that are not to be sent after all, and those that are done with."""

from django.db.models import Case, F, Q, TextField, Value, When
from django.db.models.functions import Concat
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from oiep.models import OutgoingEmail

State = OutgoingEmail.State
ON_ITS_WAY = _("It was on its way at that moment, so it may have arrived.")


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


def close_withheld():
    """Closes messages that were withheld while a worker that died held them."""
    rows = OutgoingEmail.objects.filter(state=State.SENDING, lease_until__lt=timezone.now())
    rows.exclude(withheld="").update(
        state=State.NOT_SENT,
        lease_until=None,
        reason=Concat("withheld", Value(f" {ON_ITS_WAY}", TextField())),
    )


def forget(emails, reason=""):
    """Empties messages of their words and of who they are for. What was not sent is not sent; their keys stay.

    A worker that holds one at this moment may still send it, and then finds that the row is not its own any more.
    """
    reason = reason or gettext("Somebody whom it was about was erased.")
    pks = list(emails.values_list("pk", flat=True))  # what they are found by goes with the first change
    rows = OutgoingEmail.objects.filter(pk__in=pks, leaves_no_trace=False)
    rows.exclude(state=State.SENT).update(state=State.NOT_SENT, lease_until=None, reason=reason)
    rows.update(to="", reply_to="", subject_line="", text="", calendar="", stop_url="", withheld="")
    rows.filter(state=State.SENT).update(reason="")


def empty_old(*, before):
    """Empties messages written before a moment of their words and of who they were for. Returns how many.

    What became of each stays on record, under its key.
    """
    old = OutgoingEmail.objects.closed().filter(created_at__lt=before).exclude(to="", text="")
    refused = When(state=State.FAILED, then=Value(gettext("The mail server did not take it."), TextField()))
    own_words = When(state=State.NOT_SENT, then=F("reason"))
    return old.update(
        to="", reply_to="", subject_line="", text="", calendar="", stop_url="", withheld="",
        reason=Case(refused, own_words, default=Value("", TextField())),
    )  # fmt: skip


def delete_codes(*, before):
    """Deletes sign-in messages written before a moment, and what should have left no trace. Returns how many."""
    closed = OutgoingEmail.objects.closed()
    codes = Q(template__startswith="account/email/", created_at__lt=before)
    return closed.filter(codes | Q(leaves_no_trace=True)).delete()[0]


def release(emails, *, reason):
    """Puts messages back into the queue that were withheld for that reason, all but those that may have arrived.

    Returns how many go now. One that was on its way when it was withheld is tried again, should it come back.
    """
    emails.filter(state=State.SENDING, withheld=reason).update(withheld="")
    again = emails.filter(state=State.NOT_SENT, withheld=reason, reason=reason)
    return again.update(state=State.WAITING, due_at=timezone.now(), reason="", withheld="")
