import datetime
import signal

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from oiep import health, tasks
from tests.factories import OutgoingEmailFactory


@pytest.fixture(autouse=True)
def no_redis(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1"


@pytest.mark.django_db
def test_redis_is_told_of_when_it_answers(client, redis, settings):
    settings.REDIS_URL = redis.url
    assert client.get("/health/ready").json()["redis"] is True
    redis.send_signal(signal.SIGSTOP)  # frozen: the answer comes all the same
    try:
        answer = client.get("/health/ready")
    finally:
        redis.send_signal(signal.SIGCONT)
    assert (answer.status_code, answer.json()["redis"]) == (200, False)


@pytest.mark.django_db
def test_nothing_due_and_a_tick_just_now_is_healthy(client, time_machine):
    time_machine.move_to("2027-03-01 09:00Z", tick=False)
    tasks.send_mail(tick=True)
    answer = client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "redis": False, "oldest_due_mail": None, "last_tick": 0, "late": []}


@pytest.mark.django_db
def test_ages_are_of_the_oldest_due_mail_and_of_the_scheduler(client, time_machine):
    time_machine.move_to("2027-03-01 09:00Z", tick=False)
    now = timezone.now()
    tasks.send_mail(tick=True)
    OutgoingEmailFactory(due_at=now + datetime.timedelta(seconds=100))
    OutgoingEmailFactory(sent=True, due_at=now - datetime.timedelta(days=2))
    time_machine.move_to("2027-03-01 09:05Z", tick=False)
    ages = {"oldest_due_mail": 200, "last_tick": 300, "late": []}
    assert health.ready() == {"ready": True, "redis": False, **ages}
    time_machine.move_to("2027-03-01 09:06:41Z", tick=False)
    ages = {"oldest_due_mail": 301, "last_tick": 401, "late": ["mail", "scheduler"]}
    assert health.ready() == {"ready": True, "redis": False, **ages}
    assert client.get("/health/ready").status_code == 200  # pages can be served all the same


@pytest.mark.django_db
def test_nudge_is_no_tick():
    tasks.send_mail()
    assert health.ready()["last_tick"] is None
    assert health.ready()["late"] == ["scheduler"]


@pytest.mark.django_db
def test_database_away_is_not_ready_and_still_live(client):
    def refuse(execute, *args):
        raise OperationalError("server closed the connection unexpectedly")

    with connection.execute_wrapper(refuse):
        answer = client.get("/health/ready")
        assert answer.status_code == 503
        assert answer.json() == {"ready": False}
        assert client.get("/health/live").json() == {"live": True}
