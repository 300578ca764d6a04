"""What partners won, from the moment of the announcement on and not a second earlier."""

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from events.models import Nomination
from oiep.changes import remembered


def honours_of(partner):
    """What a partner won, the newest first, with each category and its round."""
    return _honours().get(partner.pk, ())


@remembered(by_the_clock=True)
def _honours():
    """Of each partner that won something: a few every year."""
    rows = Nomination.objects.placed().select_related("category__round")
    found = {}
    for row in rows.order_by("-category__round__year", "place", "category__order"):
        found.setdefault(row.partner_id, []).append(row)
    return found


def honours_of_rounds(rounds, now=None):
    """The winners of rounds, by the round's key."""
    rows = Nomination.objects.winners(now).filter(category__round__in=rounds)
    found = {}
    for row in rows.select_related("category", "partner").order_by("category__order", "category", "pk"):
        found.setdefault(row.category.round_id, []).append(row)
    return found


def as_history(honours):
    """The same as events of a track record (`pledges.track_record`)."""
    return [
        {
            "date": timezone.localdate(row.category.round.announced_at),
            "title": _title(row) % {"category": row.category, "awards": row.category.round},
            "text": "",
            "url": reverse("awards-year", args=[row.category.round.year]),
        }
        for row in honours
    ]


def _title(row):
    return (
        _("Won “%(category)s” in the %(awards)s")
        if row.is_winner
        else _("Highly commended in “%(category)s”, %(awards)s")
    )
