"""How often a thing may be done, counted from the rows that it leaves behind, so that there is no other store."""

import datetime
import hashlib
import hmac
import ipaddress
import math

from allauth.account.adapter import get_adapter
from django.conf import settings
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
