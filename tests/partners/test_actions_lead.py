"""The lead, the second contact, leaving, and inviting: a partner is never left without a lead."""

import datetime

import pytest
from django.utils import timezone

from oiep import audit
from oiep.models import AuditEvent, OutgoingEmail
from oiep.moderation import NotPossible
from partners import actions
from partners.models import Membership, Partner
from tests.factories import (
    JoinRequestFactory,
    MembershipFactory,
    OutgoingEmailFactory,
    PartnerFactory,
    PartnerInvitationFactory,
    ResidentFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

INVITED = "colleague@example.org"


@pytest.fixture
def lead():
    return UserFactory(email="lead@example.org", name="Lea Lead")


@pytest.fixture
def baker(lead):
    return PartnerFactory(approved=True, lead=lead, name="Baker Ltd")


@pytest.fixture
def member(baker):
    return MembershipFactory(partner=baker, role="member", user__email="member@example.org", user__name="Mo Member")


@pytest.fixture
def second(baker):
    return MembershipFactory(partner=baker, role="second", user__email="second@example.org")


def roles(partner):
    return dict(partner.memberships.current().values_list("user__email", "role"))


def letters(mailbox):
    return {(letter.to[0], letter.subject) for letter in mailbox()}


# Handing over ---------------------------------------------------------------------------------


def test_lead_hands_over_and_stays_as_a_member(baker, lead, member, mailbox):
    assert actions.hand_over(membership=member, actor=lead) == member
    assert roles(baker) == {"lead@example.org": "member", "member@example.org": "lead"}
    assert letters(mailbox) == {
        ("member@example.org", "You are the lead of a partner of the Inclusive Economy Charter"),
        ("lead@example.org", "You are no longer the lead of a partner of the Charter"),
    }
    event = AuditEvent.objects.get()
    assert (event.verb, event.actor) == ("membership.lead_appointed", lead)
    assert event.data == {"partner": baker.pk, "former": baker.memberships.get(user=lead).pk, "former_ended": False}


@pytest.mark.parametrize("who", ["member", "stranger", "former"])
def test_only_the_lead_decides(baker, lead, member, second, who):
    actor = {"member": member.user, "stranger": UserFactory(), "former": lead}[who]
    if who == "former":
        actions.hand_over(membership=second, actor=lead)
    before = roles(baker)
    row = PartnerInvitationFactory(partner=baker)
    for act in (
        lambda: actions.hand_over(membership=member, actor=actor),
        lambda: actions.change_role(membership=member, role="second", actor=actor),
        lambda: actions.take_off(membership=member, actor=actor),
        lambda: actions.invite(partner=baker, email=INVITED, role="member", actor=actor),
        lambda: actions.send_invitation_again(invitation=row, actor=actor),
        lambda: actions.take_back_invitation(invitation=row, actor=actor),
        lambda: actions.answer_join_request(request=JoinRequestFactory(partner=baker), accept=True, actor=actor),
    ):
        with pytest.raises(NotPossible, match="not the lead"):
            act()
    assert roles(baker) == before
    assert baker.invitations.get().state == "open"


def test_lead_of_one_partner_decides_nothing_about_another(lead, baker, member):
    other = PartnerFactory(approved=True, lead=True)
    with pytest.raises(NotPossible):
        actions.take_off(membership=member, actor=other.lead.user)


def test_one_who_has_left_is_made_nothing(baker, lead, member):
    actions.leave(membership=member)
    for act in (actions.hand_over, actions.take_off):
        with pytest.raises(NotPossible, match="any more"):
            act(membership=member, actor=lead)
    assert roles(baker) == {"lead@example.org": "lead"}


# Roles ----------------------------------------------------------------------------------------


def test_second_contact_takes_the_place_of_the_one_before(baker, lead, member, second):
    actions.change_role(membership=member, role="second", actor=lead)
    assert roles(baker) == {
        "lead@example.org": "lead",
        "member@example.org": "second",
        "second@example.org": "member",
    }
    assert set(AuditEvent.objects.values_list("verb", flat=True)) == {"membership.role_changed"}


def test_same_role_again_changes_nothing(baker, lead, second):
    actions.change_role(membership=second, role="second", actor=lead)
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("role", ["member", "second"])
def test_lead_cannot_step_down_without_handing_over(baker, lead, member, role):
    with pytest.raises(NotPossible, match="Hand the lead over"):
        actions.change_role(membership=baker.lead, role=role, actor=lead)


def test_nobody_becomes_lead_by_a_change_of_role(lead, member):
    with pytest.raises(NotPossible, match="Hand the lead over"):
        actions.change_role(membership=member, role="lead", actor=lead)


# Taking off, leaving --------------------------------------------------------------------------


def test_who_is_taken_off_is_told_and_acts_no_more(baker, lead, member, mailbox):
    actions.take_off(membership=member, actor=lead)
    assert roles(baker) == {"lead@example.org": "lead"}
    assert letters(mailbox) == {
        ("member@example.org", "You no longer act for a partner of the Inclusive Economy Charter")
    }
    assert "The lead of an organisation" in mailbox()[0].body
    assert AuditEvent.objects.get().verb == "membership.taken_off"


def test_lead_cannot_be_taken_off(baker, lead, member):
    with pytest.raises(NotPossible, match="Hand the lead over"):
        actions.take_off(membership=baker.lead, actor=lead)


@pytest.mark.parametrize("role", ["member", "second"])
def test_others_can_leave_and_the_lead_is_told(baker, role, mailbox):
    leaver = MembershipFactory(partner=baker, role=role, user__name="Le Aver")
    actions.leave(membership=leaver)
    assert roles(baker) == {"lead@example.org": "lead"}
    assert letters(mailbox) == {("lead@example.org", "Somebody has stopped acting for your organisation")}
    assert "> Le Aver" in mailbox()[0].body
    assert audit.trail(leaver).get().actor == leaver.user


def test_lead_leaves_after_handing_over_only(baker, lead, member):
    own = baker.lead
    with pytest.raises(NotPossible, match="Hand the lead over"):
        actions.leave(membership=own)
    actions.hand_over(membership=member, actor=lead)
    actions.leave(membership=own)
    assert roles(baker) == {"member@example.org": "lead"}


@pytest.mark.parametrize("role", ["lead", "member"])
def test_only_person_cannot_leave(role):
    only = MembershipFactory(role=role)
    MembershipFactory(partner=only.partner, role="member", ended=True)
    with pytest.raises(NotPossible, match="only person"):
        actions.leave(membership=only)


def test_who_has_left_can_come_back(baker, lead, member):
    actions.leave(membership=member)
    invitation = actions.invite(partner=baker, email=member.user.email, role="member", actor=lead)
    actions.accept_invitation(invitation=invitation, user=member.user)
    assert roles(baker)["member@example.org"] == "member"
    assert Membership.objects.filter(user=member.user).count() == 2


# Inviting -------------------------------------------------------------------------------------


def test_message_tells_nothing_but_the_partner_s_public_name(baker, lead, mailbox):
    invitation = actions.invite(partner=baker, email=INVITED, role="member", actor=lead)
    [letter] = mailbox()
    assert letter.to == [INVITED]
    assert "> Baker Ltd" in letter.body
    assert f"/invitations/partners/{invitation.token}/" in letter.body
    assert "Lea Lead" not in letter.body + letter.alternatives[0][0]
    row = OutgoingEmail.objects.get()
    assert (row.unproven, row.subject) == (True, invitation)
    assert audit.trail(invitation).get().verb == "partnerinvitation.invited"


def test_message_to_somebody_who_has_signed_in_before_is_no_first_one(baker, lead):
    UserFactory(email=INVITED, last_login=timezone.now())
    actions.invite(partner=baker, email=INVITED, role="member", actor=lead)
    assert not OutgoingEmail.objects.get().unproven


@pytest.mark.parametrize("state", ["submitted", "changes_asked", "declined"])
def test_partner_that_is_not_approved_invites_nobody(lead, state):
    partner = PartnerFactory(lead=lead, **{state: True})
    sent_before = PartnerInvitationFactory(partner=partner)
    for act in (
        lambda: actions.invite(partner=partner, email=INVITED, role="member", actor=lead),
        lambda: actions.send_invitation_again(invitation=sent_before, actor=lead),
    ):
        with pytest.raises(NotPossible, match="once we have approved"):
            act()
    assert not OutgoingEmail.objects.exists()


def test_partner_that_has_withdrawn_invites_nobody(lead):
    partner = PartnerFactory(withdrawn=True, lead=lead)
    with pytest.raises(NotPossible, match="withdrew"):
        actions.invite(partner=partner, email=INVITED, role="member", actor=lead)


def test_same_address_is_invited_once(baker, lead, member):
    actions.invite(partner=baker, email=INVITED, role="member", actor=lead)
    with pytest.raises(NotPossible, match="invited already"):
        actions.invite(partner=baker, email=INVITED, role="member", actor=lead)
    with pytest.raises(NotPossible, match="acts for the partner already"):
        actions.invite(partner=baker, email=member.user.email, role="member", actor=lead)


def test_invitation_that_ran_out_can_be_made_again(baker, lead):
    first = actions.invite(partner=baker, email=INVITED, role="member", actor=lead)
    baker.invitations.update(invited_at=timezone.now() - datetime.timedelta(days=14))
    again = actions.invite(partner=baker, email=INVITED, role="second", actor=lead)
    assert (again, again.role, again.is_open) == (first, "second", True)


def test_lead_is_made_by_handing_over_and_not_by_inviting(baker, lead):
    with pytest.raises(NotPossible, match="hand the lead over"):
        actions.invite(partner=baker, email=INVITED, role="lead", actor=lead)


def test_second_contact_s_place_is_offered_to_one(baker, lead, second):
    with pytest.raises(NotPossible, match="second contact already"):
        actions.invite(partner=baker, email=INVITED, role="second", actor=lead)


def test_place_that_was_taken_meanwhile_makes_a_member(baker, lead, member):
    invitation = actions.invite(partner=baker, email=INVITED, role="second", actor=lead)
    actions.change_role(membership=member, role="second", actor=lead)
    actions.accept_invitation(invitation=invitation, user=UserFactory(email=INVITED))
    assert roles(baker) == {"lead@example.org": "lead", "member@example.org": "second", INVITED: "member"}


def test_invitations_of_a_partner_are_limited(baker, lead, settings):
    settings.INVITATIONS_AT_MOST = 2
    rows = [actions.invite(partner=baker, email=f"{n}@example.org", role="member", actor=lead) for n in range(2)]
    with pytest.raises(NotPossible, match="2 invitations wait"):
        actions.invite(partner=baker, email="2@example.org", role="member", actor=lead)
    actions.take_back_invitation(invitation=rows[0], actor=lead)
    actions.invite(partner=baker, email="2@example.org", role="member", actor=lead)


def test_messages_of_a_partner_are_limited_by_day(baker, lead, settings):
    settings.INVITATION_MAILS_A_DAY = 2
    for n in range(2):
        actions.invite(partner=baker, email=f"{n}@example.org", role="member", actor=lead)
    with pytest.raises(NotPossible, match="tomorrow"):
        actions.invite(partner=baker, email="2@example.org", role="member", actor=lead)
    assert baker.invitations.count() == 2
    other = PartnerFactory(approved=True, lead=lead)
    actions.invite(partner=other, email="2@example.org", role="member", actor=lead)
    OutgoingEmail.objects.update(created_at=timezone.now() - datetime.timedelta(days=1))
    actions.invite(partner=baker, email="2@example.org", role="member", actor=lead)


def test_one_address_gets_three_a_day_however_it_is_invited(baker, lead):
    for _n in range(3):
        invitation = actions.invite(partner=baker, email=INVITED, role="member", actor=lead)
        actions.take_back_invitation(invitation=invitation, actor=lead)
    with pytest.raises(NotPossible, match="tomorrow"):
        actions.invite(partner=baker, email=INVITED, role="member", actor=lead)


@pytest.mark.parametrize("known", [True, False])
def test_inviting_does_not_tell_whether_an_address_is_known(baker, lead, known):
    """An unknown address may have had its few messages for today; the answer is the same."""
    if known:
        UserFactory(email=INVITED, last_login=timezone.now())
    else:
        OutgoingEmailFactory.create_batch(3, to=INVITED, unproven=True)
    assert actions.invite(partner=baker, email=INVITED, role="member", actor=lead).is_open


def test_sending_again_makes_it_last_anew(baker, lead, mailbox):
    invitation = actions.invite(partner=baker, email=INVITED, role="member", actor=lead)
    baker.invitations.update(invited_at=timezone.now() - datetime.timedelta(days=20))
    again = actions.send_invitation_again(invitation=invitation, actor=lead)
    assert (again.is_open, again.token) == (True, invitation.token)
    assert [letter.to for letter in mailbox()] == [[INVITED], [INVITED]]


def test_what_was_taken_back_is_over_and_its_message_does_not_go(baker, lead, mailbox):
    invitation = actions.invite(partner=baker, email=INVITED, role="member", actor=lead)
    actions.take_back_invitation(invitation=invitation, actor=lead)
    assert mailbox() == []
    for act in (actions.take_back_invitation, actions.send_invitation_again):
        with pytest.raises(NotPossible, match="It was taken back on"):
            act(invitation=invitation, actor=lead)
    with pytest.raises(NotPossible, match="It was taken back on"):
        actions.accept_invitation(invitation=invitation, user=UserFactory(email=INVITED))


def test_another_address_cannot_accept(baker, lead):
    invitation = actions.invite(partner=baker, email=INVITED, role="member", actor=lead)
    with pytest.raises(NotPossible, match="another address"):
        actions.accept_invitation(invitation=invitation, user=UserFactory())
    assert roles(baker) == {"lead@example.org": "lead"}


def test_accepting_answers_what_the_same_person_asked(baker, lead, mailbox):
    user = UserFactory(email=INVITED)
    request = actions.ask_to_join(partner=baker, user=user)
    invitation = actions.invite(partner=baker, email=INVITED, role="member", actor=lead)
    actions.accept_invitation(invitation=invitation, user=user)
    request.refresh_from_db()
    assert (request.state, request.answered_by) == ("accepted", lead)


def test_letting_in_who_asked_closes_their_invitation(baker, lead):
    user = UserFactory(email=INVITED)
    request = actions.ask_to_join(partner=baker, user=user)
    invitation = actions.invite(partner=baker, email=INVITED, role="member", actor=lead)
    actions.answer_join_request(request=request, accept=True, actor=lead)
    invitation.refresh_from_db()
    assert invitation.state == "accepted"
    assert roles(baker)[INVITED] == "member"


# The manager ----------------------------------------------------------------------------------


def test_manager_appoints_one_of_the_people_at_once(baker, member, manager, mailbox):
    actions.appoint_lead(partner=baker, user=member.user, actor=manager, reason="She has died.", end_former=True)
    assert roles(baker) == {"member@example.org": "lead"}
    assert letters(mailbox) == {
        ("member@example.org", "You are the lead of a partner of the Inclusive Economy Charter"),
        ("lead@example.org", "You no longer act for a partner of the Inclusive Economy Charter"),
    }
    assert all("The manager of" in letter.body for letter in mailbox())
    event = audit.trail(member).get()
    assert baker.memberships.get(user__email="lead@example.org").role == "lead", "what they were until the end"
    assert (event.note, event.actor, event.data["former_ended"]) == ("She has died.", manager, True)


@pytest.mark.parametrize("end_former", [False, True])
def test_invited_lead_leads_from_when_they_accept(baker, manager, end_former, mailbox):
    reason = "He cannot be reached." if end_former else ""
    invitation = actions.invite_lead(partner=baker, email=INVITED, actor=manager, end_former=end_former, reason=reason)
    assert roles(baker) == ({} if end_former else {"lead@example.org": "lead"})
    if end_former:
        assert AuditEvent.objects.get(verb="membership.ended_by_manager").note == reason
    actions.accept_invitation(invitation=invitation, user=UserFactory(email=INVITED))
    assert roles(baker) == {INVITED: "lead"} | ({} if end_former else {"lead@example.org": "member"})
    assert (INVITED, "You are the lead of a partner of the Inclusive Economy Charter") in letters(mailbox)


def test_lead_can_do_nothing_about_the_manager_s_invitation(baker, lead, manager):
    invitation = actions.invite_lead(partner=baker, email=INVITED, actor=manager)
    for act in (actions.send_invitation_again, actions.take_back_invitation):
        with pytest.raises(NotPossible, match="We sent this"):
            act(invitation=invitation, actor=lead)
        act(invitation=invitation, actor=manager, by_manager=True)


def test_somebody_of_the_people_is_not_invited_to_lead(baker, member, manager):
    with pytest.raises(NotPossible, match="acts for the partner already"):
        actions.invite_lead(partner=baker, email=member.user.email, actor=manager, end_former=True, reason="Gone.")
    assert roles(baker)["lead@example.org"] == "lead"


def test_declined_partner_takes_nobody_in():
    invitation = PartnerInvitationFactory(partner=PartnerFactory(declined=True))
    with pytest.raises(NotPossible, match="takes no part"):
        actions.accept_invitation(invitation=invitation, user=UserFactory(email=invitation.email))


def test_colleague_who_joined_meanwhile_leads_when_they_accept(baker, lead, manager):
    invitation = actions.invite_lead(partner=baker, email=INVITED, actor=manager)
    joined = MembershipFactory(partner=baker, role="member", user__email=INVITED)
    assert actions.accept_invitation(invitation=invitation, user=joined.user) == joined
    assert roles(baker) == {"lead@example.org": "member", INVITED: "lead"}


def test_nobody_leads_what_takes_part_and_has_no_lead(baker, member):
    left = MembershipFactory(role="lead", ended=True).partner
    second = MembershipFactory(role="second").partner
    waiting = PartnerFactory(submitted=True)
    for is_no_matter in ({"declined": True}, {"withdrawn": True}):
        PartnerFactory(**is_no_matter)
    ResidentFactory(approved=True, next_round_on=None)  # forgotten
    assert set(Partner.objects.without_lead()) == {left, second, waiting}
