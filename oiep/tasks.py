from celery import shared_task

from oiep import email, health


@shared_task
def send_mail(tick=False):
    """Sends the mail that is due. tick: the scheduler asks, not somebody who has just written one."""
    if tick:
        health.note_tick()
    email.send_due()
