"""Figures of all partners, or of one priority area, district, kind of partner or year: facts added up."""

from collections import Counter
from dataclasses import dataclass, field, replace
from decimal import Decimal

from partners.models import Kind
from pledges.figures.facts import Measured, Outcome, Timing, facts
from pledges.models import Pledge

_KEPT_AT_MOST = 1000


@dataclass(frozen=True)
class Slice:
    """What figures are about; all, where nothing is named.

    area, place: keys. is_local: without partners that work across the county. year: that in which partners joined,
    pledges were first made, and reviews fell due.
    """

    area: int | None = None
    place: int | None = None
    kind: str | None = None
    year: int | None = None
    is_local: bool = False

    def has(self, fact):
        return (
            (self.area is None or self.area in fact.areas)
            and not (self.is_local and fact.places is None)
            and (self.place is None or fact.places is None or self.place in fact.places)
            and (self.kind is None or self.kind == fact.kind)
            and (self.year is None or self.year == fact.month.year)
        )


@dataclass
class Commitment:
    """Of one kind of resource. amount: of those that state one; achieved: the share of it in pledges achieved."""

    pledges: int = 0
    stated: int = 0
    amount: Decimal = Decimal(0)
    achieved: Decimal = Decimal(0)


@dataclass
class Measure:
    """What pledges that measure the same promise and report. Those without a target or a report add nothing."""

    pledges: int = 0
    targets: int = 0
    target: Decimal = Decimal(0)
    reported: int = 0
    reached: Decimal = Decimal(0)


@dataclass
class Figures:
    """partners: those of today, by kind. outcomes: of all pledges that they ever made; commitments: of live pledges and
    those achieved."""

    kinds: Counter = field(default_factory=Counter)
    live: int = 0
    outcomes: Counter = field(default_factory=Counter)
    commitments: dict = field(default_factory=lambda: {kind: Commitment() for kind in Pledge.Commitment.values})
    measures: dict = field(default_factory=lambda: {measured: Measure() for measured in Measured.values})
    reviews: Counter = field(default_factory=Counter)

    @property
    def partners(self):
        return self.kinds.total()

    @property
    def residents(self):
        return self.kinds[Kind.RESIDENT]

    @property
    def organisations(self):
        return self.partners - self.residents

    @property
    def promised(self):
        return self.outcomes.total()

    @property
    def achieved(self):
        return self.outcomes[Outcome.ACHIEVED]

    @property
    def reviews_due(self):
        return self.reviews.total()

    @property
    def on_time(self):
        return self.reviews[Timing.ON_TIME]

    @property
    def on_time_share(self):
        """The percentage of reviews that came on time; None where none was due."""
        return round(100 * self.on_time / self.reviews_due) if self.reviews_due else None


def figures(slice=None, on=None):
    """The figures of a slice, or of all; as things stood at the end of a day, where one is given."""
    return of_slice(facts(on), slice or Slice())


def of_slice(found, slice):
    if slice not in found.kept:
        if len(found.kept) >= _KEPT_AT_MOST:
            found.kept.clear()
        found.kept[slice] = _add_up(found, slice)
    return found.kept[slice]


def _add_up(found, slice):
    total = Figures()
    for fact in filter(slice.has, found.partners):
        total.kinds[fact.kind] += fact.number
    for fact in filter(slice.has, found.pledges):
        total.outcomes[fact.outcome] += fact.number
        if fact.is_live:
            total.live += fact.number
        if fact.outcome != Outcome.STOPPED:
            _add_commitment(total, fact)
            _add_measure(total, fact)
    for fact in filter(slice.has, found.reviews):
        total.reviews[fact.timing] += fact.number
    return total


def _add_commitment(total, fact):
    if fact.commitment:
        row = total.commitments[fact.commitment]
        row.pledges += fact.number
        row.stated += fact.stated
        row.amount += fact.amount
        row.achieved += fact.amount if fact.outcome == Outcome.ACHIEVED else 0


def _add_measure(total, fact):
    if fact.measured:
        row = total.measures[fact.measured]
        row.pledges += fact.number
        row.targets += fact.targets
        row.target += fact.target
        row.reported += fact.reported
        row.reached += fact.reached


def by_year(slice=None, found=None):
    """(year, figures) of each year in which anything happened, the oldest first."""
    found, slice = found or facts(), slice or Slice()
    years = {fact.month.year for facts in (found.partners, found.pledges, found.reviews) for fact in facts}
    return [(year, of_slice(found, replace(slice, year=year))) for year in sorted(years)]


def by_month(slice=None, found=None):
    """(month, partners, pledges promised) that there were by the end of each month, the oldest first, without gaps, of
    those of today."""
    found, slice = found or facts(), slice or Slice()
    partners, pledges = Counter(), Counter()
    for counter, rows in ((partners, found.partners), (pledges, found.pledges)):
        for fact in filter(slice.has, rows):
            counter[fact.month] += fact.number
    months = sorted({*partners, *pledges})
    if not months:
        return []
    rows, month, so_far = [], months[0], [0, 0]
    last = max(months[-1], found.day.replace(day=1)) if slice.year is None else months[-1]
    while month <= last:
        so_far = [so_far[0] + partners[month], so_far[1] + pledges[month]]
        rows.append((month, *so_far))
        month = month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)
    return rows
