"""What a draft is made of: its words in Markdown, the rows it was written from, perhaps a chart."""

import re
from dataclasses import dataclass, field

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from oiep.reports.sections import Section

ROWS_AT_MOST = 500  # of one source that are named one by one


@dataclass(frozen=True)
class Draft:
    section: Section
    key: str
    text: str
    sources: list = field(default_factory=list)
    chart: dict | None = None


def source(words, *objects):
    """Rows that a paragraph was written from, as they are kept with it. All are of one model."""
    return {
        "words": str(words),
        "model": objects[0]._meta.label_lower if objects else "",
        "rows": [row.pk for row in objects[:ROWS_AT_MOST]],
        "number": len(objects),
    }


def source_of(words, rows):
    """The same for the rows that a queryset finds."""
    return {
        "words": str(words),
        "model": rows.model._meta.label_lower,
        "rows": list(rows.order_by("pk").values_list("pk", flat=True)[:ROWS_AT_MOST]),
        "number": rows.count(),
    }


def bars(title, column, values, rows):
    """A bar chart, with its table: [(label, number)]."""
    return {
        "title": str(title),
        "column": str(column),
        "values": str(values),
        "rows": [[str(label), number] for label, number in rows],
    }


def said(text):
    """Somebody's words on one line of Markdown, in which none of their signs mean anything."""
    return re.sub(r"([\\`*_\[\]<>])", r"\\\1", " ".join(str(text).split()))


def bullets(lines):
    return "\n".join(f"- {line}" for line in lines)


def paragraphs(*parts):
    """Parts of a text, those that there are, as paragraphs or lists of it."""
    return "\n\n".join(part for part in parts if part)


def in_a_row(words):
    """Words as a sentence has them: a, b and c."""
    words = [str(word) for word in words]
    if len(words) < 2:
        return "".join(words)
    return _("%(some)s and %(last)s") % {"some": ", ".join(words[:-1]), "last": words[-1]}


def day_or_month(day, is_day_known=True):
    return date_format(day, "j F Y" if is_day_known else "F Y")
