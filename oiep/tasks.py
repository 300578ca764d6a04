from celery import shared_task

from oiep import email


@shared_task
def send_mail():
    """Sends the mail that is due; a tick, with no state of its own."""
    email.send_due()
