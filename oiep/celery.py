import os

from celery import Celery
from celery.signals import beat_init, celeryd_init, task_prerun

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "oiep.settings")

app = Celery("oiep")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@celeryd_init.connect
@beat_init.connect
def start_embedded_redis(**kwargs):
    """A worker or scheduler started by hand on a machine without Redis brings its own."""
    from django.conf import settings

    from oiep import local

    if local.redis_url() == settings.REDIS_URL:
        local.start_redis()


@task_prerun.connect
def number_lines_of_the_task(task_id=None, **kwargs):
    from oiep import tracing

    tracing.for_task(task_id)
