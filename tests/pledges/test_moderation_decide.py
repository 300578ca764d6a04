"""Deciding: what happens to each thing, in which state it has to be, and what the lead is told."""

import datetime

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import transaction

from oiep import audit
from oiep.models import AuditEvent, OutgoingEmail
from oiep.moderation import Move, NotPossible, State
from partners.models import Partner, ProfileChange
from pledges.actions.moderation import Decision, decide, submit_again
from pledges.actions.pledges import withdraw_partner
from pledges.models import Case, Pledge
from tests.factories import (
    DeclineReasonFactory,
    DistrictFactory,
    MembershipFactory,
    PartnerFactory,
    PledgeFactory,
    PriorityAreaFactory,
    ProfileChangeFactory,
    ResidentFactory,
    SignatureFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

STATES_THAT_DO_NOT_WAIT = {
    "approved": "approved",
    "changes_asked": "changes asked for",
    "declined": "declined",
}


@pytest.fixture
def lead(db):
    return UserFactory(email="lead@example.org")


@pytest.fixture
def partner(lead):
    return PartnerFactory(submitted=True, name="Isis Bakery", lead=lead)


@pytest.fixture
def standing(lead):
    return PartnerFactory(approved=True, name="Cherwell Cycles", lead=lead)


def approve(*objects, actor):
    return decide(decisions=[Decision(obj, Move.APPROVE) for obj in objects], actor=actor)


# Approving ------------------------------------------------------------------------------------


def test_approve_signature_and_pledges_makes_them_public_together(partner, manager):
    area = PriorityAreaFactory()
    pledge = PledgeFactory(submitted=True, partner=partner, area=area)
    assert not Partner.objects.published().exists()
    assert not Pledge.objects.published().exists()

    with time_machine.travel(datetime.datetime(2026, 7, 1, 23, 30, tzinfo=datetime.UTC), tick=False):
        approve(pledge, partner, actor=manager)  # in any order

    partner.refresh_from_db()
    pledge.refresh_from_db()
    assert partner.state == pledge.state == State.APPROVED
    assert partner.decided_by == pledge.decided_by == manager
    assert partner.approved_at == datetime.datetime(2026, 7, 1, 23, 30, tzinfo=datetime.UTC)
    assert pledge.started_on == datetime.date(2026, 7, 2)  # it is after midnight in London
    assert list(Partner.objects.listed()) == [partner]
    assert list(Pledge.objects.live()) == [pledge]
    assert list(partner.areas.all()) == [area]


def test_approve_case_proxy_is_recorded_as_a_partner(partner, manager):
    approve(Case.objects.get(pk=partner.pk), actor=manager)
    assert audit.trail(partner).get().verb == "partner.approve"


def test_approve_pledge_of_unapproved_partner_is_refused(partner, manager):
    pledge = PledgeFactory(submitted=True, partner=partner, statement="We will bake.")
    with pytest.raises(NotPossible, match=r"The pledge “We will bake\.”: Approve the signature first"):
        approve(pledge, actor=manager)
    pledge.refresh_from_db()
    assert (pledge.state, pledge.started_on) == (State.SUBMITTED, None)


def test_approve_change_to_a_pledge_ends_the_one_it_replaces_and_moves_the_area(standing, manager):
    old_area, new_area = PriorityAreaFactory(), PriorityAreaFactory()
    old = PledgeFactory(approved=True, partner=standing, area=old_area)
    change = PledgeFactory(submitted=True, partner=standing, area=new_area, replaces=old)
    assert list(Pledge.objects.live()) == [old]

    approve(change, actor=manager)

    old.refresh_from_db()
    assert (old.ending, old.state) == (Pledge.Ending.REPLACED, State.APPROVED)
    assert list(Pledge.objects.live()) == [change]
    assert set(Pledge.objects.published()) == {old, change}  # the track record shows both
    assert list(standing.areas.all()) == [new_area]
    assert audit.trail(old).get().verb == "pledge.replaced"


def test_approve_profile_change_makes_its_words_live(standing, manager):
    district = DistrictFactory(slug="cherwell")
    change = ProfileChangeFactory(
        submitted=True,
        partner=standing,
        values={"description": "We mend bicycles.", "districts": ["cherwell"]},
        before={"description": "", "districts": []},
    )
    assert Partner.objects.published().get().description == ""

    approve(change, actor=manager)

    live = Partner.objects.published().get()
    assert live.description == "We mend bicycles."
    assert list(live.districts.all()) == [district]


def test_approve_profile_change_to_a_name_that_was_taken_is_refused_whole(standing, manager):
    pledge = PledgeFactory(submitted=True, partner=standing)
    change = ProfileChangeFactory(
        submitted=True, partner=standing, values={"name": "Ox Bikes"}, before={"name": standing.name}
    )
    PartnerFactory(approved=True, name="OX Bikes Ltd")
    with pytest.raises(ValidationError, match="has signed already"):
        approve(pledge, change, actor=manager)
    pledge.refresh_from_db()
    change.refresh_from_db()
    standing.refresh_from_db()
    assert (pledge.state, change.state, standing.name) == (State.SUBMITTED, State.SUBMITTED, "Cherwell Cycles")
    assert not OutgoingEmail.objects.exists()


def test_declined_profile_change_leaves_what_is_live(standing, manager):
    change = ProfileChangeFactory(submitted=True, partner=standing)
    decide(decisions=[Decision(change, Move.DECLINE, "This reads like an advertisement.")], actor=manager)
    standing.refresh_from_db()
    assert standing.description == ""
    assert standing.is_published


# Asking and declining -------------------------------------------------------------------------


@pytest.mark.parametrize("move", [Move.ASK, Move.DECLINE])
def test_refusal_without_words_is_refused(partner, manager, move):
    with pytest.raises(ValidationError, match="Write what the partner should change"):
        decide(decisions=[Decision(partner, move, "  ")], actor=manager)
    partner.refresh_from_db()
    assert partner.state == State.SUBMITTED
    assert not AuditEvent.objects.exists()


def test_decline_uses_the_reasons_words_unless_there_are_others(manager, lead):
    reason = DeclineReasonFactory(message="It is not in Oxfordshire.")
    first, second = (PartnerFactory(submitted=True, lead=UserFactory()) for _n in range(2))
    decide(decisions=[Decision(first, Move.DECLINE, reason=reason)], actor=manager)
    decide(decisions=[Decision(second, Move.DECLINE, "Your bakery is in Swindon.", reason)], actor=manager)
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.decision_message == "It is not in Oxfordshire."
    assert second.decision_message == "Your bakery is in Swindon."
    assert audit.trail(second).get().data["reason"] == reason.pk


def test_decline_signature_declines_its_waiting_pledges_in_one_letter(partner, manager, mailbox):
    waiting = PledgeFactory(submitted=True, partner=partner, statement="We will bake.")
    taken_back = PledgeFactory(withdrawn=True, partner=partner)
    decided = decide(decisions=[Decision(partner, Move.DECLINE, "You work in Swindon.")], actor=manager)
    assert decided == [partner, waiting]
    waiting.refresh_from_db()
    taken_back.refresh_from_db()
    assert (waiting.state, waiting.decision_message) == (State.DECLINED, "You work in Swindon.")
    assert taken_back.state == State.SUBMITTED
    (letter,) = mailbox()
    assert letter.to == ["lead@example.org"]
    assert letter.body.count("You work in Swindon.") == 1
    assert "Your pledge goes with your signature" in letter.body


def test_approve_pledge_of_a_signature_declined_with_it_is_refused(partner, manager):
    pledge = PledgeFactory(submitted=True, partner=partner)
    with pytest.raises(NotPossible, match="Approve the signature first"):
        decide(decisions=[Decision(partner, Move.DECLINE, "No."), Decision(pledge, Move.APPROVE)], actor=manager)
    partner.refresh_from_db()
    assert partner.state == State.SUBMITTED


# The partner's answer -------------------------------------------------------------------------


def test_answer_comes_back_into_the_queue_with_its_own_time(partner, lead, manager):
    pledge = PledgeFactory(submitted=True, partner=partner)
    words = "Say more about what you do."
    decide(decisions=[Decision(partner, Move.ASK, words), Decision(pledge, Move.ASK, words)], actor=manager)
    assert not Case.objects.waiting().exists()

    later = datetime.datetime(2031, 5, 6, 9, tzinfo=datetime.UTC)
    with time_machine.travel(later, tick=False):
        submit_again(objects=[pledge, partner], actor=lead, message="We wrote more.")

    case = Case.objects.waiting().get()
    assert (case.waiting_since, case.pledges_waiting) == (later, 1)
    assert case.things_waiting == [case, pledge]
    assert [event.verb for event in audit.trail(partner)] == ["partner.submit", "partner.ask"]
    assert audit.trail(partner).first().note == "We wrote more."


def test_pledges_of_a_partner_asked_for_changes_wait_for_the_partner(partner, manager):
    PledgeFactory(submitted=True, partner=partner)
    decide(decisions=[Decision(partner, Move.ASK, "Say more.")], actor=manager)
    assert not Case.objects.waiting().exists()
    assert Case.objects.get().things_waiting == []


def test_submit_again_what_waits_already_is_refused(partner, lead):
    with pytest.raises(NotPossible, match="The signature: This is “waiting for a decision” now"):
        submit_again(objects=[partner], actor=lead)


def test_submit_again_pledge_of_declined_partner_is_refused(partner, lead, manager):
    pledge = PledgeFactory(submitted=True, partner=partner)
    decide(decisions=[Decision(pledge, Move.ASK, "Say more.")], actor=manager)
    decide(decisions=[Decision(partner, Move.DECLINE, "No.")], actor=manager)
    with pytest.raises(NotPossible, match="The signature was declined"):
        submit_again(objects=[pledge], actor=lead)


# Not possible ---------------------------------------------------------------------------------


@pytest.mark.parametrize("move", [Move.APPROVE, Move.ASK, Move.DECLINE])
@pytest.mark.parametrize(("trait", "words"), STATES_THAT_DO_NOT_WAIT.items())
def test_decide_on_what_was_decided_changes_nothing(manager, move, trait, words):
    partner = PartnerFactory(**{trait: True}, lead=True)
    before = Partner.objects.values().get()
    with pytest.raises(NotPossible, match=f"The signature: This is “{words}” now"):
        decide(decisions=[Decision(partner, move, "Words.")], actor=manager)
    assert Partner.objects.values().get() == before
    assert not OutgoingEmail.objects.exists()
    assert not AuditEvent.objects.exists()


def test_decide_on_what_was_just_withdrawn_says_so_and_changes_nothing(partner, lead, manager):
    pledge = PledgeFactory(submitted=True, partner=partner)
    with time_machine.travel(datetime.datetime(2026, 5, 4, 12, tzinfo=datetime.UTC)):
        withdraw_partner(partner=partner, actor=lead)
    letters = OutgoingEmail.objects.count()
    for obj, name in ((partner, "The signature"), (pledge, "The pledge “")):
        with pytest.raises(NotPossible, match=f"{name}.*: It was withdrawn on 4 May 2026, so there is nothing left"):
            decide(decisions=[Decision(obj, Move.DECLINE, "No.")], actor=manager)
    partner.refresh_from_db()
    pledge.refresh_from_db()
    assert partner.state == pledge.state == State.SUBMITTED
    assert partner.decision_message == ""
    assert OutgoingEmail.objects.count() == letters


def test_decide_is_all_or_nothing(partner, manager):
    pledge = PledgeFactory(submitted=True, partner=partner)
    gone = PledgeFactory(withdrawn=True, partner=partner, statement="We will sing.")
    with pytest.raises(NotPossible, match=r"The pledge “We will sing\.”: It ended on"):
        approve(partner, pledge, gone, actor=manager)
    partner.refresh_from_db()
    pledge.refresh_from_db()
    assert (partner.state, partner.approved_at) == (State.SUBMITTED, None)
    assert pledge.state == State.SUBMITTED
    assert not AuditEvent.objects.exists()
    assert not OutgoingEmail.objects.exists()


def test_decide_on_things_of_two_partners_is_refused(partner, standing, manager):
    foreign = PledgeFactory(submitted=True, partner=standing)
    with pytest.raises(NotPossible, match="not there any more"):
        approve(partner, foreign, actor=manager)
    foreign.refresh_from_db()
    assert foreign.state == State.SUBMITTED


def test_decide_on_an_erased_partner_says_so(partner, manager):
    Partner.objects.get(pk=partner.pk).delete()
    with pytest.raises(NotPossible, match="erased"):
        approve(partner, actor=manager)


def test_decide_nothing_is_refused(manager):
    with pytest.raises(ValidationError, match="at least one thing"):
        decide(decisions=[], actor=manager)


def test_decide_on_what_changed_since_it_was_seen_is_refused(partner, manager):
    pledge = PledgeFactory(submitted=True, partner=partner)
    seen = Case.objects.to_decide_on().get().fingerprint
    Pledge.objects.filter(pk=pledge.pk).update(statement="We will do something else.")
    with pytest.raises(NotPossible, match="This changed after you opened it"):
        decide(decisions=[Decision(partner, Move.APPROVE)], actor=manager, seen=seen)
    partner.refresh_from_db()
    assert partner.state == State.SUBMITTED


def test_fingerprint_is_the_same_for_the_same_things_and_differs_for_each_change(partner):
    def fingerprint():
        return Case.objects.to_decide_on().get(pk=partner.pk).fingerprint

    marks = [fingerprint()]
    assert fingerprint() == marks[0]
    pledge = PledgeFactory(submitted=True, partner=partner)
    marks.append(fingerprint())
    Partner.objects.filter(pk=partner.pk).update(description="We bake.")
    marks.append(fingerprint())
    partner.districts.add(DistrictFactory())
    marks.append(fingerprint())
    Pledge.objects.filter(pk=pledge.pk).update(state=State.DRAFT)
    marks.append(fingerprint())
    assert len(set(marks)) == 5


def test_decide_twice_under_one_number_decides_once(partner, manager):
    for _press in range(2):
        decide(decisions=[Decision(partner, Move.APPROVE)], actor=manager, number="one")
    assert audit.trail(partner).count() == 1
    assert OutgoingEmail.objects.count() == 1


# The letter -----------------------------------------------------------------------------------


def test_all_decisions_of_one_call_go_in_one_letter(partner, manager, mailbox):
    kept = PledgeFactory(submitted=True, partner=partner, statement="We will bake.")
    asked = PledgeFactory(submitted=True, partner=partner, statement="We will do good.")
    refused = PledgeFactory(submitted=True, partner=partner, statement="We will sell more.")
    decide(
        decisions=[
            Decision(partner, Move.APPROVE),
            Decision(kept, Move.APPROVE),
            Decision(asked, Move.ASK, "Say how much good.\nAnd by when."),
            Decision(refused, Move.DECLINE, "That is an aim for you alone."),
        ],
        actor=manager,
    )
    (letter,) = mailbox()
    assert letter.to == ["lead@example.org"]
    assert letter.subject == "Your signature of the Charter: our decisions"
    assert "Change it in your account: http://testserver/account/" in letter.body
    for words in ("We will bake.", "We will do good.", "> Say how much good.\n> And by when.", "That is an aim"):
        assert words in letter.body


@pytest.mark.parametrize(
    ("move", "subject", "link"),
    [
        (Move.APPROVE, "Your signature of the Charter is approved", "/partners/isis-bakery/"),
        (Move.ASK, "Your signature of the Charter: something to change", "/account/"),
        (Move.DECLINE, "Your signature of the Charter: our decision", "/contact/"),
    ],
)
def test_letter_leads_to_what_its_reader_does_next(partner, manager, mailbox, move, subject, link):
    decide(decisions=[Decision(partner, move, "These are <our> words: https://example.org/")], actor=manager)
    (letter,) = mailbox()
    assert letter.subject == subject
    assert "\n\nThe Oxfordshire Inclusive Economy Partnership\n\n" in letter.body
    beginning, _gap, _rest = letter.body.partition("> Isis Bakery")
    assert f"http://testserver{link}" in beginning
    assert "> These are <our> words: https://example.org/" in letter.body
    html = letter.alternatives[0].content
    assert "These are &lt;our&gt; words: https://example.org/" in html
    assert 'href="https://example.org/' not in html


@pytest.mark.parametrize(
    ("make", "move", "subject"),
    [
        (PledgeFactory, Move.APPROVE, "Your pledge is approved"),
        (PledgeFactory, Move.ASK, "Your pledge: something to change"),
        (PledgeFactory, Move.DECLINE, "Your pledge: our decision"),
        (ProfileChangeFactory, Move.APPROVE, "The change to your profile is approved"),
        (ProfileChangeFactory, Move.ASK, "Your profile: something to change"),
        (ProfileChangeFactory, Move.DECLINE, "The change to your profile: our decision"),
    ],
)
def test_letter_about_a_later_thing_names_it(standing, manager, mailbox, make, move, subject):
    thing = make(submitted=True, partner=standing)
    decide(decisions=[Decision(thing, move, "Words.")], actor=manager)
    (letter,) = mailbox()
    assert letter.subject == subject
    assert "Words." in letter.body
    assert OutgoingEmail.objects.about(standing).count() == 1


def test_letter_goes_to_the_signer_where_there_is_no_lead(manager, mailbox):
    partner = PartnerFactory(submitted=True)
    MembershipFactory(partner=partner, ended=True)
    SignatureFactory(partner=partner, signer=UserFactory(email="signer@example.org"))
    approve(partner, actor=manager)
    (letter,) = mailbox()
    assert letter.to == ["signer@example.org"]


def test_resident_is_written_to_and_stays_unnamed(manager, mailbox):
    resident = ResidentFactory(submitted=True, name="Ada Lovelace", lead=True)
    approve(resident, actor=manager)
    (letter,) = mailbox()
    assert "resident-" in letter.body
    assert str(Partner.objects.published().get()) == "A resident of Oxfordshire"


def test_no_letter_is_written_when_the_decision_is_rolled_back(partner, manager):
    with transaction.atomic():
        approve(partner, actor=manager)
        transaction.set_rollback(True)
    assert not OutgoingEmail.objects.exists()


# The trail ------------------------------------------------------------------------------------


def test_each_decision_says_who_when_and_why_for_good(partner, manager):
    pledge = PledgeFactory(submitted=True, partner=partner)
    at = datetime.datetime(2026, 5, 4, 10, tzinfo=datetime.UTC)
    with time_machine.travel(at, tick=False):
        decide(decisions=[Decision(partner, Move.APPROVE), Decision(pledge, Move.ASK, "Say how many.")], actor=manager)
    events = {event.verb: event for event in audit.trail(partner, pledge)}
    assert set(events) == {"partner.approve", "pledge.ask"}
    assert {(event.actor, event.at) for event in events.values()} == {(manager, at)}
    assert events["pledge.ask"].note == "Say how many."
    assert (events["pledge.ask"].data["before"], events["pledge.ask"].data["after"]) == ("submitted", "changes_asked")
    assert events["pledge.ask"].data["decision"] == events["partner.approve"].data["decision"]


def test_staged_change_is_in_nothing_public_until_it_is_decided(standing, manager):
    old = PledgeFactory(approved=True, partner=standing, statement="We will mend bikes.")
    change = PledgeFactory(submitted=True, partner=standing, statement="We will give bikes.", replaces=old)
    profile = ProfileChangeFactory(submitted=True, partner=standing, values={"description": "Novel words"})
    assert not Partner.objects.published().matching("novel").exists()
    assert list(Pledge.objects.published()) == [old]
    assert list(Pledge.objects.live()) == [old]
    approve(change, profile, actor=manager)
    assert Partner.objects.published().matching("novel").get() == standing
    assert list(Pledge.objects.live()) == [change]
    assert ProfileChange.objects.get().before == {"description": ""}
