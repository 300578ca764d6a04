import contextlib
import datetime

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from oiep.day import WORDS, run_day


class Command(BaseCommand):
    help = (
        "Does a day's work: opens reviews, records the reminders that are due, marks who has lapsed. The scheduler "
        "does the same each morning. Safe to repeat: what was done is not done again."
    )

    def add_arguments(self, parser):
        parser.add_argument("--date", help="The day, as 2027-05-04; today in Europe/London if left out.")
        parser.add_argument(
            "--dry-run", action="store_true", help="Say what would be done, and do nothing. Needed for a day to come."
        )

    def handle(self, *, date, dry_run, **options):
        today = timezone.localdate()
        day = _day(date) if date else today
        if day > today and not dry_run:
            raise CommandError(
                f"{_words(day)} is still to come: its reminders would really be sent, too early. "
                "Add --dry-run to see what that day would bring."
            )
        with transaction.atomic() if dry_run else contextlib.nullcontext():
            done = run_day(day)
            if dry_run:
                transaction.set_rollback(True)
        self.stdout.write(f"{'A trial of the' if dry_run else 'The'} day's work for {_words(day)}:")
        for name, words in WORDS.items():
            self.stdout.write(f"- {words}: {done[name]}")
        if dry_run:
            self.stdout.write("Nothing was changed and nothing will be sent.")
        if done["failed"]:
            raise CommandError("Some of the day's work failed.")


def _day(text):
    try:
        return datetime.datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a date has no zone
    except ValueError:
        raise CommandError(f"“{text}” is not a day. Write it as year, month and day: 2027-05-04.") from None


def _words(day):
    return day.strftime("%-d %B %Y")
