"""What the desk looks out for among events."""

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from events.models import Event, Nomination
from oiep.watch import Figure, Section, register

register(
    Figure(
        "nomination-waits",
        Section.MEND,
        (_("nomination for an award waiting for you"), _("nominations for awards waiting for you")),
        lambda: Nomination.objects.submitted().filter(withdrawn_at=None),
        _("Decide on it."),
    ),
    Figure(
        "overbooked",
        Section.NEVER,
        (_("event with more people than places"), _("events with more people than places")),
        lambda: Event.objects.with_held().filter(held__gt=F("capacity"), cancelled_at=None),
        _("Raise its places, or write to those who booked last."),
        "red",
    ),
)
