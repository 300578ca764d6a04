"""The work of each day, at 7 in the morning or whenever the scheduler gets to it."""

import contextlib
import datetime
import logging

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from oiep import email as mail
from partners.models import Partner
from pledges.actions.forgetting import forget_resident, residents_to_forget
from pledges.actions.reminders import remind, reviews_to_remind
from pledges.actions.reviews import open_round, partners_to_lapse, refresh_lapse

logger = logging.getLogger(__name__)

LAST = "day.last"  # in the cache


def run_day(today=None):
    """Opens rounds, records and queues the messages that are due, marks who has lapsed, and forgets residents.

    today: a date, in Europe/London. Each partner is done in a transaction of its own, and the failure of one does not
    stop the rest. Running it twice, or a week late, does the right thing.

    Returns what was done: name → how many, with those that failed under `failed`.
    """
    today = today or timezone.localdate()
    opening = Partner.objects.with_round_until(today + datetime.timedelta(days=settings.REVIEW_OPENS_DAYS))
    done = {"failed": 0}
    done["forgotten"] = _each(residents_to_forget(today), lambda p: forget_resident(partner=p, today=today), done)
    with _quick_commits():
        done["opened"] = _each(opening, lambda p: open_round(partner=p, today=today), done)
        done["recorded"] = _each(reviews_to_remind(today), lambda r: remind(review=r, today=today), done)
        done["lapsed"] = _each(partners_to_lapse(today), lambda p: refresh_lapse(partner=p, today=today), done)
    if done["recorded"]:
        mail.nudge()
    _note(today, done)
    return done


def _note(today, done):
    """Remembers what was done for a day, all its runs together, for the manager's desk."""
    before = cache.get(LAST)
    so_far = before["done"] if before and before["day"] == today else {}
    total = {name: count + so_far.get(name, 0) for name, count in done.items()}
    cache.set(LAST, {"day": today, "at": timezone.now(), "done": total}, timeout=None)


def last_day():
    """The day that was worked on last, when, and what was done: {"day", "at", "done"}; None before the first."""
    return cache.get(LAST)


@contextlib.contextmanager
def _quick_commits():
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


def _each(queryset, action, done):
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
