"""Somebody adds a passkey in a real browser and signs in with it; every page of this is accessible."""

import re
from urllib.parse import urlsplit

import pytest
from django.core.cache import cache

from tests.axe import faults
from tests.factories import UserFactory
from tests.signing_in import app_code

pytestmark = pytest.mark.django_db(transaction=True)
SECURITY = "/account/security/"


@pytest.fixture
def person(db):
    cache.clear()
    return UserFactory(email="ana@example.org", name="Ana Silva")


def give_authenticator(page):
    """The browser gets a device with a fingerprint reader, on which the right finger always lies."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
        "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    return session, session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]


def arrive(page, path):
    page.wait_for_url(lambda url: urlsplit(url).path == path)


def by_code(page, mailbox):
    page.get_by_label("E-mail address").fill("ana@example.org")
    page.keyboard.press("Enter")
    arrive(page, "/accounts/login/code/confirm/")
    page.get_by_label("Code").fill(re.search(r"^[0-9A-Z]{4}-[0-9A-Z]{4}$", mailbox()[-1].body, re.MULTILINE)[0])
    page.keyboard.press("Enter")


def faults_in_both(page):
    found = {}
    for width, scheme in ((1280, "light"), (320, "dark")):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found[width] = faults(page)
    return {width: rules for width, rules in found.items() if rules}


def test_passkey_is_added_and_signs_in(open_page, person, mailbox):
    page = open_page()
    session, device = give_authenticator(page)
    page.goto(SECURITY)
    by_code(page, mailbox)
    arrive(page, SECURITY)
    seen = {}
    page.get_by_role("link", name="Add a passkey").click()
    seen["adding"] = faults_in_both(page)
    page.get_by_label("A name for it").fill("My laptop")
    page.keyboard.press("Enter")
    arrive(page, f"{SECURITY}recovery-codes/")
    seen["codes"] = faults_in_both(page)
    page.goto(SECURITY)
    assert "My laptop" in page.locator("main").inner_text()
    seen["with a passkey"] = faults_in_both(page)

    page.goto("/accounts/logout/")
    page.locator("main").get_by_role("button", name="Sign out").click()
    page.goto(f"/accounts/login/?next={SECURITY}")
    seen["signing in"] = faults_in_both(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    arrive(page, SECURITY)
    assert "Last used on" in page.locator("main").inner_text()
    page.goto(f"/accounts/confirm/?next={SECURITY}")
    seen["confirming"] = faults_in_both(page)
    page.get_by_role("button", name="Use your passkey").click()
    arrive(page, SECURITY)

    # Somebody else's finger.
    session.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    page.goto("/accounts/confirm/")
    page.get_by_role("button", name="Use your passkey").click()
    page.get_by_role("alert").get_by_text("That did not work, or you stopped it.").wait_for()
    assert {name: found for name, found in seen.items() if found} == {}


def test_without_javascript_an_app_is_set_up_and_passkeys_say_what_they_need(open_page, person, mailbox):
    page = open_page(width=320, java_script_enabled=False)
    page.goto("/account/security/passkeys/add/")
    assert "The other ways work without it." in page.locator("main").inner_text()
    by_code(page, mailbox)
    arrive(page, f"{SECURITY}passkeys/add/")
    assert "or set up an authenticator app, which works without it" in page.locator("main").inner_text()
    assert not page.get_by_role("button", name="Add a passkey").is_visible()
    page.goto("/account/security/app/add/")
    secret = page.locator("code.key").inner_text().replace(" ", "")
    page.get_by_label("Code").fill(app_code(secret))
    page.get_by_role("button", name="Set up").click()
    arrive(page, f"{SECURITY}recovery-codes/")
    recovery = page.locator(".recovery-codes code").first.inner_text()
    page.goto("/accounts/logout/")
    page.locator("main").get_by_role("button", name="Sign out").click()
    page.goto("/account/")
    by_code(page, mailbox)
    arrive(page, "/accounts/login/second-step/")
    page.get_by_label("Code").fill(recovery)
    page.locator("main").get_by_role("button", name="Sign in").click()
    arrive(page, "/account/")


PAGES = ["", "app/add/", "password/", "devices/", "../name/", "../address/"]


def test_each_page_is_accessible_also_with_errors(open_page, person, mailbox):
    page = open_page()
    page.goto(SECURITY)
    by_code(page, mailbox)
    arrive(page, SECURITY)
    seen = {}
    for address in PAGES:
        page.goto(SECURITY + address)
        seen[address] = faults_in_both(page)
        if page.locator("main form .field").count():
            page.locator("main input:not([type=hidden]):not([readonly])").first.fill("")
            with page.expect_navigation():
                page.locator("main form button.btn-primary").click()
            assert page.title().startswith("Error: ")
            seen[f"{address} with an error"] = faults_in_both(page)
    assert len(seen) == len(PAGES) + 4
    assert {name: found for name, found in seen.items() if found} == {}
