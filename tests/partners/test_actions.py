"""Profile, contact, areas, leaving: what changes a partner after it has signed."""

import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from oiep.email import queue
from oiep.models import AuditEvent, OutgoingEmail
from oiep.moderation import Move, NotPossible, State, move
from partners import actions
from partners.models import Kind, Partner, ProfileChange, Purpose
from tests.factories import (
    DistrictFactory,
    ManagerFactory,
    MembershipFactory,
    PartnerFactory,
    PriorityAreaFactory,
    ProfileChangeFactory,
    ResidentFactory,
    SectorFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead():
    return UserFactory(email="lead@example.org", name="Lea Lead")


@pytest.fixture
def baker(lead):
    return PartnerFactory(
        approved=True,
        lead=lead,
        name="Baker Ltd",
        description="We bake.",
        districts=[DistrictFactory(name="Oxford", slug="oxford")],
    )


def events(subject):
    return list(AuditEvent.objects.filter(subject_id=str(subject.pk)).order_by("pk").values_list("verb", flat=True))


def propose(partner, actor, **values):
    return actions.propose_profile_change(partner=partner, values=values, actor=actor)


# Active areas ---------------------------------------------------------------------------------


def test_active_areas_are_replaced(baker):
    old, new = PriorityAreaFactory(), PriorityAreaFactory()
    baker.areas.add(old)
    actions.set_active_areas(partner=baker, areas=[new])
    assert list(baker.areas.all()) == [new]


# The profile ----------------------------------------------------------------------------------


def test_change_of_approved_partner_waits_beside_what_is_live(baker, lead):
    change = propose(baker, lead, name="Baker & Daughters", description="We bake.", website="")
    baker.refresh_from_db()
    assert (baker.name, baker.state) == ("Baker Ltd", State.APPROVED)
    assert (change.state, change.proposed_by) == (State.SUBMITTED, lead)
    assert change.values == {"name": "Baker & Daughters"}
    assert change.before == {"name": "Baker Ltd"}
    assert events(change) == ["profilechange.submit"]
    assert AuditEvent.objects.get().data["fields"] == ["name"]


def test_change_that_waits_is_updated_in_place(baker, lead):
    first = propose(baker, lead, description="We bake bread.")
    second = propose(baker, lead, website="https://baker.example")
    assert second.pk == first.pk
    assert second.values == {"description": "We bake bread.", "website": "https://baker.example"}
    assert second.before == {"description": "We bake.", "website": ""}
    assert second.submitted_at == first.submitted_at
    assert events(first) == ["profilechange.submit", "profilechange.changed"]


def test_the_same_change_twice_is_one(baker, lead):
    change = propose(baker, lead, description="We bake bread.")
    assert propose(baker, lead, description="We bake bread.") == change
    assert events(change) == ["profilechange.submit"]


def test_change_that_was_asked_about_is_sent_in_again_with_a_word(baker, lead):
    change = propose(baker, lead, description="We bake bread.")
    move(change, Move.ASK, actor=ManagerFactory(), message="Which bread?")
    again = actions.propose_profile_change(
        partner=baker, values={"description": "We bake rye bread."}, actor=lead, message="Rye, mostly."
    )
    assert (again.pk, again.state, again.decision_message) == (change.pk, State.SUBMITTED, "")
    assert AuditEvent.objects.filter(verb="profilechange.submit").latest("pk").note == "Rye, mostly."


def test_change_back_to_what_is_live_takes_the_change_back(baker, lead):
    change = propose(baker, lead, description="We bake bread.")
    assert propose(baker, lead, description="We bake.") is None
    change.refresh_from_db()
    assert (change.state, change.values) == (State.DRAFT, {})
    assert "draft" in change.why_not(Move.APPROVE)
    assert propose(baker, lead, description="We bake cakes.").pk == change.pk


def test_nothing_new_makes_no_change(baker, lead):
    assert propose(baker, lead, name="Baker Ltd") is None
    assert not ProfileChange.objects.exists()


@pytest.mark.parametrize("state", ["submitted", "changes_asked"])
def test_partner_not_approved_yet_is_changed_directly_and_waits(lead, state):
    district = DistrictFactory(slug="cherwell")
    sector = SectorFactory(slug="food")
    partner = PartnerFactory(lead=lead, **{state: True})
    assert propose(partner, lead, name="Better Baker", sector="food", districts=["cherwell"]) is None
    partner.refresh_from_db()
    assert (partner.name, partner.state, partner.sector) == ("Better Baker", State.SUBMITTED, sector)
    assert list(partner.districts.all()) == [district]
    changed = AuditEvent.objects.get(verb="partner.changed")
    assert (changed.actor, changed.data) == (lead, {"fields": ["districts", "name", "sector"]})


def test_answer_without_an_edit_sends_in_again(lead):
    partner = PartnerFactory(changes_asked=True, lead=lead)
    actions.propose_profile_change(partner=partner, values={}, actor=lead, message="It is right as it is.")
    partner.refresh_from_db()
    assert partner.state == State.SUBMITTED
    assert AuditEvent.objects.get(verb="partner.submit").note == "It is right as it is."


def test_declined_partner_cannot_change(lead):
    partner = PartnerFactory(declined=True, lead=lead)
    with pytest.raises(NotPossible, match="declined"):
        propose(partner, lead, name="Other")


def test_withdrawn_partner_cannot_change(lead):
    partner = PartnerFactory(withdrawn=True, lead=lead)
    with pytest.raises(NotPossible, match="withdrew on"):
        propose(partner, lead, name="Other")


def test_change_to_a_name_that_is_taken_is_refused_in_words(baker, lead):
    PartnerFactory(approved=True, name="The Mill")
    with pytest.raises(ValidationError, match="An organisation of this name has signed already"):
        propose(baker, lead, name="Mill Limited")
    assert not ProfileChange.objects.exists()


def test_resident_is_hidden_at_once_and_named_only_after_a_decision(lead):
    resident = ResidentFactory(approved=True, lead=lead, name="Ana Silva", show_name=True)
    assert propose(resident, lead, show_name=False) is None
    resident.refresh_from_db()
    assert str(resident.public_name) == "A resident of Oxfordshire"
    assert "ana" not in resident.search_text
    assert events(resident) == ["partner.name_hidden"]
    change = propose(resident, lead, show_name=True)
    resident.refresh_from_db()
    assert (resident.show_name, change.values) == (False, {"show_name": True})


def test_hiding_the_name_drops_it_from_the_change_that_waits(lead):
    resident = ResidentFactory(approved=True, lead=lead, name="Ana Silva", show_name=True)
    propose(resident, lead, name="Ana M. Silva")
    change = propose(resident, lead, show_name=False)
    assert change.values == {"name": "Ana M. Silva"}


def test_second_writer_is_told_and_nothing_is_lost(baker, lead):
    opened = actions.version_of(actions.proposed_profile_of(baker))
    member = MembershipFactory(partner=baker, role="member").user
    propose(baker, member, description="Theirs.")
    with pytest.raises(actions.Conflict, match="Somebody else changed"):
        actions.propose_profile_change(partner=baker, values={"description": "Mine."}, actor=lead, seen=opened)
    assert ProfileChange.objects.get().values == {"description": "Theirs."}


def test_double_click_is_no_conflict(baker, lead):
    opened = actions.version_of(actions.proposed_profile_of(baker))
    for _click in range(2):
        actions.propose_profile_change(partner=baker, values={"description": "Mine."}, actor=lead, seen=opened)
    assert ProfileChange.objects.get().values == {"description": "Mine."}


# Applying and undoing -------------------------------------------------------------------------


def test_applied_change_is_live_and_reverted_exactly(baker, lead):
    oxford = baker.districts.get()
    cherwell = DistrictFactory(slug="cherwell")
    food = SectorFactory(slug="food")
    before = actions.profile_of(baker)
    change = propose(
        baker, lead, name="Rye", description="Rye.", sector="food", districts=["cherwell"], is_cooperative=True
    )
    actions.apply_profile_change(change=change)
    baker.refresh_from_db()
    assert (baker.name, baker.sector, baker.is_cooperative) == ("Rye", food, True)
    assert list(baker.districts.all()) == [cherwell]
    assert list(Partner.objects.matching("rye")) == [baker]
    actions.revert_profile_change(change=change)
    assert actions.profile_of(Partner.objects.get(pk=baker.pk)) == before
    assert list(baker.districts.all()) == [oxford]


def test_revert_restores_what_was_live_when_it_was_applied(baker, lead):
    change = propose(baker, lead, description="New.")
    Partner.objects.filter(pk=baker.pk).update(description="Mended by the manager.")
    actions.apply_profile_change(change=change)
    actions.revert_profile_change(change=change)
    baker.refresh_from_db()
    assert baker.description == "Mended by the manager."


def test_revert_is_refused_when_the_profile_changed_since(baker, lead):
    change = propose(baker, lead, description="New.")
    actions.apply_profile_change(change=change)
    Partner.objects.filter(pk=baker.pk).update(description="Newer.")
    with pytest.raises(NotPossible, match="changed again since"):
        actions.revert_profile_change(change=change)


def test_apply_says_that_the_name_was_taken_meanwhile(baker, lead):
    change = propose(baker, lead, name="The Mill")
    PartnerFactory(approved=True, name="Mill")
    with pytest.raises(ValidationError, match="An organisation of this name"):
        actions.apply_profile_change(change=change)


def test_change_of_withdrawn_partner_is_not_decided(baker, lead):
    change = propose(baker, lead, description="New.")
    actions.withdraw(partner=baker, actor=lead)
    change = ProfileChange.objects.get(pk=change.pk)
    assert "withdrawn" in change.why_not(Move.DECLINE)


def test_decided_change_is_not_undone_while_another_waits(baker, lead):
    earlier = ProfileChangeFactory(partner=baker, declined=True)
    propose(baker, lead, description="New.")
    assert earlier.why_not(Move.UNDO) == "Another change to this profile waits. Decide on that one first."


# Contact --------------------------------------------------------------------------------------


def test_contact_settings_apply_at_once(baker, lead):
    actions.update_contact_settings(partner=baker, actor=lead, purposes=["work", "buy"], paused=True, review_months=6)
    baker.refresh_from_db()
    assert baker.contact_purposes == [Purpose.BUY, Purpose.WORK]
    assert baker.contact_paused_at is not None
    assert (baker.review_months, baker.takes_messages) == (6, False)
    actions.update_contact_settings(partner=baker, actor=lead, purposes=["buy"], paused=False, review_months=12)
    baker.refresh_from_db()
    assert (baker.contact_paused_at, baker.takes_messages) == (None, True)
    assert events(baker) == ["partner.contact_changed", "partner.contact_changed"]


def test_contact_settings_that_stay_leave_no_trace(baker, lead):
    actions.update_contact_settings(partner=baker, actor=lead, purposes=[], paused=False, review_months=12)
    assert events(baker) == []


# Leaving --------------------------------------------------------------------------------------


def test_withdrawal_ends_the_partners_part(baker, lead, mailbox):
    baker.areas.add(PriorityAreaFactory())
    with transaction.atomic():
        queue(to="lead@example.org", template="join_accepted", context={"partner": baker}, about=baker)
    asked = actions.ask_to_join(partner=baker, user=UserFactory(email="asker@example.org"))
    actions.withdraw(partner=baker, actor=lead)
    baker.refresh_from_db()
    asked.refresh_from_db()
    assert baker.withdrawn_by == lead
    assert baker.withdrawn_at is not None
    assert not baker.areas.exists()
    assert asked.state == "refused"
    withheld = OutgoingEmail.objects.filter(state="not_sent")
    assert {(mail.template, mail.reason) for mail in withheld} == {
        ("join_accepted", "The partner withdrew from the Charter."),
        ("join_asked", "The partner withdrew from the Charter."),
    }
    letters = {letter.to[0]: letter for letter in mailbox()}
    assert letters.keys() == {"lead@example.org", "asker@example.org"}
    letter = letters["lead@example.org"]
    assert letter.subject == "You have left the Inclusive Economy Charter"
    assert "You withdrew from" in letter.body
    assert "> Baker Ltd" in letter.body
    assert "says on which day you withdrew" in letter.body


def test_withdrawal_by_the_manager_says_so_to_the_lead(baker, manager, mailbox):
    actions.withdraw(partner=baker, actor=manager)
    assert "This partner was withdrawn" in mailbox()[0].body


def test_residents_letter_says_that_the_page_goes(lead, mailbox):
    resident = ResidentFactory(approved=True, lead=lead)
    actions.withdraw(partner=resident, actor=lead)
    assert "your page is no longer public" in mailbox()[0].body


def test_second_withdrawal_says_when_it_happened(baker, lead):
    actions.withdraw(partner=baker, actor=lead)
    with pytest.raises(NotPossible, match=r"This partner withdrew on \d+ \w+ \d{4}"):
        actions.withdraw(partner=baker, actor=lead)
    assert events(baker) == ["partner.withdrawn"]


def test_name_of_withdrawn_organisation_is_free_again(baker, lead):
    actions.withdraw(partner=baker, actor=lead)
    assert PartnerFactory(submitted=True, name="Baker").kind == Kind.BUSINESS


@pytest.mark.django_db(transaction=True)
def test_two_withdrawals_at_once_happen_once():
    lead = UserFactory()
    partner = PartnerFactory(approved=True, lead=lead)
    barrier, outcomes = threading.Barrier(2), []

    def withdraw():
        barrier.wait(timeout=10)
        try:
            actions.withdraw(partner=partner, actor=lead)
            outcomes.append("done")
        except NotPossible:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=withdraw) for _n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert sorted(outcomes) == ["done", "refused"]
    assert OutgoingEmail.objects.filter(template="partner_withdrawn").count() == 1
    assert AuditEvent.objects.filter(verb="partner.withdrawn").count() == 1
