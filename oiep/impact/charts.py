"""The charts, each from the figures of one slice. A chart, its table and its file are the same rows."""

import datetime
from dataclasses import dataclass, field, replace

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from oiep.templatetags.charter import figure, money
from partners.models import District, Kind, PriorityArea
from pledges.figures import Measured, Outcome, Slice, Timing, facts
from pledges.figures.rows import past
from pledges.figures.slices import by_month, by_year, of_slice
from pledges.models import Pledge

GAPS_TOLD = 12
FIRST_DAY = datetime.date(2021, 3, 1)  # when the partnership began


@dataclass(frozen=True)
class Segment:
    """A part of a bar. tone: 1 to 3, as `static/css/impact.css` draws it. start, width: percentages of the chart."""

    label: str
    value: object
    tone: int
    start: float = 0
    width: float = 0


@dataclass
class Row:
    """label: what it is about; cells: its figures, as many as the chart has columns; parts: what its bar shows."""

    label: str
    cells: list
    parts: list = field(default_factory=list)
    url: str = ""
    words: str = ""


@dataclass
class Chart:
    """key: its name in addresses. about: what to know before one reads it. columns: those after the row's label."""

    key: str
    title: str
    about: str
    first: str
    columns: list
    rows: list
    legend: list = field(default_factory=list)
    template: str = "impact/_bars.html"
    lines: list = field(default_factory=list)
    highest: int = 0  # what the top of the lines' field stands for
    nothing: str = ""

    def __post_init__(self):
        longest = max((sum(part.value for part in row.parts) for row in self.rows), default=0)
        for row in self.rows:
            row.parts = _placed(row.parts, longest)

    @property
    def is_empty(self):
        return not any(any(isinstance(cell, str) or cell for cell in row.cells) for row in self.rows)

    def table(self):
        """The header and the rows of its file: plain numbers."""
        yield [self.first, *self.columns]
        for row in self.rows:
            yield [row.label, *row.cells]


def _placed(parts, longest):
    placed, start = [], 0.0
    for part in parts:
        width = round(100 * float(part.value) / float(longest), 2) if longest else 0
        placed.append(replace(part, start=round(start, 2), width=width))
        start += width
    return placed


_ACHIEVED, _UNDER_WAY, _STOPPED = gettext_lazy("achieved"), gettext_lazy("under way"), gettext_lazy("stopped")
_LEGEND = [(1, _ACHIEVED), (2, _UNDER_WAY), (3, _STOPPED)]


def _pledge_row(label, figures, url=""):
    stopped = figures.outcomes[Outcome.STOPPED]
    under_way = figures.promised - figures.achieved - stopped
    parts = [Segment(_ACHIEVED, figures.achieved, 1), Segment(_UNDER_WAY, under_way, 2), Segment(_STOPPED, stopped, 3)]
    return Row(
        label,
        [figures.partners, figures.live, figures.promised, figures.achieved, under_way, stopped],
        parts,
        url,
    )


def _pledge_columns():
    return [_("Partners"), _("Live pledges"), _("Pledges ever made"), _("Achieved"), _("Under way"), _("Stopped")]


def _day_in(text):
    """The day that an address names, and a list of what in it is none: a day before which all is over, or to come."""
    if not text:
        return None, []
    try:
        day = past(datetime.date.fromisoformat(text))
    except ValueError:
        day = None
    return (day, []) if day and day >= FIRST_DAY else (None, [text])


class Impact:
    """All that the page shows of a slice, in three queries: the state of the data, areas and districts.

    on: a day that is over, at whose end things stood so; None for now.
    """

    def __init__(self, query):
        self.on, on = _day_in(query.get("on", ""))
        self.facts = facts(self.on)
        self.areas = list(PriorityArea.objects.all())
        self.places = list(District.objects.all())
        self.years = [year for year, _figures in by_year(found=self.facts)]
        choices = {
            "area": {area.slug: (area.pk, area.short_name) for area in self.areas},
            "place": {place.slug: (place.pk, place.name) for place in self.places},
            "kind": {kind.value: (kind.value, kind.label) for kind in Kind},
            "year": {str(year): (year, str(year)) for year in self.years},
        }
        asked = {name: query.get(name, "") for name in choices}
        self.chosen = {name: value for name, value in asked.items() if value in choices[name]}
        self.unknown = [value for name, value in asked.items() if value and value not in choices[name]] + on
        self.slice = Slice(**{name: choices[name][value][0] for name, value in self.chosen.items()})
        self.names = [choices[name][value][1] for name, value in self.chosen.items()]
        self.areas = [area for area in self.areas if self._is_shown("area", area)]
        self.places = [place for place in self.places if self._is_shown("place", place)]
        self.filters = [
            (name, legend, every, [(value, label, value == self.chosen.get(name)) for value, (_key, label) in entries])
            for name, legend, every, entries in (
                ("area", _("Priority area"), _("All areas"), self._in_use(choices, "area")),
                ("place", _("District"), _("All of Oxfordshire"), self._in_use(choices, "place")),
                ("kind", _("Kind of partner"), _("All kinds"), choices["kind"].items()),
                ("year", _("Year"), _("All years"), choices["year"].items()),
            )
        ]

    def _in_use(self, choices, name):
        shown = {entry.slug for entry in (self.areas if name == "area" else self.places)}
        return [
            (value, entry) for value, entry in choices[name].items() if value in shown or value in self.chosen.values()
        ]

    def _is_shown(self, name, entry):
        """Whether an area or a district has a row: it is in use, or there are figures on it."""
        return not entry.retired_at or bool(self._of(**{name: entry.pk}).promised)

    def _of(self, **change):
        return of_slice(self.facts, replace(self.slice, **change))

    @property
    def figures(self):
        return of_slice(self.facts, self.slice)

    @property
    def query(self):
        chosen = {**self.chosen, "on": self.on.isoformat()} if self.on else self.chosen
        return "&".join(f"{name}={value}" for name, value in chosen.items())

    def charts(self):
        return [make(self) for make in CHARTS.values()]

    def chart(self, key):
        return CHARTS[key](self)

    # The charts -------------------------------------------------------------------------------

    def by_area(self):
        return Chart(
            key="areas",
            title=_("By priority area"),
            about=_("All pledges ever made by those who are partners today, and what has come of them."),
            first=_("Priority area"),
            columns=_pledge_columns(),
            legend=_LEGEND,
            rows=[
                _pledge_row(area.short_name, self._of(area=area.pk), area.get_absolute_url())
                for area in self.areas
                if self.slice.area in (None, area.pk)
            ],
        )

    def by_place(self):
        return Chart(
            key="places",
            title=_("By district"),
            about=_(
                "A partner that works in several districts counts in each of them, and one that works across the "
                "county in all. So the rows add up to more than the total."
            ),
            first=_("District"),
            columns=_pledge_columns(),
            legend=_LEGEND,
            rows=[
                _pledge_row(place.name, self._of(place=place.pk), place.get_absolute_url())
                for place in self.places
                if self.slice.place in (None, place.pk)
            ],
        )

    def by_kind(self):
        return Chart(
            key="kinds",
            title=_("By kind of partner"),
            about=_("Who promises, and what has come of it."),
            first=_("Kind of partner"),
            columns=_pledge_columns(),
            legend=_LEGEND,
            rows=[
                _pledge_row(kind.label, self._of(kind=kind.value), f"{reverse('partners')}?kind={kind.value}")
                for kind in Kind
                if self.slice.kind in (None, kind.value)
            ],
        )

    def by_year(self):
        return Chart(
            key="years",
            title=_("By year"),
            about=_(
                "Partners by the year in which they joined, and pledges by the year in which they were first made. "
                "Those who have left or lapsed since are not counted."
            ),
            first=_("Year"),
            columns=_pledge_columns(),
            legend=_LEGEND,
            rows=[
                _pledge_row(str(year), self._of(year=year)) for year in self.years if self.slice.year in (None, year)
            ],
        )

    def outcomes(self):
        found = self.figures
        return Chart(
            key="outcomes",
            title=_("How the pledges go"),
            about=_(
                "What the latest review that we approved says of each pledge, or how the pledge ended. A pledge that "
                "its partner achieved and took on for another year counts as achieved."
            ),
            first=_("How it goes"),
            columns=[_("Pledges")],
            rows=[
                Row(outcome.label, [found.outcomes[outcome]], [Segment("", found.outcomes[outcome], 1)])
                for outcome in Outcome
            ],
        )

    def commitments(self):
        rows = []
        for kind in Pledge.Commitment:
            row = self.figures.commitments[kind]
            amounts = [_amount(kind, row.amount), _amount(kind, row.achieved)]
            words = ""
            if row.stated:
                words = _("%(amount)s promised, of it %(achieved)s in pledges that are achieved") % {
                    "amount": amounts[0],
                    "achieved": amounts[1],
                }
            rows.append(
                Row(
                    kind.label[0].upper() + kind.label[1:],
                    [row.pledges, row.stated, row.amount, row.achieved],
                    [Segment("", row.pledges, 2)],
                    words=words,
                )
            )
        return Chart(
            key="resources",
            title=_("What partners put in"),
            about=_(
                "Pledges, live or achieved, that come with resources. The bars count pledges. Not every pledge says "
                "how much it commits, and we do not ask what was really given: we know only whether the pledge was "
                "achieved."
            ),
            first=_("Resource"),
            columns=[
                _("Pledges"),
                _("Pledges that say how much"),
                _("Amount promised"),
                _("Of it in achieved pledges"),
            ],
            rows=rows,
        )

    def measures(self):
        rows = []
        for measured in Measured:
            row = self.figures.measures[measured]
            reached, target = _unit(measured, row.reached), _unit(measured, row.target)
            words = _("%(reached)s reported; the targets come to %(target)s") % {"reached": reached, "target": target}
            rows.append(
                Row(
                    measured.label,
                    [row.pledges, row.targets, row.target, row.reported, row.reached],
                    [
                        Segment(gettext_lazy("with a figure from a review"), row.reported, 1),
                        Segment(gettext_lazy("without one yet"), row.pledges - row.reported, 2),
                    ],
                    words=words if row.pledges else "",
                )
            )
        return Chart(
            key="reach",
            title=_("People reached, hours and money"),
            about=_(
                "Partners measure their pledges in many ways. These are the ones that count people, hours or pounds, "
                "so that they can be added up: the latest figure from an approved review of each. The same person may "
                "be counted by more than one partner. The bars count pledges."
            ),
            first=_("What is measured"),
            columns=[
                _("Pledges"),
                _("With a target"),
                _("Sum of the targets"),
                _("With a reported figure"),
                _("Sum of what is reported"),
            ],
            legend=[(1, _("with a figure from a review")), (2, _("without one yet"))],
            rows=rows,
        )

    def reviews(self):
        rows = []
        for year in self.years:
            if self.slice.year not in (None, year):
                continue
            found = self._of(year=year)
            if not found.reviews_due:
                continue
            parts = [
                Segment(Timing.ON_TIME.label.lower(), found.reviews[Timing.ON_TIME], 1),
                Segment(Timing.LATE.label.lower(), found.reviews[Timing.LATE], 2),
                Segment(Timing.UNANSWERED.label.lower(), found.reviews[Timing.UNANSWERED], 3),
            ]
            rows.append(
                Row(str(year), [found.reviews_due, *(part.value for part in parts), found.on_time_share], parts)
            )
        return Chart(
            key="reviews",
            title=_("Reviews on time"),
            about=_(
                "Each organisation tells us once or twice a year how its pledges go. These are the reviews that fell "
                "due, also of organisations that have lapsed or left since."
            ),
            first=_("Due in"),
            columns=[
                _("Reviews due"),
                _("Answered by the day"),
                _("Answered later"),
                _("Not answered"),
                _("On time, in percent"),
            ],
            legend=[(number, timing.label) for number, timing in enumerate(Timing, 1)],
            rows=rows,
            nothing=_("No review has fallen due yet."),
        )

    def trend(self):
        months = by_month(self.slice, found=self.facts)
        chart = Chart(
            key="trend",
            title=_("How it grows"),
            about=_(
                "How many of today's partners had joined, and how many of their pledges had been made, by the end of "
                "each month."
            ),
            first=_("Month"),
            columns=[_("Partners"), _("Pledges ever made")],
            rows=[Row(date_format(month, "F Y"), [partners, pledges]) for month, partners, pledges in months],
            legend=[(1, _("partners")), (2, _("pledges ever made"))],
            template="impact/_lines.html",
            nothing=_("Nothing to draw yet."),
        )
        chart.highest = max((max(partners, pledges) for _month, partners, pledges in months), default=0)
        chart.lines = _lines(months, chart.highest)
        return chart

    def missing(self):
        areas = [area for area in self.areas if not area.retired_at and self.slice.area in (None, area.pk)]
        places = [place for place in self.places if not place.retired_at and self.slice.place in (None, place.pk)]
        rows = [
            Row(
                area.short_name,
                [self._of(area=area.pk, place=place.pk).live for place in places],
                url=area.get_absolute_url(),
            )
            for area in areas
        ]
        chart = Chart(
            key="missing",
            title=_("What is missing"),
            about=_("Live pledges on each priority area in each district, and where there is none yet."),
            first=_("Priority area"),
            columns=[place.name for place in places],
            rows=rows,
            template="impact/_grid.html",
        )
        chart.lines = [*self._gaps_in(areas, places), *self._gaps_among_kinds(areas)]
        return chart

    def _gaps_in(self, areas, places):
        """What nobody pledges in a district, and then what only those pledge there who work across the county."""
        pairs = [(area, place) for area in areas for place in places]
        none = [pair for pair in pairs if not self._live_in(*pair)]
        wide = [pair for pair in pairs if pair not in none and not self._live_in(*pair, is_local=True)]
        yield from ({"area": area, "place": place} for area, place in none)
        yield from ({"area": area, "place": place, "is_wide": True} for area, place in wide)

    def _live_in(self, area, place, **more):
        return self._of(area=area.pk, place=place.pk, **more).live

    def _gaps_among_kinds(self, areas):
        """What no organisation of a kind pledges; all over the slice."""
        for kind in Kind:
            if kind != Kind.RESIDENT and self.slice.kind in (None, kind.value):
                for area in areas:
                    if not self._of(area=area.pk, kind=kind.value).live:
                        yield {"area": area, "kind": kind.label}


def _amount(kind, number):
    units = {
        Pledge.Commitment.HOURS: _("hours"),
        Pledge.Commitment.PREMISES: _("places"),
        Pledge.Commitment.PLACEMENTS: _("places"),
    }
    return money(number) if kind == Pledge.Commitment.MONEY else figure(number, units.get(kind, ""))


def _unit(measured, number):
    units = {Measured.PEOPLE: _("people"), Measured.HOURS: _("hours")}
    return money(number) if measured == Measured.MONEY else figure(number, units[measured])


def _lines(months, highest):
    """The two lines of the trend, in a field of 100 by 100, as the `points` of polylines."""
    if not highest:
        return []
    step = 100 / max(1, len(months) - 1)

    def points(column):
        found = [(round(n * step, 2), round(100 - 100 * row[column] / highest, 2)) for n, row in enumerate(months)]
        found = found if len(found) > 1 else [(0, found[0][1]), (100, found[0][1])]
        return " ".join(f"{x},{y}" for x, y in found)

    return [
        {"tone": 1, "points": points(1), "last": months[-1][1]},
        {"tone": 2, "points": points(2), "last": months[-1][2]},
    ]


# key → how it is made, in the order of the page
CHARTS = {
    "areas": Impact.by_area,
    "places": Impact.by_place,
    "kinds": Impact.by_kind,
    "outcomes": Impact.outcomes,
    "resources": Impact.commitments,
    "reach": Impact.measures,
    "reviews": Impact.reviews,
    "years": Impact.by_year,
    "trend": Impact.trend,
    "missing": Impact.missing,
}
