"""What judges and voters have decided, with exact fractions, for the manager.

The mean of an entry is the mean over the judges who may judge it and have scored it by every criterion; each judge's
figure is the mean of their points, by the criteria's weights. A judge who may not judge an entry counts nothing towards
it, also when that came out only afterwards.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import groupby

from django.conf import settings
from django.db.models import Count

from events.models import Nomination, Score


@dataclass
class Standing:
    """One nomination among those of its category.

    mean: None where nobody scored. means: each judge's figure. judges: how many could score it. votes: in a category
    that everybody decides. rank: from 1, the same for those who are `tied`: level, with nothing decided among them.
    """

    nomination: Nomination
    mean: Fraction | None = None
    means: list[Fraction] = field(default_factory=list)
    judges: int = 0
    votes: int = 0
    rank: int = 0
    tied: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def spread(self):
        """Between the highest and the lowest judge."""
        return max(self.means) - min(self.means) if self.means else None

    @property
    def shown_mean(self):
        return _two_places(self.mean)

    @property
    def shown_spread(self):
        return _two_places(self.spread)

    @property
    def scored(self):
        return len(self.means)

    @property
    def has_too_few(self):
        return not self.nomination.category.is_peoples_choice and self.scored < settings.AWARD_SCORES_AT_LEAST

    @property
    def figure(self):
        if self.nomination.category.is_peoples_choice:
            return Fraction(self.votes)
        return Fraction(-1) if self.mean is None else self.mean


def _two_places(figure):
    return "–" if figure is None else f"{round(figure * 100) / 100:.2f}"


def results(category):
    """The standings of a category's nominations, the best first."""
    rows = _by_votes(category) if category.is_peoples_choice else _by_scores(category)
    rows.sort(key=lambda row: (-row.figure, row.nomination.tie_order or 0, row.nomination.pk))
    rank = 1
    for _figure, group in groupby(rows, key=lambda row: row.figure):
        level = list(group)
        orders = {row.nomination.tie_order for row in level}
        decided = None not in orders and len(orders) == len(level)
        for number, row in enumerate(level):
            row.tied = len(level) > 1 and not decided and row.figure > 0
            row.rank = rank + number if decided else rank
        rank += len(level)
    return rows


def ties(category):
    """Lists of the standings that are level, without those that have no points and no votes."""
    rows = [row for row in results(category) if row.tied]
    return [list(group) for _rank, group in groupby(rows, key=lambda row: row.rank)]


def _standing(category):
    rows = list(category.nominations.standing().select_related("partner"))
    for row in rows:
        row.category = category
    return rows


def _by_votes(category):
    counted = category.votes.values_list("nomination").annotate(n=Count("pk"))
    votes = dict(counted.order_by())
    return [Standing(nomination, votes=votes.get(nomination.pk, 0)) for nomination in _standing(category)]


def _by_scores(category):
    weights = dict(category.round.criteria.values_list("pk", "weight"))
    rows = {nomination.pk: Standing(nomination) for nomination in _standing(category)}
    given = defaultdict(dict)
    notes = defaultdict(list)
    of_category = Score.objects.filter(nomination__category=category, criterion__in=weights)
    for row in of_category.order_by("criterion__order", "criterion_id"):
        given[row.judge_id, row.nomination_id][row.criterion_id] = row.points
        if row.note:
            notes[row.judge_id, row.nomination_id].append(row.note)
    for judge in category.judges.active().order_by("pk"):
        for pk in Nomination.objects.for_judge(judge).filter(category=category).values_list("pk", flat=True):
            if pk not in rows:
                continue  # withdrawn meanwhile
            rows[pk].judges += 1
            points = given[judge.pk, pk]
            if weights and weights.keys() == points.keys():
                rows[pk].means.append(_weighted(points, weights))
                rows[pk].notes += notes[judge.pk, pk]
    for row in rows.values():
        row.mean = sum(row.means, Fraction(0)) / len(row.means) if row.means else None
    return list(rows.values())


def _weighted(points, weights):
    return Fraction(sum(points[key] * weight for key, weight in weights.items()), sum(weights.values()))
