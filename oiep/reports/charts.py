"""A report's bar charts as SVG: the same drawing on a page, in a PDF and as a picture for Word.

A stylesheet of ours gives a page its colours, in both schemes; the attributes are for where there is none.
"""

from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe

WIDTH = 360
_ROW, _LABEL, _BAR, _NUMBER = 42, 15, 14, 56  # the height of a row, and within it; the room for a figure


def svg_of(chart, *, hidden=True):
    """A chart as an SVG element. hidden: from those who listen, who have the table below it."""
    most = max((number for _label, number in chart["rows"]), default=0)
    height = _ROW * len(chart["rows"]) + 4
    rows = format_html_join("", "{}", ((_row(n, *row, most),) for n, row in enumerate(chart["rows"])))
    attributes = mark_safe('aria-hidden="true" focusable="false"') if hidden else ""
    return format_html(
        '<svg xmlns="http://www.w3.org/2000/svg" class="report-chart" viewBox="0 0 {} {}" width="{}" height="{}" {}>{}'
        "</svg>",
        WIDTH, height, WIDTH, height, attributes, rows,
    )  # fmt: skip


def _row(n, label, number, most):
    top = n * _ROW
    length = round((WIDTH - _NUMBER) * number / most) if most else 0
    return format_html(
        '<text class="report-chart-label" x="0" y="{}" font-size="13" font-family="Libertinus Serif" fill="#1f2922">{}'
        '</text><rect class="report-chart-track" x="0" y="{}" width="{}" height="{}" rx="3" fill="#eae6dd"/>'
        '<rect class="report-chart-bar" x="0" y="{}" width="{}" height="{}" rx="3" fill="#14563a"/>'
        '<text class="report-chart-label" x="{}" y="{}" font-size="13" font-family="Libertinus Serif" fill="#1f2922">'
        "{}</text>",
        top + _LABEL - 2, label,
        top + _LABEL + 3, WIDTH - _NUMBER, _BAR,
        top + _LABEL + 3, length, _BAR,
        WIDTH - _NUMBER + 8, top + _LABEL + _BAR, f"{number:,}",
    )  # fmt: skip


def words_of(chart):
    """What a chart shows, for who cannot see it."""
    rows = "; ".join(f"{label}: {number:,}" for label, number in chart["rows"])
    return f"{chart['title']}. {rows}."
