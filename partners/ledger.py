"""What we wrote about recognitions that expire, and what we did not write and why: the ledger in plain words."""

from dataclasses import dataclass

from django.contrib.contenttypes.models import ContentType
from django.utils.translation import gettext_lazy

from oiep.ledger import what_became_of
from oiep.models import OutgoingEmail
from partners.models import Recognition

_STEPS = {
    "soon": gettext_lazy("it expires soon"),
    "week": gettext_lazy("a week left"),
    "expiry": gettext_lazy("it expires"),
}


@dataclass(frozen=True)
class Entry:
    """A step of asking for a renewal, and what became of it."""

    label: str
    what: str


def ledgers_of(recognitions):
    """The ledgers of recognitions, by their key, in one query: each a list of entries in the order of the steps."""
    ledgers = {recognition.pk: [] for recognition in recognitions}
    if not ledgers:
        return ledgers
    rows = OutgoingEmail.objects.filter(
        subject_type=ContentType.objects.get_for_model(Recognition),
        subject_id__in=[str(pk) for pk in ledgers],
        key__startswith="recognition/",
    ).defer("text")
    steps = list(_STEPS)
    for row in sorted(rows, key=lambda row: steps.index(_step_of(row))):
        ledgers[int(row.subject_id)].append(Entry(_STEPS[_step_of(row)], what_became_of(row)))
    return ledgers


def _step_of(row):
    return row.key.rpartition("/")[2]
