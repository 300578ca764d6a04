"""Meetings as entries of calendars (iCalendar, RFC 5545 and 5546), for invitations and for a person's feed.

Times are written in UTC: a meeting happens once, so no calendar needs our rules of summer time, and of a time that the
clocks show twice it is clear which is meant. docs/decisions/0012 says what an entry tells.
"""

import datetime
from email.utils import parseaddr

from django.conf import settings
from django.utils.translation import gettext as _
from icalendar import Calendar, Event, vCalAddress, vDuration, vUri

from working_groups.models import Group, Meeting

_OURS = "-//Oxfordshire Inclusive Economy Partnership//Charter//EN"
_PAST = datetime.timedelta(days=365)
_REFRESH = datetime.timedelta(hours=1)


def invitation(meeting, *, user, now):
    """The calendar object of an e-mail to one member: an invitation, or the end of one that is cancelled."""
    calendar = _calendar()
    calendar.add("method", "CANCEL" if meeting.cancelled_at else "REQUEST")
    entry = _entry(meeting, stamp=now, description=_words(meeting, meeting.online_url))
    # Programs take an invitation for one only if it names its reader; it names nobody else.
    attendee = vCalAddress(f"mailto:{user.email}")
    attendee.params.update({"ROLE": "REQ-PARTICIPANT", "PARTSTAT": "NEEDS-ACTION", "RSVP": "FALSE"})
    entry.add("attendee", attendee)
    calendar.add_component(entry)
    return calendar.to_ical().decode()


def feed(user, *, now):
    """The meetings of all groups of which a person is a member now, as bytes: those of the past year and all to come.

    It changes only when they do, so that programs can ask whether it has.
    """
    calendar = _calendar()
    calendar.add("method", "PUBLISH")
    name = _("Meetings of the Inclusive Economy Partnership")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", vDuration(_REFRESH))
    calendar.add("x-published-ttl", vDuration(_REFRESH))
    meetings = Meeting.objects.called().filter(group__in=Group.objects.of(user), ends_at__gt=now - _PAST)
    for meeting in meetings.select_related("group").order_by("starts_at", "pk"):
        calendar.add_component(_entry(meeting, stamp=meeting.changed_at, description=_words(meeting, "")))
    return calendar.to_ical()


def _calendar():
    calendar = Calendar()
    calendar.add("prodid", _OURS)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    return calendar


def _entry(meeting, *, stamp, description):
    entry = Event()
    entry.add("uid", str(meeting.uid))
    entry.add("sequence", meeting.sequence)
    entry.add("dtstamp", _utc(stamp))
    entry.add("last-modified", _utc(meeting.changed_at))
    entry.add("dtstart", _utc(meeting.starts_at))
    entry.add("dtend", _utc(meeting.ends_at))
    entry.add("summary", f"{meeting.title} ({meeting.group.name})")
    entry.add("location", meeting.place or _("Online"))
    entry.add("description", description)
    entry.add("url", vUri(url_of(meeting)))
    entry.add("status", "CANCELLED" if meeting.cancelled_at else "CONFIRMED")
    entry.add("transp", "TRANSPARENT" if meeting.cancelled_at else "OPAQUE")
    entry.add("organizer", _organiser())
    return entry


def _organiser():
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    organiser = vCalAddress(f"mailto:{address}")
    if name:
        organiser.params["CN"] = name
    return organiser


def _words(meeting, online_url):
    parts = [meeting.cancelled_why and _("Cancelled: %(why)s") % {"why": meeting.cancelled_why}]
    if online_url:
        parts.append(_("To take part online: %(url)s") % {"url": online_url})
    parts.append(_("Agenda and papers: %(url)s") % {"url": url_of(meeting)})
    return "\n".join(filter(None, parts))


def url_of(meeting):
    return settings.SITE_URL + meeting.get_absolute_url()


def _utc(moment):
    return moment.astimezone(datetime.UTC).replace(microsecond=0)
