"""The few figures that most pages show. found: the facts, where they were asked for already."""

import copy

from partners.models import District, PriorityArea, entries
from pledges.figures.facts import facts
from pledges.figures.slices import Slice, of_slice


def areas_with_figures(areas=None, place=None, found=None):
    """Priority areas, those in use unless others are given, with `partner_count` and `pledge_count`, in a place or all
    over the county."""
    areas = _in_use(PriorityArea) if areas is None else list(areas)
    found = found or facts()
    for area in areas:
        _show(area, of_slice(found, Slice(area=area.pk, place=place and place.pk)))
    return areas


def places_with_figures(places=None, found=None):
    """Districts, those in use unless others are given, with `partner_count` and `pledge_count`; partners that work
    county-wide count in each."""
    places = _in_use(District) if places is None else list(places)
    found = found or facts()
    for place in places:
        _show(place, of_slice(found, Slice(place=place.pk)))
    return places


def _in_use(model):
    """Entries that are the caller's own."""
    return [copy.copy(entry) for entry in entries(model).values() if not entry.retired_at]


def _show(entry, figures):
    entry.partner_count, entry.pledge_count = figures.partners, figures.live


def totals(found=None):
    """How many organisations and residents have signed, and how many pledges are live."""
    figures = of_slice(found or facts(), Slice())
    return {"pledges": figures.live, "residents": figures.residents, "organisations": figures.organisations}
