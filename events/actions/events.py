"""Publishing an event, changing it and cancelling it."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from events.actions import letters
from events.actions.bookings import offer_free_places
from events.actions.locking import lock_event
from oiep import audit
from oiep.moderation import NotPossible

# A calendar that shows the event must show a change to one of these.
IN_CALENDARS = frozenset({"title", "starts_at", "ends_at", "place", "online_url"})


@transaction.atomic
def publish_event(*, event, actor):
    """Shows an event to the public. Returns it. Raises NotPossible when it is public already."""
    event = lock_event(event)
    if event.published_at:
        raise NotPossible(_("This event is public already."))
    event.published_at = timezone.now()
    event.save(update_fields=["published_at", "changed_at"])
    audit.record(verb="event.published", subject=event, actor=actor)
    return event


@transaction.atomic
def save_event(*, event, fields, actor):
    """Writes changed fields of an event, which `event` holds already.

    A change that calendars must show raises its `sequence`, and everybody who has or waits for a place is told. More
    places go to the waiting list. Returns the event as it is now. Raises ValidationError when there would be fewer
    places than are booked or offered.
    """
    now = lock_event(event)
    fields = {name for name in fields if getattr(now, name) != getattr(event, name)}
    before = {"when": now.when, "place": now.place}
    for name in fields:
        setattr(now, name, getattr(event, name))
    check_capacity(now)
    is_told = now.published_at and not now.cancelled_at and not now.is_over() and fields & IN_CALENDARS
    if now.published_at and fields & IN_CALENDARS:
        now.sequence += 1
    if fields:
        now.save(update_fields=[*fields, "sequence", "changed_at"])
        audit.record(verb="event.changed", subject=now, actor=actor, fields=sorted(fields))
    if is_told:
        letters.event_changed(now, fields, before)
    if fields & {"capacity", "starts_at", "bookings_close_at"}:
        offer_free_places(now)
    return now


def check_capacity(event):
    """Raises ValidationError when an event has fewer places than are booked or offered."""
    if event.pk and event.capacity is not None and event.capacity < event.held:
        raise ValidationError(
            {
                "capacity": _(
                    "%(held)d places are booked or offered. Write %(held)d or more, or cancel some bookings first."
                )
                % {"held": event.held}
            }
        )


@transaction.atomic
def cancel_event(*, event, why, actor):
    """Cancels an event, for good. Its page stays and says so, and who has or waits for a place is told. Returns it.

    why: what the public reads. Raises NotPossible for one that is not public, over, or cancelled already.
    """
    event = lock_event(event)
    if event.cancelled_at:
        raise NotPossible(_("This event is cancelled already."))
    if not event.published_at:
        raise NotPossible(_("This event is not public, so nobody needs to be told. Leave it as it is."))
    if event.is_over():
        raise NotPossible(_("This event is over, so it cannot be cancelled any more."))
    event.cancelled_at, event.cancelled_why = timezone.now(), why.strip()
    event.sequence += 1
    event.full_clean(exclude=["slug"])
    event.save(update_fields=["cancelled_at", "cancelled_why", "sequence", "changed_at"])
    audit.record(verb="event.cancelled", subject=event, actor=actor, note=event.cancelled_why)
    letters.event_cancelled(event)
    return event
