"""A review as people read it, for the check page and for who looks at it once it is sent in."""

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from oiep.templatetags.charter import figure
from oiep.translated import spoken
from pledges.actions.answers import pledge_from_json
from pledges.models import Answer
from pledges.views.reviews.links import url_of

_NEXT = {
    Answer.Next.RENEW: gettext_lazy("It goes on for another year"),
    Answer.Next.CHANGE: gettext_lazy("It goes on with a change"),
    Answer.Next.CLOSE: gettext_lazy("It is done and ends"),
}


def summary_of(review, *, links=False):
    """Sections of (title, note, rows) for `components/summary_list.html`. links: with links to change them."""
    answers = review.answers.select_related("pledge__area", "new_pledge").prefetch_related("evidence")
    sections = [_on_pledge(review, answer, links) for answer in answers]
    if not review.partner.is_resident:
        sections.append(_section(_("Your people"), _outcome_rows(review, links)))
        sections.append(_section(_("Help you want"), [_help_row(review, links)], _("Only we read this.")))
    return sections


def _section(title, rows, note=""):
    return {"title": title, "note": note, "rows": rows}


def _row(label, value, url=""):
    return {"label": label, "value": value, **({"change_url": url + "?from=check"} if url else {})}


def _on_pledge(review, answer, links):
    if answer.is_adoption:
        return _on_adoption(review, answer, links)
    pledge = answer.pledge
    ended = bool(pledge.ended_at) and not answer.effect
    linked = links and not ended
    url = url_of(review, "review-pledge", pledge.pk) if linked else ""
    rows = [_row(_("How it goes"), capfirst(answer.get_progress_display()), url)]
    if pledge.measure:
        rows.append(_row(_("Figure"), _figure(answer.figure, pledge.unit), url))
    rows.append(_row(_("What happened"), answer.words, url))
    if answer.next:
        rows.append(_row(_("What comes next"), _NEXT[answer.next], url))
    if answer.next == Answer.Next.CHANGE:
        change_url = url_of(review, "review-pledge-change", pledge.pk) if linked else ""
        rows.append(_row(_("The pledge from now on"), "\n".join(_lines(answer)), change_url))
        rows.append(_row(_("Why it changes"), answer.reason, change_url))
    if answer.progress == Answer.Progress.STOPPED:
        stop_url = url_of(review, "review-pledge-stop", pledge.pk) if linked else ""
        rows.append(_row(_("Why it stopped"), answer.reason, stop_url))
    if not review.partner.is_resident:
        rows.append(_row(_("Evidence"), _evidence(answer), url))
    note = _("This pledge has ended in another way since.") if ended else ""
    title = f"{pledge.area.short_name}: {pledge.statement}"
    return _section(title, _name_links(rows, pledge.statement), note)


def _name_links(rows, statement):
    for row in rows:
        row["change_label"] = f"{row['label']}: {statement[:60]}"
    return rows


def _on_adoption(review, answer, links):
    url = url_of(review, "review-adopted", answer.pk) if links else ""
    rows = [
        _row(_("How it goes"), capfirst(answer.get_progress_display()), url),
        _row(_("What you say"), answer.words, url),
        _row(_("What comes next"), _NEXT.get(answer.next, ""), url),
    ]
    statement = answer.new_values["statement"]
    return _section(_("New: %(statement)s") % {"statement": statement}, _name_links(rows, statement))


def _figure(value, unit):
    return "" if value is None else figure(value, unit)


def _evidence(answer):
    names = [row.name for row in answer.evidence.all()]
    return "\n".join(filter(None, [answer.evidence_url, *names]))


def _lines(answer):
    """The changed pledge in lines: its words, and each figure that it has."""
    pledge = pledge_from_json(answer.new_values)
    lines = [pledge.statement]
    if pledge.measure:
        lines.append(_("Measured by: %(measure)s") % {"measure": spoken(pledge.measure)})
    if pledge.target is not None:
        lines.append(_("Target: %(figure)s") % {"figure": figure(pledge.target, pledge.unit)})
    return lines


def _outcome_rows(review, links):
    url = url_of(review, "review-outcomes") if links else ""
    rows = [
        _row(_("Finding new people"), _said(review, "recruitment"), url),
        _row(_("Keeping your people"), _said(review, "retention"), url),
        _row(_("Diversity"), _said(review, "diversity"), url),
    ]
    if review.may_quote:
        rows.append(_row(_("These words"), _("may be quoted with your name"), url))
    return rows


def _said(review, topic):
    """The choice and the words, as far as there are any. The choice is shown to nobody else but the manager."""
    parts = [str(getattr(review, f"get_{topic}_effect_display")()), getattr(review, topic)]
    return [part for part in parts if part] if parts[0] else parts[1]


def _help_row(review, links):
    return _row(_("What would help most"), review.help_wanted, url_of(review, "review-help") if links else "")
