"""What is done by the clock: offers that nobody answered, reminders, and what we keep of who came no longer."""

import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from events.actions import letters
from events.actions.awards.telling import nominations_to_tell, tell_results
from events.actions.bookings import lapse_offers, offer_free_places
from events.actions.judging import judges_to_remind, remind_judge
from events.actions.locking import lock_event
from events.actions.votes import forget_vote_requests
from events.models import Event, Registration
from events.personal import forget
from oiep import audit
from oiep import email as mail
from oiep.daily import each
from oiep.models import OutgoingEmail
from oiep.rounds import add_months

State = Registration.State


def run_tick(now=None):
    """Ends offers that ran out, makes new ones, reminds who comes and who judges, and tells nominees who won. Returns
    name → how many.

    Running it twice, or after a pause, does the right thing: a reminder goes once, and none after the event began.
    """
    now = now or timezone.now()
    done = {"failed": 0, "lapsed": lapse_offers(now)}
    done["offered"] = each(events_with_waiting(now), lambda event: offer(event=event), done)
    done["reminded"] = each(bookings_to_remind(now), lambda booking: remind(booking=booking, now=now), done)
    done["judges"] = each(judges_to_remind(now), lambda judge: remind_judge(judge=judge, now=now), done)
    forget_vote_requests(now)
    done["told"] = each(nominations_to_tell(now), lambda one: tell_results(nomination=one, now=now), done)
    return done


def events_with_waiting(now):
    """Events to come for which somebody waits."""
    waiting = Registration.objects.filter(state=State.WAITING).values("event")
    return Event.objects.filter(starts_at__gt=now, cancelled_at=None, pk__in=waiting)


@transaction.atomic
def offer(*, event):
    """Offers places that came free by another way, such as an erasure. Returns whether there were any."""
    event = lock_event(event)
    before = event.registrations.waiting().count()
    offer_free_places(event)
    return event.registrations.waiting().count() < before


def bookings_to_remind(now):
    """Places at events that begin within EVENT_REMINDER_HOURS, of who booked before that and was not reminded."""
    ahead = datetime.timedelta(hours=settings.EVENT_REMINDER_HOURS)
    near = Registration.objects.booked().filter(
        event__starts_at__gt=now,
        event__starts_at__lte=now + ahead,
        event__starts_at__gte=F("confirmed_at") + ahead,
        event__cancelled_at=None,
    )
    return near.filter(Q(reminded_for=None) | ~Q(reminded_for=F("event__starts_at")))


@transaction.atomic
def remind(*, booking, now=None):
    """Reminds somebody of an event, if they still come and were not reminded. Returns whether a message was written."""
    booking = Registration.objects.select_for_update(of=("self",)).select_related("event").get(pk=booking.pk)
    if not bookings_to_remind(now or timezone.now()).filter(pk=booking.pk).exists():
        return False
    booking.reminded_for = booking.event.starts_at
    booking.save(update_fields=["reminded_for"])
    return letters.reminder(booking) is not None


def attendees_to_forget(today):
    """Who booked for events that ended EVENT_ATTENDEE_MONTHS ago or longer (product.md, *Privacy*).

    And what nobody has confirmed for CONFIRMATION_DAYS: the address may be of somebody who never asked.
    """
    limit = add_months(today, -settings.EVENT_ATTENDEE_MONTHS)
    unconfirmed = today - datetime.timedelta(days=settings.CONFIRMATION_DAYS)
    return Registration.objects.filter(
        Q(event__ends_at__date__lt=limit) | Q(state=State.UNCONFIRMED, created_at__date__lt=unconfirmed),
        forgotten_at=None,
    )


@transaction.atomic
def forget_attendee(*, booking, today):
    """Erases who booked, if it is time; for how many they booked and came stays, a number. Returns whether it was."""
    booking = Registration.objects.select_for_update(of=("self",)).filter(pk=booking.pk).first()
    if booking is None or not attendees_to_forget(today).filter(pk=booking.pk).exists():
        return False
    mail.forget(OutgoingEmail.objects.about(booking))
    if booking.state == State.UNCONFIRMED:
        booking.delete()
        return True
    forget(Registration.objects.filter(pk=booking.pk))
    audit.trail(booking).update(note="")
    return True
