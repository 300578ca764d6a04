"""How often a thing may be done, counted from the rows that it leaves behind, so that there is no other store."""

import datetime
import hashlib
import hmac
import ipaddress
import math
import threading
import time
from collections import Counter

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.db import connection
from django.utils import timezone


def source_of(request):
    """Where a request comes from: a keyed hash of its address (of the /64 network for IPv6), never the address."""
    address = ipaddress.ip_address(get_adapter(request).get_client_ip(request))
    if address.version == 6:
        address = ipaddress.ip_network((address, 64), strict=False).network_address
    return keyed_hash(str(address))


def keyed_hash(value):
    """By which a value is known again without being kept, and without anybody being able to find it by trying."""
    return hmac.new(settings.SECRET_KEY.encode(), value.encode(), hashlib.sha256).hexdigest()


class Window:
    """How often each source does something, counted in this process alone and forgotten with each window.

    For what leaves no row and harms little: with several processes a source has so many times as much.
    """

    def __init__(self):
        self._lock, self._ends, self._counts = threading.Lock(), 0, Counter()

    def seconds_to_wait(self, source, *, at_most, seconds):
        """Counts one more; 0, or how long until that is right again."""
        now = time.monotonic()
        with self._lock:
            if now >= self._ends:
                self._ends, self._counts = now + seconds, Counter()
            self._counts[source] += 1
            return 0 if self._counts[source] <= at_most else math.ceil(self._ends - now)


def seconds_to_wait(rows, field, *limits, now=None):
    """How long to wait before one more may be added to `rows`; 0 when it may be now.

    field: the rows' time. limits: pairs (at most, in seconds). Call it under a lock (`oiep.locks.lock_on`) when the row
    is added in the same transaction.
    """
    now = now or timezone.now()
    wait = 0
    for at_most, seconds in limits:
        since = now - datetime.timedelta(seconds=seconds)
        times = rows.filter(**{f"{field}__gt": since}).order_by(f"-{field}").values_list(field, flat=True)
        if blocking := list(times[at_most - 1 : at_most]):
            wait = max(wait, math.ceil((blocking[0] - since).total_seconds()))
    return wait


# What is open to programs: counted in a row of its own, since reading leaves none behind ------


def count_request(source, cost=1, now=None):
    """Counts a request for data, and returns how many seconds to wait where that is one too many; else 0.

    cost: how many ordinary requests it is worth. The count is one statement, so that no two requests share a number.
    """
    at_most, seconds = settings.DATA_LIMIT_BY_SOURCE
    now = now or timezone.now()
    stretch = now.timestamp() // seconds * seconds
    begins_at = datetime.datetime.fromtimestamp(stretch, datetime.UTC)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO oiep_requestcount (source, begins_at, number) VALUES (%s, %s, %s) "
            "ON CONFLICT (begins_at, source) DO UPDATE "
            "SET number = least(oiep_requestcount.number + excluded.number, 1000000) RETURNING number",
            [source, begins_at, cost],
        )
        number = cursor.fetchone()[0]
        if number == cost:  # the first of this stretch sweeps out those before
            cursor.execute(
                "DELETE FROM oiep_requestcount WHERE id IN "
                "(SELECT id FROM oiep_requestcount WHERE begins_at < %s FOR UPDATE SKIP LOCKED)",
                [begins_at],
            )
    return math.ceil(stretch + seconds - now.timestamp()) if number > at_most else 0
