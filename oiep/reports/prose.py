"""The words of a paragraph as blocks that a page, a PDF and a Word document are all made from.

CommonMark without HTML, headings and pictures: what is left are paragraphs, lists, emphasis and links to the web.
"""

from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

_markdown = MarkdownIt("commonmark", {"html": False}).disable(["heading", "lheading", "hr", "code", "fence"])


@dataclass(frozen=True)
class Run:
    text: str
    strong: bool = False
    em: bool = False
    href: str = ""


def blocks_of(text):
    """The blocks of a text: {"kind": "p", "runs"} or {"kind": "ul" or "ol", "start", "items"}, an item being blocks."""
    return _blocks(SyntaxTreeNode(_markdown.parse(text or "")))


def _blocks(node):
    found = []
    for child in node.children:
        if child.type == "paragraph":
            found.append({"kind": "p", "runs": _runs(child.children[0])})
        elif child.type in ("bullet_list", "ordered_list"):
            kind = "ul" if child.type == "bullet_list" else "ol"
            items = [_blocks(item) for item in child.children]
            found.append({"kind": kind, "start": int(child.attrs.get("start", 1)), "items": items})
        elif child.children:  # a quotation
            found += _blocks(child)
    return found


def _runs(node, **style):
    runs = []
    for child in node.children:
        if child.type in ("softbreak", "hardbreak"):
            runs.append(Run(" " if child.type == "softbreak" else "\n", **style))
        elif child.type in ("strong", "em"):
            runs += _runs(child, **{**style, child.type: True})
        elif child.type == "link":
            href = str(child.attrs.get("href", ""))
            runs += _runs(child, **{**style, **({"href": href} if href.startswith(("https://", "http://")) else {})})
        elif child.children:
            runs += _runs(child, **style)
        else:  # words, code, the words of a picture
            runs.append(Run(child.content, **style))
    return [run for run in runs if run.text]


# As HTML --------------------------------------------------------------------------------------


def html_of(text):
    return _html(blocks_of(text))


def _html(blocks):
    return format_html_join("\n", "{}", ((_html_of_block(block),) for block in blocks))


def _html_of_block(block):
    if block["kind"] == "p":
        return format_html("<p>{}</p>", _html_of_runs(block["runs"]))
    items = format_html_join("", "<li>{}</li>", ((_html_of_item(item),) for item in block["items"]))
    if block["kind"] == "ul":
        return format_html("<ul>{}</ul>", items)
    return format_html('<ol start="{}">{}</ol>', block["start"], items)


def _html_of_item(blocks):
    if len(blocks) == 1 and blocks[0]["kind"] == "p":
        return _html_of_runs(blocks[0]["runs"])
    return _html(blocks)


def _html_of_runs(runs):
    return format_html_join("", "{}", ((_html_of_run(run),) for run in runs))


def _html_of_run(run):
    lines = format_html_join(mark_safe("<br>"), "{}", ((line,) for line in run.text.split("\n")))
    if run.em:
        lines = format_html("<em>{}</em>", lines)
    if run.strong:
        lines = format_html("<strong>{}</strong>", lines)
    return format_html('<a href="{}">{}</a>', run.href, lines) if run.href else lines
