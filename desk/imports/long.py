"""Long lists, a row at a time: memory stays flat, and what was judged is kept, so that little is lost with a worker."""

import json

from django.db import transaction
from django.db.models import Count, Q

from desk.imports.plan import NEW, SAME, Row, read_row, said_in
from desk.models import Import, ImportRow

State = ImportRow.State
_BATCH = 500
_VERDICT = ["state", "name", "more", "problems", "matches", "same_as"]


def judge(found, kind, known, *, again=False, after_row=None, after_part=None):
    """Judges the rows of a long list that are not judged yet, or all of them again, and keeps what came of it.

    after_row: (entry, row, whether it was judged so before); after_part: how many of a part were judged.
    """
    known.decimal_comma = found.read_table().decimal_comma
    entries, before = found.long_rows.all(), ImportRow.objects.none()
    if not again:
        before = entries.exclude(state__in=(State.UNCHECKED, State.EMPTY))
        entries = entries.filter(state=State.UNCHECKED)

    def stream():
        for batch in _parts(entries):
            for entry in batch:
                row = _row_of(entry, found, kind, known)
                if row is None:
                    entry.state = State.EMPTY
                    continue
                was = [getattr(entry, field) for field in _VERDICT]
                yield row  # it comes back once the row is judged
                _keep_verdict(entry, row, kind)
                if after_row:
                    after_row(entry, row, [getattr(entry, field) for field in _VERDICT] == was)
            _keep(batch, found)
            if after_part:
                after_part(len(batch))

    def earlier():
        for batch in _parts(before):
            for entry in batch:
                row = _row_of(entry, found, kind, known)
                row.same_as = entry.same_as
                yield row

    kind.judge(stream(), known, earlier())


class Left(Exception):
    """The list was left while it was worked on."""


def _keep(batch, found):
    """One statement: of a thousand rows, Django's own updating of many takes a hundred times as long."""
    with transaction.atomic():
        if not Import.objects.select_for_update(of=("self",)).filter(pk=found.pk).exists():
            raise Left
        ImportRow.objects.bulk_create(
            batch, update_conflicts=True, unique_fields=["of", "number"], update_fields=_VERDICT
        )


def _parts(rows):
    last = 0
    while batch := list(rows.filter(number__gt=last).order_by("number")[:_BATCH]):
        last = batch[-1].number
        yield batch


def read(entries, found, kind, known):
    """Rows with their cells read, of which it is known that something stands in them, a part at a time."""
    known.decimal_comma = found.read_table().decimal_comma
    for batch in _parts(entries):
        yield [_row_of(entry, found, kind, known) for entry in batch]


def _row_of(entry, found, kind, known):
    """A row as plans have it, its cells read; None for one in which nothing stands."""
    said = said_in(json.loads(entry.cells), found.mapping)
    if not any(said.values()):
        return None
    return read_row(Row(entry.number, said, answer=entry.answer), kind, known)


def _keep_verdict(entry, row, kind):
    entry.problems = json.dumps([[problem.column, problem.words] for problem in row.problems], ensure_ascii=False)
    entry.matches = json.dumps(
        [[str(match.name), str(match.why), match.url] for match in row.matches], ensure_ascii=False
    )
    entry.same_as = str(row.same_as)
    if row.problems:
        entry.state, entry.name, entry.more = State.WRONG, "", ""
        return
    entry.state = State.SAME if row.same_as else State.ASKED if row.matches else State.NEW
    entry.name, entry.more = map(str, kind.shown(row))


def to_bring_in(found):
    """The rows that would come in."""
    return found.long_rows.filter(Q(state=State.NEW) | Q(state=State.ASKED, answer=NEW))


def figures(found):
    """How many rows stand where."""
    return found.long_rows.aggregate(
        new=Count("pk", filter=Q(state=State.NEW) | Q(state=State.ASKED, answer=NEW)),
        wrong=Count("pk", filter=Q(state=State.WRONG)),
        same=Count("pk", filter=Q(state=State.SAME)),
        asked=Count("pk", filter=Q(state=State.ASKED)),
        unanswered=Count("pk", filter=Q(state=State.ASKED, answer="")),
        left_out=Count("pk", filter=Q(state=State.ASKED, answer=SAME)),
        unchecked=Count("pk", filter=Q(state=State.UNCHECKED)),
        all=Count("pk"),
    )
