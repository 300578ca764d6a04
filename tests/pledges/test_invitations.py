"""The page behind the link of an invitation: who can do what with it."""

import datetime
import re

import pytest
from django.core import signing
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from oiep.models import AuditEvent, OutgoingEmail, User
from partners import actions
from partners.models import PartnerInvitation
from pledges.actions.pledges import withdraw_partner
from tests.factories import MembershipFactory, PartnerFactory, PartnerInvitationFactory, UserFactory

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
def invitation(baker, lead):
    return actions.invite(partner=baker, email=INVITED, role="member", actor=lead)


def page_of(invitation):
    return f"/invitations/partners/{invitation.token}/"


def code_in(letter):
    return re.search(r"^[0-9A-Z]{4}-[0-9A-Z]{4}$", letter.body, re.MULTILINE).group()


def test_invited_person_comes_in_by_a_code_and_accepts(client, baker, invitation, mailbox):
    [letter] = mailbox()
    assert letter.to == [INVITED]
    [link] = set(re.findall(r"https?://\S+/invitations/\S+", letter.body))
    path = "/" + link.split("/", 3)[3]
    assert path == page_of(invitation)
    shown = client.get(path).content.decode()
    assert "Baker Ltd" in shown
    assert "c…@example.org" in shown
    answer = client.post(path, {"code": "yes"})
    assert answer.url.startswith("/accounts/login/code/confirm/?next=")
    assert INVITED not in client.get(answer.url).content.decode()  # whoever pressed may be a stranger
    letter = mailbox()[-1]
    assert (letter.to, letter.subject) == ([INVITED], "Your code to sign in")
    answer = client.post(answer.url, {"code": code_in(letter), "next": path})
    assert answer.url == path
    assert not baker.memberships.filter(user__email=INVITED).exists(), "signing in accepts nothing"
    refused = client.post(path, {"accept": "yes", "name": ""})
    assert refused.status_code == 200
    assert "Error:" in refused.content.decode()
    answer = client.post(path, {"accept": "yes", "name": "Col Ague", "job_title": "Miller"})
    assert answer.url == f"/account/partners/{baker.slug}/"
    member = baker.memberships.get(user__email=INVITED)
    assert (member.role, member.job_title, member.user.name) == ("member", "Miller", "Col Ague")
    invitation.refresh_from_db()
    assert invitation.state == "accepted"
    assert mailbox()[-1].to == ["lead@example.org"]
    assert client.get(answer.url).status_code == 200
    over = client.get(path)
    assert (over.status_code, "You have accepted" in over.content.decode()) == (200, True)


def test_looking_changes_nothing(client, invitation):
    before = (User.objects.count(), OutgoingEmail.objects.count(), AuditEvent.objects.count())
    for _n in range(3):
        assert client.get(page_of(invitation)).status_code == 200
        assert client.head(page_of(invitation)).status_code == 200
    assert (User.objects.count(), OutgoingEmail.objects.count(), AuditEvent.objects.count()) == before


@pytest.mark.parametrize("deed", ["accept", "decline", "ask"])
def test_who_is_not_signed_in_can_do_nothing_but_ask_for_a_code(client, baker, invitation, deed):
    answer = client.post(page_of(invitation), {deed: "yes", "name": "Eve"})
    assert answer.url == page_of(invitation)
    invitation.refresh_from_db()
    assert (invitation.state, baker.memberships.count(), baker.join_requests.count()) == ("open", 1, 0)


@pytest.mark.parametrize("deed", ["accept", "decline", "code"])
def test_stranger_with_the_forwarded_link_gets_nowhere(client_of, baker, invitation, mailbox, deed):
    stranger = UserFactory(email="stranger@example.org")
    client = client_of(stranger)
    shown = client.get(page_of(invitation)).content.decode()
    assert "You are signed in with another address" in shown
    assert INVITED not in shown
    assert 'name="accept"' not in shown
    letters = len(mailbox())
    assert client.post(page_of(invitation), {deed: "yes"}).url == page_of(invitation)
    invitation.refresh_from_db()
    assert (invitation.state, baker.memberships.count(), len(mailbox())) == ("open", 1, letters)


def test_stranger_s_code_goes_to_the_owner_of_the_address_only(client, invitation, mailbox):
    client.post(page_of(invitation), {"code": "yes"})
    assert [letter.to for letter in mailbox()] == [[INVITED], [INVITED]]
    assert client.get("/account/").status_code == 302


def test_codes_are_limited_as_on_the_sign_in_page(client, invitation, mailbox):
    answers = [Client().post(page_of(invitation), {"code": "yes"}).status_code for _n in range(4)]
    assert answers == [302, 302, 302, 429]
    assert len(mailbox()) == 4  # the invitation, three codes
    assert "too many codes" in Client().post(page_of(invitation), {"code": "yes"}).content.decode()


def test_closed_account_gets_no_code(client, invitation, mailbox):
    UserFactory(email=INVITED, is_active=False)
    client.post(page_of(invitation), {"code": "yes"})
    assert mailbox()[-1].subject == "There is no account for this address"


def test_somebody_with_another_address_can_ask_instead(client_of, baker, invitation, mailbox):
    other = UserFactory(email="me@home.example")
    answer = client_of(other).post(page_of(invitation), {"ask": "yes"})
    assert answer.url == "/account/"
    assert baker.join_requests.get().user == other
    assert mailbox()[-1].subject.startswith("Somebody asks to join you")


def test_signing_out_comes_back_to_the_invitation(client_of, invitation):
    client = client_of(UserFactory())
    shown = client.get(page_of(invitation)).content.decode()
    assert f'name="next" value="{page_of(invitation)}"' in shown
    answer = client.post("/accounts/logout/", {"next": page_of(invitation)})
    assert answer.url == page_of(invitation)
    assert "E-mail me a code" in client.get(answer.url).content.decode()


def test_invited_person_declines(client_of, baker, invitation):
    client = client_of(UserFactory(email=INVITED))
    assert client.post(page_of(invitation), {"decline": "yes"}).url == page_of(invitation)
    shown = client.get(page_of(invitation))
    assert (shown.status_code, "It was declined on" in shown.content.decode()) == (410, True)
    assert baker.memberships.count() == 1


def test_somebody_whose_name_we_know_is_not_asked_for_it(client_of, baker, invitation):
    user = UserFactory(email=INVITED, name="Col Ague")
    client = client_of(user)
    assert 'name="name"' not in client.get(page_of(invitation)).content.decode()
    client.post(page_of(invitation), {"accept": "yes", "name": "Somebody Else"})
    user.refresh_from_db()
    assert (user.name, baker.memberships.filter(user=user).exists()) == ("Col Ague", True)


def test_accepting_twice_is_accepting_once(client_of, baker, invitation):
    client = client_of(UserFactory(email=INVITED))
    for _n in range(2):
        client.post(page_of(invitation), {"accept": "yes"})
    assert baker.memberships.filter(user__email=INVITED).count() == 1


@pytest.mark.parametrize("signed_in", [True, False])
@pytest.mark.parametrize(
    ("over", "why"),
    [
        ("ran out", "It could be accepted until"),
        ("taken back", "It was taken back on"),
        ("withdrawn", "It was taken back on"),
        ("left open", "This partner left the Charter on"),
        ("declined", "This partner takes no part in the Charter"),
    ],
)
def test_invitation_that_is_over_says_kindly_why(client, client_of, baker, lead, invitation, over, why, signed_in):
    if over == "ran out":
        PartnerInvitation.objects.update(invited_at=timezone.now() - datetime.timedelta(days=14))
    elif over == "taken back":
        actions.take_back_invitation(invitation=invitation, actor=lead)
    elif over == "withdrawn":
        withdraw_partner(partner=baker, actor=lead)
    else:
        partner = PartnerFactory(declined=True) if over == "declined" else PartnerFactory(withdrawn=True)
        invitation = PartnerInvitationFactory(partner=partner, email=INVITED)
    visitor = client_of(UserFactory(email=INVITED)) if signed_in else client
    for answer in (visitor.get(page_of(invitation)), visitor.post(page_of(invitation), {"accept": "yes", "code": "1"})):
        assert answer.status_code == 410
        assert why in answer.content.decode()
    assert not PartnerInvitation.objects.filter(state="accepted").exists()


@pytest.mark.parametrize("token", ["guessed", "MQ:forged", "x" * 500, "%F0%9F%8D%9E"])
def test_unknown_link_says_so(client, token):
    answer = client.get(f"/invitations/partners/{token}/")
    assert (answer.status_code, "We do not know this link" in answer.content.decode()) == (404, True)


def test_link_of_another_kind_opens_nothing(client, baker):
    token = signing.Signer(salt="working_groups.groupinvitation").sign_object(1)
    PartnerInvitationFactory(pk=1, partner=baker)
    assert client.get(f"/invitations/partners/{token}/").status_code == 404


def test_account_shows_what_one_is_invited_to(client_of, invitation):
    shown = client_of(UserFactory(email=INVITED)).get("/account/").content.decode()
    assert "Baker Ltd asked you on" in shown
    assert page_of(invitation) in shown
    assert "Baker Ltd" not in client_of(UserFactory()).get("/account/").content.decode()


def test_page_is_kept_out_of_caches_and_logs(client, invitation):
    answer = client.get(page_of(invitation))
    assert "no-store" in answer["Cache-Control"]
    assert (answer["Referrer-Policy"], answer["X-Robots-Tag"]) == ("same-origin", "noindex")


def test_one_of_several_partners(client_of, baker, invitation):
    """A person may act for several partners."""
    user = MembershipFactory(user__email=INVITED, role="lead").user
    client_of(user).post(page_of(invitation), {"accept": "yes"})
    assert user.memberships.current().count() == 2
