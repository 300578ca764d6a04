"""Seeing what happens: a number and a line of the log for each request, and slow queries; nobody's data in any."""

import logging
import re
import secrets
import time

from django.conf import settings

from oiep import metrics
from oiep.logs import number as _number

HEADER = "X-Request-ID"
_NUMBER = re.compile(r"[A-Za-z0-9_-]{8,64}")
_LITERALS = re.compile(r"'(?:[^']|'')*'|(?<![\w\"$.])\d+(?![\w\"])")
_SHAPE_LENGTH = 1000
requests = logging.getLogger("oiep.requests")
queries = logging.getLogger("oiep.queries")


def number():
    """The number of the request, or of the task, that is being worked on; empty outside of both."""
    return _number.get()


def _number_for(request):
    """The proxy's, so that its log and ours can be laid side by side; or a new one."""
    given = request.headers.get(HEADER, "") if settings.TRUSTED_PROXIES else ""
    return given if _NUMBER.fullmatch(given) else secrets.token_hex(8)


def watch_requests(get_response):
    """Gives each request a number, which its answer and all lines of the log about it bear, and counts it."""

    def middleware(request):
        token, start = _number.set(_number_for(request)), time.monotonic()
        try:
            response = get_response(request)
            seconds = time.monotonic() - start
            response.headers[HEADER] = number()
            # The pattern of the address, never the address: that may hold a key or somebody's name.
            match = request.resolver_match
            route = match.route if match else ""
            metrics.count_request(request.method, match, response.status_code, seconds)
            words = {
                "method": request.method,
                "route": route,
                "status": response.status_code,
                "ms": round(seconds * 1000),
            }
            requests.info("%(method)s /%(route)s %(status)s %(ms)s ms", words, extra={"of": words})
            return response
        finally:
            _number.reset(token)

    return middleware


def for_task(task_id):
    """From here on this worker's lines bear the number of its task."""
    _number.set(task_id or "")


def watch_queries(connection, **kwargs):
    """Notes each query over a new connection that takes longer than SLOW_QUERY_MS."""
    if _note_slow not in connection.execute_wrappers:
        connection.execute_wrappers.append(_note_slow)


def _note_slow(execute, sql, params, many, context):
    start = time.monotonic()
    try:
        return execute(sql, params, many, context)
    finally:
        took = (time.monotonic() - start) * 1000
        if took >= settings.SLOW_QUERY_MS:
            metrics.SLOW_QUERIES.inc()
            queries.warning("A query took %d ms: %s", took, shape(sql))


def shape(sql):
    """A query without any value: those that stand in it are put out, the others were never part of it."""
    return _LITERALS.sub("?", " ".join(str(sql).split()))[:_SHAPE_LENGTH]
