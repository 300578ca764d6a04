"""A lead takes their data away, hands their partner over and is erased, in a real browser."""

import zipfile

import pytest

from oiep import email
from tests.axe import faults
from tests.factories import MembershipFactory, PartnerFactory, UserFactory
from tests.person import ADDRESS, NAME, SURNAME, WORD, empty_storage, places_with

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "a long and winding lane"


def check(page):
    """Nothing that axe finds, and nothing over the edge, on a telephone in the dark and on a screen in the light."""
    for width, scheme in ((320, "dark"), (1280, "light")):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert faults(page) == [], page.url


def confirm(page):
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("main form", has=page.get_by_label("Password")).get_by_role("button").click()
    page.wait_for_url("**/account/privacy/**")


def test_lead_takes_everything_away_and_is_erased(page, sign_in, tmp_path):
    empty_storage()
    user = UserFactory(email=ADDRESS, name=NAME, password=PASSWORD)
    bakery = PartnerFactory(name="Bakery", approved=True, lead=user)
    heir = MembershipFactory(partner=bakery, role="member", user__name="Mila Mill").user
    sign_in(page, user)
    page.goto("/account/privacy/erase/")
    check(page)
    confirm(page)
    page.goto("/account/privacy/")
    check(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download your data").click()
    download.value.save_as(tmp_path / "data.zip")
    assert NAME in zipfile.ZipFile(tmp_path / "data.zip").read("data.json").decode()
    page.get_by_role("link", name="Erase what you hold about me").click()
    check(page)
    page.get_by_role("button", name="Erase it for good").click()
    assert page.title().startswith("Error: ")
    check(page)
    page.get_by_label("Mila Mill becomes its lead.").check()
    page.get_by_label("Erase what you hold about me").check()
    page.get_by_role("button", name="Erase it for good").click()
    page.wait_for_url("**/account/privacy/erased/")
    check(page)
    email.send_due()
    assert bakery.lead.user == heir
    assert places_with(WORD, SURNAME) == []
