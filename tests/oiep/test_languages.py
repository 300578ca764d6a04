"""In which language pages and mails speak, and that what we promised in it is there."""

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import translation

from oiep import email as mail
from oiep import languages
from oiep.models import AuditEvent, OutgoingEmail, Translation, User
from tests.axe import faults
from tests.factories import (
    CharterVersionFactory,
    DistrictFactory,
    PledgeIdeaFactory,
    PriorityAreaFactory,
    UserFactory,
)
from tests.html import Page

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _english_afterwards():
    yield
    translation.activate(settings.LANGUAGE_CODE)


def speaking(language):
    client = Client()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    return client


@pytest.mark.parametrize(("language", "direction"), [("en-gb", "ltr"), ("pl", "ltr"), ("pt", "ltr"), ("ar", "rtl")])
def test_page_says_its_language_and_direction(language, direction):
    response = speaking(language).get("/no-such-page/")
    assert f'<html lang="{language}" dir="{direction}">' in response.text
    assert ("bootstrap.rtl.min.css" in response.text) == (direction == "rtl")
    assert response["Content-Language"] == language
    assert Page(response).faults == []


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        ("pl-PL,pl;q=0.9", "pl"),
        ("pt-BR", "pt"),
        ("ar-EG;q=0.8, de", "ar"),
        ("de", "en-gb"),
        ("en-US", "en-gb"),
        ("", "en-gb"),
    ],
)
def test_browser_without_a_choice_is_answered_in_its_own_language(client, wanted, language):
    assert client.get("/charter/", headers={"Accept-Language": wanted})["Content-Language"] == language


def test_cache_knows_what_a_page_depends_on(client):
    varies = {name.strip() for name in client.get("/no-such-page/")["Vary"].split(",")}
    assert {"Cookie", "Accept-Language"} <= varies
    assert "private" in speaking("pl").get("/no-such-page/")["Cache-Control"]
    assert "Cookie" not in client.get("/robots.txt").get("Vary", "")


def test_choosing_a_language_keeps_it_and_comes_back(client):
    response = client.post("/language/", {"language": "ar", "next": "/partners/?q=oak"})
    assert (response.status_code, response["Location"]) == (302, "/partners/?q=oak")
    cookie = response.cookies[settings.LANGUAGE_COOKIE_NAME]
    assert (cookie.value, cookie["httponly"], cookie["samesite"], cookie["path"]) == ("ar", True, "Lax", "/")
    assert client.get("/no-such-page/")["Content-Language"] == "ar"


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "",
        "partners/",
        "/\n/evil.example",
    ],
)
def test_choosing_a_language_leads_nowhere_else(client, back):
    assert client.post("/language/", {"language": "pl", "next": back})["Location"] == "/"


def test_unknown_language_is_not_kept(client):
    response = client.post("/language/", {"language": "xx", "next": "/"})
    assert response.status_code == 302
    assert not response.cookies


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_no_other_site_changes_the_language(client_of, headers):
    user = UserFactory(language="pl")
    response = client_of(user).post("/language/", {"language": "ar", "next": "/"}, headers=headers)
    assert response.status_code == 403
    assert not response.cookies
    user.refresh_from_db()
    assert user.language == "pl"


def test_choosing_needs_no_cookie_and_pages_set_none(client):
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/language/", {"language": "pl"}, headers={"Origin": "http://testserver"}).status_code == 302
    assert not client.get("/charter/").cookies


def test_choice_is_kept_with_the_account(client_of):
    user = UserFactory()
    client_of(user).post("/language/", {"language": "pt", "next": "/"})
    user.refresh_from_db()
    assert user.language == "pt"


@pytest.mark.parametrize(
    ("of_account", "of_browser", "account_after", "page_after"),
    [("pl", None, "pl", "pl"), ("", "ar", "ar", "ar"), ("pl", "ar", "pl", "ar"), ("", None, "", "en-gb")],
)
def test_signing_in_brings_both_choices_together(client, of_account, of_browser, account_after, page_after):
    user = User.objects.create_user("jo@example.org", "a password of jo", language=of_account)
    if of_browser:
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = of_browser
    client.post(reverse("account_login_password"), {"login": user.email, "password": "a password of jo"})
    user.refresh_from_db()
    assert user.language == account_after
    assert client.get("/account/")["Content-Language"] == page_after


def test_admin_speaks_english(client_of, manager):
    client = client_of(manager)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "ar"
    assert client.get("/admin/")["Content-Language"] == "en-gb"


# Not checked yet ------------------------------------------------------------------------------


def test_each_language_beside_english_begins_unchecked():
    assert set(Translation.objects.values_list("language", "checked_at")) == {("pl", None), ("pt", None), ("ar", None)}


def test_page_says_that_nobody_has_checked_its_language_until_the_manager_says_so(client_of, manager):
    page, other = speaking("pl"), speaking("pt")
    assert "unchecked" in page.get("/no-such-page/").text
    assert "unchecked" not in speaking("en-gb").get("/no-such-page/").text
    polish = Translation.objects.get(language="pl")
    lists = reverse("admin:oiep_translation_changelist")
    client_of(manager).post(lists, {"action": "say_checked", "_selected_action": [polish.pk]})
    assert "unchecked" not in page.get("/no-such-page/").text
    assert "unchecked" in other.get("/no-such-page/").text
    polish.refresh_from_db()
    assert polish.checked_by == manager
    assert AuditEvent.objects.get(verb="translation.checked").actor == manager
    client_of(manager).post(lists, {"action": "say_unchecked", "_selected_action": [polish.pk]})
    assert "unchecked" in page.get("/no-such-page/").text


# Mail -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("of_account", "of_caller", "language"),
    [("ar", "pl", "ar"), ("", "pl", "pl"), ("", "", "en-gb"), (None, "pt", "pt"), (None, "", "en-gb")],
)
def test_mail_is_written_in_the_language_of_who_gets_it(of_account, of_caller, language):
    if of_account is not None:
        UserFactory(email="jo@example.org", language=of_account)
    with translation.override("pt"):  # of whoever caused it
        row = mail.queue(to="jo@example.org", template="erased", context={}, language=of_caller)
        assert translation.get_language() == "pt"
    assert row.language == language
    html = mail.message_of(OutgoingEmail.objects.get()).alternatives[0].content
    direction = "rtl" if language == "ar" else "ltr"
    assert f'<html lang="{language}" dir="{direction}">' in html


def test_languages_are_those_of_the_settings():
    assert languages.CODES == ["en-gb", "pl", "pt", "ar"]


# From right to left ---------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("width", [320, 1280])
def test_arabic_pages_read_from_right_to_left(open_page, live_server, width):
    PledgeIdeaFactory(area=PriorityAreaFactory(), on_short_route=True)
    DistrictFactory()
    CharterVersionFactory()
    page = open_page(width=width)
    page.context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": "ar", "url": live_server.url}])
    for address in ("/", "/charter/", "/sign/", "/partners/", "/no-such-page/"):
        page.goto(address)
        assert faults(page) == [], address
        brand = page.locator(".brand").bounding_box()
        assert brand["x"] + brand["width"] > width * 0.9, address
    page.goto("/sign/")
    page.locator("main [value=resident]").check()
    with page.expect_navigation():
        page.locator("main .btn-primary").click()
    bar = page.locator(".bar").first
    assert bar.evaluate("bar => getComputedStyle(bar).transform") == "matrix(-1, 0, 0, 1, 0, 0)"
    assert faults(page) == []
    # By a button, without JavaScript or a change of address.
    address = page.url
    with page.expect_navigation():
        page.get_by_role("button", name="English").click()
    assert page.url == address
    assert page.locator("html").get_attribute("dir") == "ltr"
