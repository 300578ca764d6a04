"""Whatever counts an event's places locks its row first: of many who ask at once each sees what the last one did."""

from events.models import Event


def lock_event(event):
    """The event's row, locked until the transaction ends."""
    return Event.objects.select_for_update(of=("self",)).get(pk=event.pk)
