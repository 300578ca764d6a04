"""What became of a message, in plain words, for those who may ask whether we wrote."""

from django.utils import timezone
from django.utils.translation import gettext as _

from oiep.models import OutgoingEmail


def what_became_of(row):
    """Whether a message went and when, or why it did not."""
    State = OutgoingEmail.State
    if row.state == State.SENT:
        return _("sent on %(date)s") % {"date": _day(row.sent_at)}
    if row.state == State.NOT_SENT:
        return _("not sent. %(why)s") % {"why": row.reason}
    if row.state == State.FAILED:
        return _("could not be sent: %(why)s") % {"why": row.reason}
    return _("on its way since %(date)s") % {"date": _day(row.created_at)}


def _day(moment):
    return timezone.localdate(moment).strftime("%-d %B %Y")
