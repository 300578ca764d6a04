"""Who came: pressed at the door, on several telephones at once, some of which lose their connection."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from events.models import Registration
from oiep import audit
from oiep.moderation import NotPossible


@transaction.atomic
def check_in(*, booking, arrived, actor, key=""):
    """Says for how many of a booking's places somebody has come; 0 takes a check-in back. Returns the booking.

    arrived: all of them, not those who came just now, so that two people who check in the same person count them once.
    key: of one press. A telephone sends it again until it has our answer; what was done with it is not done twice, so
    that a late one does not undo what was pressed since. Raises NotPossible when that many have no place.
    """
    booking = Registration.objects.select_for_update(of=("self",)).select_related("event").get(pk=booking.pk)
    if key and audit.trail(booking).filter(verb="registration.arrived", data__key=key).exists():
        return booking
    if booking.event.cancelled_at:
        raise NotPossible(_("This event is cancelled."))
    if booking.state != Registration.State.BOOKED:
        raise NotPossible(_("Nothing is booked for this person any more."))
    if not 0 <= arrived <= booking.places:
        raise NotPossible(_("The booking is for %(n)d.") % {"n": booking.places})
    if key or booking.arrived != arrived:
        audit.record(
            verb="registration.arrived",
            subject=booking,
            actor=actor,
            event=booking.event_id,
            arrived=arrived,
            was=booking.arrived,
            key=key,
        )
    if booking.arrived != arrived:
        booking.arrived = arrived
        booking.checked_in_at = (booking.checked_in_at or timezone.now()) if arrived else None
        booking.save(update_fields=["arrived", "checked_in_at"])
    return booking
