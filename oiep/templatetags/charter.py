"""Template tags that every template has (settings.TEMPLATES, builtins)."""

from django import template
from django.utils.safestring import mark_safe
from markdown_it import MarkdownIt

register = template.Library()

_markdown = MarkdownIt("commonmark", {"html": False})


@register.filter
def markdown(text):
    """CommonMark without raw HTML or unsafe links, for the texts that the manager edits."""
    return mark_safe(_markdown.render(text or ""))  # noqa: S308 - HTML is off and links are checked by markdown-it


@register.filter
def quoted(text):
    """Somebody's own words in an e-mail: lines that begin with `> `, in which nothing becomes a link or a button."""
    return mark_safe("\n".join(f"> {line}".rstrip() for line in str(text).splitlines()))  # noqa: S308 - plain-text mail
