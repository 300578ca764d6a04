"""All that a visitor comes to by following links, as a search engine does."""

import re
from html import unescape
from urllib.parse import urljoin, urlsplit

_LINK = re.compile(r"""\b(?:href|src|action|hx-get)\s*=\s*(?:"([^"]*)"|'([^']*)')|<loc>([^<]*)</loc>""")
_AT_MOST = 2000  # a site of links without end is a fault
_START = ("/", "/sitemap.xml", "/robots.txt")


def crawl(client, *start, follow=lambda address: True):
    """Follows links, GET only, from the addresses given (the home page, if none). Returns address → answer.

    follow: says which addresses to go to. Links to other hosts are not followed; a redirect is an answer like others.
    """
    todo, answers = list(start or _START), {}
    while todo:
        address = todo.pop()
        if address in answers:
            continue
        answers[address] = answer = client.get(address)
        assert len(answers) < _AT_MOST, f"There is no end of addresses: {[*answers][-20:]}"
        found = links_in(answer)
        for link in found:
            parts = urlsplit(urljoin(f"http://testserver{address}", link))
            local = parts.path + (f"?{parts.query}" if parts.query else "")
            if parts.netloc == "testserver" and parts.scheme == "http" and local not in answers and follow(local):
                todo.append(local)
    return answers


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
