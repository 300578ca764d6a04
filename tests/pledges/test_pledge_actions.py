"""What partners do with their pledges."""

import datetime
import threading
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from oiep.models import AuditEvent
from oiep.moderation import Move, NotPossible, State, move
from partners.actions import Conflict
from partners.models import Partner
from pledges.actions import pledges as actions
from pledges.models import Capacity, Pledge
from tests.factories import (
    PartnerFactory,
    PledgeFactory,
    PledgeIdeaFactory,
    PriorityAreaFactory,
    SignatureFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead():
    return UserFactory()


@pytest.fixture
def baker(lead):
    return PartnerFactory(approved=True, lead=lead, name="Baker Ltd")


@pytest.fixture
def live(baker):
    return PledgeFactory(approved=True, partner=baker, statement="We will hire two apprentices.")


def some_values(**values):
    return {
        "area": PriorityAreaFactory(),
        "capacity": Capacity.EMPLOYER,
        "statement": "We will bake for the food bank.",
    } | values


def verbs(pledge):
    found = AuditEvent.objects.filter(subject_id=str(pledge.pk), verb__startswith="pledge.").order_by("pk")
    return list(found.values_list("verb", flat=True))


# Adding ---------------------------------------------------------------------------------------


def test_added_pledge_waits_for_a_decision(baker, lead):
    values = some_values(measure="Loaves", target=Decimal("1200"), target_date=datetime.date(2031, 3, 1))
    pledge = actions.add_pledge(partner=baker, values=values, actor=lead)
    pledge.refresh_from_db()
    assert (pledge.state, pledge.partner, pledge.target) == (State.SUBMITTED, baker, 1200)
    assert list(Pledge.objects.published()) == []
    assert not baker.areas.exists()
    event = AuditEvent.objects.get()
    assert (event.verb, event.actor, event.data["partner"]) == ("pledge.added", lead, baker.pk)


def test_double_click_adds_one(baker, lead):
    values = some_values()
    first = actions.add_pledge(partner=baker, values=values, actor=lead)
    assert actions.add_pledge(partner=baker, values=values, actor=lead) == first
    assert Pledge.objects.count() == 1


def test_there_is_a_limit_to_pledges_and_stopping_one_makes_room(baker, lead, settings):
    settings.PLEDGES_AT_MOST = 2
    first = actions.add_pledge(partner=baker, values=some_values(statement="One."), actor=lead)
    PledgeFactory(approved=True, partner=baker)
    with pytest.raises(NotPossible, match="You have 2 pledges, the most there can be"):
        actions.add_pledge(partner=baker, values=some_values(statement="Three."), actor=lead)
    actions.stop_pledge(pledge=first, actor=lead)
    assert actions.add_pledge(partner=baker, values=some_values(statement="Three."), actor=lead).pk


def test_change_that_waits_does_not_count_as_another_pledge(baker, lead, live, settings):
    settings.PLEDGES_AT_MOST = 2
    actions.change_pledge(pledge=live, values={"statement": "We will hire four."}, actor=lead)
    assert actions.add_pledge(partner=baker, values=some_values(), actor=lead).pk


@pytest.mark.parametrize(("trait", "words"), [("withdrawn", "withdrew"), ("declined", "declined")])
def test_no_pledge_is_added_to_a_partner_that_is_out(lead, trait, words):
    partner = PartnerFactory(**{trait: True})
    with pytest.raises(NotPossible, match=words):
        actions.add_pledge(partner=partner, values=some_values(), actor=lead)


@pytest.mark.parametrize(
    "values", [{"statement": ""}, {"statement": "x" * 301}, {"target": Decimal(1)}, {"commitment_note": "a van"}]
)
def test_values_that_break_the_models_rules_are_refused(baker, lead, values):
    with pytest.raises(ValidationError):
        actions.add_pledge(partner=baker, values=some_values(**values), actor=lead)
    assert not Pledge.objects.exists()


# Changing -------------------------------------------------------------------------------------


def test_approved_pledge_stays_public_as_it_was_while_its_change_waits(baker, lead, live):
    change = actions.change_pledge(
        pledge=live, values={"statement": "We will hire four."}, actor=lead, message="We grew."
    )
    live.refresh_from_db()
    assert live.statement == "We will hire two apprentices."
    assert list(Pledge.objects.live()) == [live]
    assert (change.replaces, change.state, change.area) == (live, State.SUBMITTED, live.area)
    event = AuditEvent.objects.get(verb="pledge.change_proposed")
    assert (event.note, event.data["fields"], event.data["replaces"]) == ("We grew.", ["statement"], live.pk)


def test_second_change_to_the_same_pledge_is_refused(baker, lead, live):
    actions.change_pledge(pledge=live, values={"statement": "Four."}, actor=lead)
    with pytest.raises(NotPossible, match="waits already"):
        actions.change_pledge(pledge=live, values={"statement": "Five."}, actor=lead)


def test_double_click_makes_one_change(baker, lead, live):
    first = actions.change_pledge(pledge=live, values={"statement": "Four."}, actor=lead)
    assert actions.change_pledge(pledge=live, values={"statement": "Four."}, actor=lead) == first


def test_change_without_a_difference_is_refused(lead, live):
    with pytest.raises(NotPossible, match="Nothing is different"):
        actions.change_pledge(pledge=live, values={"statement": live.statement}, actor=lead)


@pytest.mark.parametrize("over", ["declined", "taken back"])
def test_declined_or_taken_back_change_leaves_room_for_another(lead, manager, live, over):
    change = actions.change_pledge(pledge=live, values={"statement": "Four."}, actor=lead)
    if over == "declined":
        move(change, Move.DECLINE, actor=manager, message="No.")
    else:
        actions.stop_pledge(pledge=change, actor=lead)
    again = actions.change_pledge(pledge=Pledge.objects.get(pk=live.pk), values={"statement": "Three."}, actor=lead)
    assert again.replaces == live
    assert Pledge.objects.get(pk=live.pk).replacement == again


def test_database_takes_one_standing_change_for_a_pledge(live):
    PledgeFactory(submitted=True, partner=live.partner, replaces=live)
    with pytest.raises(IntegrityError, match="pledge_replaced_once"), transaction.atomic():
        PledgeFactory(submitted=True, partner=live.partner, replaces=live)


def test_declined_change_is_not_undone_while_another_waits(lead, manager, live):
    declined = PledgeFactory(declined=True, partner=live.partner, replaces=live)
    assert declined.why_not(Move.UNDO) == ""
    actions.change_pledge(pledge=live, values={"statement": "Three."}, actor=lead)
    declined = Pledge.objects.get(pk=declined.pk)
    assert "so this one stays declined" in declined.why_not(Move.UNDO)


def test_pledge_that_waits_is_changed_in_place_and_keeps_its_place_in_the_queue(lead):
    pledge = PledgeFactory(submitted=True)
    sent_in = pledge.submitted_at
    same = actions.change_pledge(pledge=pledge, values={"statement": "Better words."}, actor=lead)
    same.refresh_from_db()
    assert (same.pk, same.state, same.statement) == (pledge.pk, State.SUBMITTED, "Better words.")
    assert same.submitted_at == sent_in
    assert verbs(pledge) == ["pledge.changed"]


def test_answer_changes_the_pledge_and_sends_it_in_again(lead):
    pledge = PledgeFactory(changes_asked=True, partner=PartnerFactory(approved=True))
    actions.change_pledge(pledge=pledge, values={"statement": "Clearer."}, actor=lead, message="Is it clear now?")
    pledge.refresh_from_db()
    assert (pledge.state, pledge.statement, pledge.decision_message) == (State.SUBMITTED, "Clearer.", "")
    assert AuditEvent.objects.get(verb="pledge.submit").note == "Is it clear now?"


def test_answer_without_an_edit_sends_in_again(lead):
    pledge = PledgeFactory(changes_asked=True, partner=PartnerFactory(approved=True))
    actions.change_pledge(pledge=pledge, values={}, actor=lead, message="We mean it like this.")
    pledge.refresh_from_db()
    assert pledge.state == State.SUBMITTED
    assert verbs(pledge) == ["pledge.submit"]


def test_pledge_keeps_its_idea_when_it_changes(lead, baker):
    idea = PledgeIdeaFactory()
    pledge = PledgeFactory(approved=True, partner=baker, idea=idea)
    change = actions.change_pledge(pledge=pledge, values={"statement": "Other."}, actor=lead)
    assert change.idea == idea


@pytest.mark.parametrize(("trait", "words"), [("stopped", "This pledge ended on"), ("declined", "was declined")])
def test_pledge_that_is_over_is_not_changed(lead, baker, trait, words):
    pledge = PledgeFactory(partner=baker, **{trait: True})
    with pytest.raises(NotPossible, match=words):
        actions.change_pledge(pledge=pledge, values={"statement": "Other."}, actor=lead)
    with pytest.raises(NotPossible, match=words):
        actions.stop_pledge(pledge=pledge, actor=lead, reason="Over.")


def test_second_writer_is_told(lead):
    pledge = PledgeFactory(submitted=True)
    opened = actions.version_of(pledge)
    actions.change_pledge(pledge=pledge, values={"statement": "Theirs."}, actor=UserFactory())
    with pytest.raises(Conflict):
        actions.change_pledge(pledge=pledge, values={"statement": "Mine."}, actor=lead, seen=opened)
    pledge.refresh_from_db()
    assert pledge.statement == "Theirs."


def test_approval_meanwhile_is_told_to_the_writer(lead):
    pledge = PledgeFactory(submitted=True)
    opened = actions.version_of(pledge)
    Pledge.objects.filter(pk=pledge.pk).update(
        state=State.APPROVED, started_on=datetime.date(2026, 1, 1), decided_at="2026-01-01T00:00Z", decided_by=lead
    )
    with pytest.raises(Conflict):
        actions.change_pledge(pledge=pledge, values={"statement": "Mine."}, actor=lead, seen=opened)


# Stopping -------------------------------------------------------------------------------------


def test_live_pledge_stops_at_once_with_its_reason(baker, lead, live):
    other = PledgeFactory(approved=True, partner=baker)
    stopped = actions.stop_pledge(pledge=live, actor=lead, reason="  We closed the shop. ")
    stopped.refresh_from_db()
    assert (stopped.ending, stopped.ending_reason) == ("stopped", "We closed the shop.")
    assert stopped in Pledge.objects.published()
    assert list(Pledge.objects.live()) == [other]
    assert list(baker.areas.all()) == [other.area]
    assert verbs(live) == ["pledge.stopped"]


def test_live_pledge_is_not_stopped_without_a_reason(lead, live):
    with pytest.raises(ValidationError, match="why you stop"):
        actions.stop_pledge(pledge=live, actor=lead, reason=" ")
    live.refresh_from_db()
    assert live.is_live


@pytest.mark.parametrize("reason", ["x" * 301, "line\nbreak"])
def test_reason_must_fit_in_a_line(lead, live, reason):
    with pytest.raises(ValidationError):
        actions.stop_pledge(pledge=live, actor=lead, reason=reason)


def test_change_that_waits_goes_with_the_pledge_that_stops(lead, live):
    change = actions.change_pledge(pledge=live, values={"statement": "Four."}, actor=lead)
    actions.stop_pledge(pledge=live, actor=lead, reason="Closed.")
    change.refresh_from_db()
    assert (change.ending, change.ending_reason) == ("withdrawn", "The pledge that it changes was stopped.")


@pytest.mark.parametrize("trait", ["submitted", "changes_asked"])
def test_pledge_that_waits_is_taken_back(lead, trait):
    pledge = PledgeFactory(partner=PartnerFactory(submitted=True), **{trait: True})
    actions.stop_pledge(pledge=pledge, actor=lead)
    pledge.refresh_from_db()
    assert (pledge.ending, pledge.ending_reason) == ("withdrawn", "")
    assert "taken back" in pledge.why_not(Move.DECLINE)


# Leaving --------------------------------------------------------------------------------------


def test_withdrawing_partner_takes_its_pledges_along(baker, lead, live):
    waiting = PledgeFactory(submitted=True, partner=baker)
    before = PledgeFactory(stopped=True, partner=baker)
    partner = actions.withdraw_partner(partner=baker, actor=lead)
    for pledge in (live, waiting, before):
        pledge.refresh_from_db()
    assert (live.ending, live.ending_reason) == ("stopped", "The partner withdrew from the Charter.")
    assert live.ended_at == partner.withdrawn_at
    assert waiting.ending == "withdrawn"
    assert before.ending_reason == "We moved out of the county."
    assert not Partner.objects.get(pk=baker.pk).areas.exists()
    with pytest.raises(NotPossible):
        actions.withdraw_partner(partner=baker, actor=lead)


def test_active_areas_follow_live_pledges(baker, live):
    PledgeFactory(submitted=True, partner=baker)
    PledgeFactory(stopped=True, partner=baker)
    baker.areas.set([PriorityAreaFactory()])
    actions.refresh_active_areas(partner=baker)
    assert list(baker.areas.all()) == [live.area]


def test_own_approval_is_noted(lead):
    signature = SignatureFactory(awaits_approval_of="Cabinet")
    assert signature.still_awaits_approval
    actions.record_own_approval(signature=signature, url="https://council.example/minutes", actor=lead)
    signature.refresh_from_db()
    assert not signature.still_awaits_approval
    with pytest.raises(ValidationError):
        actions.record_own_approval(signature=signature, url="javascript:alert(1)", actor=lead)


# At once --------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_stop_and_change_at_once_leave_no_change_to_a_stopped_pledge():
    lead = UserFactory()
    live = PledgeFactory(approved=True)
    barrier, refusals = threading.Barrier(2), []

    def run(action, **values):
        barrier.wait(timeout=10)
        try:
            action(pledge=Pledge.objects.get(pk=live.pk), actor=lead, **values)
        except NotPossible as refusal:
            refusals.append(refusal.message)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=run, args=(actions.stop_pledge,), kwargs={"reason": "Closed."}),
        threading.Thread(target=run, args=(actions.change_pledge,), kwargs={"values": {"statement": "Four."}}),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    live.refresh_from_db()
    assert live.ending == "stopped"
    assert not Pledge.objects.filter(replaces=live, ended_at=None).exists()
    assert len(refusals) in (0, 1)  # the change came first and went with the pledge, or came too late


@pytest.mark.django_db(transaction=True)
def test_limit_holds_for_two_who_add_at_once(settings):
    settings.PLEDGES_AT_MOST = 1
    lead, partner, area = UserFactory(), PartnerFactory(approved=True), PriorityAreaFactory()
    barrier, outcomes = threading.Barrier(2), []

    def add(statement):
        barrier.wait(timeout=10)
        try:
            values = {"area": area, "capacity": Capacity.BUYER, "statement": statement}
            actions.add_pledge(partner=partner, values=values, actor=lead)
            outcomes.append("added")
        except NotPossible:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=add, args=(statement,)) for statement in ("One.", "Two.")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert sorted(outcomes) == ["added", "refused"]
