"""The pages on which a partner's people are seen, invited, changed and taken off, and on which they leave."""

import datetime

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from oiep import audit
from oiep.models import OutgoingEmail
from tests.factories import (
    JoinRequestFactory,
    MembershipFactory,
    PartnerFactory,
    PartnerInvitationFactory,
    ResidentFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

INVITED = "colleague@example.org"


@pytest.fixture
def lead(db):
    cache.clear()
    return UserFactory(email="lead@example.org", name="Lea Lead")


@pytest.fixture
def baker(lead):
    return PartnerFactory(approved=True, lead=lead, name="Baker Ltd")


@pytest.fixture
def member(baker):
    return MembershipFactory(partner=baker, role="member", user__email="member@example.org", user__name="Mo Member")


@pytest.fixture
def client(client_of, lead):
    return client_of(lead)


def at(name, partner, *numbers):
    return reverse(f"account-{name}", args=[partner.slug, *numbers])


def shown(client, address):
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def pressed(client, address, **data):
    return client.post(address, data, follow=True).content.decode()


def roles(partner):
    return dict(partner.memberships.current().values_list("user__email", "role"))


# Seeing ---------------------------------------------------------------------------------------


def test_lead_sees_everybody_and_what_waits(client, baker, member):
    MembershipFactory(partner=baker, role="second", user__name="Sue Second")
    MembershipFactory(partner=baker, role="member", user__name="Gone Long", ended=True)
    JoinRequestFactory(partner=baker, user__name="Jo Joiner")
    JoinRequestFactory(partner=baker, user__name="Ref Used", refused=True)
    PartnerInvitationFactory(partner=baker, email=INVITED)
    PartnerInvitationFactory(
        partner=baker, email="late@example.org", invited_at=timezone.now() - datetime.timedelta(20)
    )
    PartnerInvitationFactory(partner=baker, email="back@example.org", state="taken_back", answered_at=timezone.now())
    page = shown(client, at("people", baker))
    for words in ("member@example.org", "Jo Joiner", INVITED, "late@example.org", "It ran out on", "Send again"):
        assert words in page
    for words in ("Gone Long", "Ref Used", "back@example.org"):
        assert words not in page
    assert page.index("Lea Lead") < page.index("Sue Second") < page.index("Mo Member")


def test_member_sees_names_and_nothing_to_decide(client_of, baker, member):
    PartnerInvitationFactory(partner=baker, email=INVITED)
    JoinRequestFactory(partner=baker, user__name="Jo Joiner")
    page = shown(client_of(member.user), at("people", baker))
    assert "Lea Lead" in page
    for words in ("lead@example.org", INVITED, "Jo Joiner", "Send again", at("invite", baker)):
        assert words not in page
    assert "Only the lead can invite people" in page
    assert at("people", baker) in shown(client_of(member.user), at("partner", baker))


def test_page_takes_as_many_queries_for_many_people_as_for_one(client, baker, django_assert_num_queries):
    def add():
        MembershipFactory(partner=baker, role="member")
        JoinRequestFactory(partner=baker)
        PartnerInvitationFactory(partner=baker)

    add()
    client.get(at("people", baker))
    with django_assert_num_queries(16):
        client.get(at("people", baker))
    for _n in range(5):
        add()
    with django_assert_num_queries(16):
        client.get(at("people", baker))


@pytest.mark.parametrize("page", ["people", "invite", "leave"])
def test_resident_acts_alone(client, lead, page):
    assert client.get(at(page, ResidentFactory(approved=True, lead=lead))).status_code == 404


# Inviting -------------------------------------------------------------------------------------


def test_lead_invites_a_colleague_in_any_spelling(client, baker):
    page = pressed(client, at("invite", baker), email=" Colleague@EXAMPLE.org", role="second")
    assert f"We write to {INVITED} now. They can accept until" in page
    invitation = baker.invitations.get()
    assert (invitation.email, invitation.role) == (INVITED, "second")


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({}, "Enter the e-mail address of your colleague."),
        ({"email": "nobody"}, "Enter an e-mail address in the form name@example.org."),
        ({"email": "a\x0bb@example.org"}, "Enter an e-mail address"),
        ({"email": INVITED, "role": "lead"}, "that is no longer in the list"),
        ({"email": "lead@example.org"}, "This person acts for the partner already."),
    ],
)
def test_what_cannot_be_sent_says_why(client, baker, data, error):
    page = pressed(client, at("invite", baker), **{"role": "member", **data})
    assert "<title>Error:" in page.replace("\n", "")
    assert error in page
    assert not baker.invitations.exists()


def test_partner_that_waits_is_told_that_it_cannot_invite_yet(client, lead):
    waiting = PartnerFactory(submitted=True, lead=lead)
    for page in ("people", "invite"):
        assert "once we have approved your signature" in shown(client, at(page, waiting))
    pressed(client, at("invite", waiting), email=INVITED, role="member")
    assert not OutgoingEmail.objects.exists()


def test_lead_sends_again_and_takes_back(client, baker):
    invitation = PartnerInvitationFactory(partner=baker, email=INVITED)
    assert "We have sent the invitation again." in pressed(client, at("people", baker), again=invitation.pk)
    assert OutgoingEmail.objects.get().to == INVITED
    assert "The invitation is taken back." in pressed(client, at("people", baker), take_back=invitation.pk)
    assert "It was taken back on" in pressed(client, at("people", baker), again=invitation.pk)


@pytest.mark.parametrize("deed", ["again", "take_back"])
def test_invitations_of_another_partner_are_out_of_reach(client, client_of, baker, member, deed):
    foreign = PartnerInvitationFactory()
    own = PartnerInvitationFactory(partner=baker)
    assert client.post(at("people", baker), {deed: foreign.pk}).status_code == 404
    assert client_of(member.user).post(at("people", baker), {deed: own.pk}).status_code == 404
    assert client.post(at("people", baker), {deed: "nonsense"}).status_code == 302
    assert not OutgoingEmail.objects.exists()
    for row in (foreign, own):
        row.refresh_from_db()
        assert row.state == "open"


# One of the others ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "role", "words"),
    [
        ("second", "second", "Mo Member is the second contact now."),
        ("member", "member", "Mo Member is a member now."),
        ("lead", "lead", "Mo Member is the lead now. You are a member."),
        ("take_off", None, "Mo Member no longer acts for you. We have told them."),
        ("nonsense", "member", "Make them the second contact"),
    ],
)
def test_lead_changes_what_somebody_is(client, baker, member, act, role, words):
    assert words in pressed(client, at("person", baker, member.pk), act=act)
    assert roles(baker).get("member@example.org") == role
    assert roles(baker)["lead@example.org"] == ("member" if act == "lead" else "lead")


def test_second_contact_who_would_step_back_is_named(client, baker, member):
    MembershipFactory(partner=baker, role="second", user__name="Sue Second")
    assert "your second contact now, becomes a member" in shown(client, at("person", baker, member.pk))


def test_one_who_has_left_meanwhile_is_not_found(client, baker, member):
    member.ended_at = timezone.now()
    member.save()
    assert client.get(at("person", baker, member.pk)).status_code == 404


# Leaving --------------------------------------------------------------------------------------


def test_member_leaves_and_sees_the_partner_no_more(client_of, baker, member):
    client = client_of(member.user)
    assert "You can no longer see or change anything of this partner." in shown(client, at("leave", baker))
    assert "You no longer act for Baker Ltd." in pressed(client, at("leave", baker))
    assert client.get(at("partner", baker)).status_code == 404
    assert roles(baker) == {"lead@example.org": "lead"}


def test_lead_is_sent_to_choose_who_takes_over(client, baker, member):
    page = shown(client, at("leave", baker))
    assert "Hand the lead over to somebody else first." in page
    assert at("people", baker) in page
    pressed(client, at("leave", baker))
    assert roles(baker)["lead@example.org"] == "lead"


def test_only_person_is_shown_three_ways_out(client, baker):
    page = shown(client, at("leave", baker))
    assert "You are the only person who acts for this partner." in page
    for address in (at("invite", baker), reverse("contact"), at("withdraw", baker)):
        assert f'href="{address}"' in page
    pressed(client, at("leave", baker))
    assert roles(baker) == {"lead@example.org": "lead"}


# The manager appoints another -----------------------------------------------------------------


@pytest.fixture
def desk(client_of, manager):
    return client_of(manager)


def lead_page(partner):
    return reverse("admin:pledges_case_lead", args=[partner.pk])


def test_manager_appoints_one_of_the_people(desk, baker, member, manager):
    page = shown(desk, lead_page(baker))
    assert "Lea Lead" in page
    assert "Mo Member, member@example.org" in page
    page = pressed(desk, lead_page(baker), who=member.user_id)
    assert "The lead is now member@example.org." in page
    assert roles(baker) == {"lead@example.org": "member", "member@example.org": "lead"}
    assert audit.trail(member).get().actor == manager


def test_manager_appoints_a_colleague_whom_the_lead_did_not_answer(desk, baker):
    request = JoinRequestFactory(partner=baker, user__email="asker@example.org", user__name="Jo Joiner")
    assert "Jo Joiner, asker@example.org, who asks to join" in shown(desk, lead_page(baker))
    pressed(desk, lead_page(baker), who=request.user_id, end_former="on", reason="She has died.")
    assert roles(baker) == {"asker@example.org": "lead"}
    request.refresh_from_db()
    assert request.state == "accepted"


def test_people_without_a_lead_are_told_what_to_do(client_of):
    member = MembershipFactory(role="member")
    assert "You have no lead at the moment." in shown(client_of(member.user), at("people", member.partner))


def test_manager_invites_another_and_ends_the_lead_with_a_reason(desk, baker):
    data = {"who": "invite", "email": INVITED, "end_former": "on"}
    page = pressed(desk, lead_page(baker), **data)
    assert "Say why you end it." in page
    assert roles(baker) == {"lead@example.org": "lead"}
    page = pressed(desk, lead_page(baker), **data, reason="She has died.")
    assert f"We write to {INVITED} now." in page
    assert roles(baker) == {}
    assert baker.invitations.get().role == "lead"
    assert f"{INVITED}: lead" in page  # the case says who is invited
    assert "She has died." in page  # and its trail says why
    page = shown(desk, lead_page(baker))
    assert "Today it has none." in page
    assert "end_former" not in page


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({}, "Choose who is to lead it."),
        ({"who": "invite"}, "Enter the address of the new lead."),
        ({"who": "invite", "email": "lead@example.org"}, "This person acts for the partner already."),
        ({"who": "999999"}, "that is no longer in the list"),
    ],
)
def test_manager_is_told_what_is_missing(desk, baker, member, data, error):
    page = pressed(desk, lead_page(baker), **data)
    assert "Error:" in page
    assert error in page
    assert roles(baker)["lead@example.org"] == "lead"


def test_manager_sends_the_invitation_again_and_takes_it_back(desk, baker):
    invitation = PartnerInvitationFactory(partner=baker, email=INVITED, role="lead")
    of_lead = PartnerInvitationFactory(partner=baker)
    assert INVITED in shown(desk, lead_page(baker))
    assert "The invitation goes out again." in pressed(desk, lead_page(baker), again=invitation.pk)
    assert "The invitation is taken back." in pressed(desk, lead_page(baker), take_back=invitation.pk)
    assert "It was taken back on" in pressed(desk, lead_page(baker), again=invitation.pk)
    for number in (of_lead.pk, "nonsense"):
        assert desk.post(lead_page(baker), {"again": number}).status_code == 404


def test_partner_that_waits_is_approved_before_somebody_is_invited_to_lead_it(desk, lead):
    waiting = PartnerFactory(submitted=True, lead=lead)
    page = pressed(desk, lead_page(waiting), who="invite", email=INVITED, end_former="on", reason="Gone.")
    assert "Approve the signature first" in page
    assert roles(waiting) == {"lead@example.org": "lead"}


def test_manager_finds_partners_that_nobody_leads(desk, baker):
    orphan = PartnerFactory(approved=True, name="Orphan Ltd")
    MembershipFactory(partner=orphan, role="member")
    MembershipFactory(partner=orphan, role="lead", ended=True)
    PartnerFactory(withdrawn=True, name="Gone Ltd")
    PartnerFactory(declined=True, name="Declined Ltd")
    ResidentFactory(approved=True, next_round_on=None, name="Forgotten")
    page = desk.get(reverse("admin:partners_partner_changelist"), {"lead": "none"})
    assert [partner.name for partner in page.context["cl"].result_list] == ["Orphan Ltd"]
