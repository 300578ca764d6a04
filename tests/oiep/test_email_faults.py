"""Bad days, with real processes: a worker is killed, Redis is missing or frozen."""

import os
import signal
import subprocess
import sys
import time

import pytest
from django.utils import timezone

from oiep import email, local
from oiep.models import OutgoingEmail
from tests.factories import OutgoingEmailFactory
from tests.processes import python

State = OutgoingEmail.State

pytestmark = pytest.mark.django_db(transaction=True)


# Killed ---------------------------------------------------------------------------------------


def test_process_killed_between_acceptance_and_note_is_flagged_and_sends_the_same_message_id(sink, environment):
    row = OutgoingEmailFactory()
    process = python("manage.py", "send_mail_queue", env=environment)
    sink.on_accept = lambda message: process.kill()
    assert process.wait(30) == -signal.SIGKILL
    row.refresh_from_db()
    assert (row.state, row.attempts, row.uncertain) == (State.SENDING, 1, False)

    sink.on_accept = lambda message: None
    assert local._wait(lambda: row.lease_until < timezone.now(), seconds=5)
    subprocess.run([sys.executable, "manage.py", "send_mail_queue"], cwd=local.ROOT, env=environment, check=True)
    row.refresh_from_db()
    assert (row.state, row.attempts, row.uncertain) == (State.SENT, 2, True)
    assert sink.times_accepted() == {row.message_id: 2}


def test_fifty_messages_survive_workers_killed_in_the_middle(sink, environment, redis):
    rows = OutgoingEmailFactory.create_batch(50)
    environment["REDIS_URL"] = redis.url
    sink.on_accept = lambda message: time.sleep(0.02)

    def worker():
        return python("-m", "celery", "-A", "oiep", "-q", "worker", "-c", "2", "--loglevel", "error", env=environment)

    def tick(times):
        code = f"from oiep.tasks import send_mail; [send_mail.delay(tick=True) for _n in range({times})]"
        subprocess.run(
            [sys.executable, "-c", f"import django; django.setup(); {code}"],
            cwd=local.ROOT, env=environment, check=True,
        )  # fmt: skip

    first = worker()
    try:
        tick(2)
        assert local._wait(lambda: len(sink.accepted) >= 15, seconds=30)
    finally:
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()
    left_in_the_air = OutgoingEmail.objects.filter(state=State.SENDING).count()
    assert OutgoingEmail.objects.exclude(state=State.SENT).exists()
    assert left_in_the_air <= 2

    second = worker()
    try:
        tick(2)
        assert local._wait(lambda: not OutgoingEmail.objects.filter(state=State.WAITING).exists(), seconds=30)
        time.sleep(2)  # the leases of the dead run out
        tick(1)
        assert local._wait(lambda: not OutgoingEmail.objects.exclude(state=State.SENT).exists(), seconds=30)
    finally:
        second.terminate()
        second.wait(20)
    accepted = sink.times_accepted()
    assert set(accepted) == {row.message_id for row in rows}
    doubles = {name for name, times in accepted.items() if times > 1}
    flagged = {row.message_id for row in OutgoingEmail.objects.filter(uncertain=True)}
    assert doubles <= flagged
    assert len(flagged) == left_in_the_air


# Redis ----------------------------------------------------------------------------------------

# What pages do: each writes mail, commits, and answers. Redis is asked only when all have answered, so that one that
# waited for it would wait for ever. Prints how many answered, and the warnings.
PAGES = """
import django, os, threading
django.setup()
from django.db import transaction
from oiep import email
answered = 0
all_have_answered = threading.Event()
nudge = email.queueing._nudge

def nudge_in_the_end():
    if not all_have_answered.wait(30):
        os._exit(1)
    nudge()

email.queueing._nudge = nudge_in_the_end
for page in range(5):
    with transaction.atomic():
        email.queue(to=f"jo{page}@example.org", template="join_refused", context={})
    answered += 1
print(answered, flush=True)
all_have_answered.set()
email.queueing._nudging.acquire(timeout=30)
"""


@pytest.mark.parametrize("trouble", ["none", "missing", "frozen"])
def test_page_that_queues_mail_does_not_wait_for_redis_and_loses_nothing(sink, environment, redis, trouble):
    environment["REDIS_URL"] = redis.url
    if trouble == "missing":
        environment["REDIS_URL"] += ".not-there"
    elif trouble == "frozen":
        redis.send_signal(signal.SIGSTOP)
    pages = python("-c", PAGES, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    output, warnings = pages.communicate(timeout=60)
    assert pages.returncode == 0, warnings
    assert output == "5\n"
    assert warnings.count("No worker can be told of new mail") == (0 if trouble == "none" else 1)

    process = python("manage.py", "send_mail_queue", env=environment, stdout=subprocess.PIPE, text=True)
    assert process.communicate(timeout=60)[0] == "5 sent.\n"
    assert sorted(message["To"] for message in sink.accepted) == [f"jo{n}@example.org" for n in range(5)]
    assert email.claim() is None
