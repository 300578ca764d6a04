"""Names that may be those of one organisation, for the manager to look at: never to decide by."""

import re
from collections import defaultdict
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property

from django.utils.translation import gettext as _

from oiep.text import name_key
from pledges.similar import PUBLIC_MAIL, SHARED_BY_MANY, host_of, words_of

_COMMON = 30  # a word that more names than that have says nothing
_BEGINNING = 4  # letters
_ALIKE = 0.9  # the part of the letters that are the same; a list is long, and each question costs its reader time
# What organisations here add to their names or leave out.
_FILLERS = {
    "and", "charity", "cic", "cio", "co", "company", "coop", "england", "group", "inc", "limited", "llp", "ltd", "of",
    "oxford", "oxfordshire", "oxon", "plc", "services", "the", "trust", "uk",
}  # fmt: skip


@dataclass(frozen=True)
class Known:
    """An organisation by name. where: what it is here as, in words. url: where one can look at it."""

    name: str
    website: str = ""
    email: str = ""
    where: str = ""
    url: str = ""
    key: object = None

    @cached_property
    def core(self):
        return core_of(self.name)


class Names:
    """Organisations to be found by a name, a website or an e-mail domain that is theirs, whatever their number."""

    def __init__(self, known=()):
        self._by = defaultdict(list)
        for one in known:
            self.add(one)

    def add(self, one):
        for mark in _marks(one):
            # What more have in common than that says nothing, and would cost much to look through.
            if len(self._by[mark]) <= _COMMON:
                self._by[mark].append(one)

    def same(self, name):
        """That of the same name but for its spelling, or None."""
        return next(iter(self._by[("name", name_key(name))]), None)

    def like(self, one):
        """(another, why) for those that may be the same."""
        found = {}
        for mark in _marks(one):
            others = self._by[mark]
            what = mark[0]
            if what == "site":
                why, fits = _("the same website"), others if len(others) <= _COMMON else []
            elif what == "domain":
                why = _("an e-mail address at %(domain)s") % {"domain": mark[1]}
                fits = others if len({other.name for other in others}) <= SHARED_BY_MANY else []
            else:
                why = _("a name like it")
                fits = [other for other in others if _alike(one, other)] if len(others) <= _COMMON else []
            for other in fits:
                if why not in found.setdefault(other, []):
                    found[other].append(why)
        return [(other, ", ".join(why)) for other, why in found.items()]


def core_of(name):
    """The words of a name that tell it from others."""
    words = [re.sub(r"\W", "", word) for word in words_of(name.replace("&", " and ").replace("-", " "))]
    words = [word for word in words if word]
    return tuple(word for word in words if word not in _FILLERS) or tuple(words) or (name,)


def _alike(one, other):
    """Whether what tells two names from others begins with the same words, or has nearly the same letters."""
    short, long = sorted((one.core, other.core), key=len)
    if long[: len(short)] == short or (len(short) > 1 and set(short) <= set(long)):
        return True
    short, long = "".join(short), "".join(long)
    if 2 * min(len(short), len(long)) < _ALIKE * (len(short) + len(long)):
        return False
    if sorted(short) == sorted(long):  # two letters changed places
        return True
    letters = SequenceMatcher(None, short, long)
    return letters.real_quick_ratio() >= _ALIKE and letters.quick_ratio() >= _ALIKE and letters.ratio() >= _ALIKE


def _marks(one):
    words = one.core
    yield "name", name_key(one.name)
    yield "begins", "".join(words)[:_BEGINNING]
    yield "letters", "".join(sorted("".join(words)))
    yield from {("word", word) for word in words if len(word) > 3}
    if host := host_of(one.website) if one.website else "":
        yield "site", host
    domain = one.email.rpartition("@")[2]
    if domain and domain not in PUBLIC_MAIL:
        yield "domain", domain
