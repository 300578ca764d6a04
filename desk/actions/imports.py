"""Lists: chosen, understood, brought in as a whole or not at all, and undone."""

import time

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from desk.actions.long_lists import check_again, keep_long_list
from desk.imports import KINDS, events, groups, partners, pledges
from desk.imports.plan import headings_row_of, missing_columns, plan, propose
from desk.models import Heading, Import
from oiep import audit
from oiep import email as mail
from oiep.locks import lock_on
from oiep.moderation import NotPossible
from oiep.tables import TOO_MANY_ROWS, heading_key, read_table, too_many_rows
from pledges.actions.signing import ask_to_confirm
from pledges.models import Signing

# kind → what writes a row of it; kind of thing → what takes it out again.
WRITERS = {"partners": partners.write, "pledges": pledges.write, "groups": groups.write, "events": events.write}
_TAKERS = {
    "signing": partners.take_out,
    "listed": pledges.take_out,
    "pledge": pledges.take_out,
    "group": groups.take_out,
    "event": events.take_out,
}


class Impossible(ValidationError):
    """Nothing was brought in. `plan` says what is wrong now, or what is different from what was shown."""

    def __init__(self, message, plan):
        super().__init__(message)
        self.plan = plan


def read(kind, content):
    """The table in the bytes of a file, and where its headings are. Raises ValidationError, with words for a user."""
    kind = KINDS[kind]
    most = settings.IMPORT_ROWS_AT_ONCE
    table = read_table(content, knows=set(kind.headings), rows_at_most=most)
    place = headings_row_of(table, kind)
    if len(table.rows) - place - 1 > most:
        raise too_many_rows(most)
    if len(table.rows) - place < 2:
        raise ValidationError(_("There is nothing in this file but headings. Choose another one."))
    return table, place


@transaction.atomic
def keep_list(*, kind, content, file_name, actor):
    """Keeps a file that was chosen, to be looked at. Returns the Import: of a long list one that a worker reads first.
    Raises ValidationError."""
    try:
        table, place = read(kind, content)
    except ValidationError as refusal:
        if refusal.code != TOO_MANY_ROWS or KINDS[kind].rows_at_most <= settings.IMPORT_ROWS_AT_ONCE:
            raise
        return keep_long_list(kind=kind, content=content, file_name=file_name, actor=actor)
    proposals = propose(table, place, KINDS[kind])
    mapping = {str(proposal.place): proposal.column for proposal in proposals if proposal.column}
    found = Import(
        kind=kind,
        file_name=file_name,
        headings_row=place,
        mapping=mapping,
        is_mapped=_all_known(proposals) and not missing_columns(KINDS[kind], mapping),
        uploaded_by=actor,
    )
    found.keep_table(table)
    found.save()
    audit.record(verb="import.chosen", subject=found, actor=actor)
    return found


def _all_known(proposals):
    return all(proposal.is_sure for proposal in proposals)


def plan_of(found):
    return plan(KINDS[found.kind], found.read_table(), found.headings_row, found.mapping, found.answers)


@transaction.atomic
def settle_headings(*, found, mapping):
    """Says what each column of a list is, and remembers it for the next list. mapping: place → column, "" to leave out.

    Raises ValidationError when two columns are the same, or one that is needed is missing.
    """
    found, kind = _unfinished(found), KINDS[found.kind]
    chosen = [column for column in mapping.values() if column]
    if twice := next((column for column in chosen if chosen.count(column) > 1), None):
        words = _("Two columns of the file cannot both be “%(column)s”. Leave one of them out.")
        raise ValidationError(words % {"column": kind.column(twice).heading})
    if missing := missing_columns(kind, mapping):
        names = ", ".join(f"“{column.heading}”" for column in missing)
        raise ValidationError(_("Say which column is: %(names)s. We cannot do without.") % {"names": names})
    headings = found.read_table().rows[found.headings_row][1]
    for place, column in mapping.items():
        if key := heading_key(headings[int(place)])[:100]:
            Heading.objects.update_or_create(kind=found.kind, key=key, defaults={"column": column})
    found.mapping = {place: column for place, column in mapping.items() if column}
    found.is_mapped = True
    found.save(update_fields=["mapping", "is_mapped"])
    if found.is_long:
        check_again(found=found)
        found.refresh_from_db()
    return found


@transaction.atomic
def keep_answers(*, found, answers):
    """Keeps what the manager said of rows that may be here already: number of the row → "new" or "same"."""
    found = _unfinished(found)
    found.answers = {**found.answers, **answers}
    found.save(update_fields=["answers"])
    return found


@transaction.atomic
def drop_list(*, found, actor):
    """Forgets a list that was not brought in."""
    found = _unfinished(found)
    audit.record(verb="import.dropped", subject=found, actor=actor)
    Import.objects.filter(pk=found.pk).delete()


def _unfinished(found):
    locked = Import.objects.unfinished().select_for_update(of=("self",)).filter(pk=found.pk).first()
    if locked is None:
        raise NotPossible(_("This list was brought in or left already."))
    if locked.step == Import.Step.WRITING:
        raise NotPossible(_("This list is being brought in. Wait until it is, and undo it then."))
    return locked


@transaction.atomic
def bring_in(*, found, actor, seen):
    """Brings a list in, all of it or nothing. seen: the fingerprint of the plan that the manager looked at.

    Nobody is written to. Raises Impossible when a row is wrong, or the list would do something else by now.
    """
    lock_on("lists come in")  # one at a time: the same list twice is there once
    if found.kind == Import.Kind.PARTNERS:
        lock_on("an organisation signs")
    found = _unfinished(found)
    planned = plan_of(found)
    if planned.problems or planned.unanswered:
        raise Impossible(_("Nothing was brought in: look at the rows below first."), planned)
    if seen != planned.fingerprint:
        raise Impossible(_("Something changed after you looked. Here is what the list would do now."), planned)
    rows = groups.in_order(planned.new) if found.kind == Import.Kind.GROUPS else planned.new
    made = []
    for row in rows:
        try:
            with transaction.atomic():
                made.append(WRITERS[found.kind](row, actor))
        except ValidationError as refusal:
            row.wrong("", " ".join(refusal.messages))
    if planned.problems:
        raise Impossible(_("Nothing was brought in: look at the rows below first."), planned)
    found.made, found.rows, found.table, found.answers = made, len(rows), "", {}
    found.done_at, found.done_by = timezone.now(), actor
    found.save()
    audit.record(verb="import.brought_in", subject=found, actor=actor, kind=found.kind, rows=len(rows))
    return found


@transaction.atomic
def undo(*, found, actor):
    """Takes out what a list brought in, the last first. What has moved on since stays.

    Returns how many were taken out, and why others stay: words → how many.
    """
    found = Import.objects.select_for_update(of=("self",)).get(pk=found.pk)
    if not found.done_at or found.undone_at:
        raise NotPossible(_("There is nothing to undo here."))
    out, stay, made = 0, {}, found.made
    if found.kind == Import.Kind.PARTNERS:
        left = partners.take_out_unasked([key for _thing, key in made], actor)
        out, made = len(made) - len(left), [["signing", key] for key in left]
    for thing, key in reversed(made):
        try:
            with transaction.atomic():
                _TAKERS[thing](key, actor)
        except NotPossible as refusal:
            words = " ".join(refusal.messages)
            stay[words] = stay.get(words, 0) + 1
        else:
            out += 1
    found.undone_at, found.undone_by = timezone.now(), actor
    found.save(update_fields=["undone_at", "undone_by"])
    audit.record(verb="import.undone", subject=found, actor=actor, out=out, stay=sum(stay.values()))
    return out, stay


# Asking to confirm ----------------------------------------------------------------------------


def signings_of(found):
    """The organisations that came from a list, also those that have confirmed since; not those that were forgotten."""
    return Signing.objects.filter(pk__in=[key for thing, key in found.made if thing == "signing"])


def letter_to(signing):
    """The subject and the text of what an organisation of a list would read, but for its link; nothing is written."""
    signing.declared_at = signing.declared_at or timezone.now()
    subject, text = mail.compose("sign_listed", {"signing": signing})
    return subject, text.replace(signing.confirmation_url, _("[the link to confirm]"))


@transaction.atomic
def begin_asking(*, found, actor):
    """Says that each organisation of a list be written to. `feed_confirmations` does it, a part at a time."""
    found = Import.objects.select_for_update(of=("self",)).get(pk=found.pk)
    if found.undone_at or not found.done_at:
        raise NotPossible(_("This list has been undone."))
    if not found.asking_by:
        found.asking_by = actor
        found.save(update_fields=["asking_by"])
        audit.record(verb="import.asking", subject=found, actor=actor)
    return found


def ask_all_to_confirm(*, found, actor, seconds=None):
    """Writes to each organisation of a list that was not asked yet; one e-mail each, however often this is called.

    Each is a transaction of its own: stopped half-way, the next call goes on. seconds: after which to stop. Returns how
    many went into the queue, and why others did not: words → how many.
    """
    sent, left, stop_at = 0, {}, seconds and time.monotonic() + seconds
    if found.undone_at:
        return sent, left
    for signing in signings_of(found).filter(declared_at=None, confirmed_at=None).order_by("pk"):
        if stop_at and time.monotonic() > stop_at:
            break
        try:
            sent += ask_to_confirm(signing=signing, actor=actor)
        except NotPossible as refusal:
            words = " ".join(refusal.messages)
            left[words] = left.get(words, 0) + 1
    if sent:
        mail.nudge()
    return sent, left


def feed_confirmations(seconds=20):
    """Goes on with asking, for the scheduler's tick: also on the next day, where an address had its mails of today."""
    sent = 0
    for found in Import.objects.asking().select_related("asking_by").order_by("done_at"):
        sent += ask_all_to_confirm(found=found, actor=found.asking_by, seconds=seconds)[0]
        if not signings_of(found).filter(declared_at=None, confirmed_at=None).exists():
            Import.objects.filter(pk=found.pk).update(asking_by=None)
    return sent
