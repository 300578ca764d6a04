"""What we wrote about a review, step by step, and what we did not write and why: the ledger in plain words."""

import datetime
from dataclasses import dataclass

from django.contrib.contenttypes.models import ContentType
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from oiep.ledger import what_became_of
from oiep.models import OutgoingEmail
from pledges.actions.reminders import key_of, steps_of
from pledges.models import Review

_STEPS = {
    "opened": gettext_lazy("the review is open"),
    "week": gettext_lazy("a week left"),
    "due": gettext_lazy("due today"),
    "overdue": gettext_lazy("overdue, with what the page will say"),
    "final": gettext_lazy("last e-mail"),
    "yearly": gettext_lazy("the yearly e-mail"),
}


@dataclass(frozen=True)
class Entry:
    """A step of a review. day: when it is for. what: what became of it. to: the address, where it was written.

    due_on: the due date that it belongs to. row: its message, None where there is none yet.
    """

    step: str
    day: datetime.date
    what: str
    to: str = ""
    due_on: datetime.date | None = None
    row: OutgoingEmail | None = None

    @property
    def label(self):
        return _STEPS[self.step]


def ledgers_of(reviews, today=None):
    """The ledgers of reviews, by their key, in one query: each a list of entries, those of earlier due dates first."""
    today = today or timezone.localdate()
    reviews = list(reviews)
    rows = OutgoingEmail.objects.filter(
        subject_type=ContentType.objects.get_for_model(Review),
        subject_id__in=[str(review.pk) for review in reviews],
        key__startswith="review/",
    ).defer("text")
    by_review = {}
    for row in rows.order_by("created_at", "key"):
        by_review.setdefault(int(row.subject_id), {})[row.key] = row
    return {review.pk: _ledger(review, by_review.get(review.pk, {}), today) for review in reviews}


def _ledger(review, rows, today):
    steps = dict(steps_of(review.partner))
    current = {key_of(review, step) for step in steps}
    entries = []
    for step, offset in steps.items():
        row = rows.get(key_of(review, step))
        if row:
            entries.append(_entry(step, review.due_on, offset, row))
        else:
            day = review.due_on + datetime.timedelta(days=offset)
            entries.append(Entry(step, day, _not_written(review, day, today), due_on=review.due_on))
    for key, row in rows.items():
        due_on, step = _read(key)
        if step in _STEPS and key not in current:
            entries.append(_entry(step, due_on, steps.get(step, 0), row, second=key.count("/") > 3))
    return sorted(entries, key=lambda entry: (entry.due_on, entry.day))


def _read(key):
    """The due date and the step that a key names; (None, "") for other mail about a review."""
    parts = key.split("/")
    try:
        return datetime.date.fromisoformat(parts[2]), parts[3]
    except (ValueError, IndexError):
        return None, ""


def _entry(step, due_on, offset, row, *, second=False):
    what = what_became_of(row)
    if second:
        what = _("To the second contact: %(what)s") % {"what": what}
    return Entry(step, due_on + datetime.timedelta(days=offset), what, row.to, due_on, row)


def _not_written(review, day, today):
    if review.answered_at:
        return _("not needed: the review was sent in")
    if not review.is_awaited:
        return _("not needed: the review closed")
    if day > today:
        return _("goes on %(date)s") % {"date": _date(day)}
    return _("not recorded yet: the day's work does it, unless the partner is paused")


def _date(day):
    return day.strftime("%-d %B %Y")
