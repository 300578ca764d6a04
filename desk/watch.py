"""What the desk looks out for in mail, which belongs to no app."""

import datetime

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from oiep.models import OutgoingEmail
from oiep.watch import Figure, Section, register


def _stuck():
    """Messages that should have gone an hour ago."""
    before = timezone.now() - datetime.timedelta(hours=1)
    waiting = Q(state=OutgoingEmail.State.WAITING, due_at__lt=before)
    return OutgoingEmail.objects.filter(waiting | Q(state=OutgoingEmail.State.SENDING, lease_until__lt=before))


register(
    Figure(
        "mail-waiting",
        Section.WAY,
        (_("e-mail waiting to be sent"), _("e-mails waiting to be sent")),
        lambda: OutgoingEmail.objects.filter(state=OutgoingEmail.State.WAITING),
        tone="plain",
    ),
    Figure(
        "mail-failed",
        Section.MEND,
        (_("e-mail that could not be sent"), _("e-mails that could not be sent")),
        lambda: OutgoingEmail.objects.failed(),
        _("Look at what the mail server said, mend the address, then send it again."),
        "red",
    ),
    Figure(
        "mail-stuck",
        Section.NEVER,
        (_("e-mail that should have gone an hour ago"), _("e-mails that should have gone an hour ago")),
        _stuck,
        _("The mail server or the scheduler is away. Tell the operator."),
        "red",
    ),
)
