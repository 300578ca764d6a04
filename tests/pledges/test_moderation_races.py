"""Two people who act at the same moment, with real connections."""

import contextlib
import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import QuerySet

from oiep import audit
from oiep.models import OutgoingEmail
from oiep.moderation import Move, NotPossible, State
from pledges.actions.moderation import Decision, decide, undo
from pledges.actions.pledges import stop_pledge, withdraw_partner
from pledges.models import Pledge
from tests.factories import ManagerFactory, PartnerFactory, PledgeFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def at_once():
    """`at_once(f, g, …)` runs the functions in threads that start together; returns each one's result or refusal."""

    def run(*functions):
        barrier = threading.Barrier(len(functions), timeout=20)
        results = [None] * len(functions)

        def call(n, function):
            try:
                barrier.wait()
                results[n] = function()
            except ValidationError as refusal:
                results[n] = refusal
            finally:
                connection.close()

        threads = [threading.Thread(target=call, args=pair) for pair in enumerate(functions)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)
        assert not any(thread.is_alive() for thread in threads)
        return results

    return run


@pytest.fixture
def partner(transactional_db):
    return PartnerFactory(submitted=True, lead=UserFactory(email="lead@example.org"))


def refusals(results):
    return [result for result in results if isinstance(result, ValidationError)]


def test_two_managers_decide_at_once_one_is_told(partner, at_once):
    pledges = [PledgeFactory(submitted=True, partner=partner) for _n in range(3)]
    approver, decliner = ManagerFactory(), ManagerFactory()
    for _round in range(5):
        results = at_once(
            lambda: decide(
                decisions=[Decision(obj, Move.APPROVE) for obj in (*reversed(pledges), partner)], actor=approver
            ),
            lambda: decide(decisions=[Decision(partner, Move.DECLINE, "No.")], actor=decliner),
        )
        (refusal,) = refusals(results)
        assert isinstance(refusal, NotPossible)
        partner.refresh_from_db()
        states = {pledge.state for pledge in Pledge.objects.all()} | {partner.state}
        assert states in ({State.APPROVED}, {State.DECLINED})
        winner = approver if partner.state == State.APPROVED else decliner
        assert partner.decided_by == winner
        assert OutgoingEmail.objects.filter(state="waiting").count() == 1
        undo(objects=[partner], actor=winner)
    assert audit.trail(partner).exclude(verb="partner.undo").count() == 5


def test_same_decision_pressed_twice_at_once_is_taken_once(partner, at_once):
    manager = ManagerFactory()

    def press():
        return decide(decisions=[Decision(partner, Move.APPROVE)], actor=manager, number="one")

    results = at_once(press, press, press)
    assert refusals(results) == []
    assert sorted(len(result) for result in results) == [0, 0, 1]
    assert OutgoingEmail.objects.count() == 1


def test_manager_declines_while_the_partner_withdraws(partner, at_once):
    pledge = PledgeFactory(submitted=True, partner=partner)
    manager, lead = ManagerFactory(), partner.lead.user
    results = at_once(
        lambda: withdraw_partner(partner=partner, actor=lead),
        lambda: decide(decisions=[Decision(partner, Move.DECLINE, "No.")], actor=manager),
    )
    partner.refresh_from_db()
    pledge.refresh_from_db()
    assert partner.withdrawn_at
    if refusals(results):  # the partner was first
        assert "It was withdrawn on" in results[1].message
        assert (partner.state, pledge.state) == (State.SUBMITTED, State.SUBMITTED)
    else:
        assert (partner.state, pledge.state) == (State.DECLINED, State.DECLINED)


def test_change_is_approved_while_its_pledge_is_stopped(at_once):
    partner = PartnerFactory(approved=True, lead=True)
    old = PledgeFactory(approved=True, partner=partner)
    change = PledgeFactory(submitted=True, partner=partner, replaces=old)
    manager, lead = ManagerFactory(), partner.lead.user
    results = at_once(
        lambda: stop_pledge(pledge=old, actor=lead, reason="We moved."),
        lambda: decide(decisions=[Decision(change, Move.APPROVE)], actor=manager),
    )
    assert len(refusals(results)) == 1  # whoever is second is told; no lock waits for the other
    old.refresh_from_db()
    change.refresh_from_db()
    assert old.ended_at
    assert (change.state, old.ending) in ((State.APPROVED, "replaced"), (State.SUBMITTED, "stopped"))
    live = [change] if change.state == State.APPROVED else []
    assert list(Pledge.objects.live()) == live
    assert [area.pk for area in partner.areas.all()] == [pledge.area_id for pledge in live]


@pytest.mark.parametrize("locked", [True, False])
def test_it_is_the_lock_that_keeps_two_decisions_apart(partner, at_once, monkeypatch, locked):
    """Both hold their first write back until the other has looked too; the control shows that this can go wrong."""
    if not locked:
        monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **options: self.all())
    both_have_looked = threading.Barrier(2, timeout=1 if locked else 20)  # seconds; the lock keeps the other away

    def wait_before_writing(execute, sql, params, many, context):
        if sql.startswith('UPDATE "partners_partner"'):
            with contextlib.suppress(threading.BrokenBarrierError):
                both_have_looked.wait()
        return execute(sql, params, many, context)

    def decide_slowly(move):
        with connection.execute_wrapper(wait_before_writing):
            return decide(decisions=[Decision(partner, move, "Words.")], actor=ManagerFactory())

    results = at_once(lambda: decide_slowly(Move.ASK), lambda: decide_slowly(Move.DECLINE))
    assert len(refusals(results)) == (1 if locked else 0)
    assert OutgoingEmail.objects.count() == (1 if locked else 2)
