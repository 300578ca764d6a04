"""Figures for Prometheus: what each web process counts, and what the database knows, asked when they are fetched."""

import os

from django.utils.crypto import constant_time_compare
from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
    multiprocess,
)

from oiep import health

disable_created_metrics()
_METHODS = {"GET", "HEAD", "POST"}
REQUESTS = Counter("charter_requests_total", "Answers", ["method", "page", "status"])
SECONDS = Histogram(
    "charter_request_seconds", "How long answers took", ["page"], buckets=(0.05, 0.1, 0.25, 0.5, 1, 3, 10)
)
PAGES = Counter("charter_pages_total", "Public pages for strangers, from memory or made anew", ["how"])
SLOW_QUERIES = Counter("charter_slow_queries_total", "Queries that took longer than SLOW_QUERY_MS")


def count_request(method, match, status, seconds):
    """match: what the address resolved to. Labels are few: names of pages and not addresses."""
    page = (match.view_name if match else "") or "none"
    REQUESTS.labels(method if method in _METHODS else "other", page, f"{status // 100}xx").inc()
    SECONDS.labels(page).observe(seconds)


def may_read(request, token):
    """Whether a request bears the operators' token. Without a token nobody may."""
    given = request.headers.get("Authorization", "")
    return bool(token) and constant_time_compare(given, f"Bearer {token}")


def text():
    """All figures in Prometheus' own format: those of all web processes of this machine, and of the whole portal."""
    return _of_processes() + generate_latest(_of_portal())


def _of_processes():
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)
        return generate_latest(registry)
    return generate_latest(REGISTRY)


def _of_portal():
    registry = CollectorRegistry()

    def gauge(name, words, value, **labels):
        if name not in made:
            made[name] = Gauge(f"charter_{name}", words, list(labels), registry=registry)
        (made[name].labels(**labels) if labels else made[name]).set(value)

    made = {}
    state = health.ready()
    gauge("ready", "Whether the database answers", state["ready"])
    if state["ready"]:
        gauge("redis", "Whether Redis answers", state["redis"])
        gauge("oldest_due_mail_seconds", "Age of the oldest e-mail that is due", state["oldest_due_mail"] or 0)
        if state["last_tick"] is not None:
            gauge("last_tick_seconds", "Age of the scheduler's last tick", state["last_tick"])
        for mail_state, count in health.mails().items():
            gauge("mails", "E-mails by state", count, state=mail_state)
    return registry
