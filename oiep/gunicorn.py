"""How gunicorn runs the portal in production: `gunicorn oiep.wsgi --config python:oiep.gunicorn`.

On SIGTERM it takes no more requests, finishes those that are under way, and ends. On SIGHUP it starts new workers and
then lets the old ones end in the same way.
"""

import os
import shutil
import tempfile
from pathlib import Path

from gunicorn import glogging

workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 4
timeout = 60  # seconds, until a worker that hangs is replaced
graceful_timeout = 30  # seconds, for requests that are under way when it is told to stop
keepalive = 5
# Workers are replaced from time to time, not all at once, so that memory cannot creep up.
max_requests, max_requests_jitter = 10_000, 2_000
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - gunicorn makes an unnamed file there
logger_class = "oiep.gunicorn.Logger"

# Where workers add up their figures (oiep/metrics.py). It has to be known before they are started.
_OURS = "PROMETHEUS_MULTIPROC_DIR" not in os.environ
if _OURS:
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="charter-metrics-")
_METRICS, _MASTER = os.environ["PROMETHEUS_MULTIPROC_DIR"], os.getpid()


def child_exit(server, worker):
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)


def on_exit(server):
    if _OURS and os.getpid() == _MASTER:
        shutil.rmtree(_METRICS, ignore_errors=True)


class Logger(glogging.Logger):
    """gunicorn's own lines look like ours."""

    def setup(self, cfg):
        super().setup(cfg)
        from oiep.logs import JsonFormatter

        for handler in self.error_log.handlers:
            handler.setFormatter(JsonFormatter())
