"""The figures of progress reviews as a CSV file, out and in again, a row for each pledge.

Bringing figures in is planned first, without a change: what each row would change, and what is wrong with it, in plain
words. `bring_in` plans again under locks, and writes all of it or nothing.
"""

import datetime
import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from oiep import audit
from oiep.moderation import NotPossible
from oiep.sheets import csv_lines
from oiep.text import clean_text
from partners.models import Partner
from pledges.actions.answers import last_answers_of, missing, send_in
from pledges.models import Answer, Pledge, Review

IDS = ("review", "pledge")
ANSWERS = ("progress", "figure", "words")
NEEDS = (*IDS, *ANSWERS)
COLUMNS = (
    "review", "partner", "round", "due", "pledge", "area", "statement", "unit", "baseline", "target", "last figure",
    *ANSWERS,
)  # fmt: skip
SEND_AT_MOST = 500  # reviews sent in with one file: some seconds' work
_CHUNK = 500
_WORDS_LENGTH = Answer._meta.get_field("words").max_length
_FIGURE = Answer._meta.get_field("figure")

Progress, Next = Answer.Progress, Answer.Next

# Going out ------------------------------------------------------------------------------------


def export_lines(reviews):
    """The lines of the file for those of the reviews that can be written in. Memory stays flat."""
    return csv_lines(COLUMNS, _rows_out(reviews))


def to_fill_in(reviews):
    """Those of the reviews that figures can be brought in for: their partner can still write in them."""
    editable = reviews.open().exclude(state="submitted")
    return editable.filter(partner__in=Partner.objects.published().filter(withdrawn_at=None))


def _rows_out(reviews):
    last_key, reviews = 0, to_fill_in(reviews).select_related("partner").order_by("pk")
    while chunk := list(reviews.filter(pk__gt=last_key)[:_CHUNK]):
        last_key = chunk[-1].pk
        yield from _rows_of(chunk)


def _rows_of(reviews):
    answers = {(a.review_id, a.pledge_id): a for a in Answer.objects.filter(review__in=reviews, pledge__isnull=False)}
    last = last_answers_of(reviews)
    live = {}
    partners = {review.partner_id for review in reviews}
    for pledge in Pledge.objects.approved().filter(partner__in=partners, ended_at=None).select_related("area"):
        live.setdefault(pledge.partner_id, []).append(pledge)
    for review in reviews:
        for pledge in live.get(review.partner_id, []):
            answer = answers.get((review.pk, pledge.pk)) or Answer()
            before = last[review.pk].get(pledge.pk)
            yield [
                review.pk,
                review.partner.name,
                review.round_on,
                review.due_on,
                pledge.pk,
                pledge.area.short_name,
                pledge.statement,
                pledge.unit,
                _plain(pledge.baseline),
                _plain(pledge.target),
                _plain(before.figure) if before else "",
                _WORDS.get(answer.progress, ""),
                _plain(answer.figure),
                answer.words,
            ]


def _plain(value):
    return "" if value is None else f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value:f}"


# Planning -------------------------------------------------------------------------------------


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


class _Wrong(Exception):
    """Something in a row's column, with words for a user."""

    def __init__(self, column, words):
        self.column, self.words = column, words


def plan(sheet):
    """What a `Sheet` would change, and what is wrong with it. Nothing is written."""
    found, rows = Plan(), []
    for number, cells in sheet.rows:
        if not any(cells.get(name, "").strip() for name in ANSWERS):
            found.empty += 1
            continue
        try:
            rows.append((number, _number(cells, "review"), _number(cells, "pledge"), cells))
        except _Wrong as wrong:
            found.problems.append(Problem(number, wrong.column, wrong.words))
    known = _Known({row[1] for row in rows}, {row[2] for row in rows})
    seen = {}
    for number, review_key, pledge_key, cells in rows:
        try:
            first = seen.setdefault((review_key, pledge_key), number)
            if first != number:
                raise _Wrong("pledge", _("The same pledge stands in row %(row)s. Keep one of them.") % {"row": first})
            change = _change(number, review_key, pledge_key, cells, known, sheet)
        except _Wrong as wrong:
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


def _number(cells, column):
    text = cells[column].strip()
    if re.fullmatch(r"\d{1,15}(?:[.,]0+)?", text, re.ASCII):
        return int(re.split("[.,]", text)[0])
    raise _Wrong(
        column, _("“%(text)s” is no number that we exported. Leave this column as it was.") % {"text": text[:40]}
    )


def _change(number, review_key, pledge_key, cells, known, sheet):
    """What a row changes; None when that is nothing. Raises _Wrong."""
    review, pledge = known.reviews.get(review_key), known.pledges.get(pledge_key)
    if review is None:
        raise _Wrong("review", _("There is no review %(number)s.") % {"number": review_key})
    if pledge is None or pledge.partner_id != review.partner_id:
        words = _("Pledge %(pledge)s does not belong to review %(review)s. Leave these two columns as they were.")
        raise _Wrong("pledge", words % {"pledge": pledge_key, "review": review_key})
    _check_unmoved(cells, review, pledge)
    answer = known.answers.get((review.pk, pledge.pk))
    values = {
        "progress": _progress(cells["progress"], answer),
        "figure": _figure(cells["figure"], sheet),
        "words": _words(cells["words"], answer, sheet),
    }
    if answer and all(getattr(answer, name) == values[name] for name in ANSWERS):
        return None
    _check_open(review, pledge, known)
    if values["figure"] is not None and not pledge.measure:
        raise _Wrong("figure", _("This pledge is not measured, so it takes no figure. Leave it empty."))
    values["next"] = _next(values["progress"], answer)
    before = {name: getattr(answer, name) for name in ANSWERS} if answer else {}
    return Change(number, review, pledge, answer, values, _differences(before, values))


def _check_unmoved(cells, review, pledge):
    """Whether the row still says what it is about: a file that was sorted by some of its columns gives itself away."""
    if (round_on := cells.get("round", "").strip()) and _date(round_on) != review.round_on:
        words = _("Review %(review)s is the round of %(date)s. Leave this column as it was.")
        raise _Wrong("round", words % {"review": review.pk, "date": review.round_on.isoformat()})
    if (statement := cells.get("statement", "")) and _letters(statement) != _letters(pledge.statement):
        words = _("Pledge %(pledge)s says “%(statement)s”. Perhaps only some of the columns were sorted.")
        raise _Wrong("statement", words % {"pledge": pledge.pk, "statement": pledge.statement[:80]})


def _letters(text):
    # Only what every encoding keeps.
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _check_open(review, pledge, known):
    if review.partner_id not in known.published:
        raise _Wrong("review", _("This partner is not public, so its review takes no figures."))
    if not review.is_editable:
        raise _Wrong("review", _("This review was sent in, decided or closed, so it cannot be changed now."))
    if not pledge.is_live:
        raise _Wrong("pledge", _("This pledge has ended since, so there is nothing more to say about it here."))


# Cells ----------------------------------------------------------------------------------------

_WORDS = {value: str(label) for value, label in Progress.choices}
_BY_WORDS = {value: value for value in _WORDS} | {words.lower(): value for value, words in _WORDS.items()}
# A spreadsheet's own words for something that it could not work out.
_SHEET_ERROR = re.compile(r"#(?:n/?a|name\?|value!|ref!|div/0!|num!|null!|spill!|calc!|#+)", re.IGNORECASE)


def _progress(text, answer):
    text = " ".join(text.replace("_", " ").split()).lower()
    value = _BY_WORDS.get(text) or _BY_WORDS.get(text.replace(" ", "_"))
    if not text:
        raise _Wrong("progress", _("Say how it goes: %(choices)s.") % {"choices": _choices()})
    if value is None:
        words = _("“%(text)s” is none of: %(choices)s.")
        raise _Wrong("progress", words % {"text": text[:40], "choices": _choices()})
    if value in (Progress.STOPPED, Progress.CHANGED) and not (answer and answer.progress == value):
        raise _Wrong("progress", _("What stopped or changed needs a reason. Write it in the review itself."))
    return value


def _choices():
    return ", ".join(words for value, words in _WORDS.items() if value not in ("stopped", "changed"))


def _figure(text, sheet):
    text = re.sub(r"[\s']", "", text).removeprefix("£").removesuffix("%").removesuffix("£").replace("−", "-")
    if not text:
        return None
    if _SHEET_ERROR.match(text):
        raise _Wrong("figure", _("“%(text)s” is an error of the spreadsheet. Enter the number.") % {"text": text[:20]})
    if re.fullmatch(r"[+-]?\d+(?:[.,]\d+)?e[+-]?\d+", text, re.IGNORECASE | re.ASCII):
        raise _Wrong("figure", _("The spreadsheet shortened this number. Format the column as a number, then save."))
    value = _decimal(text, sheet.decimal_comma)
    if value is None:
        raise _Wrong(
            "figure", _("“%(text)s” is no number that we can read. Write it as 1200 or 12.5.") % {"text": text[:40]}
        )
    try:
        return _FIGURE.clean(value.normalize() + Decimal(0), None)
    except (ValidationError, InvalidOperation):
        words = _("Write a number with at most %(digits)s digits after the point, and not that large.")
        raise _Wrong("figure", words % {"digits": _FIGURE.decimal_places}) from None


def _decimal(text, decimal_comma):
    """A number as people in this country or on the Continent write it; None when it is none, or could be two."""
    if not re.fullmatch(r"[+-]?\d[\d.,]*", text, re.ASCII):
        return None
    point, group = (",", ".") if text.rfind(",") > text.rfind(".") else (".", ",")
    if re.fullmatch(r"[+-]?\d{1,3}([.,])\d{3}", text, re.ASCII):
        # 1,200 or 1.200: what it means depends on the spreadsheet, and on the Continent's it could be either.
        if decimal_comma:
            return None
        point, group = ".", ","
    elif group not in text and text.count(point) > 1:
        point, group = group, point  # 1,200,000
    whole, _point, rest = text.partition(point)
    if group in whole and not re.fullmatch(rf"[+-]?\d{{1,3}}(?:{re.escape(group)}\d{{3}})+", whole, re.ASCII):
        return None
    if not re.fullmatch(r"\d*", rest, re.ASCII):
        return None
    return Decimal(f"{whole.replace(group, '')}.{rest or 0}")


def _words(text, answer, sheet):
    """What happened. Line ends, and letters that the file's encoding lost, are no change."""
    text = _lines(text)
    if answer and _lines(answer.words) == text:
        return answer.words
    if answer and sheet.is_lossy and _questioned(_lines(answer.words)) == re.sub(r"\?+", "?", text):
        return answer.words
    if len(text) > _WORDS_LENGTH:
        words = _("Write at most %(most)s characters. These are %(n)s.")
        raise _Wrong("words", words % {"most": _WORDS_LENGTH, "n": len(text)})
    if _SHEET_ERROR.fullmatch(text):
        raise _Wrong("words", _("“%(text)s” is an error of the spreadsheet. Write what happened.") % {"text": text})
    try:
        clean_text(text)
    except ValidationError as refusal:
        raise _Wrong("words", refusal.message) from None
    return text


def _lines(text):
    return "\n".join(line.rstrip() for line in text.splitlines()).strip()


def _questioned(text):
    return re.sub(r"\?+", "?", text.encode("cp1252", "replace").decode("cp1252"))


_DATES = ("%Y-%m-%d", "%d/%m/%Y", "%d/%m/%y", "%d.%m.%Y", "%d.%m.%y", "%d-%m-%Y", "%d %B %Y", "%d-%b-%y", "%d-%b-%Y",
          "%d %b %Y", "%B %d %Y")  # fmt: skip


def _date(text):
    """A date as spreadsheets write it, 2027-05-04, 04/05/2027 or Tuesday, 4 May 2027; None when it is none."""
    text = " ".join(re.sub(r"^[^\W\d]+day,?\s|,|\s0?0:00(?::00)?$", " ", text).split())
    for shape in _DATES:
        try:
            return datetime.datetime.strptime(text, shape).date()  # noqa: DTZ007 - a date has no zone
        except ValueError:
            continue
    return None


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
        return _WORDS.get(value, "")
    return _plain(value) if name == "figure" else value or ""


# Coming in ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Done:
    """What was brought in. sent: the reviews that were sent in. left: those that are not complete and wait."""

    plan: Plan
    sent: list
    left: list


class Impossible(ValidationError):
    """Nothing was brought in. `plan` says what is wrong now, or what is different from what was shown."""

    def __init__(self, message, plan):
        super().__init__(message)
        self.plan = plan


@transaction.atomic
def bring_in(*, sheet, actor=None, seen=None, sending=False):
    """Saves the figures of a file as answers, all or none; each review's trail says who brought them in.

    seen: the fingerprint of the plan that the manager looked at. sending: send the reviews in that are complete then,
    on the partners' behalf, as taken by the actor.

    Raises Impossible when a row is wrong, or the file would do something else by now; NotPossible when there is more to
    send in than SEND_AT_MOST.
    """
    _lock(sheet)
    found = plan(sheet)
    if found.problems:
        raise Impossible(_("Nothing was brought in: some rows are wrong."), found)
    if seen is not None and seen != found.fingerprint:
        raise Impossible(_("Something changed after you looked. Here is what the file would do now."), found)
    reviews = found.reviews
    if sending and len(reviews) > SEND_AT_MOST:
        raise NotPossible(
            _("These are %(n)s reviews. Send in at most %(most)s with one file.")
            % {"n": len(reviews), "most": SEND_AT_MOST}
        )
    _write(found.changes)
    rows = Counter(change.review.pk for change in found.changes)
    for review in reviews:
        audit.record(verb="review.figures_brought_in", subject=review, actor=actor, rows=rows[review.pk])
    sent, left = [], []
    for review in reviews if sending else ():
        if missing(review):
            left.append(review)
        else:
            sent.append(send_in(review=review, actor=actor, by_telephone=True))
    return Done(found, sent, left)


def _lock(sheet):
    """Locks the partners and then the reviews that a file names, as everything does that decides on a review."""
    keys = {int(text) for _row, cells in sheet.rows if (text := cells["review"].strip()).isdecimal() and len(text) < 16}
    partners = Partner.objects.select_for_update(of=("self",)).filter(reviews__in=keys).order_by("pk")
    list(partners.values_list("pk", flat=True))
    list(Review.objects.select_for_update(of=("self",)).filter(pk__in=keys).order_by("pk").values_list("pk", flat=True))


def _write(changes):
    now, new, known = timezone.now(), [], []
    for change in changes:
        answer = change.answer or Answer(review=change.review, pledge=change.pledge)
        for name, value in change.values.items():
            setattr(answer, name, value)
        answer.changed_at = now
        (known if answer.pk else new).append(answer)
    Answer.objects.bulk_create(new, batch_size=1000)
    Answer.objects.bulk_update(known, [*ANSWERS, "next", "changed_at"], batch_size=1000)
