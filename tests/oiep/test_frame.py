"""The frame of every page, in a real browser: by keyboard, without JavaScript, on a phone, and what it weighs."""

import gzip

import pytest

from tests.factories import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


def focused(page):
    return page.evaluate("document.activeElement.innerText.trim()")


def is_uncovered(page):
    """Whether the middle of the focused element is what one sees there."""
    return page.evaluate("""() => {
        const focused = document.activeElement, box = focused.getBoundingClientRect();
        const seen = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
        return focused === seen || focused.contains(seen);
    }""")


def test_the_first_tab_skips_to_the_main_part(open_page):
    page = open_page(width=320)
    page.goto("/no-such-page/")
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the main part"
    assert is_uncovered(page)
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "q"


@pytest.mark.parametrize("with_javascript", [True, False])
def test_a_phones_menu_opens_by_keyboard(open_page, with_javascript):
    page = open_page(width=320, java_script_enabled=with_javascript)
    page.goto("/no-such-page/")
    assert not page.get_by_role("link", name="Pledges").is_visible()
    page.locator(".site-menu summary").press("Enter")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Pledges").click()
    page.wait_for_url("**/pledges/")
    page.locator(".site-menu summary").press("Enter")
    assert page.locator("[aria-current]:visible").inner_text() == "Pledges"


def test_every_stop_of_the_keyboard_can_be_seen(open_page):
    page = open_page(width=320, reduced_motion="reduce")
    page.goto("/no-such-page/")
    page.locator(".site-menu summary").press("Enter")
    stops = []
    for _n in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        assert is_uncovered(page), focused(page)
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid", focused(page)
        stops.append(focused(page))
    assert "Places" in stops
    assert stops[-1] == "Terms"


def test_the_head_of_the_page_knows_who_is_signed_in(page, sign_in, manager):
    page.goto("/no-such-page/")
    mine = page.get_by_role("navigation", name="Your account")
    assert mine.get_by_role("listitem").all_inner_texts() == ["Sign in"]
    sign_in(page, UserFactory())
    page.reload()
    assert mine.get_by_role("listitem").all_inner_texts() == ["Your account", "Sign out"]
    sign_in(page, manager)
    page.reload()
    assert mine.get_by_role("listitem").all_inner_texts() == ["Desk", "Your account", "Sign out"]
    mine.get_by_role("button", name="Sign out").click()
    assert page.locator("main").get_by_role("status").inner_text() == "You have signed out."
    assert mine.get_by_role("listitem").all_inner_texts() == ["Sign in"]


@pytest.mark.parametrize("with_javascript", [True, False])
def test_the_error_summary_takes_focus_and_leads_to_the_input(open_page, with_javascript):
    page = open_page(java_script_enabled=with_javascript)
    page.goto("/accounts/login/")
    page.get_by_role("button", name="E-mail me a sign-in code").click()
    assert page.title().startswith("Error: Sign in")
    assert focused(page).startswith("There is a problem")
    page.get_by_role("link", name="Enter your e-mail address.").press("Enter")
    assert page.evaluate("document.activeElement.id") == "id_email"


def test_dark_colours_follow_the_system_without_javascript(open_page):
    grounds = {}
    for scheme in ("light", "dark"):
        page = open_page(color_scheme=scheme)
        page.goto("/no-such-page/")
        grounds[scheme] = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert grounds == {"light": "rgb(251, 248, 241)", "dark": "rgb(19, 26, 22)"}


def test_a_first_visit_is_light(page):
    """HTML at most 20 kB compressed, everything at most 120 kB (quality.md, *Speed and scale*)."""
    weights = {}
    page.on("response", lambda answer: weights.update({answer.url: len(gzip.compress(answer.body()))}))
    page.goto("/")
    page.wait_for_load_state("networkidle")
    assert weights[page.url] <= 20_000
    assert sum(weights.values()) <= 120_000
    assert len(weights) > 5


def test_filters_stand_open_where_there_is_room_and_nothing_moves(page):
    page.add_init_script("""window.shifted = 0;
        new PerformanceObserver((list) => list.getEntries().forEach((entry) => (window.shifted += entry.value)))
            .observe({type: 'layout-shift', buffered: true});""")
    page.goto("/partners/", wait_until="networkidle")
    assert page.locator("details.facet:not([open])").count() == 0
    assert page.locator("details.facet").count() > 1
    assert page.evaluate("window.shifted") == 0


def test_what_a_search_changed_is_said_aloud(page):
    page.goto("/partners/")
    page.get_by_label("Name or words").fill("oak")
    page.wait_for_url("**q=oak**")
    page.wait_for_function("document.querySelector('[data-live]').textContent")
    assert page.locator("[data-live]").inner_text() == "0 partners"
