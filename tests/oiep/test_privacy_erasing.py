"""Erasing a person leaves no trace of them: not in any table, file, session, message or log."""

import base64
import logging

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.core import mail as outbox

from oiep import audit, email
from oiep.models import AuditEvent, Erasure, OutgoingEmail, User
from oiep.moderation import NotPossible
from oiep.privacy import erasing, register
from oiep.privacy.erasing import LEAVE, WITHDRAW, erase, partners_led_by, replay
from partners.models import ContactMessage, Membership
from pledges.figures import totals
from pledges.models import Pledge
from tests.factories import (
    ContactMessageFactory,
    GroupMemberFactory,
    ManagerFactory,
    MeetingFactory,
    MembershipFactory,
    OutgoingEmailFactory,
    PartnerFactory,
    PledgeFactory,
    ResidentFactory,
    ReviewFactory,
    SignatureFactory,
    UserFactory,
)
from tests.person import ADDRESS, NAME, SURNAME, WORD, empty_storage, know, places_with

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_files():
    empty_storage()


# The register ---------------------------------------------------------------------------------


def test_each_field_of_each_model_is_in_the_register():
    assert register.faults() == []


def test_fields_that_are_missing_are_found(monkeypatch):
    from oiep.personal import Table

    monkeypatch.setitem(register.REGISTER, "partners.Pause", Table(plain="id partner partner lost", personal="reason"))
    monkeypatch.delitem(register.REGISTER, "partners.Logo")
    found = " ".join(register.faults())
    assert "partners.Logo is in no register." in found
    assert "partners.Pause.starts_on is in no register" in found
    assert "partners.Pause.lost is in the register, and the model has none" in found
    assert "partners.Pause.partner is in the register twice" in found
    assert "partners.Pause holds something personal, and nothing says whose its rows are" in found


# Everything -----------------------------------------------------------------------------------


@pytest.fixture
def known(manager, client_of):
    user = know()
    client_of(user)  # they are signed in
    waiting = SessionStore()
    waiting["account_login"] = {"email": ADDRESS}
    waiting.save()
    return user


def test_nothing_is_left_of_a_person(known, caplog, django_capture_on_commit_callbacks):
    caplog.set_level(logging.INFO)
    before = places_with(WORD, SURNAME)
    assert len(before) > 25, before
    assert any("/" in place for place in before), "files"
    assert "django_session" in before
    with django_capture_on_commit_callbacks(execute=True):
        choices = dict.fromkeys(partners_led_by(known).values_list("pk", flat=True), LEAVE)
        erase(user=known, actor=known, choices=choices)
    email.send_due()
    assert places_with(WORD, SURNAME, log=caplog.text) == []
    assert [message.to for message in outbox.outbox].count([ADDRESS]) == 1


def _leave_job_titles(model, rows, user):
    found = register_rows_about(model, rows, user)
    return found.none() if model is Membership else found


register_rows_about = register.rows_about


def test_a_row_that_is_left_out_is_found(known, monkeypatch, django_capture_on_commit_callbacks):
    monkeypatch.setattr(register, "rows_about", _leave_job_titles)
    with django_capture_on_commit_callbacks(execute=True):
        erase(user=known, actor=known)
    email.send_due()
    assert places_with(WORD, SURNAME) == ["partners_membership"]


@pytest.mark.parametrize("step", ["_erase_rows", "_end_sessions", "_take_out_mentions", "_empty"])
def test_each_step_is_needed(known, monkeypatch, step):
    monkeypatch.setattr(erasing, step, lambda *args: None)
    erase(user=known, actor=known)
    email.send_due()
    assert places_with(WORD, SURNAME) != []


@pytest.mark.parametrize(
    "text",
    [
        f"a {SURNAME} b",
        SURNAME[::-1],
        SURNAME.encode().hex(),
        "Qp%C3%B8nmlkj",
        r"Qp\u00f8nmlkj",
        *(base64.b64encode(f"{'a' * n}{SURNAME} b".encode()).decode() for n in range(3)),
    ],
)
def test_disguises_are_found(text):
    assert places_with(SURNAME) == []
    OutgoingEmailFactory(text=text)
    assert places_with(SURNAME) == ["oiep_outgoingemail"]


# What stays -----------------------------------------------------------------------------------


@pytest.fixture
def person():
    return UserFactory(email=ADDRESS, name=NAME)


def test_what_others_wrote_and_did_stays(person, manager):
    partner = PartnerFactory(approved=True, name="Bakery", description="We bake.", lead=person)
    pledge = PledgeFactory(approved=True, partner=partner, statement="We hire.")
    signature = SignatureFactory(partner=partner, signer=person, signer_name=NAME)
    other = OutgoingEmailFactory(to=f"x{ADDRESS}", text=f"Hello x{ADDRESS}")
    theirs = ContactMessageFactory(partner=partner, message="Cake?")
    event = audit.record(verb="pledge.changed", subject=pledge, actor=person, note="A word.", fields=["unit"])
    decided = audit.record(verb="partner.approve", subject=partner, actor=manager, note=f"Well done, {NAME}.")
    erase(user=person, actor=person)
    for row in (partner, pledge, signature, other, theirs, event, decided):
        row.refresh_from_db()
    assert (partner.name, partner.description, partner.withdrawn_at) == ("Bakery", "We bake.", None)
    assert (pledge.statement, pledge.ended_at) == ("We hire.", None)
    assert (signature.signer, signature.signer_name) == (None, "Somebody who has left")
    assert (other.to, other.text) == (f"x{ADDRESS}", f"Hello x{ADDRESS}")
    assert theirs.message == "Cake?"
    assert (event.actor, event.note, event.data) == (person, "", {"fields": ["unit"]})
    assert (decided.actor, decided.note) == (manager, "Well done, somebody who has left.")
    person.refresh_from_db()
    assert (str(person), person.email) == ("Somebody who has left", f"erased-{person.pk}@invalid.invalid")
    assert (person.is_active, person.has_usable_password()) == (False, False)
    assert Erasure.objects.get().user == person
    assert AuditEvent.objects.get(verb="user.erased").data == {}


def test_a_name_of_one_word_is_no_reason_to_rewrite_what_others_wrote():
    meeting = MeetingFactory(minutes="We will meet Will again.")
    erase(user=UserFactory(name="Will"), actor=None)
    meeting.refresh_from_db()
    assert meeting.minutes == "We will meet Will again."


def test_group_keeps_that_there_was_a_member(person, settings):
    meeting = MeetingFactory(minutes=f"Present: {NAME.upper()}, Jo.")
    member = GroupMemberFactory(group=meeting.group, user=person, shown=True, organisation="Bakery", role="chair")
    erase(user=person, actor=person)
    member.refresh_from_db()
    meeting.refresh_from_db()
    assert (member.user, member.display_name, member.organisation, member.agreed_on) == (
        None,
        "A former member",
        "",
        None,
    )
    assert not member.is_current()
    assert member.role == "chair"
    assert meeting.minutes == "Present: somebody who has left, Jo."
    assert [mail.to for mail in OutgoingEmail.objects.filter(template="group_run_by_nobody")] == [
        settings.CONTACT_EMAIL
    ]


def test_decisions_of_staff_stay_by_a_former_manager(manager):
    partner = PartnerFactory(approved=True, decided_by=manager)
    erase(user=manager, actor=manager)
    partner.refresh_from_db()
    assert str(partner.decided_by) == "A former manager"
    assert not partner.decided_by.is_staff
    assert not partner.decided_by.groups.exists()


def test_only_administrator_stays_until_there_is_another():
    alone = User.objects.create_superuser("root@example.org")
    with pytest.raises(NotPossible, match="only administrator"):
        erase(user=alone, actor=alone)
    User.objects.create_superuser("other@example.org")
    erase(user=alone, actor=alone)
    assert User.objects.filter(is_superuser=True).count() == 1


def test_page_of_a_resident_goes_and_the_pledge_stays_as_a_number(person, client):
    resident = ResidentFactory(approved=True, lead=person, name=NAME, show_name=True)
    pledge = PledgeFactory(approved=True, partner=resident, statement="I will mentor.")
    before = totals()
    assert client.get(resident.get_absolute_url()).status_code == 200
    erase(user=person, actor=person)
    assert totals() == before == {"organisations": 0, "residents": 1, "pledges": 1}
    for address in (resident.get_absolute_url(), pledge.get_absolute_url()):
        assert client.get(address).status_code == 404
    assert resident.slug not in client.get("/partners/").content.decode()
    assert list(Pledge.objects.live()) == []


@pytest.mark.parametrize("state", ["submitted", "changes_asked", "declined", "withdrawn"])
def test_resident_whom_nobody_approved_waits_for_nothing_any_more(person, state):
    resident = ResidentFactory(**{state: True}, lead=person, name=NAME)
    PledgeFactory(submitted=True, partner=resident, statement=NAME)
    erase(user=person, actor=person)
    email.send_due()
    resident.refresh_from_db()
    assert resident.withdrawn_at or state == "declined"
    assert places_with(WORD, SURNAME) == []


# Partners that they lead ----------------------------------------------------------------------


def test_partner_is_handed_over_withdrawn_or_left(person, settings):
    handed, withdrawn, left = (PartnerFactory(approved=True, name=name, lead=person) for name in "ABC")
    heir = MembershipFactory(partner=handed, role="member")
    review = ReviewFactory(partner=left)
    erase(user=person, actor=person, choices={handed.pk: str(heir.pk), withdrawn.pk: WITHDRAW, left.pk: LEAVE})
    heir.refresh_from_db()
    withdrawn.refresh_from_db()
    assert heir.is_lead
    assert withdrawn.withdrawn_at
    assert left.lead is None
    assert review.partner.lead is None
    told = OutgoingEmail.objects.get(template="partner_without_lead")
    assert (told.to, "C" in told.text) == (settings.CONTACT_EMAIL, True)
    assert OutgoingEmail.objects.filter(to=heir.user.email, state="waiting").count() == 1


def test_nothing_happens_without_a_choice_that_holds(person):
    partner = PartnerFactory(approved=True, name="Bakery", lead=person)
    stranger = MembershipFactory()
    for choices in ({}, {partner.pk: str(stranger.pk)}, {partner.pk: "nonsense"}):
        with pytest.raises(NotPossible, match="Choose again"):
            erase(user=person, actor=person, choices=choices)
    person.refresh_from_db()
    assert person.email == ADDRESS
    assert partner.lead.user == person


def test_erasing_twice_is_refused(person):
    erase(user=person, actor=person)
    with pytest.raises(NotPossible, match="already"):
        erase(user=person, actor=person)
    assert Erasure.objects.count() == 1


# The last message -----------------------------------------------------------------------------


def test_last_message_leaves_no_trace_wherever_it_goes(person):
    erase(user=person, actor=person)
    row = OutgoingEmail.objects.get(to=ADDRESS)
    assert (row.template, row.leaves_no_trace, NAME in row.text) == ("erased", True, False)
    email.send_due()
    assert not OutgoingEmail.objects.filter(template="erased").exists()
    assert "This is the last e-mail from us." in outbox.outbox[-1].body


def test_refused_last_message_leaves_none_either(person, monkeypatch):
    erase(user=person, actor=person)
    monkeypatch.setattr(email.sending, "message_of", lambda *args: (_ for _ in ()).throw(ValueError(ADDRESS)))
    email.send_due()
    assert places_with(WORD) == []


def test_message_that_a_worker_holds_comes_to_nothing_afterwards(person):
    """The worker may send it, as it has it in its hands; its row stays empty."""
    OutgoingEmailFactory(to=ADDRESS, text=NAME)
    held = email.claim()
    erase(user=person, actor=person, tell=False)
    assert email.sending._close_refused(held, ValueError(ADDRESS)) is None
    assert email.sending._close(held, state="sent") == 0
    assert places_with(WORD, SURNAME) == []
    assert OutgoingEmail.objects.get(pk=held.pk).state == "not_sent"


# After a restore ------------------------------------------------------------------------------


def test_erasures_are_replayed_from_ids_and_tell_nobody_again(person, manager):
    PartnerFactory(approved=True, lead=person)
    assert replay([person.pk, 0]) == 1
    assert replay([person.pk]) == 0
    assert not OutgoingEmail.objects.filter(template="erased").exists()
    assert not User.objects.filter(email=ADDRESS).exists()


def test_messages_are_theirs_whatever_the_spelling_of_the_address(person):
    ContactMessageFactory(email="other@example.org")
    ContactMessageFactory(email=ADDRESS.upper())
    erase(user=person, actor=ManagerFactory())
    assert list(ContactMessage.objects.values_list("email", flat=True)) == ["other@example.org"]
