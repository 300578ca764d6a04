"""The large and the long of reviews and reminders, as quality.md states them; `make bench` runs it."""

import datetime
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing

import psycopg2
import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.utils import timezone

from oiep import local
from oiep.models import OutgoingEmail, User
from partners.models import Membership, Partner
from pledges.actions.reviews import partners_to_lapse
from pledges.models import DueDate, Review
from tests.factories import ManagerFactory
from tests.pledges.simulation import Scheme
from tests.pledges.test_reminders_days import ASLEEP, DAYS, EVERYTHING, FIRST
from tests.pledges.test_reminders_faults import BEATS, WHOLE, Workers, kill_everywhere
from tests.processes import python

# A morning ------------------------------------------------------------------------------------

PARTNERS = 100_000
DUE = 1_000
SECONDS = 5
MEGABYTES = 150


def many(model, rows):
    model.objects.bulk_create(rows, batch_size=5000)


def a_scheme_of(partners, today):
    """Partners with a lead each, of whom each has had a review: every tenth owes it, and was reminded of it."""
    now, manager = timezone.now(), ManagerFactory()
    decided = {"state": "approved", "submitted_at": now, "decided_at": now, "decided_by": manager}
    many(User, (User(email=f"lead{n}@example.org", name=f"Lead {n}") for n in range(partners)))
    rows = []
    for n in range(partners):
        row = Partner(kind="business", name=f"Firm {n}", slug=f"firm-{n}", size="small", **decided)
        row.approved_at, row.next_round_on = (
            now - datetime.timedelta(days=400),
            today + datetime.timedelta(31 + n % 300),
        )
        row.clean()
        rows.append(row)
    many(Partner, rows)
    leads = User.objects.filter(email__startswith="lead").order_by("pk").values_list("pk", flat=True)
    keys = list(Partner.objects.order_by("pk").values_list("pk", flat=True))
    many(Membership, (Membership(partner_id=p, user_id=u, role="lead") for p, u in zip(keys, leads, strict=True)))
    reviews = []
    for n, partner in enumerate(keys):
        due = today - datetime.timedelta(days=30 + n % 300)
        review = Review(partner_id=partner, round_on=due, due_on=due)
        if n % 10:
            for field, value in {**decided, "answered_at": now - datetime.timedelta(days=30 + n % 300)}.items():
                setattr(review, field, value)
        reviews.append(review)
    many(Review, reviews)
    opens = datetime.timedelta(days=30)
    dates = Review.objects.values_list("pk", "due_on")
    many(DueDate, (DueDate(review_id=pk, due_on=due, known_from=due - opens) for pk, due in dates))
    about = {"subject_type": ContentType.objects.get_for_model(Review), "state": "sent", "sent_at": now}
    many(OutgoingEmail, (
        OutgoingEmail(key=f"review/{pk}/{due}/{step}", template=f"review_{step}", subject_id=str(pk),
                      to="a@example.org", subject_line="A", text="A" * 800, **about)
        for pk, due in dates.filter(answered_at=None) for step in ("opened", "week", "due", "overdue", "final")
    ))  # fmt: skip
    Partner.objects.filter(pk__in=partners_to_lapse(today).values("pk")).update(lapsed_on=today)
    return keys


# Does the morning's work in a process of its own, and tells the seconds that it took, those that a thousand of the
# plainest transactions of this kind take (lock a row, write a mail), and the most memory that it held.
MORNING = """
import json, time
import django
django.setup()
from django.db import transaction
from django.utils import timezone
from oiep.email import compose
from oiep.models import OutgoingEmail
from pledges.actions.daily import run_day
from pledges.actions.reminders import context_of
from pledges.models import Review
today = timezone.localdate()
start = time.perf_counter()
done = run_day(today)
day = time.perf_counter() - start
review = Review.objects.select_related("partner").first()
start = time.perf_counter()
for n in range(1000):
    with transaction.atomic():
        Review.objects.select_for_update().get(pk=review.pk)
        subject, text = compose("review_due", context_of(review, "due", today))
        OutgoingEmail.objects.create(to="a@example.org", subject_line=subject, text=text, state="failed", reason="-")
plain = time.perf_counter() - start
kilobytes = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps([done, day, plain, int(kilobytes) // 1024]))
"""


@pytest.mark.django_db(transaction=True)
def test_morning_with_a_hundred_thousand_partners_and_a_thousand_reviews_due(environment):
    today = timezone.localdate()
    keys = a_scheme_of(PARTNERS, today)
    opening = [key for n, key in enumerate(keys) if n % 10][:DUE]
    Partner.objects.filter(pk__in=opening).update(next_round_on=today + datetime.timedelta(days=30))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")

    def morning(what):
        child = python("-c", MORNING, env=environment, stdout=subprocess.PIPE, text=True)
        done, day, plain, megabytes = json.loads(child.communicate()[0])
        print(f"{what}: {day:.1f} s, {day / plain:.1f} of plain ({plain:.1f} s), {megabytes} MB at most; {done}")
        assert megabytes < MEGABYTES
        return done, day, plain

    done, _day, _plain = morning("a thousand opened and reminded")
    assert (done["opened"], done["recorded"]) == (DUE, DUE)
    done, day, plain = morning("nothing to do")
    assert not any(done.values())
    assert day < plain
    Review.objects.filter(partner__in=opening, answered_at=None).update(round_on=today, due_on=today)
    done, day, plain = morning("a thousand due")
    assert done["recorded"] == DUE
    # On a machine with nothing else to do; on a busy one, both take as much longer.
    assert day < SECONDS or day < 3 * plain


# Days -----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_eight_hundred_days_of_five_hundred_partners_each_done_twice():
    scheme = Scheme(partners=500, first=FIRST, seed=500, always_twice=True)
    scheme.live(FIRST, DAYS, ASLEEP)
    scheme.watch_standings(FIRST + datetime.timedelta(days=DAYS))
    assert set(scheme.seen) >= EVERYTHING
    print(dict(scheme.seen))


@pytest.mark.django_db(transaction=True)
def test_process_killed_before_each_statement_in_turn(environment):
    lived, outcomes = kill_everywhere(environment, "whole", range(1, 100))
    assert lived
    print(f"killed before each of {len(outcomes) - 1} statements")
    assert [outcome for outcome in outcomes if outcome != WHOLE] == []


# The launch-day cohort, a year later ----------------------------------------------------------

COHORT = 10_000

MAKE_COHORT = """
import datetime, sys
import django
django.setup()
from django.utils import timezone
from oiep.models import User
from partners.models import Membership, Partner
from pledges.models import DueDate, Review
from tests.benchmarks.bench_reviews import many
from tests.factories import ManagerFactory
now, today, number = timezone.now(), timezone.localdate(), int(sys.argv[1])
decided = {"state": "approved", "submitted_at": now, "decided_at": now, "decided_by": ManagerFactory()}
many(User, (User(email=f"lead{n}@example.org") for n in range(number)))
rows = [Partner(kind="business", name=f"Firm {n}", slug=f"firm-{n}", size="small", **decided) for n in range(number)]
for row in rows:
    row.approved_at, row.next_round_on = now - datetime.timedelta(days=366), today + datetime.timedelta(days=365)
    row.clean()
many(Partner, rows)
partners = Partner.objects.order_by("pk").values_list("pk", flat=True)
leads = User.objects.filter(email__startswith="lead").order_by("pk").values_list("pk", flat=True)
many(Membership, (Membership(partner_id=p, user_id=u, role="lead") for p, u in zip(partners, leads)))
many(Review, (Review(partner_id=p, round_on=today, due_on=today) for p in partners))
many(DueDate, (DueDate(review=r, due_on=today, known_from=today) for r in Review.objects.all()))
"""


def test_ten_thousand_due_on_one_day_with_everything_killed_and_restarted(sink, redis, tmp_path_factory, monkeypatch):
    state = tmp_path_factory.mktemp("s")
    monkeypatch.setattr(local, "STATE", state)
    monkeypatch.setattr(local, "POSTGRES", state / "postgres")
    local._start_postgres()
    assert local._has_database()
    url = f"postgresql://postgres@/oiep?host={local.quote(str(local._socket_folder(local.POSTGRES)), safe='')}"
    environment = {
        **os.environ, "DJANGO_SETTINGS_MODULE": "oiep.settings", "DATABASE_URL": url, "REDIS_URL": redis.url,
        "EMAIL_URL": f"smtp://127.0.0.1:{sink.port}", "EMAIL_LEASE_SECONDS": "5", "DAY_STARTS_AT": "0",
        "SITE_URL": "http://testserver",
    }  # fmt: skip
    run = {"cwd": local.ROOT, "env": environment, "check": True}
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], **run)
    subprocess.run([sys.executable, "-c", MAKE_COHORT, str(COHORT)], **run)

    def ask(query):
        with closing(psycopg2.connect(url)) as database, database.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()

    chance, workers, brokers = random.Random(COHORT), Workers(environment), [redis]
    beats = [python("-c", BEATS, env=environment, stderr=subprocess.DEVNULL) for _n in range(2)]
    started = time.monotonic()
    try:
        workers.start()
        workers.start()
        for round_ in range(1, 21):
            assert local._wait(lambda: len(sink.accepted) >= round_ * COHORT // 22, seconds=600)  # noqa: B023
            time.sleep(chance.random())
            workers.kill()
            if round_ in (5, 15):
                brokers[-1].kill()
                brokers[-1].wait()
                brokers.append(subprocess.Popen(brokers[-1].args))
            if round_ in (8, 12):
                postmaster = int((local.POSTGRES / "postmaster.pid").read_text().split()[0])
                os.kill(postmaster, signal.SIGQUIT)  # at once, as a crash
                assert local._wait(lambda: not (local.POSTGRES / "postmaster.pid").exists(), seconds=30)
                local._start_postgres()
                assert local._wait(local._has_database, seconds=30)
            workers.start()
        sent = "SELECT count(*) FROM oiep_outgoingemail WHERE template = 'review_due' AND state = 'sent'"
        assert local._wait(lambda: ask(sent) == [(COHORT,)], seconds=900)
        seconds = time.monotonic() - started
        ledger = Counter({(t, s): n for t, s, n in ask(
            "SELECT template, state, count(*) FROM oiep_outgoingemail GROUP BY template, state"
        )})  # fmt: skip
        flagged = {f"<{pk}@testserver>" for (pk,) in ask("SELECT id FROM oiep_outgoingemail WHERE uncertain")}
    finally:
        for beat in beats:
            beat.kill()
            beat.wait()
        workers.stop()
        brokers[-1].kill()
        brokers[-1].wait()
        local._stop_postgres()
    assert ledger == {
        ("review_due", "sent"): COHORT, ("review_opened", "not_sent"): COHORT, ("review_week", "not_sent"): COHORT,
    }  # fmt: skip
    accepted = sink.times_accepted()
    doubled = {message_id for message_id, times in accepted.items() if times > 1}
    print(f"{COHORT} due, {len(accepted)} accepted, {len(doubled)} twice, {len(flagged)} flagged, in {seconds:.0f} s")
    assert len({message["To"] for message in sink.accepted}) == len(accepted) == COHORT
    assert doubled <= flagged
