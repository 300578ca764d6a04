"""Undoing: what a decision brought about is reversed exactly, for as long as nothing has been built on it."""

import pytest
from django.core.exceptions import ValidationError

from oiep import audit
from oiep import email as mail
from oiep.models import OutgoingEmail
from oiep.moderation import Move, NotPossible, State
from partners.actions import propose_profile_change
from partners.models import Partner, ProfileChange
from pledges.actions.moderation import Decision, decide, latest_decision_of, submit_again, undo, why_not_undo
from pledges.actions.pledges import change_pledge, stop_pledge, withdraw_partner
from pledges.models import Case, Pledge
from tests.factories import PartnerFactory, PledgeFactory, PriorityAreaFactory, ProfileChangeFactory, UserFactory

pytestmark = pytest.mark.django_db

# What a decision may change in a partner, its pledges and its changes.
NOT_COMPARED = {"search", "search_text"}


def rows():
    return [
        [{k: v for k, v in row.items() if k not in NOT_COMPARED} for row in model.objects.order_by("pk").values()]
        for model in (Partner, Pledge, ProfileChange)
    ] + [list(Partner.areas.through.objects.order_by("pk").values_list("partner", "priorityarea"))]


@pytest.fixture
def lead(db):
    return UserFactory(email="lead@example.org")


@pytest.fixture
def partner(lead):
    return PartnerFactory(submitted=True, name="Isis Bakery", lead=lead)


@pytest.fixture
def standing(lead):
    return PartnerFactory(approved=True, name="Cherwell Cycles", lead=lead)


def decided(actor, *pairs):
    decide(decisions=[Decision(obj, move, "Words.") for obj, move in pairs], actor=actor)


@pytest.mark.parametrize("move", [Move.APPROVE, Move.ASK, Move.DECLINE])
def test_undo_signature_puts_it_and_its_pledges_back_exactly(partner, manager, move):
    pledges = [PledgeFactory(submitted=True, partner=partner) for _n in range(2)]
    before = rows()
    decided(manager, (partner, move), *((pledge, Move.APPROVE) for pledge in pledges if move == Move.APPROVE))
    assert rows() != before
    undo(objects=[partner], actor=manager)
    assert rows() == before
    assert Case.objects.waiting().get().pledges_waiting == 2


@pytest.mark.parametrize("move", [Move.APPROVE, Move.ASK, Move.DECLINE])
def test_undo_pledge_puts_it_back_exactly(standing, manager, move):
    old = PledgeFactory(approved=True, partner=standing)
    change = PledgeFactory(submitted=True, partner=standing, area=PriorityAreaFactory(), replaces=old)
    before = rows()
    decided(manager, (change, move))
    undo(objects=[change], actor=manager)
    assert rows() == before
    assert list(Pledge.objects.live()) == [old]
    assert list(standing.areas.all()) == [old.area]


@pytest.mark.parametrize("move", [Move.APPROVE, Move.ASK, Move.DECLINE])
def test_undo_profile_change_puts_the_old_words_back(standing, manager, move):
    change = ProfileChangeFactory(
        submitted=True, partner=standing, values={"description": "New.", "size": "large"},
        before={"description": "", "size": "small"},
    )  # fmt: skip
    before = rows()
    decided(manager, (change, move))
    undo(objects=[change], actor=manager)
    assert rows() == before


def test_undo_is_recorded_with_who_and_what_it_was(partner, manager):
    decided(manager, (partner, Move.DECLINE))
    undo(objects=[partner], actor=manager)
    undone, declined = audit.trail(partner)
    assert (undone.verb, undone.actor, undone.data["before"]) == ("partner.undo", manager, "declined")
    assert (declined.verb, declined.note) == ("partner.decline", "Words.")  # the trail keeps it for good


def test_undo_and_decide_again(partner, manager):
    decided(manager, (partner, Move.DECLINE))
    undo(objects=[partner], actor=manager)
    decided(manager, (partner, Move.APPROVE))
    assert Partner.objects.listed().get() == partner
    assert latest_decision_of(partner).objects == [partner]


def test_undo_nothing_is_refused(manager):
    with pytest.raises(ValidationError, match="Choose what to undo"):
        undo(objects=[], actor=manager)


# Not possible ---------------------------------------------------------------------------------


def refused(objects, actor, words):
    before = rows()
    letters = OutgoingEmail.objects.count()
    assert words in why_not_undo(objects[0])
    with pytest.raises(NotPossible, match=words):
        undo(objects=objects, actor=actor)
    assert rows() == before
    assert OutgoingEmail.objects.count() == letters


def test_undo_twice_is_refused(partner, manager):
    decided(manager, (partner, Move.APPROVE))
    undo(objects=[partner], actor=manager)
    refused([partner], manager, "This is “waiting for a decision” now")


def test_undo_approval_of_a_pledge_replaced_since_is_refused(standing, manager):
    old = PledgeFactory(approved=True, partner=standing)
    change = PledgeFactory(submitted=True, partner=standing, replaces=old)
    decided(manager, (change, Move.APPROVE))
    refused([old], manager, r"It ended on")


def test_undo_approval_of_a_pledge_stopped_since_is_refused(standing, lead, manager):
    pledge = PledgeFactory(submitted=True, partner=standing)
    decided(manager, (pledge, Move.APPROVE))
    stop_pledge(pledge=pledge, actor=lead, reason="We moved.")
    refused([pledge], manager, "It ended on")


def test_undo_approval_of_a_pledge_with_a_change_waiting_is_refused(standing, lead, manager):
    pledge = PledgeFactory(submitted=True, partner=standing)
    decided(manager, (pledge, Move.APPROVE))
    pledge.refresh_from_db()
    change_pledge(pledge=pledge, values={"statement": "We will do more."}, actor=lead)
    refused([pledge], manager, "A change to this pledge was sent in since")


def test_undo_when_the_partner_has_answered_is_refused(partner, lead, manager):
    decided(manager, (partner, Move.ASK))
    submit_again(objects=[partner], actor=lead)
    refused([partner], manager, "This is “waiting for a decision” now")


def test_undo_of_a_withdrawn_partner_is_refused(partner, lead, manager):
    decided(manager, (partner, Move.APPROVE))
    withdraw_partner(partner=partner, actor=lead)
    refused([partner], manager, "It was withdrawn on")


def test_undo_signature_after_pledges_were_approved_later_is_refused_until_they_are_undone(partner, manager):
    decided(manager, (partner, Move.APPROVE))
    pledge = PledgeFactory(submitted=True, partner=partner)
    decided(manager, (pledge, Move.APPROVE))
    refused([partner], manager, "Pledges or changes have been approved since")
    undo(objects=[pledge], actor=manager)
    undo(objects=[partner], actor=manager)
    assert not Partner.objects.published().exists()


def test_undo_signature_whose_pledge_was_stopped_since_is_refused(partner, lead, manager):
    pledge = PledgeFactory(submitted=True, partner=partner)
    decided(manager, (partner, Move.APPROVE), (pledge, Move.APPROVE))
    stop_pledge(pledge=pledge, actor=lead, reason="We moved.")
    refused([partner], manager, "It ended on")


def test_undo_declined_signature_after_the_organisation_signed_again_is_refused(partner, manager):
    decided(manager, (partner, Move.DECLINE))
    PartnerFactory(submitted=True, name="ISIS Bakery Ltd")
    refused([partner], manager, "This organisation has signed again since")


def test_undo_declined_pledge_of_a_declined_signature_is_refused(partner, manager):
    pledge = PledgeFactory(submitted=True, partner=partner)
    decided(manager, (partner, Move.DECLINE))
    refused([pledge], manager, "Undo the decision on the signature first")


def test_undo_profile_change_after_another_edit_is_refused(standing, manager):
    change = ProfileChangeFactory(submitted=True, partner=standing)
    decided(manager, (change, Move.APPROVE))
    Partner.objects.filter(pk=standing.pk).update(description="Corrected by hand.")
    before = rows()
    with pytest.raises(NotPossible, match="The change to the profile: The profile was changed again since"):
        undo(objects=[change], actor=manager)
    assert rows() == before


def test_undo_profile_change_while_another_waits_is_refused(standing, lead, manager):
    change = ProfileChangeFactory(submitted=True, partner=standing)
    decided(manager, (change, Move.APPROVE))
    propose_profile_change(partner=standing, values={"description": "Newer."}, actor=lead)
    refused([change], manager, "Another change to this profile waits")


# The letters ----------------------------------------------------------------------------------


def test_undo_before_the_letter_went_sends_nothing(partner, manager, mailbox):
    decided(manager, (partner, Move.APPROVE))
    undo(objects=[partner], actor=manager)
    assert mailbox() == []
    letter = OutgoingEmail.objects.get()
    assert (letter.state, letter.reason) == ("not_sent", "The decision was undone before this was sent.")


def test_undo_after_the_letter_went_tells_the_lead(partner, manager, mailbox):
    pledge = PledgeFactory(submitted=True, partner=partner, statement="We will bake.")
    decided(manager, (partner, Move.APPROVE), (pledge, Move.APPROVE))
    mailbox()
    undo(objects=[partner], actor=manager)
    _first, second = mailbox()
    assert second.to == ["lead@example.org"]
    assert second.subject == "We have taken a decision back"
    assert "> We will bake." in second.body
    assert "Until then your page is not public" in second.body


def test_undo_one_of_two_before_the_letter_went_sends_one_about_the_other(standing, manager, mailbox):
    kept = PledgeFactory(submitted=True, partner=standing, statement="We will bake.")
    undone = PledgeFactory(submitted=True, partner=standing, statement="We will sing.")
    decided(manager, (kept, Move.APPROVE), (undone, Move.APPROVE))
    undo(objects=[undone], actor=manager)
    (letter,) = mailbox()
    assert letter.subject == "Your pledge is approved"
    assert "We will bake." in letter.body
    assert "We will sing." not in letter.body
    undo(objects=[kept], actor=manager)  # now it has gone
    assert mailbox()[-1].subject == "We have taken a decision back"


def test_undo_while_the_letter_is_on_its_way_tells_the_lead(partner, manager):
    decided(manager, (partner, Move.APPROVE))
    on_its_way = mail.claim()
    undo(objects=[partner], actor=manager)
    on_its_way.refresh_from_db()
    assert on_its_way.state == "sending"
    assert OutgoingEmail.objects.exclude(pk=on_its_way.pk).get().template == "decision_undone"


def test_undo_when_the_letter_failed_keeps_it_from_being_sent_again(partner, manager):
    decided(manager, (partner, Move.APPROVE))
    OutgoingEmail.objects.update(state="failed", reason="550 No such mailbox")
    undo(objects=[partner], actor=manager)
    letter = OutgoingEmail.objects.get()
    assert letter.state == "not_sent"
    assert not mail.send_again(letter, actor=manager)


def test_undo_what_was_loaded_without_a_decision_works(standing, manager, mailbox):
    undo(objects=[standing], actor=manager)
    standing.refresh_from_db()
    assert (standing.state, standing.approved_at) == (State.SUBMITTED, None)
    assert mailbox()[0].subject == "We have taken a decision back"


def test_latest_decision_is_what_was_decided_together_and_still_stands(partner, manager):
    first, second = (PledgeFactory(submitted=True, partner=partner) for _n in range(2))
    assert latest_decision_of(partner).objects == []
    decided(manager, (partner, Move.APPROVE), (first, Move.APPROVE))
    assert latest_decision_of(partner).objects == [partner, first]
    decided(manager, (second, Move.ASK))
    assert latest_decision_of(partner).objects == [second]
    undo(objects=[second], actor=manager)
    assert latest_decision_of(partner).objects == [partner, first]
