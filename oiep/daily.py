"""What each app's share of the day's work is made with."""

import contextlib
import logging

from django.db import connection

logger = logging.getLogger(__name__)


def each(queryset, action, done):
    """Does something for each row, each in a transaction of its own, so that one failure does not stop the rest.

    action: called with the row's model, which holds nothing but its key; says whether there was anything to do. done:
    counts failures under `failed`. Returns for how many there was.
    """
    count = 0
    # A key at a time, so that memory stays flat and each row is looked at as it is when its turn comes.
    for pk in queryset.values_list("pk", flat=True).iterator(chunk_size=1000):
        try:
            count += bool(action(queryset.model(pk=pk)))
        except Exception:
            if not connection.is_usable():
                raise  # the database went away: the next tick goes on from here
            logger.exception("The day's work failed for %s %s; the rest goes on.", queryset.model._meta.label, pk)
            done["failed"] += 1
    return count


@contextlib.contextmanager
def quick_commits():
    """Lets commits return before they are on disk, which is most of the time that a thousand of them take.

    What a crash of the database's machine then takes back is found and done again. No mail can go before its row is on
    disk: the commit of the worker that claims it waits for all commits before it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
    try:
        yield
    finally:
        if connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("RESET synchronous_commit")
