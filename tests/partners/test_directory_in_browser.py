"""The directory in a real browser: quicker with JavaScript, the same without it."""

import re

import pytest
from playwright.sync_api import expect

from tests.factories import DistrictFactory, PartnerFactory, PriorityAreaFactory, SectorFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def partners():
    spend = PriorityAreaFactory(slug="spend", short_name="Local spend")
    workspace = PriorityAreaFactory(slug="workspace", short_name="Affordable workspace")
    oxford, cherwell = DistrictFactory(slug="oxford", name="Oxford"), DistrictFactory(slug="cherwell", name="Cherwell")
    PartnerFactory(name="Acorn", approved=True, areas=[spend], districts=[oxford], sector=SectorFactory(slug="food"))
    PartnerFactory(name="Birch", approved=True, areas=[spend, workspace], districts=[cherwell])


def _shown(page):
    return page.locator("#results .card-title").all_inner_texts()


def test_choices_change_the_results_the_counts_and_the_address_and_back_goes_back(page, partners):
    page.goto("/partners/")
    page.evaluate("window.sameDocument = true")
    page.get_by_label("Affordable workspace").check()
    expect(page.locator("#results-title")).to_have_text("1 partner")
    assert _shown(page) == ["Birch"]
    expect(page.get_by_label("Oxford")).to_have_accessible_name("Oxford (0)")
    expect(page.locator("[data-live]")).to_have_text("1 partner")
    # The box that was ticked keeps the focus, so that a keyboard goes on from there.
    expect(page.get_by_label("Affordable workspace")).to_be_focused()
    assert "area=workspace" in page.url
    page.keyboard.press("Tab")
    expect(page.locator("summary", has_text="District")).to_be_focused()
    page.get_by_label("Cherwell").check()
    expect(page).to_have_url(re.compile("area=workspace.*place=cherwell|place=cherwell.*area=workspace"))
    assert page.evaluate("window.sameDocument"), "nothing was loaded anew"
    page.go_back()
    expect(page.get_by_label("Cherwell")).not_to_be_checked()
    expect(page.get_by_label("Affordable workspace")).to_be_checked()
    page.go_back()
    expect(page.locator("#results-title")).to_have_text("2 partners")
    expect(page.get_by_label("Affordable workspace")).not_to_be_checked()


def test_words_are_searched_while_they_are_typed_and_none_is_lost(page, partners):
    page.goto("/partners/")
    page.get_by_label("Name or words").press_sequentially("acor", delay=30)
    expect(page.locator("#results-title")).to_have_text("1 partner")
    expect(page).to_have_url(re.compile("q=acor"))
    page.get_by_label("Name or words").press_sequentially("nx", delay=30)
    expect(page.locator("#results-title")).to_have_text("0 partners")
    expect(page.get_by_label("Name or words")).to_have_value("acornx")
    expect(page.get_by_label("Name or words")).to_be_focused()


def test_address_opens_the_same_list_anew(page, partners):
    page.goto("/partners/?area=spend&place=oxford")
    assert _shown(page) == ["Acorn"]
    expect(page.get_by_label("Local spend")).to_be_checked()
    expect(page.get_by_label("Oxford")).to_be_checked()


def test_without_javascript_a_button_does_it(open_page, partners):
    page = open_page(width=320, java_script_enabled=False)
    page.goto("/partners/")
    page.get_by_text("Priority area", exact=True).first.click()
    page.get_by_label("Affordable workspace").check()
    page.get_by_label("Sort").select_option("name")
    page.get_by_role("button", name="Show partners").click()
    assert _shown(page) == ["Birch"]
    assert "area=workspace" in page.url
    expect(page.get_by_label("Affordable workspace")).to_be_checked()
    page.get_by_role("link", name="Clear all").click()
    assert _shown(page) == ["Birch", "Acorn"]


def test_open_filters_stay_open_on_a_phone(open_page, partners):
    page = open_page(width=320)
    page.goto("/partners/")
    expect(page.get_by_label("Oxford")).not_to_be_visible()
    for name in ("District", "Priority area"):
        page.locator("summary", has_text=name).click()
    page.get_by_label("Oxford").check()
    expect(page.locator("#results-title")).to_have_text("1 partner")
    expect(page.get_by_label("Affordable workspace")).to_be_visible()
