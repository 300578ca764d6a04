"""Calendars that calendar programs read (iCalendar, RFC 5545 and 5546).

Times are written in UTC: something that happens once needs none of our rules of summer time, and of a time that the
clocks show twice it is clear which is meant.
"""

import datetime
import hashlib
import re
from email.utils import parseaddr

from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from icalendar import Calendar, Event, Timezone, vCalAddress, vDuration, vUri

_OURS = "-//Oxfordshire Inclusive Economy Partnership//Charter//EN"
_REFRESH = datetime.timedelta(hours=1)
_ZONE_YEARS = {"first_date": datetime.date(2020, 1, 1), "last_date": datetime.date(2022, 1, 1)}


def calendar_of(*, method, name=""):
    """An empty calendar. method: PUBLISH, REQUEST or CANCEL. name: for a feed, what a calendar program calls it."""
    calendar = Calendar()
    calendar.add("prodid", _OURS)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    if name:
        calendar.add("name", name)
        calendar.add("x-wr-calname", name)
        calendar.add("refresh-interval", vDuration(_REFRESH))
        calendar.add("x-published-ttl", vDuration(_REFRESH))
    return calendar


def content_of(calendar):
    """A feed as bytes. One that holds nothing tells our time zone: the standard asks for a component at least."""
    if not calendar.subcomponents:
        calendar.add_component(Timezone.from_tzid(settings.TIME_ZONE, **_ZONE_YEARS))
    return calendar.to_ical()


def entry_of(obj, *, summary, location, description, stamp, is_cancelled, day_only=False):
    """The entry of something with `uid`, `sequence`, `starts_at`, `ends_at`, `changed_at`, and a page of its own.

    stamp: when this entry was made out. is_cancelled: it does not take place, or not for this reader any more.
    day_only: it takes up whole days, because nobody knows the times.
    """
    entry = Event()
    entry.add("uid", str(obj.uid))
    entry.add("sequence", obj.sequence)
    entry.add("dtstamp", utc(stamp))
    entry.add("last-modified", utc(obj.changed_at))
    if day_only:
        days = [timezone.localdate(moment) for moment in (obj.starts_at, obj.ends_at)]
        entry.add("dtstart", days[0])
        entry.add("dtend", days[1] + datetime.timedelta(days=1))
    else:
        entry.add("dtstart", utc(obj.starts_at))
        entry.add("dtend", utc(obj.ends_at))
    entry.add("summary", summary)
    if location:
        entry.add("location", location)
    entry.add("description", description)
    entry.add("url", vUri(settings.SITE_URL + obj.get_absolute_url()))
    entry.add("status", "CANCELLED" if is_cancelled else "CONFIRMED")
    entry.add("transp", "TRANSPARENT" if is_cancelled or day_only else "OPAQUE")
    entry.add("organizer", organiser())
    return entry


def attendee(address, *, has_said_yes):
    """Who an entry in an e-mail is for, and nobody else: Outlook and Gmail take it for no invitation otherwise.

    has_said_yes: they have booked, so that their program shows it as accepted. No program is to send us an answer.
    """
    reader = vCalAddress(f"mailto:{address}")
    said = "ACCEPTED" if has_said_yes else "NEEDS-ACTION"
    reader.params.update({"ROLE": "REQ-PARTICIPANT", "PARTSTAT": said, "RSVP": "FALSE"})
    return reader


def organiser():
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    organiser = vCalAddress(f"mailto:{address}")
    if name:
        organiser.params["CN"] = name
    return organiser


def utc(moment):
    return moment.astimezone(datetime.UTC).replace(microsecond=0)


def addresses_of(url):
    """Of a feed: the address to copy, and the one that a device's own calendar opens."""
    return {"calendar_url": url, "webcal_url": re.sub(r"^https?:", "webcal:", url)}


def answer(request, content, *, name, cache_control):
    """A calendar as an answer, or 304 where the calendar program has it already.

    content: bytes that are the same for as long as nothing changed. name: of the file.
    """
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {
        "ETag": etag,
        "Cache-Control": cache_control,
        "Content-Disposition": f'inline; filename="{name}"',
        "X-Robots-Tag": "noindex",
    }
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8", headers=headers)
    return get_conditional_response(request, etag=etag, response=response)
