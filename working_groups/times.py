"""When a meeting is, in the time that people in Oxfordshire go by, also on the nights when the clocks change."""

import datetime

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _


def comes_twice(day, time):
    """Whether the clocks show this time twice on that day, because they go back then."""
    return _aware(day, time, 0).utcoffset() != _aware(day, time, 1).utcoffset() and not is_skipped(day, time)


def is_skipped(day, time):
    """Whether the clocks never show this time on that day, because they go forward over it."""
    aware = _aware(day, time, 0)
    return aware.astimezone(datetime.UTC).astimezone(aware.tzinfo).replace(tzinfo=None) != aware.replace(tzinfo=None)


def instant_of(day, time, *, second=False):
    """A day and a time in Europe/London as an instant, in UTC.

    second: of a time that comes twice, the second one. Raises ValidationError for a time that there is not.
    """
    if is_skipped(day, time):
        raise ValidationError(
            _("On %(date)s the clocks go forward, and there is no %(time)s. Choose another time.")
            % {"date": date_format(day), "time": clock(time)}
        )
    return _aware(day, time, int(second)).astimezone(datetime.UTC)


def _aware(day, time, fold):
    return datetime.datetime.combine(day, time, tzinfo=timezone.get_default_timezone()).replace(fold=fold)


def in_words(starts_at, ends_at):
    """From when to when, with the name of the time that the clocks show: Tuesday 4 May 2027, 10am to noon (BST).

    Where the clocks change in between, each end has its own: 12.30am BST to 1.30am GMT.
    """
    starts, ends = timezone.localtime(starts_at), timezone.localtime(ends_at)
    first, last = f"{date_format(starts, 'l j F Y')}, {clock(starts)}", clock(ends)
    if ends.date() != starts.date():
        last = f"{date_format(ends, 'l j F Y')}, {last}"
    if starts.tzname() != ends.tzname():
        first, last = f"{first} {starts.tzname()}", f"{last} {ends.tzname()}"
        return _("%(starts)s to %(ends)s") % {"starts": first, "ends": last}
    return _("%(starts)s to %(ends)s (%(zone)s)") % {"starts": first, "ends": last, "zone": starts.tzname()}


def moment(at):
    """When something happens, with the name of the time that the clocks show: 4 May 2027, 10am (BST)."""
    local = timezone.localtime(at)
    return f"{date_format(local)}, {clock(local)} ({local.tzname()})"


def clock(time):
    """A time as people say it: 10am, 1.30pm, noon, midnight."""
    return time_format(time, "P").replace(" a.m.", "am").replace(" p.m.", "pm").replace(":", ".")
