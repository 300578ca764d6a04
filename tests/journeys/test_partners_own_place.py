"""A partner comes back: signs in by a code, answers the manager, changes a profile, stops a pledge, leaves."""

import re

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from tests.axe import faults
from tests.factories import (
    ContactMessageFactory,
    DistrictFactory,
    JoinRequestFactory,
    MembershipFactory,
    OutgoingEmailFactory,
    PartnerFactory,
    PledgeFactory,
    PledgeIdeaFactory,
    PriorityAreaFactory,
    ResidentFactory,
    SignatureFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lead(db):
    cache.clear()
    return UserFactory(email="lead@example.org", name="Lea Lead")


@pytest.fixture
def baker(lead):
    return PartnerFactory(
        approved=True, lead=lead, name="Baker Ltd", description="We bake.", districts=[DistrictFactory(name="Oxford")]
    )


def main_button(page, name):
    return page.locator("main").get_by_role("button", name=name, exact=True)


@pytest.mark.parametrize("with_javascript", [True, False])
def test_lead_signs_in_by_keyboard_answers_and_stops_a_pledge(open_page, baker, mailbox, with_javascript):
    live = PledgeFactory(approved=True, partner=baker, statement="We will hire two apprentices.")
    asked = PledgeFactory(changes_asked=True, partner=baker, decision_message="How many loaves?")
    page = open_page(width=320, java_script_enabled=with_javascript)
    page.goto("/account/")
    page.get_by_label("E-mail address").fill("Lead@Example.org")
    page.keyboard.press("Enter")
    page.wait_for_url("**/confirm/**")
    code = re.search(r"^[0-9A-Z]{4}-[0-9A-Z]{4}$", mailbox()[-1].body, re.MULTILINE).group()
    page.get_by_label("Code").fill(code)
    page.keyboard.press("Enter")
    page.wait_for_url("**/account/")

    assert "How many loaves?" in page.locator("main").inner_text()
    page.get_by_role("link", name="Change your pledge on").press("Enter")
    page.get_by_label("What do you promise?").fill("We will give 100 loaves a week.")
    page.get_by_label("A word to us").fill("A hundred.")
    with page.expect_navigation():
        main_button(page, "Save and send in again").press("Enter")
    assert "We have it." in page.get_by_role("status").first.inner_text()
    asked.refresh_from_db()
    assert (asked.state, asked.statement) == ("submitted", "We will give 100 loaves a week.")

    page.wait_for_url(f"**/partners/{baker.slug}/pledges/")
    page.get_by_role("link", name=re.compile("^Stop")).press("Enter")
    with page.expect_navigation():
        main_button(page, "Stop this pledge").press("Enter")
    assert page.title().startswith("Error: Stop a pledge")
    page.get_by_label("Why do you stop it?").fill("We moved.")
    main_button(page, "Stop this pledge").press("Enter")
    page.wait_for_url(f"**/partners/{baker.slug}/pledges/")
    live.refresh_from_db()
    assert (live.ending, live.ending_reason) == ("stopped", "We moved.")


def test_lead_confirms_details_reads_a_message_reports_another_and_pauses(open_page, sign_in, baker, lead, mailbox):
    baker.memberships.update(confirmed_at=timezone.now() - timezone.timedelta(days=400))
    baker.contact_purposes = ["buy"]
    baker.save()
    ContactMessageFactory(partner=baker, message="Could you cater for forty?", sent_at=baker.approved_at)
    ContactMessageFactory(partner=baker, name="Best Backlinks", message="Be FIRST in all searches.")
    page = open_page(width=320)
    sign_in(page, lead)
    page.goto("/account/")
    titles = page.locator("main h3.notice-title").all_inner_texts()
    assert titles == ["Make a pledge", "Look whether your contact details are still right"]
    page.get_by_role("link", name="Look at your details").click()
    page.get_by_label("Your job title").fill("Head baker")
    main_button(page, "All of this is right").click()
    page.wait_for_url("**/account/")
    assert "Look whether" not in page.locator("main").inner_text()

    page.get_by_role("link", name="Baker Ltd", exact=True).click()
    tabs = page.get_by_role("navigation", name="Your partner")
    assert tabs.locator("[aria-current=page]").inner_text() == "Overview"
    tabs.get_by_role("link", name="Contact").click()
    page.get_by_role("link", name="Messages passed on to you").click()
    assert tabs.locator("[aria-current=true]").inner_text() == "Contact"
    assert "Could you cater for forty?" in page.locator("main").inner_text()
    page.get_by_role("link", name=re.compile("^Report this message.*Best Backlinks")).click()
    page.get_by_label("What is wrong with this message?").fill("An advertisement.")
    main_button(page, "Report it").click()
    page.wait_for_url("**/messages/")
    assert "An advertisement." in page.locator("main").inner_text()
    assert mailbox()[-1].subject == "A partner reports a message that we passed on"

    tabs.get_by_role("link", name="Contact").click()
    page.get_by_label("Pause: nobody can write to us for now").check()
    with page.expect_navigation():
        main_button(page, "Save").click()
    assert "Paused since" in page.locator("main").inner_text()
    baker.refresh_from_db()
    assert not baker.takes_messages


def test_second_of_two_writers_is_shown_what_the_first_wrote(open_page, sign_in, baker, lead):
    member = MembershipFactory(partner=baker, role="member").user
    pages = []
    for user in (lead, member):
        page = open_page()
        sign_in(page, user)
        page.goto(reverse("account-profile", args=[baker.slug]))
        page.get_by_label("What you do").fill(f"Words of {user.name}.")
        pages.append(page)
    for page in reversed(pages):
        with page.expect_navigation():
            main_button(page, "Save").click()
    first = pages[0]
    assert first.title().startswith("Error: ")
    assert "Somebody else changed this profile" in first.evaluate("document.activeElement.innerText")
    assert f"Words of {member.name}." in first.get_by_role("alert").inner_text()
    assert first.get_by_label("What you do").input_value() == "Words of Lea Lead."
    with first.expect_navigation():
        main_button(first, "Save").click()
    assert baker.profile_changes.get().values == {"description": "Words of Lea Lead."}


def test_lead_leaves(page, sign_in, baker, lead):
    sign_in(page, lead)
    page.goto(reverse("account-partner", args=[baker.slug]))
    page.get_by_role("link", name="Withdraw from the Charter").click()
    with page.expect_navigation():
        main_button(page, "Withdraw from the Charter").click()
    assert "You have left the Charter." in page.get_by_role("status").first.inner_text()
    baker.refresh_from_db()
    assert baker.withdrawn_by == lead


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (320, "dark")])
def test_the_pages_are_accessible(open_page, sign_in, baker, lead, width, scheme):
    live = PledgeFactory(approved=True, partner=baker)
    waiting = PledgeFactory(submitted=True, partner=baker, replaces=PledgeFactory(approved=True, partner=baker))
    PledgeFactory(changes_asked=True, partner=baker)
    PledgeFactory(stopped=True, partner=baker)
    request = JoinRequestFactory(partner=baker)
    signature = SignatureFactory(partner=baker, awaits_approval_of="Cabinet")
    PledgeIdeaFactory(area=PriorityAreaFactory())
    ContactMessageFactory(partner=baker, reported_at=timezone.now(), reported_by=lead, report="Rude.")
    message = ContactMessageFactory(partner=baker, email=f"{'long' * 12}@example.com")
    letter = OutgoingEmailFactory(to=lead.email, template="decision_approved", text="https://example.org/" + "x" * 90)
    resident = ResidentFactory(approved=True, lead=lead)
    page = open_page(width=width, color_scheme=scheme)
    sign_in(page, lead)
    slug = baker.slug
    forms = [
        reverse("account-profile", args=[slug]),
        reverse("account-profile", args=[resident.slug]),
        reverse("account-pledge-add", args=[slug]),
        reverse("account-pledge", args=[slug, live.pk]),
        reverse("account-pledge-stop", args=[slug, live.pk]),
        reverse("account-own-approval", args=[slug, signature.pk]),
        reverse("account-details", args=[slug]),
        reverse("account-message-report", args=[slug, message.pk]),
    ]
    plain = [
        "/account/",
        "/account/mail/",
        reverse("account-letter", args=[letter.pk]),
        reverse("account-pledges", args=[slug]),
        reverse("account-ideas", args=[slug]),
        reverse("account-reviews", args=[slug]),
        reverse("account-messages", args=[slug]),
        reverse("account-details", args=[resident.slug]),
        reverse("account-partner", args=[slug]),
        reverse("account-partner", args=[resident.slug]),
        reverse("account-contact", args=[slug]),
        reverse("account-pledge-stop", args=[slug, waiting.pk]),
        reverse("account-join-request", args=[slug, request.pk]),
        reverse("account-withdraw", args=[slug]),
        "/accounts/logout/",
    ]

    def check():
        assert faults(page) == [], page.url

    for address in [*plain, *forms]:
        page.goto(address)
        check()
    for address in forms:
        page.goto(address)
        for field in page.locator("main :is(input[type=text], input[type=url], textarea):visible").all():
            field.fill("\u200b" if field.get_attribute("type") != "url" else "no address")
        with page.expect_navigation():
            page.locator("main form button.btn-primary").click()
        assert page.title().startswith("Error: "), address
        check()
