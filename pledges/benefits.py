"""What partners reported on recruitment, retention and diversity: totals from which no single partner can be read.

Four rules hold together (docs/decisions/0036). A figure is over BENEFITS_PARTNERS_AT_LEAST partners or more. A number
of partners is told only where it and the rest are each that many; otherwise words stand for it. In a table, what is too
small is joined with other rows until nothing that is left over can be worked out from the total. And two sets of
partners that are shown never differ by fewer. Figures are as of the first of the month, so that they do not change with
one partner's review.
"""

import datetime
from dataclasses import dataclass, field

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from partners.models import Kind, Partner, Size
from pledges.models import Review

TOPICS = {
    "recruitment": _("finding new people"),
    "retention": _("keeping their people"),
    "diversity": _("becoming more diverse"),
}
QUOTES = 6


@dataclass(frozen=True)
class Answered:
    """What one partner said last on one topic, and what is known of it in public."""

    partner: int
    helped: bool
    size: str
    sector: str


@dataclass
class Cell:
    """One row of a table: some partners, and how many of them it helped. joined: it is what is left over."""

    label: str
    partners: frozenset
    helped: frozenset
    joined: bool = False
    shows_count: bool = True

    @property
    def base(self):
        return len(self.partners)

    @property
    def count(self):
        """How many it helped, where that may be told; otherwise None, and `words` say what may."""
        return len(self.helped) if self.shows_count and _tellable(self) else None

    @property
    def words(self):
        helped, rest = len(self.helped), self.base - len(self.helped)
        if not self.shows_count and _tellable(self):
            return _("not shown, so that no partner can be worked out")
        least = settings.BENEFITS_PARTNERS_AT_LEAST
        if rest < least <= helped:
            return _("all, or all but a few")
        if helped < least <= rest:
            return _("none, or only a few")
        return _("some")


@dataclass
class Topic:
    name: str
    words: str
    total: Cell
    tables: list = field(default_factory=list)


def _tellable(cell):
    least = settings.BENEFITS_PARTNERS_AT_LEAST
    return len(cell.helped) >= least and cell.base - len(cell.helped) >= least


def as_of(today=None):
    """The day as of which figures are counted: the first of the month."""
    return (today or timezone.localdate()).replace(day=1)


def reviews_counted(today=None):
    """The newest approved review of each organisation that still takes part, decided on before the month began."""
    start = datetime.datetime.combine(as_of(today), datetime.time(), timezone.get_default_timezone())
    partners = Partner.objects.listed().exclude(kind=Kind.RESIDENT)
    rows = Review.objects.published().filter(partner__in=partners, decided_at__lt=start)
    return rows.order_by("partner_id", "-round_on").distinct("partner_id").select_related("partner__sector")


def topics(today=None):
    """For each topic on which enough partners said something: the total, and tables by size and by sector."""
    reviews = list(reviews_counted(today))
    found = []
    for name, words in TOPICS.items():
        answers = [_answered(review, name) for review in reviews if getattr(review, f"{name}_effect")]
        if len(answers) >= settings.BENEFITS_PARTNERS_AT_LEAST:
            found.append(_topic(name, words, answers))
    return found


def _answered(review, topic):
    partner = review.partner
    helped = getattr(review, f"{topic}_effect") == Review.Effect.HELPED
    return Answered(partner.pk, helped, partner.size, partner.sector.name if partner.sector else "")


def _topic(name, words, answers):
    total = _cell(str(_("All who answered")), answers)
    topic = Topic(name, words, total)
    shown = [total]
    labels = {value: str(label) for value, label in Size.choices}
    for title, key in ((_("By size"), lambda a: labels.get(a.size, "")), (_("By sector"), lambda a: a.sector)):
        cells = protected(_grouped(answers, key), total, shown)
        if cells:
            topic.tables.append((title, cells))
            shown += cells
    return topic


def _cell(label, answers, joined=False):
    partners = frozenset(answer.partner for answer in answers)
    return Cell(label, partners, frozenset(answer.partner for answer in answers if answer.helped), joined)


def _grouped(answers, key):
    groups = {}
    for answer in answers:
        groups.setdefault(key(answer), []).append(answer)
    # Who does not say its size or sector has no row of its own.
    return [_cell(label, rows, joined=not label) for label, rows in sorted(groups.items())]


def protected(cells, total, shown=()):
    """The rows of a table that can be shown beside its total and beside what is shown already; none, if no table can.

    Rows that are too small are joined, with the smallest others as far as needed. Where a row's set of partners nearly
    is one that is shown, or lies in it but for a few, it is joined as well: who subtracts the two would read the few.
    """
    least = settings.BENEFITS_PARTNERS_AT_LEAST
    kept = sorted((cell for cell in cells if not cell.joined), key=lambda cell: (-cell.base, cell.label))
    left = [cell for cell in cells if cell.joined]
    while kept and (kept[-1].base < least or not _apart(kept[-1], shown)):
        left.append(kept.pop())
    kept, too_near = [c for c in kept if _apart(c, shown)], [c for c in kept if not _apart(c, shown)]
    left += too_near
    while kept and left and not _is_safe_rest(_joined(left), shown):
        left.append(kept.pop())
    if not kept:
        return []
    rows = kept + ([_joined(left)] if left else [])
    if len(rows) < 2:
        return []  # it would say what the total says
    _hide_counts(rows, total)
    return rows


def _is_safe_rest(cell, shown):
    return cell.base >= settings.BENEFITS_PARTNERS_AT_LEAST and _apart(cell, shown)


def _joined(cells):
    partners = frozenset().union(*(cell.partners for cell in cells))
    helped = frozenset().union(*(cell.helped for cell in cells))
    return Cell(str(_("Others")), partners, helped, joined=True)


def _apart(cell, shown):
    """Whether no shown set of partners holds this one, or lies in it, but for a few."""
    few = range(1, settings.BENEFITS_PARTNERS_AT_LEAST)
    for other in shown:
        more, less = len(cell.partners - other.partners), len(other.partners - cell.partners)
        if (more == 0 and less in few) or (less == 0 and more in few):
            return False
    return True


def _hide_counts(rows, total):
    """Where counts are told, what is left of the total has to be tellable too; if not, more of them are not told."""
    least = settings.BENEFITS_PARTNERS_AT_LEAST
    if total.count is None:
        for row in rows:
            row.shows_count = False
        return
    while True:
        untold = [row for row in rows if row.count is None]
        told = sorted((row for row in rows if row.count is not None), key=lambda row: row.base)
        helped = sum(len(row.helped) for row in untold)
        rest = sum(row.base for row in untold) - helped
        if not untold or not told or (helped >= least and rest >= least):
            return
        told[0].shows_count = False


# Words that may be quoted ---------------------------------------------------------------------


def quotes(today=None):
    """What partners said on a topic and let us quote with their name: (topic, words, partner), the newest first."""
    rows = Review.objects.published().filter(may_quote=True, partner__in=Partner.objects.listed())
    rows = rows.order_by("-decided_at").select_related("partner").prefetch_related("partner__districts")
    found = []
    for review in rows[: QUOTES * 3]:
        for topic, label in TOPICS.items():
            if words := getattr(review, topic):
                found.append((label, words, review.partner))
                break
    return found[:QUOTES]
