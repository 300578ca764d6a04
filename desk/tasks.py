from celery import shared_task

from desk.actions import messages


@shared_task
def tick():
    """Writes the next part of messages that are being sent; with no state of its own."""
    messages.feed_all()
