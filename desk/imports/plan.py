"""What a list would do: its headings understood, its cells read, its rows judged."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from django.conf import settings
from django.utils.translation import gettext as _

from desk.imports.cells import Wrong
from desk.models.imports import Heading
from oiep.tables import heading_key

_HEADINGS_WITHIN = 15  # rows
_ALIKE = 0.8  # the part of the letters of two headings that are the same
NEW, SAME = "new", "same"


@dataclass(frozen=True)
class Column:
    """A column of ours. also: other headings for it. read: (text, known) → value. blank: its value where it is empty.

    help, example: for the template that one fills in.
    """

    name: str
    heading: str
    read: Callable
    needed: bool = False
    also: tuple = ()
    help: str = ""
    example: str = ""
    blank: object = ""

    @property
    def choices(self):
        return getattr(self.read, "choices", None)


@dataclass(frozen=True)
class Problem:
    """What is wrong with a row. column: where, empty for the row as a whole."""

    row: int
    column: str
    words: str


@dataclass(frozen=True)
class Match:
    """Something that may be the same as what a row says. url: where it can be looked at, if it is here already."""

    name: str
    why: str
    url: str = ""


@dataclass
class Row:
    """A row of a list. said: column → its text. same_as: what it is here as already, so that the row is left alone."""

    number: int
    said: dict
    values: dict = field(default_factory=dict)
    problems: list = field(default_factory=list)
    matches: list = field(default_factory=list)
    same_as: str = ""
    answer: str = ""

    def wrong(self, column, words):
        self.problems.append(Problem(self.number, str(column), str(words)))

    @property
    def is_asked(self):
        """Whether only the manager can say if it is something new."""
        return bool(self.matches) and not self.problems and not self.same_as

    @property
    def is_new(self):
        return not self.problems and not self.same_as and (not self.matches or self.answer == NEW)

    @property
    def is_left_out(self):
        return self.is_asked and self.answer == SAME


@dataclass
class Plan:
    kind: object
    rows: list
    notes: list

    @property
    def problems(self):
        return [problem for row in self.rows for problem in row.problems]

    @property
    def new(self):
        return [row for row in self.rows if row.is_new]

    @property
    def same(self):
        return [row for row in self.rows if row.same_as and not row.problems]

    @property
    def asked(self):
        return [row for row in self.rows if row.is_asked]

    @property
    def unanswered(self):
        return [row for row in self.asked if not row.answer]

    @property
    def left_out(self):
        return [row for row in self.rows if row.is_left_out]

    @property
    def is_possible(self):
        return bool(self.new) and not self.problems and not self.unanswered

    @property
    def fingerprint(self):
        """Differs when the same list would do something else than what was shown."""
        rows = [(row.number, sorted((name, repr(value)) for name, value in row.values.items())) for row in self.new]
        return hashlib.sha256(repr(rows).encode()).hexdigest()


@dataclass(frozen=True)
class Kind:
    """One kind of list. known: () → what is here, that rows are judged by. judge: (rows, known) adds to the rows what
    they are the same as or like, and what is wrong between them. shown: row → the words that it is shown by.

    can_be_long: whether judging goes through the rows once, so that a worker can do it one by one; then it also takes
    `before`, rows that were judged already.
    """

    name: str
    columns: tuple
    known: Callable
    judge: Callable
    shown: Callable
    can_be_long: bool = False

    @property
    def rows_at_most(self):
        return settings.IMPORT_ROWS_AT_MOST if self.can_be_long else settings.IMPORT_ROWS_AT_ONCE

    def column(self, name):
        return next(column for column in self.columns if column.name == name)

    @property
    def headings(self):
        """Folded heading → the name of the column."""
        names = {}
        for column in self.columns:
            for heading in (column.heading, column.name.replace("_", " "), *column.also):
                names.setdefault(heading_key(str(heading)), column.name)
        return names


# Headings -------------------------------------------------------------------------------------


def remembered(kind):
    return dict(Heading.objects.filter(kind=kind.name).values_list("key", "column"))


def headings_row_of(table, kind):
    """Where in the rows of a table the headings stand: the row with most that we know, or else the first with two."""
    known = {**kind.headings, **remembered(kind)}
    best, most = None, 0
    for place, (_number, cells) in enumerate(table.rows[:_HEADINGS_WITHIN]):
        count = len({heading_key(cell) for cell in cells if cell} & set(known))
        if count > most:
            best, most = place, count
    if best is None:
        several = [place for place, row in enumerate(table.rows[:_HEADINGS_WITHIN]) if sum(map(bool, row[1])) > 1]
        best = several[0] if several else 0
    return best


@dataclass(frozen=True)
class Proposal:
    """For one column of a file: its heading, some of what stands in it, what we think it is,
    and whether we are sure."""

    place: int
    heading: str
    examples: list
    column: str
    is_sure: bool


def propose(table, headings_row, kind):
    """What each column of a file is, as far as its heading tells."""
    headings = table.rows[headings_row][1] if table.rows else []
    names, learnt, taken, found = kind.headings, remembered(kind), set(), {}
    keys = [heading_key(heading) for heading in headings]
    for sure in (True, False):
        for place, key in enumerate(keys):
            if place in found or not key:
                continue
            column = (learnt[key] if key in learnt else names.get(key)) if sure else _nearest(key, names, taken)
            if column is not None and (not column or column not in taken):
                found[place] = (column, sure)
                taken.add(column)
    body = table.rows[headings_row + 1 :]
    return [
        Proposal(place, heading, _examples(body, place), *found.get(place, ("", False)))
        for place, heading in enumerate(headings)
        if heading or _examples(body, place)
    ]


def _examples(rows, place):
    said = (cells[place] for _number, cells in rows[:50] if place < len(cells) and cells[place])
    return list(dict.fromkeys(said))[:3]


def _nearest(key, names, taken):
    """The column whose heading is most like a heading, or is within it; None where none is."""
    best, most = None, _ALIKE
    for known, column in names.items():
        likeness = SequenceMatcher(None, key, known).ratio()
        if f" {known} " in f" {key} " and len(known) > 3:
            likeness = max(likeness, _ALIKE + len(known) / 1000)
        if likeness >= most and column not in taken:
            best, most = column, likeness
    return best


def missing_columns(kind, mapping):
    return [column for column in kind.columns if column.needed and column.name not in mapping.values()]


# Rows -----------------------------------------------------------------------------------------


def plan(kind, table, headings_row, mapping, answers):
    """What a list would do. mapping: the place of a column in the file → ours. Nothing is written."""
    known = kind.known()
    known.decimal_comma = table.decimal_comma
    rows = []
    for number, cells in table.rows[headings_row + 1 :]:
        said = said_in(cells, mapping)
        if any(said.values()):
            rows.append(read_row(Row(number, said, answer=answers.get(str(number), "")), kind, known))
    kind.judge(rows, known)
    notes = list(table.notes)
    if headings_row:
        notes.append(_("We took row %(row)s for the headings.") % {"row": table.rows[headings_row][0]})
    return Plan(kind, rows, notes)


def said_in(cells, mapping):
    """column → its text, of one row of a file."""
    return {column: cells[int(place)] for place, column in mapping.items() if int(place) < len(cells) and column}


def read_row(row, kind, known):
    for column in kind.columns:
        text = row.said.get(column.name, "")
        if not text.strip():
            row.values[column.name] = column.blank
            if column.needed:
                row.wrong(column.heading, _("This is empty, and we need it."))
            continue
        try:
            row.values[column.name] = column.read(text, known)
        except Wrong as wrong:
            row.values[column.name] = column.blank
            row.wrong(column.heading, wrong)
    return row
