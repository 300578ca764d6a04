"""Whatever counts an event's places locks its row first: of many who ask at once each sees what the last one did.

So does what is scored and decided in a year's awards: nothing is scored while, or after, it is decided.
"""

from events.models import AwardRound, Event


def lock_event(event):
    """The event's row, locked until the transaction ends."""
    return Event.objects.select_for_update(of=("self",)).get(pk=event.pk)


def lock_round(round):
    """The row of a year's awards, locked until the transaction ends. What refers to it can be written meanwhile."""
    return AwardRound.objects.select_for_update(of=("self",), no_key=True).get(pk=round.pk)
