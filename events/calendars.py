"""Events in calendars: one as a file, all of them to subscribe to, and the entry that goes with an e-mail."""

from django.conf import settings
from django.utils.translation import gettext as _

from events.models import Event
from oiep.calendars import attendee, calendar_of, content_of, entry_of


def feed(events):
    """The calendar of the events given, as bytes, also of cancelled ones, but not of those whose day nobody knows.

    It changes only when they do, so that programs can ask whether it has. Online links are not in it.
    """
    calendar = calendar_of(method="PUBLISH", name=_("Inclusive Economy events in Oxfordshire"))
    for event in events.exclude(known=Event.Known.MONTH).order_by("starts_at", "pk"):
        calendar.add_component(_entry(event, stamp=event.changed_at))
    return content_of(calendar)


def file_of(event):
    """One event's calendar file, as bytes."""
    calendar = calendar_of(method="PUBLISH")
    calendar.add_component(_entry(event, stamp=event.changed_at))
    return calendar.to_ical()


def entry_for(registration, *, now):
    """The calendar object of an e-mail to somebody who has a place, with the online link; its end if there is none.

    It is an invitation that they have accepted, so that their program follows what becomes of it (docs/decisions/0021).
    """
    event = registration.event
    is_off = bool(event.cancelled_at or registration.state in registration.OVER)
    calendar = calendar_of(method="CANCEL" if is_off else "REQUEST")
    entry = _entry(event, stamp=now, online_url="" if is_off else event.online_url, is_cancelled=is_off)
    entry.add("attendee", attendee(registration.email, has_said_yes=True))
    calendar.add_component(entry)
    return calendar.to_ical().decode()


def _entry(event, *, stamp, online_url="", is_cancelled=None):
    where = event.place or (_("Online") if event.online_url else "")
    return entry_of(
        event,
        summary=event.title,
        location=where,
        description="\n\n".join(filter(None, _words(event, online_url))),
        stamp=stamp,
        is_cancelled=bool(event.cancelled_at) if is_cancelled is None else is_cancelled,
        day_only=event.known != Event.Known.TIME,
    )


def _words(event, online_url):
    if event.cancelled_at:
        yield _("Cancelled.") + f" {event.cancelled_why}".rstrip()
    yield event.summary
    if event.access:
        yield _("Access: %(words)s") % {"words": event.access}
    if online_url:
        yield _("To take part online: %(url)s") % {"url": online_url}
    yield settings.SITE_URL + event.get_absolute_url()
