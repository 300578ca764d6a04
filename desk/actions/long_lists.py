"""Lists so long that a worker takes them: read, checked, brought in and undone a step at a time.

Whoever works on one holds a lock for as long as its connection lives, so a worker that dies leaves it to the next tick.
Reading, bringing in and undoing are one transaction each: they happened, or they did not. Checking keeps each part.
"""

import contextlib
import json
import logging

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from desk.imports import KINDS, long, partners
from desk.imports.plan import NEW, SAME, headings_row_of, missing_columns, propose
from desk.models import Import, ImportRow
from oiep import audit
from oiep.locks import lock_on
from oiep.moderation import NotPossible
from oiep.tables import Table, read_table

logger = logging.getLogger(__name__)
Step, State = Import.Step, ImportRow.State
_LOCK = "long lists are worked on"
_FIRST_ROWS = 65  # of which the headings are found, and examples shown
_BATCH = 1000


class _Different(Exception):
    """The list would do something else by now."""


# What the manager asks for ----------------------------------------------------------------------


def keep_long_list(*, kind, content, file_name, actor):
    """Keeps the file of a long list until a worker has read it."""
    found = Import.objects.create(
        kind=kind, file_name=file_name, uploaded_by=actor, is_long=True, content=content, step=Step.READING
    )
    audit.record(verb="import.chosen", subject=found, actor=actor)
    return found


@transaction.atomic
def check_again(*, found):
    """Lets all rows be checked by what its columns are now."""
    found.long_rows.update(state=State.UNCHECKED, problems="[]", matches="[]", same_as="")
    _go_to(found, Step.CHECKING, progress=0, refusal="")


@transaction.atomic
def keep_long_answers(*, found, answers, rest=""):
    """Keeps what the manager said of rows that may be here already: number → "new" or "same". rest: of all others that
    nobody has said anything of yet."""
    found = _idle(found)
    asked = found.long_rows.filter(state=State.ASKED)
    for answer in (NEW, SAME):
        numbers = [number for number, said in answers.items() if said == answer]
        asked.filter(number__in=numbers).update(answer=answer)
    if rest in (NEW, SAME):
        asked.filter(answer="").update(answer=rest)
    return found


def mark_of(figures):
    """What the manager looked at: how many rows stand where."""
    return "-".join(str(figures[name]) for name in ("new", "wrong", "same", "asked", "unanswered", "left_out"))


@transaction.atomic
def begin_bringing_in(*, found, actor, seen):
    """Says that a long list be brought in. seen: `mark_of` the figures that the manager looked at."""
    found = _idle(found)
    figures = long.figures(found)
    if figures["wrong"] or figures["unanswered"] or not figures["new"]:
        raise NotPossible(_("Nothing was brought in: look at the rows below first."))
    if seen != mark_of(figures):
        raise NotPossible(_("Something changed after you looked. Here is what the list would do now."))
    _go_to(found, Step.WRITING, step_by=actor, progress=0, refusal="")
    return found


@transaction.atomic
def begin_undoing(*, found, actor):
    found = Import.objects.select_for_update(of=("self",)).get(pk=found.pk)
    if not found.done_at or found.undone_at or found.step:
        raise NotPossible(_("There is nothing to undo here."))
    _go_to(found, Step.UNDOING, step_by=actor, progress=0, refusal="")
    return found


def _idle(found):
    found = Import.objects.unfinished().select_for_update(of=("self",)).filter(pk=found.pk, step="").first()
    if found is None:
        raise NotPossible(_("We are working on this list. Look again in a moment."))
    return found


def _go_to(found, step, **values):
    Import.objects.filter(pk=found.pk).update(step=step, **values)


# What a worker does ----------------------------------------------------------------------------


def work_on_lists():
    """Does what waits to be done with long lists, one after the other; in one process at a time."""
    with _alone() as is_alone:
        while is_alone and (found := Import.objects.waiting_for_work().order_by("uploaded_at", "pk").first()):
            try:
                _STEPS[found.step](found)
            except long.Left:
                continue
            except Exception:
                # What nobody foresaw must not keep all other lists waiting.
                logger.exception("A long list failed: %s", found.pk)
                _go_to(found, "", refusal=_("Something went wrong on our side, and nothing was changed. Try again."))


@contextlib.contextmanager
def _alone():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [_LOCK])
        (is_mine,) = cursor.fetchone()
    try:
        yield is_mine
    finally:
        if is_mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [_LOCK])


def _read(found):
    kind = KINDS[found.kind]
    try:
        table = read_table(bytes(found.content), knows=set(kind.headings), rows_at_most=kind.rows_at_most)
    except ValidationError as refusal:
        Import.objects.filter(pk=found.pk).update(content=None, step="", refusal=" ".join(refusal.messages))
        return
    place = headings_row_of(table, kind)
    proposals = propose(table, place, kind)
    with transaction.atomic():
        found = Import.objects.select_for_update(of=("self",)).filter(pk=found.pk, step=Step.READING).first()
        if found is None:  # it was left meanwhile
            return
        for start in range(place + 1, len(table.rows), _BATCH):
            ImportRow.objects.bulk_create(
                ImportRow(of=found, number=number, cells=json.dumps(cells, ensure_ascii=False).replace("\\u0000", ""))
                for number, cells in table.rows[start : start + _BATCH]
            )
        found.mapping = {str(proposal.place): proposal.column for proposal in proposals if proposal.column}
        sure = all(proposal.is_sure for proposal in proposals)
        found.is_mapped = sure and not missing_columns(kind, found.mapping)
        found.headings_row, found.content = place, None
        found.keep_table(Table(table.rows[: place + _FIRST_ROWS], table.notes, table.decimal_comma))
        found.step = Step.CHECKING if found.is_mapped else ""
        found.save()


def _check(found):
    kind = KINDS[found.kind]

    def count(number):
        Import.objects.filter(pk=found.pk).update(progress=F("progress") + number)

    Import.objects.filter(pk=found.pk).update(progress=found.long_rows.exclude(state=State.UNCHECKED).count())
    long.judge(found, kind, kind.known(), after_part=count)
    Import.objects.filter(pk=found.pk, step=Step.CHECKING).update(step="")


def _write(found):
    """All of it, or nothing. Rows are judged once more before, and again by name under the locks."""
    kind = KINDS[found.kind]
    try:
        _judge_again(found, kind)
        with transaction.atomic():
            lock_on("lists come in")
            if found.kind == Import.Kind.PARTNERS:
                lock_on("an organisation signs")
            locked = Import.objects.select_for_update(of=("self",)).filter(pk=found.pk, step=Step.WRITING).first()
            if locked is None:
                return
            write = _write_partners if found.kind == Import.Kind.PARTNERS else _write_one_by_one
            made = write(locked, kind)
            locked.made, locked.rows, locked.table, locked.step = made, len(made), "", ""
            locked.done_at, locked.done_by = timezone.now(), locked.step_by
            locked.save()
            locked.long_rows.all().delete()
            audit.record(
                verb="import.brought_in", subject=locked, actor=locked.step_by, kind=locked.kind, rows=len(made)
            )
    except _Different:
        check_again(found=found)
        words = _("Something changed after you looked. Nothing was brought in. Here is what the list would do now.")
        Import.objects.filter(pk=found.pk).update(refusal=words)
    except _Refused as refused:
        refused.entry.save(update_fields=["state", "problems"])
        _go_to(found, "", refusal=_("Nothing was brought in: look at the rows below first."))


class _Refused(Exception):
    def __init__(self, entry):
        super().__init__(entry.pk)
        self.entry = entry


def _judge_again(found, kind):
    """Raises _Different where a row would do something else than what the manager looked at."""

    def compare(entry, row, is_as_before):
        if not is_as_before:
            raise _Different

    def count(number):
        Import.objects.filter(pk=found.pk).update(progress=F("progress") + number)

    Import.objects.filter(pk=found.pk).update(progress=0)
    long.judge(found, kind, kind.known(), again=True, after_row=compare, after_part=count)


def _write_partners(found, kind):
    """By thousands, as nothing but the name can have come in since it was judged, and that is asked under the lock."""
    known, made = kind.known(), []
    for rows in long.read(long.to_bring_in(found), found, kind, known):
        if any(known.organisations.same(row.values["organisation"]) for row in rows):
            raise _Different
        made += partners.write_many(rows, found.step_by)
    return made


def _write_one_by_one(found, kind):
    from desk.actions.imports import WRITERS

    made, coming = [], set(long.to_bring_in(found).values_list("number", flat=True))

    def write(entry, row, is_as_before):
        if not is_as_before:
            raise _Different
        if entry.number in coming:
            try:
                with transaction.atomic():
                    made.append(WRITERS[found.kind](row, found.step_by))
            except ValidationError as refusal:
                entry.state = State.WRONG
                entry.problems = json.dumps([["", " ".join(refusal.messages)]])
                raise _Refused(entry) from None

    long.judge(found, kind, kind.known(), again=True, after_row=write)
    return made


def _undo(found):
    from desk.actions.imports import undo

    _out, stay = undo(found=found, actor=found.step_by)
    _go_to(found, "", refusal=" ".join(f"{number} × {words}" for words, number in stay.items()))


_STEPS = {Step.READING: _read, Step.CHECKING: _check, Step.WRITING: _write, Step.UNDOING: _undo}
