"""All that a visitor comes to by following links, as a search engine does."""

import re
from html import unescape
from urllib.parse import urljoin, urlsplit

_LINK = re.compile(r"""\b(?:href|src|action|hx-get)\s*=\s*(?:"([^"]*)"|'([^']*)')|<loc>([^<]*)</loc>""")
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
        found = [answer["Location"]] if answer.has_header("Location") else links_in(answer)
        for link in found:
            parts = urlsplit(urljoin(f"http://testserver{address}", link))
            local = parts.path + (f"?{parts.query}" if parts.query else "")
            if parts.netloc == "testserver" and parts.scheme == "http" and local not in answers and follow(local):
                todo.append(local)
    return answers


def links_in(answer):
    """The addresses that a page or a sitemap leads to, as they stand in it."""
    if not re.search("html|xml", answer.headers.get("Content-Type", "")):
        return []
    return [unescape(next(filter(None, groups), "")) for groups in _LINK.findall(words_of(answer))]


def words_of(answer):
    """What an answer says in its body, headers and cookies."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return "\n".join([body.decode(errors="replace"), str(dict(answer.headers)), answer.cookies.output()])
