"""A public list that is filtered, searched, sorted and paged by its address alone."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from django.core.paginator import Paginator
from django.db.models import CharField, Count, F, Value
from django.db.models.functions import Cast
from django.utils.functional import cached_property

from oiep.changes import entries

WORDS_LENGTH = 100
_SLUG = re.compile(r"[-\w]{1,60}", re.ASCII)
_VALUES_AT_MOST = 20
_EVERYWHERE = "*"


@dataclass(frozen=True)
class Facet:
    """One thing to filter a list by.

    name: its parameter in the address. choices: a TextChoices, or a model of reference data, of which `label` is the
    field to show. narrow: (rows, keys) → the rows that have one of the choices; a key is a TextChoices' value or a
    model's primary key. path: the lookup from a row to its keys, by which the rows are counted. everywhere: the lookup
    to a boolean; rows where it is true count for each choice. counted: rows → those rows with what `path` looks up,
    where a lookup alone would count too much. brief: whether choices that would show nothing are left out, for long
    lists.
    """

    name: str
    legend: str
    choices: type
    narrow: Callable
    path: str
    label: str = "name"
    everywhere: str = ""
    counted: Callable | None = None
    brief: bool = False

    @property
    def is_fixed(self):
        return not hasattr(self.choices, "objects")


@dataclass
class Choice:
    key: object
    value: str
    label: str
    chosen: bool
    count: int | None = 0  # None where counting would take too long


class Listing:
    """What an address asks of a list: as many queries however many rows and choices there are.

    Choices of one facet widen each other, facets narrow each other. Each choice carries the number of rows that it
    would show beside all that the other facets ask. A retired entry of reference data still filters when it is asked
    for. What the address asks and nobody knows is left out, and kept in `unknown`.

    rows: the published rows, with a method `matching(words)`. sorts: {value: (label, rows → ordered rows)}, the first
    being the default.
    """

    has_more = False  # whether there are more than `total`

    def __init__(self, query, *, rows, facets, sorts, per_page=24):
        self._rows, self._facets, self.per_page = rows, facets, per_page
        self.words = " ".join(query.get("q", "").replace("\0", " ").split())[:WORDS_LENGTH]
        self.sorts = {value: label for value, (label, _order) in sorts.items()}
        self.sort = query.get("sort") if query.get("sort") in sorts else next(iter(sorts))
        self._order = sorts[self.sort][1]
        self._page_number = query.get("page")
        asked = {facet.name: query.getlist(facet.name)[:_VALUES_AT_MOST] for facet in facets}
        self.choices = self._all_choices(asked)
        self.chosen = {name: [choice for choice in choices if choice.chosen] for name, choices in self.choices.items()}
        self.unknown = [
            value
            for name, values in asked.items()
            for value in values
            if value and value not in {choice.value for choice in self.chosen[name]}
        ]
        self.total = self._count_choices()

    @property
    def facets(self):
        """Each facet, its choices to show, and whether one is chosen."""
        return [
            (
                facet,
                [
                    choice
                    for choice in self.choices[facet.name]
                    if choice.count != 0 or choice.chosen or not facet.brief
                ],
                bool(self.chosen[facet.name]),
            )
            for facet in self._facets
        ]

    @property
    def is_filtered(self):
        return bool(self.words or any(self.chosen.values()))

    @cached_property
    def page(self):
        paginator = Paginator(self._order(self._narrowed()), self.per_page)
        paginator.count = self.total  # counted with the choices
        return self._asked_page(paginator)

    def _asked_page(self, paginator):
        number = self._page_number
        return paginator.page(1) if str(number).startswith("-") else paginator.get_page(number)

    def _all_choices(self, asked):
        choices = {}
        for facet in self._facets:
            if facet.is_fixed:
                found = ((value, value, label) for value, label in facet.choices.choices)
            else:
                found = (
                    (entry.pk, entry.slug, getattr(entry, facet.label))
                    for entry in entries(facet.choices).values()
                    if not entry.retired_at or entry.slug in asked[facet.name]
                )
            choices[facet.name] = [Choice(key, value, label, value in asked[facet.name]) for key, value, label in found]
        return choices

    def _narrowed(self, leaving_out=None):
        rows = self._rows.matching(self.words) if self.words else self._rows
        for facet in self._facets:
            if facet is not leaving_out and self.chosen[facet.name]:
                rows = facet.narrow(rows, [choice.key for choice in self.chosen[facet.name]])
        return rows

    def _count_choices(self):
        """Fills in each choice's count, and returns how many rows there are in all, by one query."""
        parts = [_counted(self._narrowed(), "", Value(_EVERYWHERE))]
        for facet in self._facets:
            rows = self._narrowed(leaving_out=facet)
            if facet.everywhere:
                parts.append(_counted(rows.filter(**{facet.everywhere: True}), facet.name, Value(_EVERYWHERE)))
                rows = rows.filter(**{facet.everywhere: False})
            parts.append(_counted(facet.counted(rows) if facet.counted else rows, facet.name, F(facet.path)))
        first, *others = parts
        counts = {(name, key): count for name, key, count in first.union(*others, all=True)}
        for name, choices in self.choices.items():
            for choice in choices:
                choice.count = counts.get((name, str(choice.key)), 0) + counts.get((name, _EVERYWHERE), 0)
        return counts.get(("", _EVERYWHERE), 0)


def _counted(rows, name, key):
    return (
        rows.order_by()
        .annotate(facet=Value(name, CharField()), key=Cast(key, CharField()))
        .values_list("facet", "key")
        .annotate(count=Count("pk"))
    )
