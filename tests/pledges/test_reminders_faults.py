"""Bad mornings: two schedulers at once, an answer in the same moment, processes killed with -9, Redis restarted.

Each protection is shown to matter: without it, the same test finds what went wrong.
"""

import datetime
import json
import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter

import pytest
from django.db import connection
from django.utils import timezone

from oiep import audit, email, local
from oiep.models import AuditEvent, OutgoingEmail
from partners.models import Partner
from pledges.actions import answers, reminders
from pledges.actions.daily import run_day
from pledges.models import Review
from tests.factories import ManagerFactory, PartnerFactory, ReviewFactory, UserFactory
from tests.pledges.days import letters, newest, reminders_about
from tests.processes import python

pytestmark = pytest.mark.django_db(transaction=True)

State = OutgoingEmail.State


def days_ago(days):
    return timezone.localdate() - datetime.timedelta(days=days)


def review_due(days, **fields):
    """A review that was due so many days ago, and that nobody has been written to about."""
    noon = datetime.time(12, tzinfo=timezone.get_default_timezone())
    signed_at = datetime.datetime.combine(days_ago(365 + days), noon)
    partner = PartnerFactory(approved=True, lead=True, decided_at=signed_at, **fields)
    return ReviewFactory(partner=partner, round_on=days_ago(days))


def at_once(*functions):
    """Runs functions in threads, each with its own connection to the database. Returns what they return."""
    results = [None] * len(functions)
    barrier = threading.Barrier(len(functions), timeout=20)

    def call(number, function):
        try:
            barrier.wait()
            results[number] = function()
        finally:
            connection.close()

    threads = [threading.Thread(target=call, args=pair) for pair in enumerate(functions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    return results


# Two at once ----------------------------------------------------------------------------------


def test_two_schedulers_at_once_open_each_round_and_record_each_step_once():
    signed_at = timezone.now() - datetime.timedelta(days=360)
    partners = [PartnerFactory(approved=True, lead=True, decided_at=signed_at) for _n in range(25)]
    done = at_once(run_day, run_day, run_day)
    assert sum(d["failed"] for d in done) == 0
    assert sum(d["opened"] for d in done) == sum(d["recorded"] for d in done) == 25
    assert AuditEvent.objects.filter(verb="review.opened").count() == 25
    for partner in partners:
        steps = Counter(row.template for row in reminders_about(newest(partner)))
        assert steps == {"review_opened": 1, "review_week": 1}
    email.send_due()
    assert [len(letters(partner)) for partner in partners] == [1] * 25


@pytest.fixture
def without_unique_key(transactional_db):
    """The ledger without the database's promise that each key is there once."""
    table = OutgoingEmail._meta.db_table
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, table)
        (name,) = [name for name, c in constraints.items() if c["columns"] == ["key"] and c["unique"]]
        cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        yield
        cursor.execute(f"TRUNCATE {table}")
        cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" UNIQUE (key)')


@pytest.fixture
def without_lock(monkeypatch):
    """Two that remind at once both see the review before either has written: nothing makes one wait for the other."""
    barrier = threading.Barrier(2)

    def look(review):
        review = Review.objects.select_related("partner").get(pk=review.pk)
        barrier.wait(10)
        return review

    monkeypatch.setattr(reminders, "lock_review", look)
    in_step = threading.Barrier(2)
    write = reminders._write

    def write_together(*args):
        in_step.wait(10)
        write(*args)

    monkeypatch.setattr(reminders, "_write", write_together)


def mails_when_two_remind_at_once():
    review = review_due(0)
    earlier = {reminders.key_of(review, step): f"review_{step}" for step in ("opened", "week")}
    email.skip(templates=earlier, about=review, reason="Not here.")
    at_once(*[lambda: reminders.remind(review=review)] * 2)
    return reminders_about(review).filter(template="review_due").count()


def test_lock_alone_keeps_a_step_single(without_unique_key):
    assert mails_when_two_remind_at_once() == 1


def test_unique_key_alone_keeps_a_step_single(without_lock):
    assert mails_when_two_remind_at_once() == 1


def test_without_lock_and_unique_key_a_step_goes_twice(without_unique_key, without_lock):
    assert mails_when_two_remind_at_once() == 2


# An answer in the same moment -----------------------------------------------------------------


def test_answer_while_reminding_leaves_no_mail_after_it():
    orders = Counter()
    for _round in range(12):
        review = review_due(0)
        at_once(lambda: reminders.remind(review=review), lambda: answers.send_in(review=review))  # noqa: B023
        orders["reminded first" if reminders_about(review).filter(template="review_due").exists() else "answered"] += 1
        email.send_due()
        assert letters(review.partner) == []
    assert sum(orders.values()) == 12


def test_without_the_lock_the_mail_goes_after_the_answer(monkeypatch):
    review = review_due(0)
    seen, answered = threading.Event(), threading.Event()

    def look(review):
        review = Review.objects.select_related("partner").get(pk=review.pk)
        seen.set()
        answered.wait(10)
        return review

    def answer():
        seen.wait(10)
        answers.send_in(review=review)
        answered.set()

    monkeypatch.setattr(reminders, "lock_review", look)
    at_once(lambda: reminders.remind(review=review), answer)
    email.send_due()
    assert [step for _day, step in letters(review.partner)] == ["due"]


# Killed between any two statements ------------------------------------------------------------

# For a partner each: the day's work is done in a child that is killed before one of its statements; for the next one,
# before a later statement, and so on until one lives to the end. After each, the work is run to the end. Prints
# whether one lived. The arguments are `range`'s, of statements. With `torn`, opening a round is no transaction.
KILLED = """
import json, os, signal, sys
import django
django.setup()
from django.db import connection
from django.db.models import QuerySet
from pledges.actions import daily
from tests.pledges.test_reminders_faults import lapsing_partner

if sys.argv[1] == "torn":
    QuerySet.select_for_update = lambda self, *args, **kwargs: self
    daily.open_round = daily.open_round.__wrapped__

def killed(work, before=0):
    left = [before]
    def count(execute, *args):
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(*args)
    child = os.fork()
    if not child:
        with connection.execute_wrapper(count):
            work()
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or not status
    return os.WIFSIGNALED(status)

def finish():
    daily.run_day()

def begin_another():
    finish()
    lapsing_partner()

statements = range(*map(int, sys.argv[2:]))
lived = False
for number in statements:
    killed(begin_another)
    if not killed(daily.run_day, before=number):
        lived = True
        break
killed(finish)
print(json.dumps(lived))
"""


def lapsing_partner():
    """One day's work closes its missed review, opens the next, skips a step, writes a mail, and marks it as lapsed."""
    signed_at = timezone.now() - datetime.timedelta(days=600)
    name = f"Firm {Partner.objects.count()}"
    lead = UserFactory(email=f"{name.replace(' ', '')}@example.org")
    manager = ManagerFactory(email=f"m{name.replace(' ', '')}@example.org")
    partner = PartnerFactory(
        approved=True, name=name, lead=lead, review_months=6, decided_at=signed_at, decided_by=manager
    )
    ReviewFactory(partner=partner, round_on=days_ago(180))
    Partner.objects.filter(pk=partner.pk).update(next_round_on=days_ago(-4))


def kill_everywhere(environment, mode, statements):
    span = map(str, (statements.start, statements.stop, statements.step))
    driver = python("-c", KILLED, mode, *span, env=environment, stdout=subprocess.PIPE, text=True)
    output, _errors = driver.communicate(timeout=200)
    assert driver.returncode == 0
    return json.loads(output), [outcome(partner) for partner in Partner.objects.all()]


def outcome(partner):
    missed, *opened = partner.reviews.order_by("round_on")
    trail = audit.trail(partner, missed, *opened).values_list("verb", flat=True)
    return {
        "missed": missed.closing,
        "opened": [(review.closing, review.due_dates.count()) for review in opened],
        "lapsed": partner.lapsed_on == timezone.localdate(),
        "ledger": sorted(row for review in opened for row in reminders_about(review).values_list("template", "state")),
        "trail": sorted(trail),
    }


WHOLE = {
    "missed": "missed",
    "opened": [("", 1)],
    "lapsed": True,
    "ledger": [("review_opened", "not_sent"), ("review_week", "waiting")],
    "trail": ["partner.lapsed", "review.missed", "review.opened"],
}


# There are about fifty; the benchmarks try each of them.
def test_process_killed_between_two_statements_loses_and_doubles_nothing(environment):
    lived, outcomes = kill_everywhere(environment, "whole", range(1, 100, 4))
    assert lived
    assert len(outcomes) >= 10
    assert [outcome for outcome in outcomes if outcome != WHOLE] == []


def test_without_transactions_a_killed_process_loses_reminders(environment):
    _lived, outcomes = kill_everywhere(environment, "torn", range(8, 20))
    assert any(outcome["ledger"] == [] for outcome in outcomes)


# A morning with everything going wrong --------------------------------------------------------


def cohort(number):
    """Reviews that are all due today, of partners with a lead each; nobody has been written to."""
    reviews = [review_due(0) for _n in range(number)]
    return {newest(review.partner).pk: review.partner.lead.user.email for review in reviews}


class Workers:
    """Two groups of real workers on a real broker, any of which may be killed at any time."""

    def __init__(self, environment):
        self.environment, self.groups = environment, []

    def start(self):
        arguments = ("-m", "celery", "-A", "oiep", "-q", "worker", "-c", "2", "--loglevel", "critical")
        self.groups.append(python(*arguments, env=self.environment))

    def kill(self):
        group = self.groups.pop(0)
        os.killpg(group.pid, signal.SIGKILL)
        group.wait()

    def stop(self):
        while self.groups:
            self.kill()


# Two schedulers: each puts both ticks on the broker every so often, until it is told to stop.
BEATS = """
import django, time
django.setup()
from kombu.exceptions import OperationalError
from oiep.day import tick
from oiep.tasks import send_mail
while True:
    for task in (tick, send_mail):
        try:
            task.apply_async(expires=5, retry=False)
        except (OperationalError, OSError):
            pass
    time.sleep(0.5)
"""


def test_cohort_of_a_launch_day_survives_killed_workers_two_schedulers_and_a_restarted_redis(sink, environment, redis):
    addresses = cohort(120)
    environment |= {"REDIS_URL": redis.url, "DAY_STARTS_AT": "0"}
    chance = random.Random(120)
    workers = Workers(environment)
    beats = [python("-c", BEATS, env=environment, stderr=subprocess.DEVNULL) for _n in range(2)]
    brokers = [redis]
    try:
        workers.start()
        workers.start()
        for wanted in (10, 40, 70, 100):
            assert local._wait(lambda: len(sink.accepted) >= wanted, seconds=60)  # noqa: B023
            time.sleep(chance.random() / 5)
            workers.kill()
            if wanted == 40:
                brokers[-1].kill()
                brokers[-1].wait()
                brokers.append(subprocess.Popen(brokers[-1].args))
            workers.start()
        sent = OutgoingEmail.objects.filter(template="review_due", state=State.SENT)
        assert local._wait(lambda: sent.count() == len(addresses), seconds=60)
    finally:
        for beat in beats:
            beat.kill()
            beat.wait()
        workers.stop()
        brokers[-1].kill()
        brokers[-1].wait()

    # None lost: each review has its step and what was missed before it, once, and each lead has the mail.
    ledger = Counter(OutgoingEmail.objects.values_list("template", "state"))
    assert ledger == {
        ("review_due", "sent"): len(addresses),
        ("review_opened", "not_sent"): len(addresses),
        ("review_week", "not_sent"): len(addresses),
    }
    assert sorted({message["To"] for message in sink.accepted}) == sorted(addresses.values())
    # None doubled without a flag, and then under the same Message-ID.
    accepted = sink.times_accepted()
    assert set(accepted) == {row.message_id for row in sent}
    doubled = {message_id for message_id, times in accepted.items() if times > 1}
    assert doubled <= {row.message_id for row in sent.filter(uncertain=True)}
