"""What other sites show of the Charter: how many signed, and who, all over the county or by area and district."""

import re
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from oiep.reach.answers import Refused, asked_of
from partners.models import District, Kind, Partner, PriorityArea
from pledges.figures import Slice, figures
from pledges.history import show_standings

NAMES = ("area", "place", "show", "language")
SHOWN, SHOWN_AT_MOST = 10, 50


def choice_in(query):
    """What an address asks for: its area, its place (or None), and how many to show. Raises Refused."""
    asked = asked_of(query, *NAMES)
    return {
        "area": _one(PriorityArea, asked.get("area"), _("We have no priority area of the name in this address.")),
        "place": _one(District, asked.get("place"), _("We have no district of the name in this address.")),
        "show": _number(asked.get("show")),
    }


def _one(model, slug, refusal):
    if slug is None:
        return None
    if not re.fullmatch(r"[-\w]{1,60}", slug, re.ASCII):
        raise Refused(refusal)
    row = model.objects.current().filter(slug=slug).first()
    if row is None:
        raise Refused(refusal)
    return row


def _number(text):
    if text is None:
        return SHOWN
    if not re.fullmatch(r"[1-9]\d?", text, re.ASCII) or int(text) > SHOWN_AT_MOST:
        raise Refused(_("“show” is a whole number from 1 to %(n)s.") % {"n": SHOWN_AT_MOST})
    return int(text)


def partners_of(area, place):
    """Listed partners there, residents among them."""
    partners = Partner.objects.listed()
    if area:
        partners = partners.in_area(area)
    return partners.in_place(place) if place else partners


def list_of(area, place, show):
    """Organisations, newest first, each with its standing."""
    organisations = partners_of(area, place).exclude(kind=Kind.RESIDENT)
    newest = show_standings(organisations.order_by("-approved_at", "-pk")[:show])
    return {"partners": newest}


def counts_of(area, place):
    """How many organisations and residents have signed there, and the live pledges, as the pages count them."""
    found = figures(Slice(area=area and area.pk, place=place and place.pk))
    return {"organisations": found.organisations, "residents": found.residents, "pledges": found.live}


def directory_address(area, place):
    """The directory, filtered in the same way."""
    asked = {name: row.slug for name, row in (("area", area), ("place", place)) if row}
    return reverse("partners") + (f"?{urlencode(asked)}" if asked else "")
