"""Reads the repository for the tests that police it; any repository, so that they can be tried on planted faults."""

import ast
import re
from html.parser import HTMLParser

from django.template.base import Lexer, TokenType

APPS = ["oiep", "partners", "pledges", "working_groups", "events", "desk"]


def code_files(root, folders=APPS):
    return sorted(path for folder in folders for path in (root / folder).rglob("*.py"))


def templates(root, suffixes=(".html", ".txt")):
    """{name: path} of our templates."""
    folder = root / "templates"
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.suffix in suffixes}


def strings_in_code(root):
    """The literal strings, and a pattern with its literal parts for each f-string."""
    literals, patterns = set(), set()
    for path in code_files(root):
        for node in ast.walk(ast.parse(path.read_text(), path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                literals.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                parts = [re.escape(p.value) if isinstance(p, ast.Constant) else "(.+)" for p in node.values]
                patterns.add("".join(parts))
    return literals, patterns


def tokens(path):
    return Lexer(path.read_text()).tokenize()


def names_in_templates(root):
    """The quoted template names in {% include %} and {% extends %} tags."""
    names = set()
    for path in templates(root).values():
        for token in tokens(path):
            if token.token_type == TokenType.BLOCK and token.contents.split()[0] in ("include", "extends"):
                names.update(re.findall(r"""["']([\w/.-]+\.(?:html|txt))["']""", token.contents))
    return names


# Django's admin takes class names through these blocks.
CLASS_NAMES = ("block coltype", "block bodyclass")


def text_of(path):
    """[(line, text)] of what stands in a template as it is. A tag is a space; what is translated is left out."""
    result, end = [], None
    for token in tokens(path):
        if token.token_type == TokenType.BLOCK:
            name = token.contents.split()[0]
            if name in ("blocktranslate", "blocktrans", "comment") or token.contents in CLASS_NAMES:
                end = f"end{name}"
            elif name == end:
                end = None
        if not end and token.token_type != TokenType.COMMENT:
            names_element = bool(result) and result[-1][1].endswith(("<", "</"))  # <{{ tag }} class="…">
            filler = "x" if names_element else " "
            result.append((token.lineno, token.contents if token.token_type == TokenType.TEXT else filler))
    return result


class Markup(HTMLParser):
    """Collects (line, kind, what) of a template: its text, its attributes and its elements."""

    def __init__(self, path):
        super().__init__(convert_charrefs=True)
        self.found, self.open = [], []
        for self.line, text in text_of(path):
            self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.found.append((self.line, "element", (tag, dict(attributes))))
        self.found += [(self.line, f"@{name}", value or "") for name, value in attributes]
        self.open.append(tag)

    def handle_endtag(self, tag):
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data):
        if not {"script", "style"} & set(self.open):
            self.found.append((self.line, "text", data))
