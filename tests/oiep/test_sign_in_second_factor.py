"""Passkeys, authenticator apps, recovery codes; who is asked for a second step; staff without one."""

import datetime
import json
import re
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client

from oiep.models import AuditEvent
from tests.factories import EvidenceFactory, ManagerFactory, UserFactory
from tests.signing_in import Passkey, app_code, confirm_it_is

pytestmark = pytest.mark.django_db

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PASSWORD = "a long and winding lane"
LOGIN, LOGIN_PASSKEY = "/accounts/login/password/", "/accounts/login/passkey/"
SECOND_STEP, CONFIRM, SECURITY = "/accounts/login/second-step/", "/accounts/confirm/", "/account/security/"
ADD_PASSKEY, ADD_APP = "/account/security/passkeys/add/", "/account/security/app/add/"
CODES = "/account/security/recovery-codes/"


@pytest.fixture(autouse=True)
def _no_rate_limits_from_other_tests(db):
    cache.clear()


@pytest.fixture
def person():
    return UserFactory(email="ana@example.org", name="Ana", password=PASSWORD)


@pytest.fixture
def staff():
    return ManagerFactory(email="manager@example.org", password=PASSWORD)


@pytest.fixture
def browser():
    """A browser at the one address without https at which passkeys work."""
    return Client(headers={"host": "localhost"})


def signed_in(user):
    client = Client(headers={"host": "localhost"})
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    confirm_it_is(client, user)
    return client


def by_password(client, user, **data):
    return client.post(LOGIN, {"login": user.email, "password": PASSWORD, **data})


def options_in(response):
    """What the page hands to the browser."""
    [words] = re.findall(r'<script id="passkey-options" type="application/json">(.*?)</script>', response.text)
    return json.loads(words)


def is_signed_in(client):
    return client.get("/account/").status_code == 200


def add_passkey(client, passkey, **data):
    options = options_in(client.get(ADD_PASSKEY))["creation_options"]
    return client.post(ADD_PASSKEY, {"credential": json.dumps(passkey.register(options)), **data})


def challenge(client):
    return client.get(LOGIN_PASSKEY, headers={"accept": "application/json"}).json()["request_options"]


def by_passkey(client, answer, **data):
    return client.post(LOGIN_PASSKEY, {"credential": json.dumps(answer), **data})


# Passkeys -------------------------------------------------------------------------------------


def test_passkey_is_added_and_signs_in_without_a_second_step(person, browser, mailbox):
    passkey, client = Passkey(), signed_in(person)
    assert add_passkey(client, passkey, name="My phone").url == CODES
    assert "My phone" in client.get(SECURITY).text
    [letter] = mailbox()
    assert (letter.to, letter.subject) == (["ana@example.org"], "A passkey was added to your account")
    event = AuditEvent.objects.get(verb="user.passkey_added")
    assert (event.actor, event.subject, event.data) == (person, person, {})

    response = by_passkey(browser, passkey.answer(challenge(browser)), next="/account/security/")
    assert response.url == "/account/security/"
    assert is_signed_in(browser)


def test_passkey_without_a_name_is_called_after_its_browser(person):
    client = signed_in(person)
    client.defaults["HTTP_USER_AGENT"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    add_passkey(client, Passkey(), name="")
    assert str(Authenticator.objects.get(type="webauthn")) == "Firefox on Linux"


def test_second_passkey_brings_no_new_recovery_codes(person):
    client = signed_in(person)
    add_passkey(client, Passkey())
    before = Authenticator.objects.get(type="recovery_codes").data
    assert add_passkey(client, Passkey()).url == SECURITY
    assert Authenticator.objects.get(type="recovery_codes").data == before


@pytest.mark.parametrize(
    "passkey", [Passkey(verified=False), Passkey(origin="https://evil.example")], ids=["no PIN asked", "elsewhere"]
)
def test_passkey_that_proves_too_little_is_not_added(person, passkey):
    response = add_passkey(signed_in(person), passkey)
    assert "<title>Error: " in response.text
    assert "That passkey did not work here." in response.text
    assert not Authenticator.objects.exists()


def test_passkey_answer_is_taken_once(person, browser):
    passkey = Passkey()
    passkey.kept_for(person)
    answer = passkey.answer(challenge(browser))
    by_passkey(browser, answer)
    browser.post("/accounts/logout/")
    assert by_passkey(browser, answer).url == "/accounts/login/"
    assert not is_signed_in(browser)


def _of_another(answer, _stranger):
    return answer


def _bad_signature(answer):
    return {**answer, "response": {**answer["response"], "signature": "AAAA"}}


def _unknown_owner(answer):
    return {**answer, "response": {**answer["response"], "userHandle": "enp6enp6enp6enp6enp6"}}


def _no_owner(answer):
    return {**answer, "response": {**answer["response"], "userHandle": None}}


SPOILT = [
    _bad_signature, _unknown_owner, _no_owner,
    lambda answer: {}, lambda answer: [], lambda answer: "x", lambda answer: 5, lambda answer: None,
    lambda answer: {**answer, "id": "AAAA", "rawId": "AAAA"},
    lambda answer: {**answer, "response": []},
    lambda answer: {**answer, "response": {**answer["response"], "clientDataJSON": "AAAA"}},
    lambda answer: {**answer, "response": {**answer["response"], "authenticatorData": "AAAA"}},
    lambda answer: {**answer, "response": {**answer["response"], "userHandle": 12}},
]  # fmt: skip


@pytest.mark.parametrize("spoil", SPOILT)
def test_spoilt_answers_get_the_same_refusal(person, browser, spoil):
    passkey = Passkey()
    passkey.kept_for(person)
    answer = spoil(passkey.answer(challenge(browser)))
    response = by_passkey(browser, answer)
    assert (response.status_code, response.url) == (302, "/accounts/login/")
    assert "That passkey did not work here. Have a code e-mailed to you instead." in browser.get(response.url).text
    assert not is_signed_in(browser)


def test_spoilt_registrations_are_refused(person):
    client, passkey = signed_in(person), Passkey()
    for spoil in (lambda a: {}, lambda a: [], lambda a: "x", lambda a: None, lambda a: {**a, "response": {}}):
        options = options_in(client.get(ADD_PASSKEY))["creation_options"]
        response = client.post(ADD_PASSKEY, {"credential": json.dumps(spoil(passkey.register(options)))})
        assert (response.status_code, "That passkey did not work here." in response.text) == (200, True)
    assert client.post(ADD_PASSKEY, {"credential": "not json"}).status_code == 200
    assert not Authenticator.objects.exists()


def test_passkey_of_a_closed_account_lets_nobody_in(browser):
    passkey = Passkey()
    passkey.kept_for(UserFactory(is_active=False))
    assert by_passkey(browser, passkey.answer(challenge(browser))).url == "/accounts/inactive/"
    assert not is_signed_in(browser)


def test_passkeys_are_tried_only_so_often(browser):
    for _time in range(30):
        assert by_passkey(browser, {}).status_code == 302
    assert by_passkey(browser, {}).status_code == 429


def test_challenge_tells_nothing_of_who_has_an_account(person, browser):
    Passkey().kept_for(person)
    asked = challenge(browser)["publicKey"]
    assert asked.pop("challenge")
    assert asked == {"rpId": "localhost", "allowCredentials": [], "userVerification": "required"}


def test_removed_passkey_no_longer_signs_in(person, browser, mailbox):
    passkey = Passkey()
    row, client = passkey.kept_for(person), signed_in(person)
    RecoveryCodes.activate(person)
    remove = f"/account/security/passkeys/{row.pk}/remove/"
    assert client.get(remove).status_code == 200
    assert Authenticator.objects.filter(pk=row.pk).exists()
    client.post(remove)
    assert not Authenticator.objects.exists(), "Recovery codes go with the last of what they stand in for."
    assert by_passkey(browser, passkey.answer(challenge(browser))).url == "/accounts/login/"
    assert [letter.subject for letter in mailbox()] == ["A passkey was removed from your account"]


# Authenticator app ----------------------------------------------------------------------------


def key_on(response):
    return re.search(r'<code class="key">([A-Z2-7 ]+)</code>', response.text)[1].replace(" ", "")


def test_app_is_set_up_with_the_digits_that_it_shows(person, mailbox):
    client = signed_in(person)
    secret = key_on(client.get(ADD_APP))
    assert key_on(client.get(ADD_APP)) != secret
    secret = key_on(client.get(ADD_APP))
    wrong = client.post(ADD_APP, {"code": app_code(secret, at=0)})
    assert "<title>Error: " in wrong.text
    assert key_on(wrong) == secret
    assert client.post(ADD_APP, {"code": app_code(secret)}).url == CODES
    assert [letter.subject for letter in mailbox()] == ["An authenticator app was added to your account"]
    assert secret not in str(Authenticator.objects.values_list("data", flat=True))
    assert client.get(ADD_APP).url == SECURITY


@pytest.mark.parametrize(("seconds", "taken"), [(-30, True), (0, True), (59, True), (-31, False), (60, False)])
def test_code_of_the_app_is_the_second_step(person, client, time_machine, seconds, taken):
    """RFC 6238's own example: at 59 seconds this key shows 94287082, of which six digits are 287082."""
    assert app_code("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", at=59) == "287082"
    time_machine.move_to(1_800_000_000, tick=False)
    TOTP.activate(person, SECRET)
    assert by_password(client, person, next="/account/name/").url == SECOND_STEP
    assert not is_signed_in(client)
    response = client.post(SECOND_STEP, {"code": app_code(SECRET, at=time.time() + seconds)})
    assert (response.status_code == 302) == taken
    assert is_signed_in(client) == taken
    assert not taken or response.url == "/account/name/"


def test_code_of_the_app_works_once_while_it_is_shown(person, time_machine):
    time_machine.move_to(1_800_000_000, tick=False)
    TOTP.activate(person, SECRET)
    first, second = Client(), Client()
    code = app_code(SECRET)
    for client, wait, typed, taken in ((first, 0, code, True), (second, 59, f"{code[:3]} {code[3:]}", False)):
        time_machine.shift(wait)
        by_password(client, person)
        client.post(SECOND_STEP, {"code": typed})
        assert is_signed_in(client) == taken


def test_codes_are_not_guessed_for_long(person, client):
    TOTP.activate(person, SECRET)
    by_password(client, person)
    for _time in range(5):
        client.post(SECOND_STEP, {"code": app_code(SECRET, at=0)})
    response = client.post(SECOND_STEP, {"code": app_code(SECRET)})
    assert "That was too many tries." in response.text
    assert not is_signed_in(client)


def test_second_step_cannot_be_walked_round(person, client):
    TOTP.activate(person, SECRET)
    by_password(client, person)
    for address in ("/account/", SECURITY, CONFIRM, "/admin/"):
        assert client.get(address).status_code == 302
    assert client.get(SECOND_STEP).status_code == 200
    assert client.get("/accounts/login/").status_code == 200


def test_app_is_asked_for_after_a_code_by_email_as_well(person, client, mailbox):
    TOTP.activate(person, SECRET)
    client.post("/accounts/login/", {"email": person.email})
    code = re.search(r"^[0-9A-Z]{4}-[0-9A-Z]{4}$", mailbox()[0].body, re.MULTILINE)[0]
    assert client.post("/accounts/login/code/confirm/", {"code": code}).url == SECOND_STEP


def test_removed_app_is_not_asked_for(person, client, mailbox):
    TOTP.activate(person, SECRET)
    signed_in(person).post("/account/security/app/remove/")
    assert [letter.subject for letter in mailbox()] == ["The authenticator app was removed from your account"]
    assert by_password(client, person).url == "/account/"


@pytest.mark.parametrize(("is_staff", "asked"), [(False, False), (True, True)])
def test_passkey_alone_asks_a_second_step_of_staff_only(is_staff, asked, browser):
    user, passkey = UserFactory(password=PASSWORD, is_staff=is_staff), Passkey()
    passkey.kept_for(user)
    assert by_password(browser, user).url == (SECOND_STEP if asked else "/account/")
    if asked:
        options = options_in(browser.get(SECOND_STEP))["request_options"]
        browser.post(SECOND_STEP, {"credential": json.dumps(passkey.answer(options))})
        assert is_signed_in(browser)


# Recovery codes -------------------------------------------------------------------------------


def test_recovery_code_stands_in_once_and_its_owner_is_told(person, client, mailbox):
    TOTP.activate(person, SECRET)
    code = RecoveryCodes.activate(person).get_unused_codes()[3]
    by_password(client, person)
    client.post(SECOND_STEP, {"code": code})
    assert is_signed_in(client)
    assert [letter.subject for letter in mailbox()] == ["A recovery code was used to sign in to your account"]
    again = Client()
    by_password(again, person)
    again.post(SECOND_STEP, {"code": code})
    assert not is_signed_in(again)


def test_new_recovery_codes_end_the_old(person):
    TOTP.activate(person, SECRET)
    RecoveryCodes.activate(person)
    client = signed_in(person)
    before = set(re.findall(r"<li><code>(\d{8})</code>", client.get(CODES).text))
    client.post(CODES)
    after = set(re.findall(r"<li><code>(\d{8})</code>", client.get(CODES).text))
    assert (len(before), len(after), before & after) == (10, 10, set())


def test_what_makes_codes_is_not_readable_and_lost_keys_open_nothing(person, client, settings):
    TOTP.activate(person, SECRET)
    codes = RecoveryCodes.activate(person).get_unused_codes()
    assert SECRET not in str([*Authenticator.objects.values_list("data", flat=True)])
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another"
    assert Authenticator.objects.get(type="totp").wrap().validate_code(app_code(SECRET))
    settings.SECRET_KEY_FALLBACKS = []
    by_password(client, person)
    for code in (app_code(SECRET), codes[0]):
        assert client.post(SECOND_STEP, {"code": code}).status_code == 200
    assert not is_signed_in(client)


# Staff ----------------------------------------------------------------------------------------


@pytest.fixture
def needed(settings):
    settings.STAFF_NEED_SECOND_FACTOR = True


@pytest.mark.parametrize("address", ["/admin/", "/admin/pledges/case/", "/admin/oiep/user/", "/admin/jsi18n/"])
def test_staff_without_a_second_factor_are_led_to_one(staff, client, needed, address):
    by_password(client, staff)
    assert client.get(address, follow=True).redirect_chain == [
        (f"/admin/login/?next={address}", 302),
        (SECURITY, 302),
    ]
    assert client.post(address, {"action": "x"}).url == f"/admin/login/?next={address}"
    assert "Before you open the desk" in client.get(SECURITY).text


def test_staff_set_up_an_app_and_go_on_to_where_they_were(staff, client, needed):
    by_password(client, staff)
    client.get("/admin/pledges/case/", follow=True)
    secret = key_on(client.get(ADD_APP))
    codes = client.post(ADD_APP, {"code": app_code(secret)}, follow=True)
    assert 'href="/admin/pledges/case/">I have kept them: go on' in codes.text
    assert client.get("/admin/pledges/case/").status_code == 200
    assert "Before you open the desk" not in client.get(SECURITY).text


def test_session_from_before_the_second_factor_has_to_show_it(staff, client, needed):
    """Somebody with the mailbox alone, who was in before."""
    by_password(client, staff)
    TOTP.activate(staff, SECRET)
    response = client.get("/admin/", follow=True)
    assert response.redirect_chain[-1][0] == f"{CONFIRM}?next=%2Fadmin%2F"
    assert "E-mail me a code" not in response.text
    assert client.post(CONFIRM, {"way": "password", "password": PASSWORD, "next": "/admin/"}).status_code == 200
    assert client.get("/admin/").status_code == 302
    assert client.post(CONFIRM, {"way": "app", "code": app_code(SECRET), "next": "/admin/"}).url == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_staff_show_their_second_factor_again_after_half_a_day(staff, client, needed, time_machine):
    start = datetime.datetime(2026, 5, 4, 8, tzinfo=datetime.UTC)
    time_machine.move_to(start, tick=False)
    TOTP.activate(staff, SECRET)
    by_password(client, staff)
    client.post(SECOND_STEP, {"code": app_code(SECRET)})
    time_machine.move_to(start + datetime.timedelta(hours=12, seconds=-1), tick=False)
    assert client.get("/admin/").status_code == 200
    time_machine.move_to(start + datetime.timedelta(hours=12), tick=False)
    assert client.get("/admin/", follow=True).redirect_chain[-1][0] == f"{CONFIRM}?next=%2Fadmin%2F"
    assert client.post(CONFIRM, {"way": "app", "code": app_code(SECRET), "next": "/admin/"}).url == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_factor_that_was_removed_since_no_longer_counts(staff, client, needed):
    TOTP.activate(staff, SECRET)
    by_password(client, staff)
    client.post(SECOND_STEP, {"code": app_code(SECRET)})
    assert client.get("/admin/").status_code == 200
    Authenticator.objects.all().delete()
    assert client.get("/admin/").status_code == 302


def test_rights_are_held_back_outside_admin_as_well(staff, needed):
    file = EvidenceFactory()
    for user in (staff, UserFactory(is_superuser=True, password=PASSWORD)):
        client = Client()
        by_password(client, user)
        assert client.get(f"/evidence/{file.pk}/").status_code == 404
        TOTP.activate(user, SECRET)
        confirm_it_is(client, user)
        assert client.get(f"/evidence/{file.pk}/").status_code == 200


def test_nobody_else_is_held_back(person, client, needed):
    by_password(client, person)
    assert client.get("/account/").status_code == 200
    assert "Before you open the desk" not in client.get(SECURITY).text


def test_example_accounts_need_no_second_factor_on_a_local_machine(staff, client):
    by_password(client, staff)
    assert client.get("/admin/").status_code == 200


def test_superuser_on_a_task_of_their_own_is_not_held_back(needed):
    assert UserFactory(is_superuser=True).has_perm("pledges.change_case")


# Losing it ------------------------------------------------------------------------------------


def test_operator_forgets_what_was_lost(staff, mailbox, needed, capsys):
    TOTP.activate(staff, SECRET)
    client = signed_in(staff)
    call_command("forget_second_factor", " Manager@Example.org")
    assert "Done." in capsys.readouterr().out
    assert not Authenticator.objects.exists()
    assert not is_signed_in(client)
    event = AuditEvent.objects.get(verb="user.second_factor_forgotten")
    assert (event.actor, event.subject) == (None, staff)
    assert [letter.subject for letter in mailbox()] == ["We removed the passkeys and the app from your account"]


@pytest.mark.parametrize("email", ["nobody@example.org", "manager@example.org"])
def test_operator_is_told_when_there_is_nothing_to_forget(staff, email):
    with pytest.raises(CommandError):
        call_command("forget_second_factor", email)
    assert not AuditEvent.objects.exists()
