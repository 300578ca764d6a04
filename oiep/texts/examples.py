"""Values to try an e-mail with: every name has one that looks like what usually stands there."""

import datetime
import functools

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from oiep.texts.passages import blocks_of, mails

_MOMENTS = {"at", "due", "today", "time", "overdue_from", "answer_by"}
_TRUTHS = {"True": True, "False": False, "None": None, "block": None, "forloop": None, "csrf_token": ""}


class Example:
    """Something of which every part is an example as well."""

    def __init__(self, name):
        self._name = name

    def __str__(self):
        words = self._name.replace("_", " ").strip()
        return _EXAMPLES.get(self._name) or _("Example %(name)s") % {"name": words}

    def __getattr__(self, name):
        if name.startswith("_") or name in ("resolve_expression", "as_sql", "do_not_call_in_templates"):
            raise AttributeError(name)
        return value_of(name)

    def __getitem__(self, key):
        return value_of(str(key)) if isinstance(key, str) else Example(self._name)

    def __iter__(self):
        return iter([Example(self._name)])

    def __len__(self):
        return 1


_EXAMPLES = {
    "partner": "Marigold Bakery",
    "name": "Alex Example",
    "group": "Inclusive Employers",
    "event": "Lunch for local buyers",
    "title": "Lunch for local buyers",
    "code": "12ABC34",
    "reference": "7XQ4-M2PD",
    "slug": "example",
    "email": "name@example.org",
    "when": "Tuesday 4 May 2027, 10am to noon (BST)",
}


@functools.cache
def counted():
    """The names by which e-mails count things, as in {% blocktranslate count n=days %}."""
    counters = (node.inner.counter for template in mails() for node in blocks_of(template))
    return {counter.token.rpartition(".")[2] for counter in counters if counter and not counter.filters}


def value_of(name):
    last = name.rpartition(".")[2]
    if last in counted() or last.startswith("is_"):
        return 2
    if last.endswith(("_on", "_at", "date", "day", "until", "deadline")) or last in _MOMENTS:
        return datetime.datetime(2027, 5, 4, 10, tzinfo=timezone.get_default_timezone())
    if last in ("pk", "year"):
        return 2027
    if last == "get_absolute_url":
        return "/example/"
    if "url" in last or last in ("link", "address"):
        return f"{settings.SITE_URL}/example/"
    return Example(last)


class Examples(dict):
    """A context that has everything."""

    def __contains__(self, name):
        return name not in _TRUTHS

    def __getitem__(self, name):
        return value_of(name)
