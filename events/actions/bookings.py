"""Booking places at an event, waiting for them, and giving them back.

No more places are ever held than there are: each action locks the event's row and counts anew. Free places go to the
first on the waiting list for whom there are enough (docs/decisions/0018).
"""

import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.actions import letters
from events.actions.locking import lock_event
from events.models import Event, Registration
from oiep import audit
from oiep.limits import seconds_to_wait
from oiep.locks import lock_on
from oiep.moderation import NotPossible

State = Registration.State
LIVE = (State.BOOKED, State.WAITING, State.OFFERED)


class Expired(NotPossible):
    """The link to confirm was not used in time. The message may be shown to a user."""


class TooMany(NotPossible):
    """More bookings from one place than may be made at a time. The message may be shown to a user."""


@transaction.atomic
def book(*, event, values, source, user=None):
    """Takes a booking in. Returns it; where the address has one already, that one.

    values: the fields of a Registration that a person fills in, the address in our one spelling. source:
    `oiep.limits.source_of` the request. user: who is signed in; their own address needs no confirmation. Everybody else
    gets a link to confirm by e-mail, and where there is a booking already its owner is told so, by e-mail as well: the
    page is the same. Raises NotPossible when bookings have closed, TooMany after too many from one source.
    """
    lock_on(f"bookings from {source}")
    _hold_to_limit(source)
    event = lock_event(event)
    require_open(event)
    is_known = user is not None and user.is_authenticated and user.email == values["email"]
    if booked := live(event, values["email"]):
        if not is_known:
            letters.already(booked)
        return booked
    booking = event.registrations.filter(state=State.UNCONFIRMED, email=values["email"]).first()
    booking = booking or Registration(event=event)
    for name, value in {**values, "source": source, "created_at": timezone.now()}.items():
        setattr(booking, name, value)
    booking.full_clean(exclude=["event"])
    booking.save()
    if is_known:
        return settle(event, booking)
    letters.confirm(booking)
    return booking


def _hold_to_limit(source):
    if seconds_to_wait(Registration.objects.filter(source=source), "created_at", *settings.EVENT_LIMITS_BY_SOURCE):
        raise TooMany(
            _("There were many bookings from your network in a short time. Keep this page open and try again later.")
        )


def require_open(event):
    """Raises NotPossible, saying why, when no place can be booked at an event any more."""
    if event.cancelled_at:
        raise NotPossible(_("This event is cancelled."))
    if not event.is_open_for_bookings():
        raise NotPossible(_("Bookings for this event have closed."))


def live(event, email):
    return event.registrations.filter(email=email, state__in=LIVE).first()


@transaction.atomic
def confirm_booking(*, booking):
    """Gives a booking its places or, if there are not enough, a place on the waiting list. Twice is once.

    Returns the booking, or the one that its address had already. Raises Expired, and NotPossible when bookings have
    closed.
    """
    event, booking = locked(booking)
    if booking.state != State.UNCONFIRMED:
        return booking
    if booking.has_expired():
        raise Expired(_("This link was not used in time. Book again."))
    require_open(event)
    if booked := live(event, booking.email):
        booking.delete()
        return booked
    return settle(event, booking)


def locked(booking):
    event = lock_event(booking.event)
    booking = Registration.objects.select_for_update(of=("self",)).get(pk=booking.pk)
    booking.event = event
    return event, booking


def settle(event, booking):
    """Books, or puts on the waiting list, a booking whose address is known; the caller holds the event's lock.

    Places that came free by another way, such as an erasure, go to those who wait first.
    """
    offer_free_places(event)
    booking.confirmed_at = timezone.now()
    has_room = event.capacity is None or booking.places <= event.places_left
    if has_room:
        booking.state = State.BOOKED
    else:
        booking.state, booking.queued_at = State.WAITING, booking.confirmed_at
    booking.save()
    audit.record(verb=f"registration.{booking.state}", subject=booking, event=event.pk, places=booking.places)
    if has_room:
        letters.booked(booking)
        letters.filled(event)
    else:
        letters.waiting(booking)
    return booking


def number_in_line(booking):
    """Which on the waiting list it is, from 1."""
    return booking.event.registrations.waiting().filter(queued_at__lt=booking.queued_at).count() + 1


# Offers ---------------------------------------------------------------------------------------


def offer_free_places(event):
    """Offers free places to the first who wait for no more than there are; the caller holds the event's lock."""
    if not event.is_open_for_bookings():
        return
    while True:
        waiting = event.registrations.waiting()
        if event.capacity is not None:
            waiting = waiting.filter(places__lte=event.places_left)
        if not (booking := waiting.first()):
            return
        booking.event = event
        booking.state, booking.offered_until = State.OFFERED, offered_until(event)
        booking.save(update_fields=["state", "offered_until"])
        audit.record(verb="registration.offered", subject=booking, event=event.pk, places=booking.places)
        letters.offered(booking)
        letters.filled(event)


def offered_until(event, now=None):
    """Until when an offer lasts: EVENT_OFFER_HOURS, and near the event a quarter of the time that is left to book."""
    now = now or timezone.now()
    closes_at = event.bookings_close_at or event.starts_at
    return now + min(datetime.timedelta(hours=settings.EVENT_OFFER_HOURS), (closes_at - now) / 4)


@transaction.atomic
def accept_offer(*, booking):
    """Books the places that were offered. A second time changes nothing. Returns the booking.

    Raises NotPossible when the offer has lapsed, or the event is cancelled.
    """
    event, booking = locked(booking)
    if booking.state == State.BOOKED:
        return booking
    if event.cancelled_at:
        raise NotPossible(_("This event is cancelled."))
    if booking.state != State.OFFERED or booking.offered_until <= timezone.now():
        raise NotPossible(_("The offer has run out, and the places have gone to the next in line."))
    give_place(booking)
    booking.save(update_fields=["state", "offered_until", "reminded_for"])
    audit.record(verb="registration.booked", subject=booking, event=event.pk, places=booking.places)
    letters.booked(booking)
    return booking


def give_place(booking):
    """Makes who waited somebody who comes. So near the event that reminders go, our message that they do is one."""
    booking.state, booking.offered_until = State.BOOKED, None
    if booking.event.starts_at - timezone.now() < datetime.timedelta(hours=settings.EVENT_REMINDER_HOURS):
        booking.reminded_for = booking.event.starts_at


@transaction.atomic
def wait_again(*, booking):
    """Puts somebody whose offer lapsed at the end of the waiting list, or books them if there is room. Returns it.

    Raises NotPossible when bookings have closed, or the booking is not one that lapsed.
    """
    event, booking = locked(booking)
    if booking.state != State.LAPSED:
        raise NotPossible(_("This booking is not one whose offer ran out."))
    require_open(event)
    if booked := live(event, booking.email):
        return booked
    booking.ended_at = booking.offered_until = None
    return settle(event, booking)


def lapse_offers(now=None):
    """Ends the offers that nobody answered in time, and offers their places to the next. Returns how many ended.

    Each event is done in a transaction of its own.
    """
    now = now or timezone.now()
    overdue = Registration.objects.filter(state=State.OFFERED, offered_until__lte=now)
    count = 0
    for pk in overdue.order_by("event").values_list("event", flat=True).distinct():
        with transaction.atomic():
            event = lock_event(Event(pk=pk))
            for booking in overdue.filter(event=event).select_for_update(of=("self",)):
                booking.event = event
                _end(booking, State.LAPSED)
                letters.lapsed(booking)
                count += 1
            offer_free_places(event)
    return count


# Changing and giving back ---------------------------------------------------------------------


@transaction.atomic
def change_booking(*, booking, values):
    """Changes what a person said, and for how many they come. Returns the booking.

    values: as of `book`, without the address. Fewer places free the others at once. Raises NotPossible when there is no
    room for more, or when the booking or the event is over.
    """
    event, booking = locked(booking)
    _require_running(event, booking)
    more = values["places"] - booking.places
    if more > 0 and booking.state != State.WAITING and event.capacity is not None and more > event.places_left:
        left = event.places_left
        raise NotPossible(
            ngettext("There is only %(n)d more place.", "There are only %(n)d more places.", left) % {"n": left}
            if left
            else _("There are no more places. Your booking stays as it was.")
        )
    for name, value in values.items():
        setattr(booking, name, value)
    booking.full_clean(exclude=["event"])
    booking.save(update_fields=list(values))
    audit.record(verb="registration.changed", subject=booking, event=event.pk, places=booking.places)
    if more > 0:
        letters.filled(event)
    offer_free_places(event)
    return booking


@transaction.atomic
def cancel_booking(*, booking, actor=None, why=""):
    """Gives a booking's places back. A second time changes nothing. Returns the booking.

    actor: the organiser, where it is not the person themselves. Raises NotPossible once the event is over.
    """
    event, booking = locked(booking)
    if booking.state in booking.OVER:
        return booking
    if event.is_over():
        raise NotPossible(_("This event is over."))
    was_booked = booking.state == State.BOOKED
    _end(booking, State.CANCELLED, actor=actor, note=why)
    letters.cancelled(booking, was_booked=was_booked, by_organiser=actor is not None)
    offer_free_places(event)
    return booking


def _require_running(event, booking):
    if booking.state in booking.OVER:
        raise NotPossible(_("This booking is cancelled. Book again if you want to come."))
    if event.cancelled_at:
        raise NotPossible(_("This event is cancelled."))
    if event.is_over():
        raise NotPossible(_("This event is over."))


def _end(booking, state, *, actor=None, note=""):
    booking.state, booking.ended_at = state, timezone.now()
    booking.save(update_fields=["state", "ended_at"])
    audit.record(verb=f"registration.{state}", subject=booking, actor=actor, note=note, event=booking.event_id)
