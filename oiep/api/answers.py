"""How the API answers: for any site, never out of date, in pages that hold still, and with problems in plain words."""

import hashlib
import logging
from functools import wraps

from django.conf import settings
from django.core import signing
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import translation
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from ninja.errors import ValidationError

from oiep.limits import Window, count_request, source_of

METHODS = "GET, HEAD, OPTIONS"
_SHOWN = "ETag, Link, Retry-After"
_CURSOR = "api cursor"
_searches = Window()


class Problem(Exception):
    def __init__(self, status, name, title, detail, errors=None):
        self.status, self.name, self.title, self.detail, self.errors = status, name, title, detail, errors


def problem(status, name, title, detail, errors=None):
    """An answer after RFC 9457. name: where the page about the data tells of this kind of problem."""
    body = {
        "type": f"{settings.SITE_URL}{reverse('data')}#problem-{name}",
        "title": str(title),
        "status": status,
        "detail": str(detail),
    }
    if errors:
        body["errors"] = errors
    return JsonResponse(body, status=status, content_type="application/problem+json")


def for_any_site(response):
    """Lets the scripts of any site read an answer. It is the same for everybody, so nothing is given away by that."""
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Expose-Headers"] = _SHOWN
    return response


def answering(view):
    """A view of the API: limits, methods, language, problems and conditional requests in one place."""

    @wraps(view)
    def wrapped(request, *args, **kwargs):
        with translation.override(settings.LANGUAGE_CODE):
            response = _answer(view, request, *args, **kwargs)
        if response.status_code in (200, 304):
            response["Cache-Control"] = "public, no-cache"  # kept, and asked for again each time
        else:
            response["Cache-Control"] = "no-store"
        response["Content-Language"] = settings.LANGUAGE_CODE
        return for_any_site(response)

    wrapped.csrf_exempt = True  # nothing here can be written to
    return wrapped


def _answer(view, request, *args, **kwargs):
    if request.method == "OPTIONS":
        return _preflight()
    if request.method not in ("GET", "HEAD"):
        response = problem(
            405, "method", _("This can only be read"), _("Ask with GET. Nothing here can be changed by a program.")
        )
        response["Allow"] = METHODS
        return response
    is_head, request.method = request.method == "HEAD", "GET"
    try:
        if wait := _seconds_to_wait(request):
            return _too_many(wait)
        response = view(request, *args, **kwargs)
    except (OperationalError, InterfaceError):
        response = problem(503, "down", _("Not available now"), _("Ask again in a minute."))
        response["Retry-After"] = 60
        return response
    if response.status_code != 200:
        return response
    if is_head:
        request.method = "HEAD"  # Django, and the server, leave the body out
    mark = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    response["ETag"] = mark
    return get_conditional_response(request, etag=mark, response=response) or response


def _seconds_to_wait(request):
    source = source_of(request)
    if request.GET.get("q"):
        wait = _searches.seconds_to_wait(source, at_most=settings.SEARCHES_A_MINUTE, seconds=60)
        if wait:
            return wait
    return count_request(source)


def _too_many(wait):
    response = problem(
        429,
        "limit",
        _("Too many requests"),
        _("Wait %(seconds)s seconds. For all of the data, take a file: see %(url)s.")
        % {"seconds": wait, "url": settings.SITE_URL + reverse("data")},
    )
    response["Retry-After"] = str(wait)
    return response


def _preflight():
    response = HttpResponse(status=204)
    response["Allow"] = METHODS
    response["Access-Control-Allow-Methods"] = METHODS
    response["Access-Control-Allow-Headers"] = "Accept, If-None-Match"
    response["Access-Control-Max-Age"] = 86400
    return response


def nothing_here(request, *args, **kwargs):
    """Any address of the API that there is not."""
    return problem(404, "not-found", _("Nothing here"), _("There is no such thing, or it is not public."))


# What can go wrong in a view, by exception


def on_problem(request, found):
    return problem(found.status, found.name, found.title, found.detail, found.errors)


def on_invalid(request, found):
    errors = [{"parameter": str(error["loc"][-1]), "message": error["msg"]} for error in found.errors]
    return problem(400, "parameters", _("What you ask for does not make sense"), _("See “errors”."), errors)


def on_not_found(request, found):
    return nothing_here(request)


def on_fault(request, found):
    if isinstance(found, OperationalError | InterfaceError):
        raise found
    logging.getLogger("django.request").error("API: %s", request.path, exc_info=found)
    return problem(500, "fault", _("Something went wrong here"), _("It is not your fault, and we have been told."))


HANDLERS = {Problem: on_problem, ValidationError: on_invalid, Http404: on_not_found, Exception: on_fault}

# Pages ----------------------------------------------------------------------------------------


def page_of(request, rows, show, asked):
    """One page of rows, in the order of their keys, with the way to the next.

    A cursor says after which key the page begins, and for which question: rows that come or go meanwhile neither
    repeat nor hide others. It is signed, so that nobody takes its inside for a promise. asked: the filters, checked.
    """
    question = _question(request, asked)
    after = _key_in(asked.cursor, question) if asked.cursor else 0
    found = list(rows.order_by("pk").filter(pk__gt=after)[: asked.limit + 1])
    page, more = found[: asked.limit], len(found) > asked.limit
    cursor = signing.Signer(salt=_CURSOR).sign_object([page[-1].pk, question]) if more else None
    return {"items": show(page), "next_cursor": cursor, "next": cursor and _next(request, cursor)}


def _question(request, asked):
    filters = sorted(asked.model_dump(mode="json", exclude={"cursor", "limit"}).items())
    return hashlib.sha256(repr((request.path, filters)).encode()).hexdigest()[:16]


def _key_in(cursor, question):
    try:
        key, of = signing.Signer(salt=_CURSOR).unsign_object(cursor)
    except (signing.BadSignature, ValueError, TypeError):
        raise Problem(
            400,
            "cursor",
            _("That cursor is not one of ours"),
            _("Use “next”, or the “next_cursor” of an answer, as it is. To begin again, leave the cursor out."),
        ) from None
    if of != question:
        raise Problem(
            400,
            "cursor",
            _("That cursor belongs to another question"),
            _("It goes on with the address and the filters with which you began. To ask anew, leave the cursor out."),
        )
    return key


def _next(request, cursor):
    query = request.GET.copy()
    query["cursor"] = cursor
    return f"{settings.SITE_URL}{request.path}?{query.urlencode()}"


def no_others(request, asked):
    """Refuses parameters that mean nothing here: a filter that is misspelt would else be one that is left out."""
    known = type(asked).model_fields if asked else {}
    if unknown := sorted(set(request.GET) - set(known)):
        errors = [{"parameter": name[:60], "message": _("There is no such parameter here.")} for name in unknown[:20]]
        raise Problem(400, "parameters", _("What you ask for does not make sense"), _("See “errors”."), errors)
