"""A reader of one piece of HTML, for tests that ask what stands in it, in which order and with which words."""

from html.parser import HTMLParser


class Fragment(HTMLParser):
    """The elements of a piece of HTML, in order, each as (tag, attributes, words inside)."""

    VOID = {"br", "img", "input", "link", "meta"}

    def __init__(self, html):
        super().__init__()
        self.elements, self.open = [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        element = (tag, dict(attrs), [])
        self.elements.append(element)
        if tag not in self.VOID:
            self.open.append(element)

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        for _tag, _attrs, words in self.open:
            words.append(data)

    def words(self, element):
        return " ".join("".join(element[2]).split())

    def of(self, **attrs):
        wanted = {key.rstrip("_").replace("_", "-"): value for key, value in attrs.items()}
        return next(e for e in self.elements if wanted.items() <= e[1].items())

    def all(self, tag):
        return [e for e in self.elements if e[0] == tag]

    @property
    def ids(self):
        return [e[1]["id"] for e in self.elements if "id" in e[1]]
