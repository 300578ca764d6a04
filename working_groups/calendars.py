"""Meetings as entries of calendars, for invitations and for a person's feed.

docs/decisions/0012 says what an entry tells.
"""

import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from oiep.calendars import attendee, calendar_of, content_of, entry_of
from working_groups.models import Group, Meeting

_PAST = datetime.timedelta(days=365)


def invitation(meeting, *, user, now):
    """The calendar object of an e-mail to one member: an invitation, or the end of one that is cancelled."""
    calendar = calendar_of(method="CANCEL" if meeting.cancelled_at else "REQUEST")
    entry = _entry(meeting, stamp=now, description=_words(meeting, meeting.online_url))
    entry.add("attendee", attendee(user.email, has_said_yes=False))
    calendar.add_component(entry)
    return calendar.to_ical().decode()


def feed(user, *, now):
    """The meetings of all groups of which a person is a member now, as bytes: those of the past year and all to come.

    It changes only when they do, so that programs can ask whether it has.
    """
    calendar = calendar_of(method="PUBLISH", name=_("Meetings of the Inclusive Economy Partnership"))
    meetings = Meeting.objects.called().filter(group__in=Group.objects.of(user), ends_at__gt=now - _PAST)
    for meeting in meetings.select_related("group").order_by("starts_at", "pk"):
        calendar.add_component(_entry(meeting, stamp=meeting.changed_at, description=_words(meeting, "")))
    return content_of(calendar)


def _entry(meeting, *, stamp, description):
    return entry_of(
        meeting,
        summary=f"{meeting.title} ({meeting.group.name})",
        location=meeting.place or _("Online"),
        description=description,
        stamp=stamp,
        is_cancelled=bool(meeting.cancelled_at),
    )


def _words(meeting, online_url):
    parts = [meeting.cancelled_why and _("Cancelled: %(why)s") % {"why": meeting.cancelled_why}]
    if online_url:
        parts.append(_("To take part online: %(url)s") % {"url": online_url})
    parts.append(_("Agenda and papers: %(url)s") % {"url": url_of(meeting)})
    return "\n".join(filter(None, parts))


def url_of(meeting):
    return settings.SITE_URL + meeting.get_absolute_url()
