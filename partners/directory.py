"""How the directory of partners is filtered, searched and sorted."""

from dataclasses import dataclass

from django.core.paginator import Paginator
from django.db.models import FilteredRelation
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from oiep.bitmaps import Bitmap
from oiep.changes import remembered
from oiep.listing import Facet, Listing
from partners.models import District, Kind, Partner, PriorityArea, Recognition, RecognitionKind, Sector, Size
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


SEARCH_STOPS_AT = 1000


class Directory(Listing):
    """The listed partners, found and counted in memory; the database is asked for words, and for the rows of the page.

    What is in memory may be some seconds old where the scheme is very large; the rows of a page are those that are
    listed now.
    """

    def _count_choices(self):
        bitmap = self._bitmap = _bitmap(self.sort)
        found = bitmap.all
        if self.words:
            keys = self._keys(self._rows.matching(self.words))
            self.has_more = len(keys) > SEARCH_STOPS_AT
            if self.has_more and any(self.chosen.values()):
                keys = self._keys(self._narrowed())
                self._found = bitmap.of(keys[:SEARCH_STOPS_AT])
                self.has_more = len(keys) > SEARCH_STOPS_AT
                return self._without_counts()
            found = bitmap.of(keys[:SEARCH_STOPS_AT])
        chosen = {facet.name: self._having(facet, self.chosen[facet.name]) for facet in self._facets}
        self._found = found
        for bits in chosen.values():
            self._found &= bits
        if self.has_more:
            return self._without_counts()
        for facet in self._facets:
            others = found
            for name, bits in chosen.items():
                if name != facet.name:
                    others &= bits
            for choice in self.choices[facet.name]:
                choice.count = (others & self._having(facet, [choice])).bit_count()
        return self._found.bit_count()

    def _keys(self, rows):
        return list(self._order(rows).values_list("pk", flat=True)[: SEARCH_STOPS_AT + 1])

    def _without_counts(self):
        for choices in self.choices.values():
            for choice in choices:
                choice.count = None
        return self._found.bit_count()

    def _having(self, facet, choices):
        if not choices:
            return self._bitmap.all
        whats = [(facet.name, choice.key) for choice in choices]
        return self._bitmap.having(*whats, *[(facet.name, _EVERYWHERE)] * bool(facet.everywhere))

    @cached_property
    def page(self):
        paginator = Paginator(_Found(self), self.per_page)
        paginator.count = self.total
        return self._asked_page(paginator)

    def rows_between(self, start, stop):
        keys = self._bitmap.keys_between(self._found, start, stop)
        rows = {row.pk: row for row in self._rows.filter(pk__in=keys)}
        return [rows[key] for key in keys if key in rows]


@dataclass(frozen=True)
class _Found:
    """What a paginator cuts its pages from."""

    directory: Directory

    def __getitem__(self, part):
        return self.directory.rows_between(part.start, part.stop)


_EVERYWHERE = "*"


_AT_A_TIME = 5000


@remembered(may_rest=True)
def _bitmap(sort):
    """What the listed partners have, in the order of one sort."""
    _label, order = SORTS[sort]
    return Bitmap(order(Partner.objects.listed()).values_list("pk", flat=True).iterator(_AT_A_TIME), _all_facts())


def _all_facts():
    """(a partner's key, (a facet's name, the key of one of its choices)), also of partners that are not listed."""
    facts = Partner.objects.order_by().values_list("pk", "kind", "size", "sector", "county_wide")
    for key, kind, size, sector, is_everywhere in facts.iterator(_AT_A_TIME):
        yield from ((key, ("kind", kind)), (key, ("size", size)), (key, ("sector", sector)))
        if is_everywhere:
            yield key, ("place", _EVERYWHERE)
    held = Recognition.objects.filter(is_valid(timezone.localdate()))
    for name, rows in (
        ("area", Partner.areas.through.objects.values_list("partner", "priorityarea")),
        ("place", Partner.districts.through.objects.values_list("partner", "district")),
        ("recognition", held.values_list("partner", "kind")),
    ):
        for key, entry in rows.order_by().iterator(_AT_A_TIME):
            yield key, (name, entry)


def directory_of(query, partners=None):
    """What an address asks of the directory. partners: those that it is about, where they are not the listed ones."""
    kind = Directory if partners is None else Listing
    rows = Partner.objects.listed() if partners is None else partners
    return kind(query, rows=rows.with_cards(), facets=FACETS, sorts=SORTS)


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
