"""Who has something open to work on, so that of two people in one queue each sees what the other does.

A page tells it while it is open, by a button or by itself; nobody is kept from anything by it.
"""

import datetime

from django.utils import timezone

from oiep.models import AtWork

MINUTES = 10  # that one sign of work lasts


def tell(*, user, what):
    """Notes that a person is on something now. Old notes go."""
    now = timezone.now()
    AtWork.objects.update_or_create(user=user, what=what, defaults={"seen_at": now})
    AtWork.objects.filter(seen_at__lt=now - datetime.timedelta(days=1)).delete()


def done(*, user, what):
    """Notes that a person is done with it."""
    AtWork.objects.filter(user=user, what=what).delete()


def on(what, *, besides=None):
    """Those who are on something now, the latest first, with when they gave a sign of it. besides: one not to name."""
    return list(_now().filter(what=what).exclude(user=besides))


def on_each(whats):
    """thing → the names of those who are on it now."""
    found = {}
    for row in _now().filter(what__in=whats):
        found.setdefault(row.what, []).append(str(row.user))
    return found


def _now():
    since = timezone.now() - datetime.timedelta(minutes=MINUTES)
    return AtWork.objects.filter(seen_at__gte=since).select_related("user").order_by("-seen_at")
