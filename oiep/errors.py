"""Reporting errors to Sentry, or to what speaks its language, when SENTRY_DSN names one: where in the code and why, and
the request's number; nothing of who asked for what."""

import sentry_sdk

from oiep import tracing
from oiep.logs import masked

_DROPPED = ("breadcrumbs", "extra", "server_name", "user", "modules")


def options():
    return {
        "include_local_variables": False,
        "max_request_body_size": "never",
        "max_breadcrumbs": 0,
        "auto_session_tracking": False,
        "before_send": without_persons,
    }


def start(dsn):
    sentry_sdk.init(dsn, **options())


def without_persons(event, hint=None):
    """What of an error is reported."""
    method = event.pop("request", {}).get("method")
    for name in _DROPPED:
        event.pop(name, None)
    # The values of a row stand in what the database says; a log's arguments in its words.
    event = _mask(event)
    event.pop("transaction", None)  # it may be an address
    event["tags"] = {**event.get("tags", {}), "request": tracing.number(), "method": method or ""}
    return event


def _mask(value):
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, dict):
        return {key: _mask(item) for key, item in value.items() if key not in ("params", "vars")}
    if isinstance(value, list | tuple):
        return [_mask(item) for item in value]
    return value
