from django import template

from oiep.reports import charts
from oiep.reports.prose import html_of

register = template.Library()


@register.filter
def report_text(text):
    """The words of a paragraph as HTML, from Markdown in which there is neither HTML nor a picture."""
    return html_of(text)


@register.simple_tag
def chart_svg(chart):
    return charts.svg_of(chart)
