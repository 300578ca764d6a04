"""What we write to those who book, and to who runs an event. What must go once has a key in the one ledger."""

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from events.calendars import entry_for
from events.models import Registration
from oiep import email as mail

FILLED = (100, 80, 50)  # per cent, at which the organiser is told


def _write(booking, template, *, key=None, calendar="", hurry=True, reply_to="", **context):
    if not booking.email:
        return None  # booked by telephone, by somebody who has no address
    return mail.queue(
        to=booking.email,
        template=template,
        context={"booking": booking, "event": booking.event, **context},
        key=key and f"event/{booking.event_id}/{key}",
        about=booking,
        language=booking.language,
        reply_to=reply_to,
        calendar=calendar,
        unproven=booking.state == Registration.State.UNCONFIRMED,
        hurry=hurry,
    )


def confirm(booking):
    _write(booking, "event_confirm")


def already(booking):
    """Once a day, so that nobody floods another's mailbox by booking with their address."""
    _write(booking, "event_already", key=f"already/{booking.pk}/{timezone.localdate()}")


def booked(booking):
    _write(booking, "event_booked", calendar=entry_for(booking, now=timezone.now()))


def waiting(booking):
    _write(booking, "event_waiting")


def offered(booking):
    _write(booking, "event_offered")


def lapsed(booking):
    _write(booking, "event_lapsed")


def cancelled(booking, *, was_booked, by_organiser):
    if booking.confirmed_at is None:
        return  # nobody has told us that the address is theirs
    calendar = entry_for(booking, now=timezone.now()) if was_booked else ""
    _write(booking, "event_given_back", calendar=calendar, by_organiser=by_organiser)


def event_changed(event, fields, before):
    """Tells everybody who has or waits for a place, once for each change that a calendar must show.

    before: its `when` and its `place`, as they were.
    """
    what = {"moved": {"starts_at", "ends_at"}, "place": {"place"}, "link": {"online_url"}}
    _tell_all(event, "event_changed", before=before, **{name: bool(of & {*fields}) for name, of in what.items()})


def event_cancelled(event):
    _tell_all(event, "event_cancelled")


def _tell_all(event, template, **context):
    states = (Registration.State.BOOKED, Registration.State.WAITING, Registration.State.OFFERED)
    for booking in event.registrations.filter(state__in=states).iterator():
        booking.event = event
        calendar = entry_for(booking, now=timezone.now()) if booking.state == Registration.State.BOOKED else ""
        key = f"{event.sequence}/{booking.pk}"
        _write(booking, template, key=key, calendar=calendar, hurry=False, **context)
    transaction.on_commit(mail.nudge, robust=True)


def filled(event):
    """Tells the organiser when half, four fifths and all places are taken, each once, even if they empty again."""
    if not event.capacity:
        return
    reached = [share for share in FILLED if event.held * 100 >= share * event.capacity]
    keys = [f"event/{event.pk}/filled/{share}" for share in reached]
    if keys:
        mail.queue(
            to=event.organiser.email if event.organiser else settings.CONTACT_EMAIL,
            template="event_filled",
            context={"event": event, "share": reached[0], "waiting": event.registrations.waiting().places()},
            key=keys[0],
            about=event,
        )
        reason = str(_("More places were taken at once."))
        mail.skip(templates=dict.fromkeys(keys[1:], "event_filled"), reason=reason, about=event)


def reminder(booking):
    """Once for each time at which the event is to begin: one that moves is announced again."""
    return _write(booking, "event_reminder", key=f"{booking.event.starts_at:%Y-%m-%dT%H:%MZ}/reminder/{booking.pk}")


def message(booking, *, key, subject, text):
    """What the organiser wrote to everybody. Returns whether it is new."""
    words = {"subject": subject, "text": text, "reply_to": settings.CONTACT_EMAIL, "hurry": False}
    return _write(booking, "event_message", key=f"message/{key}/{booking.pk}", **words) is not None


def feedback(booking):
    """Asks what somebody thought of an event, once. Returns whether it was asked now."""
    return _write(booking, "event_feedback", key=f"feedback/{booking.pk}", hurry=False) is not None
