from celery import shared_task

from desk.actions import imports, messages


@shared_task
def tick():
    """Writes the next part of messages that are being sent, and asks organisations from lists; with no state."""
    messages.feed_all()
    imports.feed_confirmations()
