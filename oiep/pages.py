"""Public pages that are kept in memory, and shown again for as long as nothing has changed: docs/decisions/0061.

A view says that its page may be kept (`@keep`), the middleware keeps it. Only what a stranger sees who asked with
nothing but an address and a language is kept, and only strangers get it. A page is kept under the mark that the data
had before it was made (`oiep.changes.version`), which is asked anew for each answer: what is committed, by this process
or another, is seen by the next visitor. What changes with the clock ends a page's life as well.
"""

import contextvars
import datetime
import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import wraps

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpResponse
from django.urls import ResolverMatch
from django.utils import timezone, translation
from django.utils.cache import get_conditional_response

from oiep import changes, metrics
from oiep.moments import end_of

_QUERY_AT_MOST = 200  # characters
_SECONDS_AT_MOST = 60  # in case something changes with the clock that nobody thought of
_VARIES_BY = {"cookie", "accept-language"}
# Headers that say who asks, or that are answered with another page.
_PERSONAL = ("HTTP_AUTHORIZATION", "HTTP_RANGE", "HTTP_HX_REQUEST")
_making = contextvars.ContextVar("page", default=None)


@dataclass
class Page:
    """An answer that is kept: its body and headers, as they were before the headers of safety were added."""

    content: bytes
    headers: dict
    match: ResolverMatch
    until: datetime.datetime

    def answer(self):
        return HttpResponse(self.content, headers=self.headers)


class Shelf:
    """Pages of one version of the data, the least used of which go when there is no more room."""

    def __init__(self):
        self._lock, self._version, self._pages, self._bytes = threading.Lock(), None, OrderedDict(), 0

    def __contains__(self, key):
        return key in self._pages

    def __len__(self):
        return len(self._pages)

    def hold(self, version):
        """Lets go of what was kept of any other version."""
        with self._lock:
            self._hold(version)

    def take(self, key, version):
        with self._lock:
            self._hold(version)
            page = self._pages.get(key)
            if page is None:
                return None
            if timezone.now() >= page.until:
                self._drop(key)
                return None
            self._pages.move_to_end(key)
            return page

    def put(self, key, version, page, room):
        """Keeps a page, unless the data have changed since it was begun."""
        size = len(page.content)
        with self._lock:
            if version != self._version or size > room // 8:
                return
            self._drop(key)
            self._pages[key] = page
            self._bytes += size
            while self._bytes > room:
                self._drop(next(iter(self._pages)))

    def _hold(self, version):
        if version != self._version:
            self._version, self._bytes = version, 0
            self._pages.clear()

    def _drop(self, key):
        if page := self._pages.pop(key, None):
            self._bytes -= len(page.content)


# Pages with a query have a shelf of their own: there is no end of them, and they must not push the others out.
PLAIN, ASKED = Shelf(), Shelf()


def clear():
    PLAIN.hold(None)
    ASKED.hold(None)


class _Making:
    """A page that is being made for a stranger, who may get it from now on."""

    def __init__(self, key):
        self.key, self.is_kept, self.version, self.until = key, False, None, None
        self.begun_at = timezone.now()


def keep(*parameters):
    """Lets the page of a view be kept. parameters: those that its address may have; with another it is not kept.

    Right where the page follows from its address, the language, public data and the clock alone.
    """

    def decorate(view):
        @wraps(view)
        def wrapped(request, *args, **kwargs):
            making = _making.get()
            if making and set(request.GET) <= set(parameters):
                making.is_kept = True
                if _room():
                    making.version = making.version or changes.version()
                    _shelf_of(making.key).hold(making.version)
            return view(request, *args, **kwargs)

        return wrapped

    return decorate


def good_until(moment):
    """Says of the page that is being made, if one is, that it may be another from a moment on."""
    if making := _making.get():
        making.until = min(filter(None, (making.until, moment)))


def keep_pages(get_response):
    """Answers strangers from memory, and keeps for the next what views let it keep."""

    def middleware(request):
        if request.method not in ("GET", "HEAD"):
            return get_response(request)
        with changes.held():
            return answer(request)

    def answer(request):
        if not _is_stranger(request):
            return get_response(request)
        making = _Making(_key_of(request))
        if page := _taken(making):
            request.resolver_match = page.match
            metrics.PAGES.labels("kept").inc()
            return _conditional(request, page.answer())
        token = _making.set(making)
        try:
            response = get_response(request)
        finally:
            _making.reset(token)
        if not (making.is_kept and _is_for_everybody(request, response)):
            return response
        response.headers["ETag"] = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
        # A browser may keep it, and asks each time whether it is still so; nobody else may.
        response.headers["Cache-Control"] = "private, no-cache"
        if making.version:
            _put(making, request, response)
            metrics.PAGES.labels("made").inc()
        return _conditional(request, response)

    return middleware


def _room():
    """In bytes, for each of the two shelves."""
    return settings.PAGES_KEPT_MEGABYTES * 1024 * 1024 // 2


def _shelf_of(key):
    return ASKED if key[-1] else PLAIN


def _is_stranger(request):
    """Whether a request tells nothing but an address and a language.

    A cookie of ours that guards forms is told as well by who has seen a form before: the pages that are kept have none.
    """
    return (
        request.COOKIES.keys() <= {settings.LANGUAGE_COOKIE_NAME, settings.CSRF_COOKIE_NAME}
        and not any(name in request.META for name in _PERSONAL)
        and len(request.META.get("QUERY_STRING", "")) <= _QUERY_AT_MOST
    )


def _key_of(request):
    language = translation.get_language_from_request(request)
    return (request.scheme, request.get_host(), request.path, language, request.META.get("QUERY_STRING", ""))


def _taken(making):
    """The page that is kept for a request, if it is still right."""
    shelf = _shelf_of(making.key)
    if making.key not in shelf:
        return None
    try:
        making.version = changes.version()
    except (OperationalError, InterfaceError):
        connection.close()
        return None
    return shelf.take(making.key, making.version)


def _is_for_everybody(request, response):
    """Whether an answer holds nothing of who asked: a look at all that could have found its way into it."""
    session, messages = getattr(request, "session", None), getattr(request, "_messages", None)
    varies = {name.strip().lower() for name in response.get("Vary", "").split(",")}
    return (
        response.status_code == 200
        and not response.streaming
        and not response.cookies
        and not response.has_header("Cache-Control")
        and varies <= {*_VARIES_BY, ""}
        and not any(name.startswith(("_csp", "xframe", "csp")) for name in vars(response))
        and settings.CSRF_COOKIE_NAME not in request.COOKIES
        and "CSRF_COOKIE" not in request.META
        and (session is None or (session.is_empty() and not session.modified))
        and not messages
        and not (hasattr(request, "user") and request.user.is_authenticated)
    )


def _put(making, request, response):
    """Keeps a page until something may be another: since it was begun, not since it was done."""
    begun = making.begun_at
    ends = (
        making.until,
        changes.moment_after(making.begun_at, making.version),
        end_of(timezone.localdate(begun)),
        begun + datetime.timedelta(seconds=_SECONDS_AT_MOST),
    )
    page = Page(response.content, dict(response.headers), request.resolver_match, min(filter(None, ends)))
    _shelf_of(making.key).put(making.key, making.version, page, _room())


def _conditional(request, response):
    return get_conditional_response(request, etag=response.headers["ETag"], response=response) or response
