from celery import shared_task

from pledges.actions import signing


@shared_task
def forget_unconfirmed_signings():
    """Deletes signings that nobody finished or confirmed in time."""
    signing.forget()
