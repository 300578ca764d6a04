from celery import shared_task

from events.actions import daily


@shared_task
def tick():
    """Ends offers of places that ran out, and reminds those whose event is near; with no state of its own."""
    daily.run_tick()
