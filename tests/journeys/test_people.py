"""People of a partner in their own browsers: one is invited, takes over, and the one before leaves."""

import re

import pytest
from django.core.cache import cache
from django.urls import reverse

from tests.axe import faults
from tests.factories import JoinRequestFactory, MembershipFactory, PartnerFactory, PartnerInvitationFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lead(db):
    cache.clear()
    return UserFactory(email="lead@example.org", name="Lea Lead")


@pytest.fixture
def baker(lead):
    return PartnerFactory(approved=True, lead=lead, name="Baker Ltd")


def press(page, name):
    with page.expect_navigation():
        page.locator("main").get_by_role("button", name=name, exact=True).click()


def said(page):
    return page.get_by_role("status").first.inner_text()


def test_colleague_is_invited_and_takes_over(open_page, sign_in, letters, baker, lead, manager):
    # The lead invites a colleague.
    leads = open_page()
    sign_in(leads, lead)
    leads.goto(reverse("account-partner", args=[baker.slug]))
    leads.get_by_role("link", name="People", exact=True).click()
    leads.get_by_role("link", name="Invite a colleague").click()
    leads.get_by_label("E-mail address of your colleague").fill("Col@Example.org")
    press(leads, "Send the invitation")
    assert "We write to col@example.org now." in said(leads)
    link = letters("col@example.org")[-1].link("/invitations/")

    # A stranger to whom the message was forwarded gets nowhere, signed in or not.
    stranger = open_page(width=320)
    stranger.goto(link)
    press(stranger, "E-mail me a code")
    stranger.get_by_label("Code").fill("ABCD-EFGH")
    press(stranger, "Sign in")
    assert stranger.title().startswith("Error: ")
    assert "col@example.org" not in stranger.content()
    sign_in(stranger, UserFactory(email="stranger@example.org"))
    stranger.goto(link)
    assert "You are signed in with another address" in stranger.locator("main").inner_text()
    assert stranger.get_by_role("button", name="Accept").count() == 0

    # The colleague comes in with the code from the mailbox, without JavaScript.
    colleagues = open_page(width=320, java_script_enabled=False)
    colleagues.goto(link)
    press(colleagues, "E-mail me a code")
    colleagues.get_by_label("Code").fill(letters("col@example.org")[-1].code)
    press(colleagues, "Sign in")
    assert colleagues.url == link
    press(colleagues, "Accept")
    assert colleagues.title().startswith("Error: ")  # a name is missing
    colleagues.get_by_label("Your name").fill("Col League")
    press(colleagues, "Accept")
    assert colleagues.locator("h1").inner_text() == "Baker Ltd"
    assert letters("lead@example.org")[-1].subject == "Somebody has accepted your invitation"

    # The lead hands over and leaves.
    leads.goto(reverse("account-people", args=[baker.slug]))
    leads.get_by_role("link", name=re.compile("^Change.*Col League$")).click()
    press(leads, "Hand the lead over")
    assert "Col League is the lead now. You are a member." in said(leads)
    leads.get_by_role("link", name="Leave").click()
    press(leads, "Stop acting for this partner")
    assert "You no longer act for Baker Ltd." in said(leads)
    assert letters("col@example.org")[-1].subject == "Somebody has stopped acting for your organisation"
    assert baker.memberships.current().get().role == "lead"

    # The new lead cannot be reached any more: the manager invites another.
    managers = open_page()
    sign_in(managers, manager)
    managers.goto(reverse("admin:pledges_case_lead", args=[baker.pk]))
    managers.get_by_label("E-mail address of the new lead").fill("next@example.org")
    managers.get_by_label("End the part of the lead until now, at once").check()
    managers.get_by_label("Why").fill("Has left the firm.")
    managers.get_by_role("button", name="Appoint or invite").click()
    managers.wait_for_url("**/change/")
    after = open_page()
    sign_in(after, UserFactory(email="next@example.org", name="Nex Tlead"))
    after.goto(letters("next@example.org")[-1].link("/invitations/"))
    press(after, "Accept")
    after.wait_for_url(f"**/account/partners/{baker.slug}/")
    [only] = baker.memberships.current()
    assert (only.user.email, only.role) == ("next@example.org", "lead")


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (320, "dark")])
def test_the_pages_are_accessible(open_page, sign_in, baker, lead, width, scheme):
    member = MembershipFactory(partner=baker, role="member", user__name="M" * 150)
    second = MembershipFactory(partner=baker, role="second")
    JoinRequestFactory(partner=baker)
    long = f"{'m' * 64}@{'d' * 60}.example.org"
    invitation = PartnerInvitationFactory(partner=baker, email=long)
    own = PartnerInvitationFactory(email=lead.email)
    over = PartnerInvitationFactory(partner=PartnerFactory(withdrawn=True))
    alone = PartnerFactory(approved=True, lead=lead)
    page, visitor = (open_page(width=width, color_scheme=scheme) for _n in range(2))
    sign_in(page, lead)

    def check(page):
        assert faults(page) == [], page.url

    for name, *arguments in [
        ("account-people", baker.slug),
        ("account-invite", baker.slug),
        ("account-person", baker.slug, member.pk),
        ("account-person", baker.slug, second.pk),
        ("account-leave", baker.slug),
        ("account-leave", alone.slug),
        ("partner-invitation", invitation.token),
        ("partner-invitation", own.token),
        ("account",),
    ]:
        page.goto(reverse(name, args=arguments))
        check(page)
    for token in (invitation.token, over.token, "unknown"):
        visitor.goto(reverse("partner-invitation", args=[token]))
        check(visitor)
    page.goto(reverse("account-invite", args=[baker.slug]))
    press(page, "Send the invitation")
    assert page.title().startswith("Error: ")
    check(page)
