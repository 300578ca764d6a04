"""What public pages cost against a bare one of the same size, as quality.md states it; `make bench` runs it.

`PARTNERS=100000 make bench` fills the site with so many; ratios are of one run, page and bare in turns.
"""

import contextlib
import http.client
import os
import statistics
import time

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from oiep import local
from partners.models import District, Partner, PriorityArea
from tests import smtp
from tests.processes import database_url, python

PARTNERS = int(os.environ.get("PARTNERS", "10000"))
ROUNDS = int(os.environ.get("ROUNDS", "60"))
AT_LEAST = 0.12  # of bare's requests a second
PAGES = ("/", "/partners/", "/partners/{partner}/", "/areas/{area}/")
FILTERED = (
    "/partners/?area={area}", "/partners/?place={place}&kind=business", "/partners/?q=orchard",
    "/partners/?q=quarry+17", "/partners/?page=100",
)  # fmt: skip


@pytest.fixture
def site(transactional_db, environment):
    call_command("prepare", verbosity=0)
    call_command("load_scale", partners=PARTNERS, residents=PARTNERS // 10)
    port = smtp.free_port()
    environment |= {
        "DJANGO_SETTINGS_MODULE": "tests.benchmarks.settings", "DATABASE_URL": database_url(),
        "ALLOWED_HOSTS": "127.0.0.1,testserver", "LOG_REQUESTS": "0",
    }  # fmt: skip
    server = python(
        "-m", "gunicorn", "oiep.wsgi", "--config", "python:oiep.gunicorn", "--bind", f"127.0.0.1:{port}",
        "--no-control-socket", env=environment,
    )  # fmt: skip
    try:
        assert local._wait(lambda: _answers(port), seconds=90)
        yield port
    finally:
        server.terminate()
        server.wait(60)


def _answers(port):
    with contextlib.suppress(OSError, AssertionError):
        return get(port, "/health/live")


def get(port, path):
    """Seconds and bytes of one answer."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with contextlib.closing(line):
        start = time.perf_counter()
        line.request("GET", path)
        answer = line.getresponse()
        content = answer.read()
        took = time.perf_counter() - start
    assert answer.status == 200, (path, answer.status)
    return took, len(content)


def test_public_pages_against_a_bare_one(site):
    names = {
        "partner": Partner.objects.listed().latest("pk").slug,
        "area": PriorityArea.objects.first().slug,
        "place": District.objects.first().slug,
    }
    print(f"\n{PARTNERS} partners. Requests a second against bare; p50 and p99 in ms; queries.")
    slow = []
    for pattern in (*PAGES, *FILTERED):
        path = pattern.format(**names)
        _took, size = get(site, path)
        bare, page = [], []
        for _ in range(ROUNDS):
            bare.append(get(site, f"/bare/{size}/")[0])
            page.append(get(site, path)[0])
        with CaptureQueriesContext(
            connection,
        ) as queries:
            Client().get(path)
        ratio = statistics.fmean(bare) / statistics.fmean(page)
        p50, p99 = (sorted(page)[int(len(page) * part)] * 1000 for part in (0.5, 0.99))
        print(f"{ratio:6.2f}  {p50:7.1f} {p99:7.1f}  {len(queries):3}  {path}")
        if pattern in PAGES and ratio < AT_LEAST:
            slow.append((path, round(ratio, 2)))
    assert slow == []
