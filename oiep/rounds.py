"""Dates that come round: the same day each year or half-year."""

import calendar
import datetime


def add_months(day, months):
    """The same day so many months on; one that the month does not have falls to its last (29 February to the 28th)."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return datetime.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def next_round(start, months, after):
    """The first day after `after` that is a whole number (at least one) of `months` on from `start`.

    Each is counted from `start` itself, so that a start on 29 February returns to it in a leap year.
    """
    elapsed = (after.year - start.year) * 12 + after.month - start.month
    count = max(elapsed // months - 1, 1)
    while (day := add_months(start, count * months)) <= after:
        count += 1
    return day
