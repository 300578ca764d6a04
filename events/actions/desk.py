"""What who runs an event does about those who come: books for somebody, lets somebody in, writes to all."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from events.actions import letters
from events.actions.bookings import give_place, live, locked, settle
from events.actions.locking import lock_event
from events.models import Registration
from oiep import audit
from oiep import email as mail
from oiep.moderation import NotPossible

State = Registration.State


@transaction.atomic
def add_by_hand(*, event, values, actor):
    """Books for somebody who telephoned or stands at the door; they need no e-mail address. Returns the booking.

    values: as of `bookings.book`. Also after bookings have closed, until the event is over. Where there is no room they
    go on the waiting list while bookings are open. Raises NotPossible when that is not possible either, or when the
    address has a booking already.
    """
    event = lock_event(event)
    if event.cancelled_at:
        raise NotPossible(_("This event is cancelled."))
    if event.is_over():
        raise NotPossible(_("This event is over."))
    if values["email"] and live(event, values["email"]):
        raise NotPossible(_("There is a booking with this e-mail address already."))
    has_room = event.capacity is None or values["places"] <= event.places_left
    if not has_room and not event.is_open_for_bookings():
        raise NotPossible(_("There is no room, and bookings have closed. You can raise the number of places."))
    booking = Registration(event=event, **values)
    booking.full_clean(exclude=["event"])
    audit.record(verb="registration.by_hand", subject=booking, actor=actor, event=event.pk)
    return settle(event, booking)


@transaction.atomic
def let_in(*, booking, why, add_places, actor):
    """Books for somebody on the waiting list before those in front of them. Returns the booking.

    why: for the trail. add_places: whether the event gets the places that are missing. Raises NotPossible when there
    are too few and none are added, or when they do not wait any more.
    """
    event, booking = locked(booking)
    if booking.state not in (State.WAITING, State.OFFERED):
        raise NotPossible(_("They are not on the waiting list any more."))
    if event.cancelled_at:
        raise NotPossible(_("This event is cancelled."))
    if event.is_over():
        raise NotPossible(_("This event is over."))
    if booking.state == State.WAITING and event.capacity is not None:
        _make_room(event, booking.places - event.places_left, add_places=add_places, actor=actor)
    give_place(booking)
    booking.confirmed_at = booking.confirmed_at or timezone.now()
    booking.save(update_fields=["state", "offered_until", "reminded_for", "confirmed_at"])
    audit.record(verb="registration.let_in", subject=booking, actor=actor, note=why, event=event.pk)
    letters.booked(booking)
    letters.filled(event)
    return booking


def _make_room(event, missing, *, add_places, actor):
    if missing <= 0:
        return
    if not add_places:
        raise NotPossible(_("There are not enough free places. Tick the box below to add them."))
    event.capacity += missing
    event.save(update_fields=["capacity", "changed_at"])
    audit.record(verb="event.changed", subject=event, actor=actor, fields=["capacity"])


@transaction.atomic
def write_to_all(*, event, key, subject, text, also_waiting, actor):
    """Writes one message to everybody who has a place. Returns to how many; pressing twice with one key writes once.

    also_waiting: to those on the waiting list as well.
    """
    event = lock_event(event)
    states = [State.BOOKED, *([State.WAITING, State.OFFERED] if also_waiting else [])]
    count = 0
    for booking in event.registrations.filter(state__in=states).exclude(email="").iterator():
        booking.event = event
        count += letters.message(booking, key=key, subject=subject, text=text)
    if count:
        audit.record(verb="event.written_to", subject=event, actor=actor, count=count)
        transaction.on_commit(mail.nudge, robust=True)
    return count
