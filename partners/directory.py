"""How the directory of partners is filtered, searched and sorted."""

from django.db.models import FilteredRelation
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from oiep.listing import Facet, Listing
from partners.models import District, Kind, PriorityArea, Recognition, RecognitionKind, Sector, Size
from partners.models.recognitions import is_valid


def _holders(partners, kinds):
    """Partners that hold one of the recognitions today."""
    held = Recognition.objects.filter(is_valid(timezone.localdate()), kind__in=kinds)
    return partners.filter(pk__in=held.values("partner"))


def _with_held(partners):
    """Partners that hold something, once for each recognition that is valid today, `held`."""
    valid = is_valid(timezone.localdate(), "recognitions__")
    return partners.alias(held=FilteredRelation("recognitions", condition=valid)).filter(held__isnull=False)


FACETS = (
    Facet(
        name="area",
        legend=gettext_lazy("Priority area"),
        choices=PriorityArea,
        label="short_name",
        narrow=lambda partners, areas: partners.in_area(*areas),
        path="areas",
    ),
    Facet(
        name="place",
        legend=gettext_lazy("District"),
        choices=District,
        narrow=lambda partners, districts: partners.in_place(*districts),
        path="districts",
        everywhere="county_wide",
    ),
    Facet(
        name="kind",
        legend=gettext_lazy("Kind of partner"),
        choices=Kind,
        narrow=lambda partners, kinds: partners.filter(kind__in=kinds),
        path="kind",
    ),
    Facet(
        name="size",
        legend=gettext_lazy("Size"),
        choices=Size,
        narrow=lambda partners, sizes: partners.filter(size__in=sizes),
        path="size",
    ),
    Facet(
        name="sector",
        legend=gettext_lazy("Sector"),
        choices=Sector,
        narrow=lambda partners, sectors: partners.filter(sector__in=sectors),
        path="sector",
        brief=True,
    ),
    Facet(
        name="recognition",
        legend=gettext_lazy("Recognition"),
        choices=RecognitionKind,
        narrow=_holders,
        path="held__kind",
        counted=_with_held,
        brief=True,
    ),
)
SORTS = {
    "newest": (gettext_lazy("Newest first"), lambda partners: partners.order_by("-approved_at", "-pk")),
    "name": (gettext_lazy("By name"), lambda partners: partners.by_name()),
}


def directory_of(query, partners):
    """What an address asks of the directory. partners: those that it is about."""
    rows = partners.with_cards()
    return Listing(query, rows=rows, facets=FACETS, sorts=SORTS)


def nothing_found(listing):
    """What an empty directory says: where and on what nobody has pledged yet, when that is all that was asked."""
    chosen = {name: choices for name, choices in listing.chosen.items() if choices}
    if listing.words or any(len(choices) > 1 for choices in chosen.values()) or chosen.keys() - {"area", "place"}:
        return _("No partner matches all of that")
    names = {name: choices[0].label for name, choices in chosen.items()}
    if names.keys() == {"area", "place"}:
        return _("No partner in %(place)s has pledged on “%(area)s” yet") % names
    if "area" in names:
        return _("No partner has pledged on “%(area)s” yet") % names
    if "place" in names:
        return _("No partner in %(place)s has signed yet") % names
    return _("Nobody has signed yet")
