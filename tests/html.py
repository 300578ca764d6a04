"""A strict reader of our pages, for what a browser forgives and a person with a screen reader does not."""

import re
from html.parser import HTMLParser

_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
# Shapes of an SVG close themselves; the parser reports them by handle_startendtag.
_REFERENCES = ("for", "aria-labelledby", "aria-describedby", "aria-controls")


class Page(HTMLParser):
    """What is wrong with a page is in `faults`; its links, ids and words are kept for tests to ask about."""

    def __init__(self, response):
        super().__init__(convert_charrefs=True)
        self.faults, self.ids, self.links, self.headings = [], [], [], []
        self._open, self._references, self._words = [], [], []
        self.feed(response.content.decode())
        self.close()
        self.faults += [f"<{tag}> is never closed" for tag in self._open]
        self.faults += [f"id {name} is there twice" for name in self.ids if self.ids.count(name) > 1]
        self.faults += [f"nothing has the id {name}" for name in self._references if name not in self.ids]
        self.faults += [] if self.headings.count(1) == 1 else [f"{self.headings.count(1)} h1"]
        steps = zip(self.headings, self.headings[1:], strict=False)
        self.faults += [f"h{a} is followed by h{b}" for a, b in steps if b > a + 1]

    @property
    def text(self):
        return " ".join(" ".join(self._words).split())

    def handle_startendtag(self, tag, attributes):
        self._look_at(tag, dict(attributes))

    def handle_starttag(self, tag, attributes):
        self._look_at(tag, dict(attributes))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        # A paragraph, or another element whose end may be left out, is always closed by us.
        if not self._open or self._open.pop() != tag:
            self.faults.append(f"</{tag}> closes something else, in line {self.getpos()[0]}")

    def handle_data(self, data):
        if not {"script", "style", "title"} & set(self._open):
            self._words.append(data)

    def _look_at(self, tag, attributes):
        if "id" in attributes:
            self.ids.append(attributes["id"])
        for name in _REFERENCES:
            self._references += (attributes.get(name) or "").split()
        if tag == "a" and "href" in attributes:
            self.links.append(attributes["href"])
            self._references += [attributes["href"][1:]] if attributes["href"].startswith("#") else []
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "img" and "alt" not in attributes:
            self.faults.append("an <img> has no alt")
        is_data = attributes.get("type") == "application/ld+json"  # no browser runs it
        if "style" in attributes or tag == "style" or (tag == "script" and "src" not in attributes and not is_data):
            self.faults.append(f"<{tag}> holds style or script inline")
        self.faults += [f"<{tag}> has {name}" for name in attributes if name.startswith("on")]
