"""What a file would do: what each row would change, and what is wrong with it. Nothing is written."""

import hashlib
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from oiep.sheets import date_of
from partners.models import Partner
from pledges.models import Answer, Pledge, Review
from pledges.review_csv.cells import (
    WORDS,
    Wrong,
    figure_of,
    letters_of,
    number_of,
    plain,
    progress_of,
    words_of,
)
from pledges.review_csv.columns import ANSWERS

Progress, Next = Answer.Progress, Answer.Next


@dataclass(frozen=True)
class Problem:
    """What is wrong with a row. column: where, empty for the row as a whole."""

    row: int
    column: str
    words: str


@dataclass(frozen=True)
class Change:
    """What a row changes. differences: the columns that change, as (column, what is there, what will be)."""

    row: int
    review: Review
    pledge: Pledge
    answer: Answer | None
    values: dict
    differences: list


@dataclass
class Plan:
    """What a file would do. empty, unchanged: how many rows are left alone, and why."""

    changes: list = field(default_factory=list)
    problems: list = field(default_factory=list)
    empty: int = 0
    unchanged: int = 0

    @property
    def is_possible(self):
        return bool(self.changes) and not self.problems

    @property
    def reviews(self):
        return list({change.review.pk: change.review for change in self.changes}.values())

    @property
    def fingerprint(self):
        """Differs when the same file would do something else than what was shown."""
        rows = [(c.review.pk, c.pledge.pk, c.differences, sorted(c.values.items())) for c in self.changes]
        return hashlib.sha256(repr(rows).encode()).hexdigest()


def plan(sheet):
    """What a `Sheet` would change, and what is wrong with it. Nothing is written."""
    found, rows = Plan(), []
    for number, cells in sheet.rows:
        if not any(cells.get(name, "").strip() for name in ANSWERS):
            found.empty += 1
            continue
        try:
            rows.append((number, number_of(cells, "review"), number_of(cells, "pledge"), cells))
        except Wrong as wrong:
            found.problems.append(Problem(number, wrong.column, wrong.words))
    known = _Known({row[1] for row in rows}, {row[2] for row in rows})
    seen = {}
    for number, review_key, pledge_key, cells in rows:
        try:
            first = seen.setdefault((review_key, pledge_key), number)
            if first != number:
                raise Wrong("pledge", _("The same pledge stands in row %(row)s. Keep one of them.") % {"row": first})
            change = _change(number, review_key, pledge_key, cells, known, sheet)
        except Wrong as wrong:
            found.problems.append(Problem(number, wrong.column, wrong.words))
        else:
            if change:
                found.changes.append(change)
            else:
                found.unchanged += 1
    found.problems.sort(key=lambda problem: problem.row)
    return found


class _Known:
    """What the rows of a file are about, in a few queries."""

    def __init__(self, review_keys, pledge_keys):
        self.reviews = Review.objects.select_related("partner").in_bulk(review_keys)
        self.pledges = Pledge.objects.in_bulk(pledge_keys)
        answers = Answer.objects.filter(review__in=review_keys, pledge__in=pledge_keys)
        self.answers = {(answer.review_id, answer.pledge_id): answer for answer in answers}
        partners = {review.partner_id for review in self.reviews.values()}
        listed = Partner.objects.published().filter(pk__in=partners, withdrawn_at=None)
        self.published = set(listed.values_list("pk", flat=True))


def _change(number, review_key, pledge_key, cells, known, sheet):
    """What a row changes; None when that is nothing. Raises Wrong."""
    review, pledge = known.reviews.get(review_key), known.pledges.get(pledge_key)
    if review is None:
        raise Wrong("review", _("There is no review %(number)s.") % {"number": review_key})
    if pledge is None or pledge.partner_id != review.partner_id:
        words = _("Pledge %(pledge)s does not belong to review %(review)s. Leave these two columns as they were.")
        raise Wrong("pledge", words % {"pledge": pledge_key, "review": review_key})
    _check_unmoved(cells, review, pledge)
    answer = known.answers.get((review.pk, pledge.pk))
    values = {
        "progress": progress_of(cells["progress"], answer),
        "figure": figure_of(cells["figure"], sheet),
        "words": words_of(cells["words"], answer, sheet),
    }
    if answer and all(getattr(answer, name) == values[name] for name in ANSWERS):
        return None
    _check_open(review, pledge, known)
    if values["figure"] is not None and not pledge.measure:
        raise Wrong("figure", _("This pledge is not measured, so it takes no figure. Leave it empty."))
    values["next"] = _next(values["progress"], answer)
    before = {name: getattr(answer, name) for name in ANSWERS} if answer else {}
    return Change(number, review, pledge, answer, values, _differences(before, values))


def _check_unmoved(cells, review, pledge):
    """Whether the row still says what it is about: a file that was sorted by some of its columns gives itself away."""
    if (round_on := cells.get("round", "").strip()) and date_of(round_on) != review.round_on:
        words = _("Review %(review)s is the round of %(date)s. Leave this column as it was.")
        raise Wrong("round", words % {"review": review.pk, "date": review.round_on.isoformat()})
    if (statement := cells.get("statement", "")) and letters_of(statement) != letters_of(pledge.statement):
        words = _("Pledge %(pledge)s says “%(statement)s”. Perhaps only some of the columns were sorted.")
        raise Wrong("statement", words % {"pledge": pledge.pk, "statement": pledge.statement[:80]})


def _check_open(review, pledge, known):
    if review.partner_id not in known.published:
        raise Wrong("review", _("This partner is not public, so its review takes no figures."))
    if not review.is_editable:
        raise Wrong("review", _("This review was sent in, decided or closed, so it cannot be changed now."))
    if not pledge.is_live:
        raise Wrong("pledge", _("This pledge has ended since, so there is nothing more to say about it here."))


def _next(progress, answer):
    """What comes next for the pledge: what was said before where that still fits, or else that it goes on."""
    if progress == Progress.STOPPED:
        return ""
    if progress == Progress.CHANGED:
        return Next.CHANGE
    before = answer.next if answer else ""
    fits = {Next.RENEW, Next.CHANGE} | ({Next.CLOSE} if progress == Progress.ACHIEVED else set())
    return before if before in fits else Next.RENEW


def _differences(before, after):
    shown = ((name, _shown(before, name), _shown(after, name)) for name in ANSWERS)
    return [(name, is_there, will_be) for name, is_there, will_be in shown if is_there != will_be]


def _shown(values, name):
    value = values.get(name)
    if name == "progress":
        return WORDS.get(value, "")
    return plain(value) if name == "figure" else value or ""
