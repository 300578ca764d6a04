from celery import shared_task
from django.conf import settings
from django.utils import timezone

from pledges.actions import daily, signing


@shared_task
def forget_unconfirmed_signings():
    """Deletes signings that nobody finished or confirmed in time."""
    signing.forget()


@shared_task
def run_day():
    """Does the day's work from the hour of DAY_STARTS_AT in Europe/London on; a tick, with no state of its own.

    The first tick after that hour finds everything, and the later ones what has come since: a partner whose pause was
    ended, or what a stopped worker left.
    """
    now = timezone.localtime()
    if now.hour >= settings.DAY_STARTS_AT:
        daily.run_day(now.date())
