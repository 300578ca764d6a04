"""Signing in a real browser: on a phone, by keyboard, without JavaScript, and for axe."""

import datetime
import re

import pytest
from django.utils import timezone

from partners.models import Partner
from pledges.models import Signing
from tests.axe import violations
from tests.html import Page
from tests.pledges.signing import CONTACT, Visitor, organisation_of, pledge_of, scheme

__all__ = ["scheme"]

# No style of ours depends on the width and the scheme at once (tests/journeys/test_accessibility.py).
LOOKS = [(1280, "light"), (320, "dark")]
FOCUSED = """() => {
    const it = document.activeElement, box = it.getClientRects()[0];  // the first line of a link that wraps
    const inside = box.bottom > 0 && box.top < innerHeight;
    const at = document.elementFromPoint(box.left + box.width / 2, Math.max(1, box.top + box.height / 2));
    const label = it.labels && it.labels[0] ? it.labels[0].innerText : it.innerText;
    return {
        name: (label || "").replace(/\\s+/g, " ").trim(),
        tag: it.tagName,
        outline: getComputedStyle(it).outlineStyle,
        covered: !(inside && at && (it === at || it.contains(at) || at.contains(it))),
    };
}"""
pytestmark = pytest.mark.django_db(transaction=True)


def tab_to(page, name, tag=""):
    """Goes on with the Tab key to what has that name; every stop on the way has a ring that nothing covers."""
    for _stop in range(80):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused["tag"] != "BODY":
            assert focused["outline"] != "none", focused
            assert not focused["covered"], focused
        if focused["name"].startswith(name) and focused["tag"].startswith(tag):
            return
    pytest.fail(f"The Tab key never comes to {name}.")


def enter(page, name, tag=""):
    """Tabs to a button or link and presses it."""
    tab_to(page, name, tag)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def link_to(page, signing):
    signing.refresh_from_db()
    return signing.confirmation_url[signing.confirmation_url.index("/sign/") :]


@pytest.mark.parametrize("with_javascript", [True, False])
def test_resident_signs_by_keyboard_alone(open_page, scheme, with_javascript):
    page = open_page(width=320, height=640, java_script_enabled=with_javascript, reduced_motion="reduce")
    page.goto("/sign/")
    tab_to(page, "An organisation")
    page.keyboard.press("ArrowDown")
    enter(page, "Start")
    enter(page, "Continue")
    assert page.title().startswith("Error: Who you are")
    assert page.evaluate("document.activeElement.innerText").startswith("There is a problem")
    tab_to(page, "Enter your name.")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "id_name"
    page.keyboard.type("Ana Smith")
    tab_to(page, "Your e-mail address")
    page.keyboard.type("ana@gmial.com")
    enter(page, "Continue")
    enter(page, "Use ana@gmail.com")
    tab_to(page, "Cherwell")
    page.keyboard.press("Space")
    enter(page, "Continue")
    tab_to(page, scheme.resident_idea.title)
    page.keyboard.press("Space")
    enter(page, "Continue")
    assert "#" not in page.url  # the link to the error, long ago, does not move the pages that follow
    enter(page, "Change Your name")
    tab_to(page, "Your name")
    page.keyboard.type("Ana Jones")
    enter(page, "Continue")
    assert "Ana Jones" in page.inner_text("main")
    enter(page, "Sign the Charter", "BUTTON")
    page.wait_for_url("**/done/")
    page.goto(link_to(page, Signing.objects.get()))
    enter(page, "Confirm my signature")
    assert "Thank you. You have confirmed" in page.inner_text("main")
    partner = Partner.objects.get()
    assert (partner.name, partner.lead.user.email, partner.pledges.count()) == ("Ana Jones", "ana@gmail.com", 1)


@pytest.mark.parametrize("with_javascript", [True, False])
def test_business_signs_with_four_pledges_on_a_phone(open_page, scheme, with_javascript):
    page = open_page(width=320, height=640, java_script_enabled=with_javascript)

    def press(name):
        page.locator("main").get_by_role("button", name=name, exact=True).click()

    page.goto("/sign/")
    page.get_by_label("An organisation").check()
    press("Start")
    page.get_by_label("Your name").fill("Zoë Müller")
    page.get_by_label("Your job title").fill("Baker")
    page.get_by_label("Your e-mail address").fill("zoe@example.org")
    press("Continue")
    page.get_by_label("Your organisation’s name").fill("The Bakery Ltd")
    for choice in ("Business", "A co-operative", "10 to 49 people", "Cherwell"):
        page.get_by_label(choice).check()
    page.get_by_label("Which sector is it in?").select_option("Food")
    page.get_by_label("Your website").fill("bakery.example")
    press("Continue")
    page.get_by_label("Local spend").check()
    page.get_by_label("Homes").check()
    press("Continue")
    for idea in (scheme.idea, scheme.short_idea):
        page.get_by_role("link", name=idea.title, exact=True).click()
        page.get_by_label("What is your target?").fill("1,200")
        press("Save this pledge")
    for number in (3, 4):
        page.get_by_role("link", name=re.compile("Write your own.*Homes")).click()
        page.get_by_label("What do you promise?").fill(f"We will keep promise {number}.")
        page.get_by_label("as an employer").check()
        press("Save this pledge")
    press("Continue")
    page.get_by_label("Buy from us").check()
    page.go_back()
    page.go_forward()
    press("Continue")
    for words in ("The Bakery Ltd", "https://bakery.example", "We will keep promise 4.", "Target: 1,200 people"):
        assert words in page.inner_text("main")
    press("Sign the Charter")
    page.wait_for_url("**/done/")
    page.goto(link_to(page, Signing.objects.get()))
    press("Confirm my signature")
    assert "Thank you. You have confirmed" in page.inner_text("main")
    partner = Partner.objects.get()
    assert (partner.name, partner.state, partner.pledges.submitted().count()) == ("The Bakery Ltd", "submitted", 4)


def _pages(scheme, settings):
    """Every page of signing in every state, as (address, visitor, what to post there instead of looking)."""
    settings.SIGNING_LIMIT_BY_BROWSER = (100, 60)
    fresh, small, resident, organisation, late, done = (Visitor() for _n in range(6))
    fresh.start("organisation")
    small.start("organisation")
    small.answer("who", {"name": "Zoë", "job_title": "Baker", "email": "zoe@example.org"})
    small.answer("organisation", organisation_of(scheme, size="micro"))
    resident.fill_resident(scheme, own_words="I will plant trees.", own_area=scheme.homes.pk)
    organisation.fill_organisation(scheme)
    organisation.add_pledge(statement="We will try", later="yes")
    late.fill_organisation(scheme, name="Late", email="late@example.org").declare()
    Signing.objects.filter(pk=late.signing.pk).update(declared_at=timezone.now() - datetime.timedelta(days=8))
    done.fill_organisation(scheme, name="Done", email="done@example.org").declare()
    other = Visitor().fill_organisation(scheme, name="Done Ltd", email="other@example.org")
    other.declare()
    to_confirm = Visitor().fill_resident(scheme, email="bo@example.org")
    to_confirm.declare(show_name="no")
    confirmed, taken = (link_to(None, visitor.signing) for visitor in (done, other))
    for link in (confirmed, taken):
        done.client.post(link)
    return [
        ("/sign/", organisation, None),
        ("/sign/", fresh, {}),
        ("/sign/questions/", fresh, None),
        *((fresh.url("sign-step", "who"), fresh, data) for data in (None, {}, {"email": "a@gmial.com"})),
        (fresh.url("sign-save"), fresh, None),
        (fresh.url("sign-save"), fresh, {}),
        *((small.url("sign-step", step), small, data) for step in ("organisation", "pledges") for data in (None, {})),
        *((resident.url("sign-step", step), resident, None) for step in ("where", "pledges")),
        (resident.url("sign-step", "where"), resident, {}),
        (resident.url("sign-step", "pledges"), resident, {"own_words": "I will."}),
        (resident.url("sign-check"), resident, None),
        *((organisation.url("sign-step", step), organisation, None) for step in ("areas", "pledges", "contact")),
        (organisation.url("sign-step", "areas"), organisation, {}),
        (organisation.url("sign-step", "contact"), organisation, CONTACT | {"review_months": "1"}),
        (organisation.url("sign-pledge-add") + f"?idea={scheme.idea.pk}", organisation, None),
        (organisation.url("sign-pledge-add"), organisation, {}),
        (organisation.url("sign-pledge", 1), organisation, pledge_of(scheme, target="x")),
        (organisation.url("sign-check"), organisation, None),
        (organisation.url("sign-save"), organisation, None),
        (organisation.url("sign-save") + "?sent", organisation, None),
        (organisation.url("sign-check"), fresh, None),
        (done.url("sign-done"), done, None),
        (link_to(None, to_confirm.signing), fresh, None),
        (confirmed, fresh, None),
        (taken, fresh, None),
        (link_to(None, late.signing), fresh, None),
        ("/sign/confirm/nonsense/", fresh, None),
        (organisation.signing.resume_url[organisation.signing.resume_url.index("/sign/") :], fresh, None),
    ]


def test_every_page_is_sound_html(scheme, settings):
    faults = {}
    for url, visitor, data in _pages(scheme, settings):
        response = visitor.client.get(url) if data is None else visitor.client.post(url, data)
        assert response.status_code in (200, 404, 410), url
        faults[url, str(data)] = Page(response).faults
    assert {page: found for page, found in faults.items() if found} == {}


def _answer_with(page, url, body):
    """Shows the answer to a post at the address that gave it."""
    page.route(url, lambda route: route.fulfill(body=body, content_type="text/html"), times=1)


def test_every_page_is_accessible(open_page, live_server, scheme, settings):
    page = open_page(reduced_motion="reduce")  # no colour is half-way between two schemes
    found = {}
    for url, visitor, data in _pages(scheme, settings):
        page.context.clear_cookies()
        if session := visitor.client.cookies.get("sessionid"):
            page.context.add_cookies([{"name": session.key, "value": session.value, "url": live_server.url}])
        if data is not None:
            _answer_with(page, live_server.url + url, visitor.client.post(url, data).content)
        page.goto(url)
        for width, scheme in LOOKS:
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(color_scheme=scheme)
            if page.evaluate("document.documentElement.scrollWidth") > width:
                found[url, width] = "overflows"
            found[url, str(data), width] = violations(page)
    assert {state: faults for state, faults in found.items() if faults} == {}
