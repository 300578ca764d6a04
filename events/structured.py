"""An event as search engines read it: schema.org's Event, in JSON-LD."""

import json

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe

from events.models import Contributor

_PROMOTERS = {Contributor.Role.HOST: "organizer", Contributor.Role.PARTNER: "contributor"}
_OURSELVES = "Oxfordshire Inclusive Economy Partnership"


def structured(event, contributors, photographs=()):
    """The event's JSON-LD, safe within a `script` element. Online links are not in it: only who has a place sees them.

    contributors: its Contributor rows, with their partners. photographs: those that are public.
    https://schema.org/Event says what each name means.
    """
    data = {
        "@context": "https://schema.org",
        "@type": "Event",
        "name": event.title,
        "description": event.summary,
        "url": settings.SITE_URL + event.get_absolute_url(),
        "startDate": _time(event, event.starts_at),
        "endDate": _time(event, event.ends_at),
        "eventStatus": f"https://schema.org/{'EventCancelled' if event.cancelled_at else 'EventScheduled'}",
        "eventAttendanceMode": f"https://schema.org/{_mode(event)}EventAttendanceMode",
        "location": _locations(event),
        "isAccessibleForFree": True,
    }
    parts = {"organizer": [], "contributor": [], "sponsor": []}
    for row in contributors:
        name = str(row.partner.public_name) if row.partner else row.name
        parts[_PROMOTERS.get(row.role, "sponsor")].append({"@type": "Organization", "name": name})
    if event.group:
        parts["organizer"].append(_named("Organization", event.group))
    parts["organizer"] = parts["organizer"] or [{"@type": "Organization", "name": _OURSELVES, "url": settings.SITE_URL}]
    data |= {name: rows for name, rows in parts.items() if rows}
    if event.series:
        data["superEvent"] = {"@type": "EventSeries", "name": event.series.name}
    if event.capacity:
        data["maximumAttendeeCapacity"] = event.capacity
    if photographs:
        data["image"] = [settings.SITE_URL + reverse("photograph", args=[picture.pk]) for picture in photographs]
    if event.is_open_for_bookings():
        full = event.places_left == 0
        data["offers"] = {
            "@type": "Offer",
            "price": 0,
            "priceCurrency": "GBP",
            "availability": f"https://schema.org/{'SoldOut' if full else 'InStock'}",
            "url": settings.SITE_URL + event.get_absolute_url(),
        }
    return _as_script(data)


def _named(kind, thing):
    return {"@type": kind, "name": str(thing), "url": settings.SITE_URL + thing.get_absolute_url()}


def _time(event, moment):
    """As exactly as we know it: a moment in Oxfordshire's time, a day, or a month."""
    local = timezone.localtime(moment)
    if event.known == event.Known.MONTH:
        return local.strftime("%Y-%m")
    return local.date().isoformat() if event.known == event.Known.DAY else local.isoformat(timespec="minutes")


def _mode(event):
    if not event.place:
        return "Online"
    return "Mixed" if event.online_url else "Offline"


def _locations(event):
    places = []
    if event.place:
        places.append({"@type": "Place", "name": event.place, "address": event.place})
    if event.online_url:
        places.append({"@type": "VirtualLocation", "url": settings.SITE_URL + event.get_absolute_url()})
    return places


def _as_script(data):
    """JSON in which nothing ends the element that it stands in."""
    text = json.dumps(data, ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return mark_safe(text)  # noqa: S308 - what could end the element is escaped
