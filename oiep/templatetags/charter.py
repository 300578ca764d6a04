"""Template tags that every template has (settings.TEMPLATES, builtins)."""

import functools
import textwrap

import heroicons
from django import template
from django.template.loader import render_to_string
from django.utils.formats import get_format, number_format
from django.utils.safestring import mark_safe
from markdown_it import MarkdownIt

from oiep.translated import spoken

register = template.Library()

_markdown = MarkdownIt("commonmark", {"html": False})
_strangers_markdown = MarkdownIt("commonmark", {"html": False}).disable("image")


def _link_of_a_stranger(self, tokens, index, options, env):
    tokens[index].attrSet("rel", "nofollow ugc noopener")
    return self.renderToken(tokens, index, options, env)


_strangers_markdown.add_render_rule("link_open", _link_of_a_stranger)


@register.filter
def markdown(text, top=2):
    """CommonMark without raw HTML or unsafe links, for texts that people write for a page.

    top: the level of the text's highest headings, below the page's own heading. No level is left out, whatever the
    text itself begins with: people choose a heading by its looks.
    """
    return _drawn(_markdown, text, top)


@register.filter
def strangers_markdown(text, top=2):
    """The same for texts that anybody can send in: no picture from elsewhere, and links that we do not vouch for."""
    return _drawn(_strangers_markdown, text, top)


def _drawn(parser, text, top):
    tokens = parser.parse(text or "")
    above = []  # the text's own levels of the headings that the next one may stand below
    for token in tokens:
        if token.type == "heading_open":
            above = [level for level in above if level < int(token.tag[1])]
            above.append(int(token.tag[1]))
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, top + len(above) - 1)}"
    html = parser.renderer.render(tokens, parser.options, {})
    return mark_safe(html)  # noqa: S308 - HTML is off and links are checked by markdown-it


@register.filter
def quoted(text):
    """Somebody's own words in an e-mail: lines that begin with `> `, in which nothing becomes a link or a button."""
    return mark_safe("\n".join(f"> {line}".rstrip() for line in str(text).splitlines()))  # noqa: S308 - plain-text mail


@register.simple_tag
def area_icon(area, size=24):
    """The icon of a priority area, drawn inline; a plain tag where the manager's name for it is no heroicon's."""
    return _icon(area.icon, size)


@functools.lru_cache(maxsize=128)
def _icon(name, size):
    attributes = {"aria-hidden": "true", "focusable": "false"}
    try:
        svg = heroicons._render_icon("outline", name, size, attributes)
    except heroicons.IconDoesNotExist:
        svg = heroicons._render_icon("outline", "tag", size, attributes)
    return mark_safe(svg)  # noqa: S308 - drawn from the packaged set


@register.simple_tag
def area_chip(area):
    """The chip of a priority area (components/area_chip.html), of which a list shows two or three on each card."""
    return _chip(area.slug, area.short_name, area.colour, area.icon, type(area))


@functools.lru_cache(maxsize=256)
def _chip(slug, short_name, colour, icon, kind):
    area = kind(slug=slug, short_name=short_name, colour=colour, icon=icon)
    return render_to_string("components/area_chip.html", {"area": area})


@register.filter
def percent_of(value, maximum):
    """A whole percentage from 0 to 100, for the width of a bar."""
    return max(0, min(100, round(100 * value / maximum))) if maximum else 0


@register.filter
def figure(value, unit=""):
    """A number as people write it: 1,200 or 12.5, in Polish 12,5; with its unit 40%, £1,200 or 3 people."""
    if unit == "£":
        return money(value)
    unit = spoken(unit)
    text = _spoken(value)
    if "." in f"{value:.2f}".rstrip("0").rstrip("."):
        text = text.rstrip("0")
    return f"{text}{unit}" if unit in ("", "%") else f"{text} {unit}"


@register.filter
def money(value):
    """Pounds: £1,200 or £12.50, in Polish 1 200 £."""
    return get_format("MONEY_FORMAT").format(_spoken(value))


def _spoken(value):
    """A number as it is written in the language spoken: with two decimals, or none where they say nothing."""
    decimals = 0 if f"{value:.2f}".endswith(".00") else 2
    return number_format(value, decimals, use_l10n=True, force_grouping=True)


@register.filter
def in_language(words):
    """A pledge in the words of one of our ideas, in the language that is spoken; other words as they are."""
    return spoken(words)


@register.filter
def wrapped(text, width):
    """The lines of a text in which no word is cut, each at most `width` characters if its words allow."""
    return textwrap.wrap(str(text), width, break_long_words=False)
