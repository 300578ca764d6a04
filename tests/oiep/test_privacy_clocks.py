"""What goes by itself: each clock on the day before, on the day, and when it is run again."""

import datetime

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.utils import timezone

from oiep import audit
from oiep.models import AuditEvent, Erasure, OutgoingEmail, User
from oiep.privacy.clocks import CLOCKS, run_day
from oiep.privacy.erasing import erase
from oiep.privacy.register import REGISTER
from partners.models import ContactMessage, JoinRequest, Membership, Partner, PartnerInvitation, ProfileChange
from pledges.actions.pledges import withdraw_partner
from pledges.models import Evidence, Pledge, Review, Signing
from tests.factories import (
    ContactMessageFactory,
    EventFactory,
    EvidenceFactory,
    GroupInvitationFactory,
    GroupJoinRequestFactory,
    GroupMemberFactory,
    JoinRequestFactory,
    JudgeFactory,
    JudgeInvitationFactory,
    MembershipFactory,
    OutgoingEmailFactory,
    PartnerFactory,
    PartnerInvitationFactory,
    PledgeFactory,
    ProfileChangeFactory,
    RecognitionFactory,
    RegistrationFactory,
    ResidentFactory,
    ReviewFactory,
    SignatureFactory,
    SigningFactory,
    UserFactory,
)
from tests.person import ADDRESS, NAME, SURNAME, WORD, empty_storage, places_with

pytestmark = pytest.mark.django_db

DAY = datetime.datetime(2027, 3, 31, 12, tzinfo=datetime.UTC)


@pytest.fixture(autouse=True)
def no_files():
    empty_storage()


@pytest.fixture
def that_day():
    """What a test makes before it asks for `run_until` happens at noon of DAY."""
    with time_machine.travel(DAY, tick=False):
        yield


def done_on(day):
    """What is done on a day; a second run finds nothing more."""
    with time_machine.travel(datetime.datetime.fromisoformat(f"{day}T07:05:00Z"), tick=False):
        done = run_day()
        assert not any(run_day().values())
    return {name: count for name, count in done.items() if count}


def test_each_clock_that_the_register_names_is_there():
    named = {table.clock for table in REGISTER.values() if table.clock}
    assert named == set(CLOCKS)


def test_declined_signature_goes_after_90_days_with_all_that_came_with_it(
    that_day, manager, django_capture_on_commit_callbacks
):
    user = UserFactory(email=ADDRESS, name=NAME)
    partner = PartnerFactory(declined=True, name=NAME, lead=user)
    pledge = PledgeFactory(declined=True, partner=partner, statement=NAME)
    PledgeFactory(declined=True, partner=partner, replaces=pledge)
    EvidenceFactory(
        answer__review=ReviewFactory(partner=partner, declined=True), answer__pledge=pledge, name=f"{NAME}.pdf"
    )
    RecognitionFactory(partner=partner, note=NAME)
    signature = SignatureFactory(partner=partner, signer=user, signer_name=NAME)
    SigningFactory(declared=True, email=ADDRESS, confirmed_at=timezone.now(), signature=signature)
    audit.record(verb="partner.decline", subject=partner, actor=manager, note=NAME)
    OutgoingEmail.objects.create(template="decision_declined", to=ADDRESS, subject=partner, text=NAME, subject_line="A")
    assert "declined" not in done_on("2027-06-29")
    with django_capture_on_commit_callbacks(execute=True):
        assert done_on("2027-06-30")["declined"] == 1
    assert not Partner.objects.filter(pk=partner.pk).exists()
    assert (Pledge.objects.count(), Review.objects.count(), Evidence.objects.count()) == (0, 0, 0)
    assert places_with(WORD, SURNAME) == []
    assert AuditEvent.objects.get(verb="partner.decline").actor == manager


def test_declined_parts_of_a_partner_that_stands_go(that_day):
    partner = PartnerFactory(approved=True, lead=True)
    live = PledgeFactory(approved=True, partner=partner)
    PledgeFactory(declined=True, partner=partner, replaces=live)
    ProfileChangeFactory(declined=True, partner=partner)
    RecognitionFactory(declined=True, partner=partner)
    review = ReviewFactory(declined=True, partner=partner, help_wanted="Help.")
    EvidenceFactory(answer__review=review, answer__pledge=live, answer__words="Words.")
    assert done_on("2027-06-30")["declined"] == 4
    review.refresh_from_db()
    assert (review.state, review.help_wanted, review.decision_message) == ("declined", "", "Erased.")
    assert review.answers.get().words == ""
    assert not Evidence.objects.exists()
    assert not ProfileChange.objects.exists()
    assert list(Pledge.objects.all()) == [live]
    assert partner.memberships.count() == 1


def test_declined_and_sent_in_again_stays(that_day):
    partner = PartnerFactory(declined=True)
    Partner.objects.update(state="submitted", decided_at=None, decided_by=None)
    assert "declined" not in done_on("2027-12-01")
    assert Partner.objects.get() == partner


def test_contact_data_of_an_organisation_goes_30_days_after_it_withdrew(that_day):
    user = UserFactory(email=ADDRESS, name=NAME)
    partner = PartnerFactory(approved=True, name="Bakery", lead=user)
    pledge = PledgeFactory(approved=True, partner=partner)
    busy = MembershipFactory(partner=partner, role="member", job_title="Baker").user
    MembershipFactory(user=busy)
    SignatureFactory(partner=partner, signer=user, signer_name=NAME, signer_job_title="Head")
    withdraw_partner(partner=partner, actor=user)
    OutgoingEmail.objects.filter(state="waiting").update(state="sent", sent_at=timezone.now())
    assert done_on("2027-04-30") == {}
    assert done_on("2027-05-01")["withdrawn"] == 1
    partner.refresh_from_db()
    pledge.refresh_from_db()
    assert (partner.name, partner.is_published) == ("Bakery", True)
    assert pledge.ending == "stopped"
    assert partner.memberships.count() == 0
    assert places_with(WORD, SURNAME) == []
    assert list(Erasure.objects.values_list("user", flat=True)) == [user.pk]
    busy.refresh_from_db()
    assert busy.is_active


def test_whose_partner_withdrew_keeps_what_they_have_booked_until_that_is_forgotten(that_day):
    user = UserFactory(email=ADDRESS, name=NAME)
    partner = PartnerFactory(approved=True, lead=user)
    event = EventFactory(published=True, starts_at=DAY + datetime.timedelta(days=40))
    booking = RegistrationFactory(event=event, booked=True, email=ADDRESS)
    withdraw_partner(partner=partner, actor=user)
    assert done_on("2027-05-01") == {"withdrawn": 1}
    booking.refresh_from_db()
    assert (booking.state, booking.email) == ("booked", ADDRESS)
    assert not Erasure.objects.exists()
    done = done_on("2027-11-11")
    assert (done["attendees"], done["unused"]) == (1, 1)
    assert Erasure.objects.get().user == user


def test_resident_who_withdrew_is_erased_after_30_days(that_day):
    user = UserFactory(email=ADDRESS, name=NAME)
    partner = ResidentFactory(approved=True, lead=user, name=NAME)
    PledgeFactory(approved=True, partner=partner, statement=f"I, {NAME}.")
    withdraw_partner(partner=partner, actor=user)
    OutgoingEmail.objects.filter(state="waiting").update(state="sent", sent_at=timezone.now())
    done_on("2027-05-01")
    assert places_with(WORD, SURNAME) == []


def test_messages_from_visitors_go_after_12_months(that_day):
    ContactMessageFactory()
    assert "messages" not in done_on("2028-03-31")
    assert done_on("2028-04-01")["messages"] == 1
    assert not ContactMessage.objects.exists()


def test_invitations_and_requests_go_90_days_after_they_ended(that_day):
    for factory in (PartnerInvitationFactory, GroupInvitationFactory):
        factory()
        factory(state="declined", answered_at=timezone.now())
    JoinRequestFactory(refused=True)
    JoinRequestFactory()
    GroupJoinRequestFactory(state="refused", answered_at=timezone.now(), answered_by=UserFactory())
    assert done_on("2027-06-30")["requests"] == 4
    assert done_on("2027-07-14")["requests"] == 2
    assert not PartnerInvitation.objects.exists()
    assert JoinRequest.objects.get().state == "asked"


def test_account_that_was_never_used_goes_90_days_after_its_owner_was_last_here(that_day):
    user = UserFactory(email=ADDRESS, last_login=DAY + datetime.timedelta(days=10))
    with time_machine.travel(DAY + datetime.timedelta(days=100), tick=False):
        assert run_day()["unused"] == 0
    assert done_on("2027-07-10") == {"unused": 1}
    assert Erasure.objects.get().user == user


@pytest.mark.parametrize(
    "use",
    [
        lambda user: PartnerFactory(approved=True, lead=user),
        lambda user: MembershipFactory(user=user, ended_at=timezone.now()),
        lambda user: SignatureFactory(signer=user),
        lambda user: JoinRequestFactory(user=user),
        lambda user: GroupMemberFactory(user=user),
        lambda user: GroupJoinRequestFactory(user=user),
        lambda user: JudgeFactory(user=user),
        lambda user: PartnerInvitationFactory(email=ADDRESS, invited_at=DAY + datetime.timedelta(days=119)),
        lambda user: GroupInvitationFactory(email=ADDRESS, invited_at=DAY + datetime.timedelta(days=119)),
        lambda user: JudgeInvitationFactory(email=ADDRESS, invited_at=DAY + datetime.timedelta(days=119)),
        lambda user: SigningFactory(email=ADDRESS, changed_at=DAY + datetime.timedelta(days=119)),
        lambda user: EventFactory(organiser=user, starts_at=DAY + datetime.timedelta(days=150)),
        lambda user: RegistrationFactory(
            email=ADDRESS, booked=True, event=EventFactory(starts_at=DAY + datetime.timedelta(days=150))
        ),
        lambda user: User.objects.filter(pk=user.pk).update(is_staff=True),
        lambda user: User.objects.filter(pk=user.pk).update(is_active=False),
    ],
)
def test_account_that_is_there_for_something_stays(that_day, use):
    use(UserFactory(email=ADDRESS))
    with time_machine.travel(DAY + datetime.timedelta(days=120), tick=False):
        run_day()
    assert User.objects.filter(email=ADDRESS).exists()


def test_words_of_mail_go_after_12_months_and_the_ledger_stays(that_day):
    sent = OutgoingEmailFactory(sent=True, key="review/1/2027-03-31/due")
    failed = OutgoingEmailFactory(failed=True, reason="550 <reader@example.org> is unknown")
    waiting = OutgoingEmailFactory()
    assert "emails" not in done_on("2028-03-31")
    assert done_on("2028-04-01")["emails"] == 2
    for row in (sent, failed, waiting):
        row.refresh_from_db()
    assert (sent.key, sent.state, sent.to, sent.text) == ("review/1/2027-03-31/due", "sent", "", "")
    assert (failed.state, failed.reason) == ("failed", "The mail server did not take it.")
    assert waiting.to


def test_sign_in_codes_go_after_7_days(that_day):
    OutgoingEmailFactory(sent=True, template="account/email/login_code")
    OutgoingEmailFactory(failed=True, leaves_no_trace=True)
    OutgoingEmailFactory(sent=True)
    assert done_on("2027-04-07")["emails"] == 1
    assert done_on("2027-04-08")["emails"] == 1
    assert OutgoingEmail.objects.get().template == "test"


def test_notes_of_the_trail_go_after_3_years_and_the_trail_stays(that_day, manager):
    event = audit.record(verb="user.changed", subject=manager, actor=manager, note="A word.")
    assert "audit_notes" not in done_on("2030-03-31")
    assert done_on("2030-04-01")["audit_notes"] == 1
    event.refresh_from_db()
    assert (event.note, event.actor, event.verb) == ("", manager, "user.changed")


def test_sessions_that_ran_out_go(that_day, client_of):
    client_of(UserFactory())
    assert done_on("2027-04-13") == {}
    assert done_on("2027-04-15")["sessions"] >= 1
    assert not Session.objects.exists()


def test_row_that_came_while_somebody_was_being_erased_goes(that_day):
    user = UserFactory()
    erase(user=user, actor=None, tell=False)
    MembershipFactory(user=user)
    assert done_on("2027-04-01")["left_over"] == 1
    assert not Membership.objects.exists()


def test_one_that_fails_does_not_stop_the_rest(that_day, monkeypatch):
    first, second = (PartnerFactory(declined=True) for _n in range(2))
    delete = Partner.delete

    def fail_for_the_first(partner, *args, **kwargs):
        if partner.pk == first.pk:
            raise RuntimeError
        return delete(partner, *args, **kwargs)

    monkeypatch.setattr(Partner, "delete", fail_for_the_first)
    with time_machine.travel(DAY + datetime.timedelta(days=100), tick=False):
        done = run_day()
    assert (done["failed"], done["declined"]) == (1, 1)
    assert list(Partner.objects.all()) == [first]
    assert second.pk != first.pk


def test_half_done_signing_of_somebody_who_was_erased_goes_at_once():
    user = UserFactory(email=ADDRESS)
    SigningFactory(email=ADDRESS, answers={"who": {"name": NAME}})
    erase(user=user, actor=user, tell=False)
    assert not Signing.objects.exists()
    assert User.objects.filter(email=ADDRESS).count() == 0
