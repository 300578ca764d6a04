"""The work of each day, of all apps, at 7 in the morning or whenever the scheduler gets to it."""

from celery import shared_task
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from events.actions import learning
from oiep.privacy import clocks
from oiep.reach import digests
from partners.actions import daily as partners
from pledges.actions import daily as pledges
from working_groups.actions import daily as working_groups
from working_groups.actions import meetings

LAST = "day.last"  # in the cache

# Each takes a day and returns what it did: name → how many, with those that failed under `failed`.
# Residents are forgotten before anything new is opened for them.
PARTS = (
    clocks.run_day,
    pledges.run_day,
    partners.run_day,
    working_groups.run_day,
    meetings.run_day,
    learning.run_day,
    digests.run_day,
)
WORDS = {
    **clocks.WORDS,
    "opened": _("Reviews opened"),
    "recorded": _("Reminders recorded, each with its e-mail or the reason why there is none"),
    "asked_to_sign": _("Partners asked to sign the new version of the Charter"),
    "lapsed": _("Partners marked as lapsed"),
    "logos": _("Logos deleted that were in use no more"),
    "invited": _("Meetings to which members were invited who had joined since"),
    "asked": _("People asked what they thought of an event"),
    "unlinked": _("Answers about events of which nobody can tell any more whose they were"),
    **digests.WORDS,
    "failed": _("Failed; the log says why, and the next run tries again"),
}


def run_day(today=None):
    """Does all that is due. Running it twice, or a week late, does the right thing.

    today: a date, in Europe/London. Returns what was done: each name of WORDS → how many.
    """
    today = today or timezone.localdate()
    done = dict.fromkeys(WORDS, 0)
    for part in PARTS:
        for name, count in part(today).items():
            done[name] += count
    _note(today, done)
    return done


def _note(today, done):
    """Remembers what was done for a day, all its runs together, for the manager's desk."""
    before = cache.get(LAST)
    so_far = before["done"] if before and before["day"] == today else {}
    total = {name: count + so_far.get(name, 0) for name, count in done.items()}
    cache.set(LAST, {"day": today, "at": timezone.now(), "done": total}, timeout=None)


def last_day():
    """The day that was worked on last, when, and what was done: {"day", "at", "done"}; None before the first.

    `done` is a list of (words, how many), without what there was none of.
    """
    if last := cache.get(LAST):
        last["done"] = [(words, last["done"][name]) for name, words in WORDS.items() if last["done"].get(name)]
    return last


@shared_task
def tick():
    """Does the day's work from the hour of DAY_STARTS_AT in Europe/London on; with no state of its own.

    The first tick after that hour finds everything, and the later ones what has come since: a partner whose pause was
    ended, or what a stopped worker left.
    """
    now = timezone.localtime()
    if now.hour >= settings.DAY_STARTS_AT:
        run_day(now.date())
