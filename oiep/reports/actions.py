"""What changes a report: it is drafted, edited, drafted again, reviewed, published and corrected."""

import secrets
from collections import Counter

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from oiep import audit
from oiep.moderation import NotPossible
from oiep.reports.content import content_of
from oiep.reports.drafting import drafts
from oiep.reports.models import Edition, Paragraph, UpdateReport
from oiep.reports.sections import Section
from oiep.texts import history

State = UpdateReport.State
COUNTED = ("new", "changed", "waiting", "gone")
FACTS = ("name", "title", "addressee", "reported_on", "starts_on", "ends_on", "author", "status")


class Conflict(NotPossible):
    """Somebody else changed the same paragraph meanwhile."""


def _lock(report):
    """The report as it is now. All that changes a report waits here for what else does."""
    return UpdateReport.objects.select_for_update().get(pk=report.pk)


def _lock_paragraph(paragraph):
    report = _lock(paragraph.report)
    return report, Paragraph.objects.select_for_update().get(pk=paragraph.pk)


def _is_written_again(report):
    """What was reviewed is not what it says now. What is published stays as it is until it is published again."""
    if report.state != State.DRAFT:
        report.state, report.reviewed_at, report.reviewed_by = State.DRAFT, None, None
        report.save(update_fields=["state", "reviewed_at", "reviewed_by"])


@transaction.atomic
def save_facts(*, report, fields, actor):
    """Writes changed facts of a report, which `report` holds already. Returns it as it is now."""
    now = _lock(report)
    fields = [name for name in FACTS if name in fields and getattr(now, name) != getattr(report, name)]
    for name in fields:
        setattr(now, name, getattr(report, name))
    if fields:
        now.save(update_fields=fields)
        _is_written_again(now)
        audit.record(verb="updatereport.changed", subject=now, actor=actor, fields=fields)
    return now


# Drafting -------------------------------------------------------------------------------------


def draft(*, report, actor):
    """Drafts a report from the data, for the first time or again. Nothing that the manager wrote is lost.

    A paragraph that was not edited says what the data say now. One that was keeps its words, and the newer draft waits
    beside it until the manager chooses. Returns how many are {"new", "changed", "waiting", "gone"}.
    """
    found = drafts(report)  # read before anything is locked, from one state of the data
    with transaction.atomic():
        report = _lock(report)
        done = _take(report, found)
        report.drafted_at = timezone.now()
        report.save(update_fields=["drafted_at"])
        if any(done.values()):
            _is_written_again(report)
        audit.record(verb="updatereport.drafted", subject=report, actor=actor, **done)
    return done


def _take(report, found):
    done = Counter()
    there = {paragraph.key: paragraph for paragraph in report.paragraphs.select_for_update().in_order()}
    known, drafted = {**there}, []
    for draft in found:
        paragraph = there.pop(draft.key, None)
        if paragraph is None:
            paragraph = Paragraph(
                report=report,
                section=draft.section,
                key=draft.key,
                order=0,
                drafted=draft.text,
                sources=draft.sources,
                chart=draft.chart,
            )
            done["new"] += 1
        else:
            done[_update(paragraph, draft)] += 1
        drafted.append(paragraph)
    for paragraph in there.values():
        if not paragraph.is_own:
            done[_is_gone(paragraph)] += 1
    _put_in_order([paragraph for paragraph in known.values() if paragraph.pk], drafted)
    return {name: done[name] for name in COUNTED}


def _put_in_order(there, drafted):
    """Those that there are stay as the manager put them. A new one comes after what is drafted right before it."""
    sections = {section: [row for row in there if row.section == section] for section in Section}
    before = None
    for paragraph in drafted:
        rows = sections[paragraph.section]
        if paragraph.pk is None:
            rows.insert(rows.index(before) + 1 if before in rows else 0, paragraph)
        before = paragraph
    for rows in sections.values():
        for place, paragraph in enumerate(rows, start=1):
            if paragraph.pk is None:
                paragraph.order = place
                paragraph.save()
            elif paragraph.order != place:
                Paragraph.objects.filter(pk=paragraph.pk).update(order=place)


def _update(paragraph, draft):
    """Gives a paragraph its newer draft. Returns what that is counted as."""
    now = timezone.now()
    newest = paragraph.drafted if paragraph.waiting is None else paragraph.waiting
    chart = paragraph.chart if paragraph.waiting is None else paragraph.waiting_chart
    says_the_same = (newest, chart) == (draft.text, draft.chart)
    paragraph.section = draft.section
    if says_the_same and paragraph.waiting is None:
        paragraph.sources, paragraph.drafted_at = draft.sources, now
        paragraph.save(update_fields=["section", "sources", "drafted_at"])
        return "same"
    if paragraph.edited is None:
        paragraph.drafted, paragraph.sources, paragraph.chart = draft.text, draft.sources, draft.chart
        paragraph.drafted_at, paragraph.version = now, paragraph.version + 1
        paragraph.save()
        return "changed"
    if (paragraph.drafted, paragraph.chart) == (draft.text, draft.chart):
        # The data say again what they said when it was edited: there is nothing left to choose.
        paragraph.waiting, paragraph.waiting_sources, paragraph.waiting_chart = None, [], None
    else:
        paragraph.waiting, paragraph.waiting_sources = draft.text, draft.sources
        paragraph.waiting_chart = draft.chart
    paragraph.version += not says_the_same
    paragraph.save()
    return "same" if says_the_same or paragraph.waiting is None else "waiting"


def _is_gone(paragraph):
    """The data do not say this any more: a draft goes, what the manager wrote stays and waits for a word from them."""
    if paragraph.edited is None:
        if not paragraph.left_out:
            paragraph.delete()
            return "gone"
        return "same"
    if paragraph.waiting == "":
        return "same"
    paragraph.waiting, paragraph.waiting_sources, paragraph.waiting_chart = "", [], None
    paragraph.save()
    return "waiting"


def stale(report):
    """The paragraphs that would read otherwise if the report was drafted now, and how many there would be more."""
    found = {draft.key: draft for draft in drafts(report)}
    there = {paragraph.key: paragraph for paragraph in report.paragraphs.all() if not paragraph.is_own}
    other = []
    for key, paragraph in there.items():
        draft = found.get(key)
        newest = paragraph.drafted if paragraph.waiting is None else paragraph.waiting
        chart = paragraph.chart if paragraph.waiting is None else paragraph.waiting_chart
        if not paragraph.left_out and (draft.text if draft else "", draft.chart if draft else None) != (newest, chart):
            other.append(paragraph)
    return other, len(found.keys() - there.keys())


# Editing --------------------------------------------------------------------------------------


@transaction.atomic
def edit(*, paragraph, text, seen, actor):
    """Writes the manager's own words. seen: the version that they were written on. Returns the paragraph.

    Raises Conflict when its words changed meanwhile.
    """
    report, paragraph = _lock_paragraph(paragraph)
    if paragraph.version != seen:
        raise Conflict(_("This paragraph was changed while you wrote. Both texts are below; save again to keep yours."))
    if text == paragraph.text:
        return paragraph
    before = {"text": paragraph.text}
    paragraph.edited = None if text == paragraph.drafted and paragraph.waiting is None else text
    _stamp(paragraph, actor)
    paragraph.full_clean(exclude=["report", "edited_by"])
    paragraph.save()
    _remember(paragraph, before, actor)
    _is_written_again(report)
    audit.record(verb="paragraph.edited", subject=report, actor=actor, paragraph=paragraph.pk)
    return paragraph


def _stamp(paragraph, actor):
    is_edited = paragraph.edited is not None
    paragraph.edited_at, paragraph.edited_by = (timezone.now(), actor) if is_edited else (None, None)
    paragraph.version += 1


def _remember(paragraph, before, actor):
    history.keep(paragraph, ["text"], actor=actor, before=before)


@transaction.atomic
def choose(*, paragraph, newer, seen, actor):
    """Takes the newer draft, or keeps the manager's words beside it; what is not taken stays in its history.

    seen: the version that the choice was made on. Raises NotPossible when nothing waits, Conflict as `edit`.
    """
    report, paragraph = _lock_paragraph(paragraph)
    if paragraph.version != seen:
        raise Conflict(_("This paragraph was changed while you looked at it. Look again, then choose."))
    if paragraph.waiting is None:
        raise NotPossible(_("There is no newer draft of this paragraph."))
    before, gone = {"text": paragraph.text}, paragraph.waiting == ""
    paragraph.drafted, paragraph.sources = paragraph.waiting, paragraph.waiting_sources
    paragraph.chart, paragraph.drafted_at = paragraph.waiting_chart, timezone.now()
    paragraph.waiting, paragraph.waiting_sources, paragraph.waiting_chart = None, [], None
    if newer:
        paragraph.edited, paragraph.left_out = None, gone or paragraph.left_out
        _stamp(paragraph, actor)
    else:
        paragraph.version += 1
    paragraph.save()
    _remember(paragraph, before, actor)
    _is_written_again(report)
    audit.record(
        verb="paragraph.chosen", subject=report, actor=actor, paragraph=paragraph.pk, chosen="draft" if newer else "own"
    )
    return paragraph


@transaction.atomic
def leave_out(*, paragraph, left_out, actor):
    """Leaves a paragraph out of the report, or puts it back. Drafting again does not bring it back."""
    report, paragraph = _lock_paragraph(paragraph)
    if paragraph.left_out != left_out:
        paragraph.left_out = left_out
        paragraph.save(update_fields=["left_out"])
        _is_written_again(report)
        verb = "paragraph.left_out" if left_out else "paragraph.put_back"
        audit.record(verb=verb, subject=report, actor=actor, paragraph=paragraph.pk)
    return paragraph


@transaction.atomic
def add_paragraph(*, report, section, text, actor):
    """Adds a paragraph of the manager's own at the end of a section. Returns it."""
    report = _lock(report)
    last = report.paragraphs.filter(section=section).aggregate(last=Max("order"))["last"] or 0
    paragraph = Paragraph(
        report=report,
        section=section,
        key=f"own/{secrets.token_hex(8)}",
        order=last + 1,
        edited=text,
        edited_at=timezone.now(),
        edited_by=actor,
    )
    paragraph.full_clean(exclude=["report", "edited_by"])
    paragraph.save()
    _remember(paragraph, None, actor)
    _is_written_again(report)
    audit.record(verb="paragraph.added", subject=report, actor=actor, paragraph=paragraph.pk)
    return paragraph


@transaction.atomic
def move(*, paragraph, up, actor):
    """Changes places with the paragraph above or below it in its section."""
    report, paragraph = _lock_paragraph(paragraph)
    others = list(report.paragraphs.filter(section=paragraph.section).in_order())
    place = next(n for n, other in enumerate(others) if other.pk == paragraph.pk)
    there = place + (-1 if up else 1)
    if not 0 <= there < len(others):
        return paragraph
    others[place], others[there] = others[there], others[place]
    for number, other in enumerate(others, start=1):
        Paragraph.objects.filter(pk=other.pk).update(order=number)
    _is_written_again(report)
    audit.record(verb="paragraph.moved", subject=report, actor=actor, paragraph=paragraph.pk)
    return paragraph


# Review and publication -----------------------------------------------------------------------


@transaction.atomic
def review(*, report, actor):
    """Says that somebody has read the report as it is. Raises NotPossible while a choice waits or there is no word."""
    report = _lock(report)
    if report.state != State.DRAFT:
        raise NotPossible(_("This report has been reviewed already."))
    if report.paragraphs.shown().to_choose().exists():
        raise NotPossible(_("Choose first between your words and the newer drafts."))
    if not report.paragraphs.shown().exists():
        raise NotPossible(_("There is nothing in this report yet. Draft it first."))
    report.state, report.reviewed_at, report.reviewed_by = State.REVIEWED, timezone.now(), actor
    report.save(update_fields=["state", "reviewed_at", "reviewed_by"])
    audit.record(verb="updatereport.reviewed", subject=report, actor=actor)
    return report


@transaction.atomic
def publish(*, report, actor, why=""):
    """Publishes a report that was reviewed, as an edition that never changes. Returns the edition.

    why: what was corrected, of a report that is public already. Raises NotPossible when it was not reviewed as it is
    now, ValidationError when a correction does not say what it corrects.
    """
    report = _lock(report)
    if report.state == State.PUBLISHED:
        raise NotPossible(_("This report is published as it is."))
    if report.state != State.REVIEWED:
        raise NotPossible(_("Somebody has to review this report as it is now. Then you can publish it."))
    number = (report.editions.aggregate(last=Max("number"))["last"] or 0) + 1
    if number > 1 and not why:
        raise ValidationError({"why": _("Say what was corrected. The page tells its readers.")})
    edition = Edition(
        report=report,
        number=number,
        content=content_of(report),
        why=why if number > 1 else "",
        published_by=actor,
    )
    edition.full_clean(exclude=["report", "published_by"])
    edition.save()
    UpdateReport.objects.filter(pk=report.pk).update(state=State.PUBLISHED)
    audit.record(verb="updatereport.published", subject=report, actor=actor, edition=number)
    return edition
