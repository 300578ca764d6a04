"""The passages of e-mails and of pages of prose: the words between a template's tags, which the manager may change.

A passage is one paragraph. What it may name stands in braces, `{day}`; on pages, `**words**` are bold and
`[words](contact_url)` is a link to what the page already links to. It is never read as a template: it becomes text and
the values of its own variables, and nothing else.
"""

import re
from dataclasses import dataclass
from html import escape, unescape
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.template.loader import get_template
from django.utils.translation import gettext as _

from oiep.texts.nodes import Block, Plain

PAGES = (
    "pages/accessibility.html",
    "pages/privacy.html",
    "pages/terms.html",
    "pledges/how_it_works.html",
    "pledges/benefits.html",
    "contact.html",
)
LENGTH = 1200
_VARIABLE = re.compile(r"%\((\w+)\)s")
_LINK = re.compile(r"\[([^\[\]]+)\]\(([^()\s]+)\)")
_A = re.compile(r'<a href="([^"]*)">(.*?)</a>')


@dataclass(frozen=True)
class Passage:
    """One passage, as the template has it. `plural` is what it says of several, "" where it counts nothing."""

    msgid: str
    plural: str
    is_html: bool

    @property
    def variables(self):
        return sorted({*_VARIABLE.findall(self.msgid), *_VARIABLE.findall(self.plural)})

    @property
    def marks(self):
        return self._marks(self.msgid)

    @property
    def plural_marks(self):
        return self._marks(self.plural)

    @property
    def links(self):
        """What a page's passage links to, by the words that stand for it."""
        return {_VARIABLE.sub(r"\1", address) for address, _words in _A.findall(f"{self.msgid} {self.plural}")}

    def _marks(self, text):
        if self.is_html:
            text = _A.sub(_link_marks, text)
            text = re.sub(r"</?(?:strong|b)>", "**", text)
            text = unescape(text)
        return _VARIABLE.sub(r"{\1}", text).replace("%%", "%")

    def html_of(self, marks):
        """Marks as what a page is drawn from: escaped words, its own links, its variables in braces."""
        if not self.is_html:
            return marks
        text = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", escape(marks, quote=False))
        return _LINK.sub(self._link, text)

    def _link(self, link):
        words, address = link[1], unescape(link[2])
        return (
            f'<a href="{{{address}}}">{words}</a>'
            if address.isidentifier()
            else f'<a href="{escape(address)}">{words}</a>'
        )

    def check(self, marks, original):
        """Raises ValidationError, in words for the manager, where the marks are not what this passage may say.

        original: the marks that the template has, which hold what must not get lost.
        """
        if not marks:
            raise ValidationError(_("Write something here, or put back the words that were there."))
        words = marks
        if self.is_html:
            for _words, address in _LINK.findall(marks):
                if address not in self.links:
                    raise ValidationError(
                        _("There is no “%(link)s” to link to here. You can use: %(links)s.")
                        % {"link": address, "links": ", ".join(sorted(self.links)) or _("no links")}
                    )
            words = _LINK.sub(r"\1", marks)
            if "](" in words:
                raise ValidationError(_("Write a link as [words](name), with one of the names below."))
        elif marks.startswith((">", "- ")):
            raise ValidationError(_("Begin with a word: “>” and “- ” are for quotations and lists."))
        names = set(re.findall(r"\{(\w+)\}", words))
        if re.search(r"[{}]", re.sub(r"\{\w+\}", "", words)):
            raise ValidationError(_("A brace stands alone. Write what changes as {name}, with both braces."))
        allowed = set(self.variables) - self.links
        if unknown := names - allowed:
            raise ValidationError(
                _("We do not know {%(name)s} here. You can use: %(names)s.")
                % {"name": sorted(unknown)[0], "names": ", ".join(f"{{{n}}}" for n in sorted(allowed)) or _("none")}
            )
        needed = {name for name in re.findall(r"\{(\w+)\}", original) if name.endswith(_MUST_STAY)}
        if lost := needed - names:
            raise ValidationError(_("Keep {%(name)s}: without it the reader cannot go on.") % {"name": sorted(lost)[0]})


def _link_marks(link):
    address = _VARIABLE.sub(r"\1", link[1])
    return f"[{link[2]}]({address})"


# Variables without which an e-mail is of no use.
_MUST_STAY = ("url", "link", "code", "address")


def is_editable(template):
    return template in PAGES or (template.startswith("email/") and template.endswith(".txt"))


def passages_of(template):
    """The passages of a template, in their order, each once."""
    found = {}
    for node in get_template(template).template.nodelist.get_nodes_by_type((Block, Plain)):
        msgid, plural = node.words()
        if msgid and (node.origin.template_name == template):
            found.setdefault(msgid, Passage(msgid, plural, template.endswith(".html")))
    return list(found.values())


def blocks_of(template):
    """The blocks of a template between tags, each with what it counts."""
    return get_template(template).template.nodelist.get_nodes_by_type(Block)


def mails():
    """The templates of e-mails, and of parts that several e-mails share."""
    folder = Path(settings.BASE_DIR) / "templates"
    return sorted(path.relative_to(folder).as_posix() for path in (folder / "email").rglob("*.txt"))


def templates():
    """The templates that can be edited: e-mails, parts that several e-mails share, pages."""
    return [name for name in (*mails(), *PAGES) if passages_of(name)]
