from celery import shared_task

from desk.actions import imports, long_lists, messages


@shared_task
def tick():
    """Writes the next part of messages that are being sent, and asks organisations from lists; with no state."""
    messages.feed_all()
    imports.feed_confirmations()


@shared_task
def work_on_lists():
    """Reads, checks, brings in and undoes long lists; with no state."""
    long_lists.work_on_lists()
