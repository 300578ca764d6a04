"""What an operator's monitoring asks. Health is the age of what should have been done, never a ping."""

import contextlib
import datetime

import redis
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, InterfaceError
from django.db.models import Count
from django.utils import timezone

from oiep.models import OutgoingEmail

TICK = "health.tick"
LATE = datetime.timedelta(minutes=5)


def note_tick():
    """Remembers that the scheduler and a worker live."""
    cache.set(TICK, timezone.now(), timeout=None)


def live():
    """This process answers. Nothing else: to start it again would mend neither the database nor the mail server."""
    return {"live": True}


def ready(now=None):
    """Whether pages can be served, and how late the work behind them is.

    `ready`: the database answers. `oldest_due_mail` and `last_tick`: ages in seconds, None where there is none. `late`:
    which of the two is older than five minutes, so that monitoring has one thing to look at; a page is served all the
    same then, as nothing that serves one waits for them. `redis`: whether it answers, to say why they are late.
    """
    now = now or timezone.now()
    try:
        tick = cache.get(TICK)
        due = OutgoingEmail.objects.due(now).order_by("due_at").values_list("due_at", flat=True).first()
    except (DatabaseError, InterfaceError):
        return {"ready": False}
    late = []
    if due and now - due > LATE:
        late.append("mail")
    if not tick or now - tick > LATE:
        late.append("scheduler")
    return {
        "ready": True,
        "redis": _redis_answers(),
        "oldest_due_mail": _age(due, now),
        "last_tick": _age(tick, now),
        "late": late,
    }


def _age(moment, now):
    return moment and round((now - moment).total_seconds())


def _redis_answers():
    address = settings.REDIS_URL.replace("redis+socket://", "unix://")
    try:
        with contextlib.closing(redis.Redis.from_url(address, socket_connect_timeout=1, socket_timeout=1)) as server:
            return bool(server.ping())
    except (redis.RedisError, OSError):
        return False


def mails():
    """How many e-mails there are of each state."""
    counted = OutgoingEmail.objects.order_by().values_list("state").annotate(Count("pk"))
    return {**dict.fromkeys(OutgoingEmail.State.values, 0), **dict(counted)}
