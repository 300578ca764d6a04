"""`make run` and commands by hand, in a copy of this checkout, whose folder has a space in its name."""

import contextlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from oiep import local
from tests import smtp


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    copy = tmp_path_factory.mktemp("a newcomer's") / "charter"
    ignored = shutil.ignore_patterns(".git", ".venv", ".local", "__pycache__", "tests", "staticfiles")
    shutil.copytree(local.ROOT, copy, ignore=ignored)
    yield copy
    assert servers_of(copy) == []


@pytest.fixture
def environment():
    elsewhere = ("DATABASE_URL", "REDIS_URL", "EMAIL_URL", "SECRET_KEY", "SITE", "DJANGO_SETTINGS_MODULE", "DEBUG")
    return {name: value for name, value in os.environ.items() if name not in elsewhere}


def servers_of(checkout):
    """The command lines of processes that work on this checkout's state."""
    found = []
    for process in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{process}/cmdline") as file:
            if str(checkout / ".local") in (command := file.read().replace("\0", " ")):
                found.append(command)
    return found


@contextlib.contextmanager
def served(checkout, environment, port):
    """`make run` without make: the process, once a page answers. Killed if it still runs at the end."""
    run = subprocess.Popen(
        [sys.executable, "-m", "oiep.local"],
        cwd=checkout, env={**environment, "PORT": str(port), "EXAMPLES": "no"}, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        assert local._wait(lambda: run.poll() is not None or answers(port), seconds=90)
        yield run
    finally:
        run.kill()
        run.wait()
        run.stdout.close()


def answers(port):
    with (
        contextlib.suppress(OSError),
        urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=10) as page,
    ):
        return page.status == 200


def by_hand(checkout, environment, *arguments):
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=True).stdout


MAKE_USER = "from oiep.models import User; User.objects.create_user('kept@example.org')"
COUNT_USERS = "from oiep.models import User; print(User.objects.filter(email='kept@example.org').count())"


def test_run_serves_stops_keeps_its_data_and_survives_a_kill(checkout, environment):
    port = smtp.free_port()
    with served(checkout, environment, port) as run:
        by_hand(checkout, environment, "shell", "-v0", "-c", MAKE_USER)  # while it runs
        assert stat.S_IMODE((checkout / ".local" / "postgres").stat().st_mode) == 0o700
        assert stat.S_IMODE((checkout / ".local" / "secret-key").stat().st_mode) == 0o600
        taken = subprocess.run(
            [sys.executable, "-m", "oiep.local"],
            cwd=checkout, env={**environment, "PORT": str(port)}, capture_output=True, text=True,
        )  # fmt: skip
        assert taken.returncode == 1
        assert taken.stderr == (
            f"Port {port} is in use: something runs there already. Try another: make run PORT={port + 1}\n"
        )
        run.send_signal(signal.SIGINT)
        said = run.communicate(timeout=60)[0]
    assert run.returncode == 0, said
    assert f"The portal is at  http://127.0.0.1:{port}\n" in said
    assert "Warning" not in said
    assert "Traceback" not in said
    assert servers_of(checkout) == []

    with served(checkout, environment, port) as run:
        run.kill()  # nobody can clean up then …
        run.wait()
        assert local._wait(lambda: not answers(port), seconds=30)  # … but web, worker and scheduler end with it
    assert len(servers_of(checkout)) >= 2  # PostgreSQL and Redis run on

    with served(checkout, environment, port) as run:
        assert by_hand(checkout, environment, "shell", "-v0", "-c", COUNT_USERS) == "1\n"
        run.terminate()
        assert run.wait(60) == 0
    assert servers_of(checkout) == []
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))


def test_command_by_hand_starts_the_database_and_stops_it(checkout, environment):
    by_hand(checkout, environment, "migrate", "-v0")
    assert servers_of(checkout) == []


def test_two_commands_at_once_share_one_database(checkout, environment):
    sleeper = subprocess.Popen(
        [sys.executable, "manage.py", "shell", "-v0", "-c", "print('up', flush=True); input()"],
        cwd=checkout, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert sleeper.stdout.readline() == "up\n"
    by_hand(checkout, environment, "check")
    assert servers_of(checkout) != []  # the other still needs it
    sleeper.communicate("\n", timeout=30)
    assert servers_of(checkout) == []


def test_socket_of_a_long_path_is_elsewhere_and_ours_alone(monkeypatch, tmp_path):
    monkeypatch.setattr(local, "STATE", tmp_path)
    monkeypatch.setattr(local.tempfile, "gettempdir", lambda: str(tmp_path))
    assert local._socket_folder(tmp_path) == tmp_path
    folder = local._socket_folder(tmp_path / ("x" * 90))
    assert folder.parent == tmp_path
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert local._socket_folder(tmp_path / ("x" * 90)) == folder
    assert local._socket_folder(tmp_path / ("y" * 90)) != folder


def test_missing_wheels_are_said_in_plain_words():
    with pytest.raises(SystemExit, match=r"pip install -r requirements-dev\.txt"):
        local._wheel("no_such_package", "bin/none")
