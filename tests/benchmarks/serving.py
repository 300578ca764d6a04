"""A served site to measure: gunicorn with two workers, as in production, and how many answers a second it gives."""

import contextlib
import http.client
import re
import shutil
import subprocess
import time

from oiep import local
from tests import smtp
from tests.processes import database_url, python

CONNECTIONS = 8


@contextlib.contextmanager
def serving(environment, **more):
    """The port of a served site on the test's database. more: its environment."""
    port = smtp.free_port()
    environment = environment | {
        "DJANGO_SETTINGS_MODULE": "tests.benchmarks.settings", "DATABASE_URL": database_url(),
        "ALLOWED_HOSTS": "127.0.0.1,testserver", "LOG_REQUESTS": "0", **more,
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


def answers_a_second(port, path, seconds):
    """By wrk where it is installed; else by one line that asks again and again."""
    if shutil.which("wrk"):
        out = subprocess.run(
            ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", f"http://127.0.0.1:{port}{path}"],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        assert "Non-2xx" not in out, out
        return float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1])
    start, number = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        get(port, path)
        number += 1
    return number / (time.perf_counter() - start)


def of_bare(port, path, *, seconds, rounds):
    """A page's answers a second as a share of those of a bare page of the same size, the two in turns."""
    _took, size = get(port, path)
    page = bare = 0
    for path_now in (path, f"/bare/{size}/"):  # each worker has seen both
        answers_a_second(port, path_now, 1)
    for _round in range(rounds):
        bare += answers_a_second(port, f"/bare/{size}/", seconds)
        page += answers_a_second(port, path, seconds)
    return page / bare
