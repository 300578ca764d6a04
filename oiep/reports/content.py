"""A report as it is read: its facts, and under each heading its paragraphs, each with its chart."""

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from oiep.reports.sections import ALWAYS, PARTS


def content_of(report):
    """What an edition keeps, from which a page and both files are made. It names no row of any table."""
    texts = {}
    for paragraph in report.paragraphs.shown().in_order():
        texts.setdefault(paragraph.section, []).append({"text": paragraph.text, "chart": paragraph.chart})
    parts = []
    for part in PARTS:
        below = [_section(section, texts) for section in part.below if texts.get(section)]
        own = texts.get(part.section, [])
        if not own and part.section in ALWAYS:
            own = [{"text": _("Nothing to report."), "chart": None}]
        if own or below:
            parts.append({"number": part.number, "heading": str(part.heading), "paragraphs": own, "sections": below})
    return {
        "title": str(report.title),
        "name": report.name,
        "addressee": str(report.addressee),
        "reported_on": date_format(report.reported_on),
        "period": str(report.period),
        "author": report.author,
        "status": str(report.status),
        "parts": parts,
    }


def _section(section, texts):
    return {"heading": str(section.label), "paragraphs": texts[section]}


def facts_of(content):
    """The lines at the head of a report: [(label, words)]."""
    return [
        (_("To"), content["addressee"]),
        (_("Title of report"), f"{content['title']}, {content['name']}"),
        (_("Date"), content["reported_on"]),
        (_("Period"), content["period"]),
        (_("Report of"), content["author"]),
        (_("Status"), content["status"]),
    ]
