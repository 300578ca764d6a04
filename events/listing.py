"""How the list of events is filtered, searched and sorted."""

import datetime
import re

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from events.models import Event
from oiep.listing import Facet, Listing
from partners.models import District, PriorityArea

FACETS = (
    Facet(
        name="area",
        legend=_("Priority area"),
        choices=PriorityArea,
        label="short_name",
        narrow=lambda events, areas: events.filter(
            pk__in=Event.areas.through.objects.filter(priorityarea__in=areas).values("event")
        ),
        path="areas",
        brief=True,
    ),
    Facet(
        name="place",
        legend=_("District"),
        choices=District,
        narrow=lambda events, districts: events.filter(district__in=districts),
        path="district",
        brief=True,
    ),
    Facet(
        name="kind",
        legend=_("Kind of event"),
        choices=Event.Kind,
        narrow=lambda events, kinds: events.filter(kind__in=kinds),
        path="kind",
        brief=True,
    ),
)
SOONEST = {"soonest": (_("The next first"), lambda events: events.order_by("starts_at", "pk"))}
LATEST = {"latest": (_("The latest first"), lambda events: events.order_by("-starts_at", "-pk"))}


def month_of(text):
    """The first day of a month that an address asks for, as `2027-03`; None for anything else."""
    if not re.fullmatch(r"(19|20|21)\d\d-(0[1-9]|1[0-2])", text, re.ASCII):
        return None
    return datetime.date(int(text[:4]), int(text[5:]), 1)


def months_of(events):
    """The months in which events begin, each as its first day."""
    months = events.order_by().datetimes("starts_at", "month", tzinfo=timezone.get_default_timezone())
    return [moment.date() for moment in months]


def listing_of(query, events, *, past):
    """What an address asks of the events, those to come or those of the past."""
    rows = events.past() if past else events.upcoming()
    month = month_of(query.get("month", ""))
    if month:
        rows = rows.in_month(month)
    rows = rows.select_related("district", "series").prefetch_related("areas").with_held()
    return Listing(query, rows=rows, facets=FACETS, sorts=LATEST if past else SOONEST), month
