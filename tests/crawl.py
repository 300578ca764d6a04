"""All that a visitor comes to by following links, as a search engine does."""

import re
from collections import Counter
from html import unescape
from urllib.parse import parse_qs, urljoin, urlsplit

from django.urls import Resolver404, resolve

_LINK = re.compile(r"""\b(?:href|src|action|hx-get)\s*=\s*(?:"([^"]*)"|'([^']*)')|<loc>([^<]*)</loc>""")
_AT_MOST = 1500  # a site of links without end is a fault
_START = ("/", "/sitemap.xml", "/robots.txt")


def crawl(client, *start, follow=lambda address: True, of_a_shape=None):
    """Follows links, GET only, from the addresses given (the home page, if none). Returns address → answer.

    follow: says which addresses to go to. of_a_shape: how many addresses of one shape to go to at most; everywhere, if
    it is None. Links to other hosts are not followed; a redirect is an answer like others.
    """
    todo, answers, shapes = list(start or _START), {}, Counter()
    while todo:
        address = todo.pop()
        if address in answers:
            continue
        if of_a_shape and address not in start:
            shape = shape_of(address)
            shapes[shape] += 1
            if shapes[shape] > of_a_shape:
                continue
        answers[address] = answer = client.get(address)
        answer.context = None  # all that was drawn from, of page after page, is a lot to keep
        assert len(answers) < _AT_MOST, f"There is no end of addresses: {[*answers][-20:]}"
        found = links_in(answer)
        for link in found:
            parts = urlsplit(urljoin(f"http://testserver{address}", link))
            local = parts.path + (f"?{parts.query}" if parts.query else "")
            if parts.netloc == "testserver" and parts.scheme == "http" and local not in answers and follow(local):
                todo.append(local)
    return answers


def shape_of(address):
    """What two addresses have in common that one view answers in one manner: its pattern, and the names of a query."""
    parts = urlsplit(address)
    try:
        route = resolve(parts.path).route
    except Resolver404:
        route = parts.path
    return route, *sorted(parse_qs(parts.query, keep_blank_values=True))


def links_in(answer):
    """The addresses that a page, a sitemap or a redirect leads to, as they stand in it."""
    body = _body_of(answer).decode(errors="replace")
    if answer.has_header("Location"):
        return [answer["Location"]]
    if not re.search("html|xml", answer.headers.get("Content-Type", "")):
        return []
    return [unescape(next(filter(None, groups), "")) for groups in _LINK.findall(body)]


def words_of(answer):
    """What an answer says in its body, headers and cookies."""
    headers = {name: value for name, value in answer.headers.items() if name != "Expires"}  # a time of day
    return "\n".join([_body_of(answer).decode(errors="replace"), str(headers), answer.cookies.output()])


def _body_of(answer):
    """A file can be read only once, and is closed by that, so what was read is kept with the answer."""
    if answer.streaming and not hasattr(answer, "kept_body"):
        answer.kept_body = answer.getvalue()
    return answer.kept_body if answer.streaming else answer.content
