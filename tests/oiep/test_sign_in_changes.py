"""Confirming that it is you; password, devices, name: what people change about their account by themselves."""

import contextlib
import re
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from allauth.usersessions.models import UserSession
from django.contrib.auth.password_validation import validate_password
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.test import Client

from oiep.models import AuditEvent
from oiep.sign_in.sessions import device
from tests.addresses import addresses
from tests.factories import UserFactory
from tests.signing_in import app_code, confirm_it_is

pytestmark = pytest.mark.django_db

OLD, NEW = "a long and winding lane", "correct horse battery staple"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
CONFIRM, SECURITY, PASSWORD = "/accounts/confirm/", "/account/security/", "/account/security/password/"
DEVICES = "/account/security/devices/"
# Pages about how one signs in that ask nothing first: they show, end sessions, or have a link of their own.
ASKS_NOTHING = {"", "devices/"}


@pytest.fixture(autouse=True)
def _no_rate_limits_from_other_tests(db):
    cache.clear()


@pytest.fixture
def person():
    return UserFactory(email="ana@example.org", name="Ana", password=OLD)


def by_password(user, password=OLD, **headers):
    client = Client(headers=headers)
    client.post("/accounts/login/password/", {"login": user.email, "password": password})
    return client


def is_signed_in(client):
    return client.get("/account/").status_code == 200


def send_code(client, mailbox):
    client.post(CONFIRM, {"way": "send", "next": PASSWORD})
    return re.search(r"^[0-9A-Z]{4}-[0-9A-Z]{4}$", mailbox()[-1].body, re.MULTILINE)[0]


# Confirming that it is you --------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        *(
            f"/{SECURITY[1:]}{page}".replace("<int:pk>", "1")
            for page in (
                address.removeprefix(SECURITY[1:]) for address in addresses() if address.startswith(SECURITY[1:])
            )
            if page not in ASKS_NOTHING
        ),
        "/account/address/",
    ],
)
def test_who_signed_in_a_while_ago_is_asked_first(client_of, person, address):
    client = client_of(person)
    for method in (client.get, client.post):
        assert method(address).url == f"{CONFIRM}?next={address.replace('/', '%2F')}"
    assert not AuditEvent.objects.exists()


def test_who_has_just_signed_in_is_not_asked_for_a_quarter_of_an_hour(person, time_machine):
    time_machine.move_to(1_800_000_000, tick=False)
    client = by_password(person)
    time_machine.shift(15 * 60 - 1)
    assert client.get(PASSWORD).status_code == 200
    time_machine.shift(2)
    assert client.get(PASSWORD).status_code == 302


def test_code_by_email_confirms(client_of, person, mailbox):
    client = client_of(person)
    code = send_code(client, mailbox)
    [letter] = mailbox()
    assert (letter.to, letter.subject) == (["ana@example.org"], "Your code to confirm that it is you")
    response = client.post(CONFIRM, {"way": "code", "code": f" {code.lower()} ", "next": PASSWORD})
    assert response.url == PASSWORD
    assert client.get(PASSWORD).status_code == 200


def test_password_confirms(client_of, person):
    client = client_of(person)
    wrong = client.post(CONFIRM, {"way": "password", "password": "no", "next": PASSWORD})
    assert "<title>Error: " in wrong.text
    assert "That is not your password." in wrong.text
    assert client.post(CONFIRM, {"way": "password", "password": OLD, "next": PASSWORD}).url == PASSWORD


def test_code_to_confirm_ends_after_five_wrong_tries(client_of, person, mailbox):
    client = client_of(person)
    code = send_code(client, mailbox)
    answers = [client.post(CONFIRM, {"way": "code", "code": "WRON-GONE"}).text for _try in range(5)]
    assert ["That was too many tries. Ask for a new code." in answer for answer in answers] == [False] * 4 + [True]
    assert client.post(CONFIRM, {"way": "code", "code": code}).status_code == 200


def test_code_to_confirm_runs_out_and_works_once(client_of, person, mailbox, time_machine):
    time_machine.move_to(1_800_000_000, tick=False)
    client = client_of(person)
    code = send_code(client, mailbox)
    time_machine.shift(15 * 60 + 1)
    assert client.post(CONFIRM, {"way": "code", "code": code}).status_code == 200
    code = send_code(client, mailbox)
    assert client.post(CONFIRM, {"way": "code", "code": code}).status_code == 302
    assert client.post(CONFIRM, {"way": "code", "code": code}).status_code == 200


def test_code_of_somebody_else_does_not_confirm(client_of, person, mailbox):
    code = send_code(client_of(UserFactory()), mailbox)
    client = client_of(person)
    send_code(client, mailbox)
    assert client.post(CONFIRM, {"way": "code", "code": code}).status_code == 200
    assert client.get(PASSWORD).status_code == 302


@pytest.mark.parametrize("data", [{}, {"way": "code"}, {"way": "code", "code": ""}, {"way": "no"}, {"way": "app"}])
def test_odd_answers_confirm_nothing(client_of, person, data):
    client = client_of(person)
    assert client.post(CONFIRM, data).status_code == 200
    assert client.get(PASSWORD).status_code == 302


def test_confirming_is_tried_only_so_often(client_of, person):
    client = client_of(person)
    answers = [client.post(CONFIRM, {"way": "code", "code": "no"}).status_code for _time in range(21)]
    assert answers == [200] * 20 + [429]


def test_codes_to_confirm_share_the_limit_of_codes_to_sign_in(client_of, person, mailbox):
    client = client_of(person)
    Client().post("/accounts/login/", {"email": person.email})
    for _time in range(3):
        client.post(CONFIRM, {"way": "send"})
    assert len(mailbox()) == 3
    assert "That was too many tries." in client.get(CONFIRM).text


def test_who_has_an_app_confirms_with_it_and_not_with_less(client_of, person, mailbox):
    TOTP.activate(person, SECRET)
    client = client_of(person)
    client.post(CONFIRM, {"way": "send"})
    assert mailbox() == []
    assert client.post(CONFIRM, {"way": "password", "password": OLD}).status_code == 200
    assert client.get(PASSWORD).status_code == 302
    assert client.post(CONFIRM, {"way": "app", "code": app_code(SECRET), "next": PASSWORD}).url == PASSWORD
    assert client.get(PASSWORD).status_code == 200


@pytest.mark.parametrize("there", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_confirming_leads_nowhere_else(client_of, person, there):
    client = client_of(person)
    assert client.post(CONFIRM, {"way": "password", "password": OLD, "next": there}).url == SECURITY


# Password -------------------------------------------------------------------------------------


def test_password_is_set_and_other_devices_are_signed_out(person, mailbox):
    here, there = by_password(person), by_password(person)
    assert here.post(PASSWORD, {"password": NEW}).url == SECURITY
    assert (is_signed_in(here), is_signed_in(there)) == (True, False)
    assert is_signed_in(by_password(person, NEW))
    assert not is_signed_in(by_password(person, OLD))
    assert [letter.subject for letter in mailbox()] == ["A password was set for your account"]
    assert AuditEvent.objects.get().verb == "user.password_set"


@pytest.mark.parametrize("weak", ["", "short", "password1234", "ana@example.org"])
def test_weak_password_is_refused(person, weak):
    response = by_password(person).post(PASSWORD, {"password": weak})
    assert "<title>Error: Choose a password" in response.text
    assert is_signed_in(by_password(person, OLD))


@pytest.mark.parametrize(
    ("password", "is_refused"),
    [("OxfordshireCharter!", True), ("inclusive-economy-2026", True), ("Oxford lies on the Thames", False)],
)
def test_password_of_this_site_s_own_words_is_refused(password, is_refused):
    with pytest.raises(ValidationError) if is_refused else contextlib.nullcontext():
        validate_password(password)


def test_password_is_removed(person, mailbox):
    here, there = by_password(person), by_password(person)
    assert here.get("/account/security/password/remove/").status_code == 200
    here.post("/account/security/password/remove/")
    person.refresh_from_db()
    assert not person.has_usable_password()
    assert (is_signed_in(here), is_signed_in(there)) == (True, False)
    assert [letter.subject for letter in mailbox()] == ["The password was removed from your account"]
    assert here.post("/account/security/password/remove/").status_code == 404


# Devices --------------------------------------------------------------------------------------


PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1"
EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36 Edg/130.0"


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (PHONE, "Safari on iPhone"),
        (EDGE, "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/130.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8", "A browser"),
        ("", "A browser"),
        ("<script>alert(1)</script> Linux", "A browser on Linux"),
    ],
)
def test_device_in_plain_words(user_agent, words):
    assert device(user_agent) == words


def test_one_device_is_signed_out(person, mailbox):
    here, lost, other = by_password(person), by_password(person, **{"user-agent": PHONE}), by_password(person)
    page = here.get(DEVICES).text
    assert page.count("Signed in on") == 3
    assert page.count("This device") == 1
    pk = UserSession.objects.get(user_agent=PHONE).pk
    here.post(DEVICES, {"device": pk})
    here.post(DEVICES, {"device": pk})
    assert [is_signed_in(client) for client in (here, lost, other)] == [True, False, True]
    assert [letter.subject for letter in mailbox()] == ["A device was signed out of your account"]


def test_all_other_devices_are_signed_out_listed_or_not(person, client_of, mailbox):
    here, there, unlisted = by_password(person), by_password(person), client_of(person)
    here.post(DEVICES, {"device": "others"})
    assert [is_signed_in(client) for client in (here, there, unlisted)] == [True, False, False]
    assert here.get(DEVICES).text.count("Signed in on") == 1
    here.post(DEVICES, {"device": "others"})
    assert is_signed_in(here)
    assert is_signed_in(by_password(person))
    assert [letter.subject for letter in mailbox()] == ["Your other devices were signed out"] * 2


def test_nobody_signs_out_devices_of_others_or_their_own_under_their_feet(person):
    here, stranger = by_password(person), by_password(UserFactory(password=OLD))
    for session in UserSession.objects.all():
        stranger.post(DEVICES, {"device": session.pk})
    for odd in ("", "x", "-1", "9" * 40, "²"):
        assert stranger.post(DEVICES, {"device": odd}).status_code == 302
    assert is_signed_in(here)
    assert is_signed_in(stranger)
    assert not AuditEvent.objects.exists()


# Name, the page -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Ana Silva", "Àna Ŵyn 李", "علي"])
def test_name_is_changed(client_of, person, name):
    assert client_of(person).post("/account/name/", {"name": f" {name} "}).url == SECURITY
    person.refresh_from_db()
    assert person.name == name
    event = AuditEvent.objects.get(verb="user.name_changed")
    assert (event.actor, event.data, event.note) == (person, {}, "")


@pytest.mark.parametrize("name", ["", "  ", "a\u202eb", "x" * 151, "a\x0bb"])
def test_odd_name_is_refused(client_of, person, name):
    assert "<title>Error: Your name" in client_of(person).post("/account/name/", {"name": name}).text
    person.refresh_from_db()
    assert person.name == "Ana"


def test_page_says_how_one_signs_in(client_of, person):
    client = client_of(person)
    page = client.get(SECURITY).text
    assert "You have one." in page
    assert "Recovery codes" not in page
    TOTP.activate(person, SECRET)
    assert "You have set one up" in client.get(SECURITY).text


def test_each_change_has_words_and_is_told_once(person, mailbox):
    """A person's own changes in one sitting, each with its event and its letter."""
    client = by_password(person)
    confirm_it_is(client, person)
    secret = re.search(r'class="key">([^<]+)<', client.get("/account/security/app/add/").text)[1].replace(" ", "")
    client.post("/account/security/app/add/", {"code": app_code(secret, at=time.time())})
    client.post("/account/security/recovery-codes/")
    client.post("/account/security/app/remove/")
    assert not Authenticator.objects.exists()
    verbs = [*AuditEvent.objects.order_by("pk").values_list("verb", flat=True)]
    assert verbs == ["user.app_added", "user.recovery_codes_made", "user.app_removed"]
    assert len(mailbox()) == 3
