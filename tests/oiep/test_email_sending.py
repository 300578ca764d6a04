"""Mail goes out to a real SMTP server: once, in time, or visibly not at all."""

import datetime
import smtplib
import threading

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from oiep import email
from oiep.models import AuditEvent, OutgoingEmail, OutgoingEmailQuerySet
from tests import smtp
from tests.factories import OutgoingEmailFactory

State = OutgoingEmail.State


@pytest.fixture
def sink(settings):
    sink = smtp.Sink()
    with smtp.running(sink) as port:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        yield sink


def in_another_process(*functions):
    """Runs the functions at the same time, each with a database connection of its own, and returns what they return."""
    results = []

    def run(function):
        try:
            results.append(function())
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[function]) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


# Sending --------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_due_messages_go_over_one_connection_and_are_closed(sink):
    rows = OutgoingEmailFactory.create_batch(3)
    later = OutgoingEmailFactory(due_at=timezone.now() + datetime.timedelta(minutes=1))
    assert email.send_due() == 3
    assert sink.times_accepted() == {row.message_id: 1 for row in rows}
    assert sink.connections == 1
    row = OutgoingEmail.objects.get(pk=rows[0].pk)
    assert (row.state, row.attempts, row.reason, row.uncertain, row.lease_until) == (State.SENT, 1, "", False, None)
    assert row.sent_at is not None
    later.refresh_from_db()
    assert later.state == State.WAITING
    assert email.send_due() == 0
    assert len(sink.accepted) == 3


@pytest.mark.django_db
def test_nothing_due_opens_no_connection(sink):
    assert email.send_due() == 0
    assert sink.connections == 0


@pytest.mark.django_db
def test_limit_is_kept(sink):
    OutgoingEmailFactory.create_batch(3)
    assert email.send_due(limit=2) == 2
    assert OutgoingEmail.objects.filter(state=State.WAITING).count() == 1


@pytest.mark.django_db
def test_queue_is_sent_by_hand(sink, capsys):
    OutgoingEmailFactory.create_batch(2)
    call_command("send_mail_queue")
    assert capsys.readouterr().out == "2 sent.\n"
    assert len(sink.accepted) == 2


# Refusals -------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_refusal_is_tried_again_from_one_minute_doubling_to_an_hour_for_five_days(sink, time_machine):
    start = datetime.datetime(2027, 3, 1, 9, tzinfo=datetime.UTC)
    time_machine.move_to(start, tick=False)
    row = OutgoingEmailFactory(to="busy@example.org")
    sink.answers["busy@example.org"] = ["451 Try later"]
    waits = []
    for tries in range(1, 9):
        assert email.send_due() == 0
        row.refresh_from_db()
        assert (row.state, row.attempts, row.reason) == (State.WAITING, tries, "451 Try later")
        waits.append((row.due_at - timezone.now()).total_seconds() / 60)
        time_machine.move_to(row.due_at - datetime.timedelta(seconds=1), tick=False)
        assert email.claim() is None
        time_machine.move_to(row.due_at, tick=False)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    for hours, state in ((5 * 24, State.WAITING), (5 * 24 + 1, State.FAILED)):
        time_machine.move_to(start + datetime.timedelta(hours=hours), tick=False)
        email.send_due()
        row.refresh_from_db()
        assert (row.state, row.reason) == (state, "451 Try later")
    assert not row.uncertain
    assert sink.accepted == []


@pytest.mark.django_db
def test_refusal_for_good_fails_at_once_and_the_others_go(sink):
    rows = [OutgoingEmailFactory(to=to) for to in ("ann@example.org", "gone@example.org", "zoe@example.org")]
    sink.answers["gone@example.org"] = ["550 5.1.1 No such mailbox"]
    assert email.send_due() == 2
    states = [(row.state, row.reason) for row in OutgoingEmail.objects.order_by("created_at")]
    assert states == [(State.SENT, ""), (State.FAILED, "550 5.1.1 No such mailbox"), (State.SENT, "")]
    assert set(sink.times_accepted()) == {rows[0].message_id, rows[2].message_id}


@pytest.mark.parametrize(
    ("error", "permanent"),
    [
        (smtplib.SMTPRecipientsRefused({"a@example.org": (550, b"no")}), True),
        (smtplib.SMTPRecipientsRefused({"a@example.org": (450, b"later")}), False),
        (smtplib.SMTPDataError(554, b"spam"), True),
        (smtplib.SMTPDataError(452, b"full"), False),
        (smtplib.SMTPSenderRefused(550, b"who?", "charter@oiep.example"), False),
        (smtplib.SMTPServerDisconnected("gone"), False),
        (TimeoutError(), False),
        (ValueError("a header"), True),
        (RuntimeError("a fault of ours"), False),
    ],
)
def test_what_counts_as_refused_for_good(error, permanent):
    assert email.is_permanent(error) is permanent


@pytest.mark.django_db
def test_poisoned_row_fails_alone(sink):
    rows = OutgoingEmailFactory.create_batch(3)
    OutgoingEmail.objects.filter(pk=rows[1].pk).update(subject_line="Hello\x0bBcc: all@example.org")
    assert email.send_due() == 2
    rows[1].refresh_from_db()
    assert rows[1].state == State.FAILED
    assert rows[1].reason == "A header holds a character that does not belong in one line."


@pytest.mark.django_db
def test_connection_that_breaks_after_the_server_took_it_is_flagged_and_keeps_its_message_id(sink, time_machine):
    row = OutgoingEmailFactory(to="jo@example.org")
    sink.answers["jo@example.org"] = [sink.DROP]
    assert email.send_due() == 0
    row.refresh_from_db()
    assert (row.state, row.uncertain) == (State.WAITING, True)
    time_machine.move_to(timezone.now() + datetime.timedelta(minutes=2))
    assert email.send_due() == 1
    row.refresh_from_db()
    assert (row.state, row.uncertain) == (State.SENT, True)
    assert sink.times_accepted() == {row.message_id: 2}


# The server is away ---------------------------------------------------------------------------


@pytest.mark.django_db
def test_server_away_costs_no_tries_and_all_goes_when_it_is_back(settings, caplog):
    port = smtp.free_port()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    rows = OutgoingEmailFactory.create_batch(3)
    for _tick in range(4):
        assert email.send_due() == 0
    for row in OutgoingEmail.objects.all():
        assert (row.state, row.attempts, row.uncertain) == (State.WAITING, 0, False)
        assert "Connection refused" in row.reason
    assert "The mail server cannot be reached." in caplog.text
    sink = smtp.Sink()
    with smtp.running(sink, port):
        assert email.send_due() == 3
    assert sink.times_accepted() == {row.message_id: 1 for row in rows}
    assert set(OutgoingEmail.objects.values_list("state", "reason")) == {(State.SENT, "")}


@pytest.mark.django_db
def test_server_away_for_five_days_fails_what_waited_that_long(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", smtp.free_port()
    old = OutgoingEmailFactory(created_at=timezone.now() - datetime.timedelta(days=5, minutes=1))
    young = OutgoingEmailFactory(created_at=timezone.now() - datetime.timedelta(days=4, hours=23))
    assert email.send_due() == 0
    old.refresh_from_db()
    young.refresh_from_db()
    assert (old.state, young.state) == (State.FAILED, State.WAITING)
    assert "Connection refused" in old.reason


# Two workers ----------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("locked", [True, False])
def test_row_is_claimed_by_one_worker(monkeypatch, locked):
    """The first has claimed it and not committed when the second looks. Without the lock, the control, both have it."""
    if not locked:
        monkeypatch.setattr(OutgoingEmailQuerySet, "select_for_update", lambda rows, **options: rows)
    row = OutgoingEmailFactory()
    second = []
    other = threading.Thread(target=lambda: second.extend(in_another_process(email.claim)))
    with transaction.atomic():
        assert email.claim() == row
        other.start()
        other.join(20 if locked else 0.5)
        assert other.is_alive() is not locked  # with the lock it passes the row by; without, it waits to write it
    other.join()
    assert second == [None if locked else row]


@pytest.mark.django_db(transaction=True)
def test_four_workers_send_sixty_messages_once_each(sink):
    rows = OutgoingEmailFactory.create_batch(60)
    assert sum(in_another_process(*[email.send_due] * 4)) == 60
    assert sink.times_accepted() == {row.message_id: 1 for row in rows}
    assert set(OutgoingEmail.objects.values_list("state", "attempts", "uncertain")) == {(State.SENT, 1, False)}


@pytest.mark.django_db
def test_lease_that_ran_out_is_flagged_and_the_late_worker_closes_nothing(sink):
    row = OutgoingEmailFactory()
    slow = email.claim()
    assert email.claim() is None
    OutgoingEmail.objects.update(lease_until=timezone.now() - datetime.timedelta(seconds=1))
    quick = email.claim()
    assert quick == row
    assert (quick.uncertain, quick.attempts) == (True, 2)
    assert email.sending._close(slow, state=State.FAILED, reason="late") == 0
    assert email.sending._close(quick, state=State.SENT, sent_at=timezone.now()) == 1


@pytest.mark.django_db
def test_server_that_remembers_what_it_took_is_sent_nothing_twice(sink, monkeypatch):
    from django.core.mail.backends.smtp import EmailBackend

    monkeypatch.setattr(
        EmailBackend, "has_accepted", lambda backend, name: name in sink.times_accepted(), raising=False
    )
    lost, taken = OutgoingEmailFactory.create_batch(2)
    email.message_of(taken).send()
    for row in (lost, taken):
        OutgoingEmail.objects.filter(pk=row.pk).update(
            state=State.SENDING, attempts=1, lease_until=timezone.now() - datetime.timedelta(seconds=1)
        )
    assert email.send_due() == 2
    assert sink.times_accepted() == {lost.message_id: 1, taken.message_id: 1}


# By the manager -------------------------------------------------------------------------------


@pytest.mark.django_db
def test_failed_message_is_sent_again_for_another_five_days(sink, manager):
    long_ago = timezone.now() - datetime.timedelta(days=9)
    row = OutgoingEmailFactory(failed=True, created_at=long_ago, due_at=long_ago)
    assert email.send_again(row, actor=manager)
    assert not email.send_again(row, actor=manager)
    assert list(AuditEvent.objects.values_list("verb", "actor")) == [("outgoingemail.sent_again", manager.pk)]
    sink.answers[row.to] = ["451 Try later"]
    email.send_due()
    row.refresh_from_db()
    assert (row.state, row.reason) == (State.WAITING, "451 Try later")


@pytest.mark.django_db
def test_withheld_message_is_not_sent_and_says_why(sink):
    waiting, failed, sent = OutgoingEmailFactory(), OutgoingEmailFactory(failed=True), OutgoingEmailFactory(sent=True)
    assert email.withhold(OutgoingEmail.objects.all(), reason="withdrawn") == 2
    assert email.send_due() == 0
    for row, state in ((waiting, State.NOT_SENT), (failed, State.NOT_SENT), (sent, State.SENT)):
        row.refresh_from_db()
        assert row.state == state
    assert waiting.reason == "withdrawn"
