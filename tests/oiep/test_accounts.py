"""Signing in: by a code, by a password; what a stranger learns (nothing)."""

import datetime
import re
import threading

import pytest
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse

from oiep.accounts import user_for
from oiep.models import OutgoingEmail, User
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"
CODE = "/accounts/login/code/confirm/"
PASSWORD = "/accounts/login/password/"


@pytest.fixture(autouse=True)
def _no_rate_limits_from_other_tests(db):
    cache.clear()


@pytest.fixture
def person():
    return UserFactory(email="ana@example.org", name="Ana")


def code_in(letter):
    return re.search(r"^[0-9A-Z]{4}-[0-9A-Z]{4}$", letter.body, re.MULTILINE).group()


def ask(client, email, **data):
    return client.post(LOGIN, {"email": email, **data})


def shown(response):
    """What a page says, without what differs between any two requests for it."""
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", response.content.decode())
    return re.sub(r"[a-z]+@example\.org", "ADDRESS", text)


# The user of a confirmed address --------------------------------------------------------------


def test_user_is_made_once_for_all_spellings_of_an_address():
    user = user_for(" Ana@EXAMPLE.org", "Ana Silva")
    assert (user.email, user.name, user.has_usable_password()) == ("ana@example.org", "Ana Silva", False)
    assert user_for("ana@example.org.", "Another Name") == user
    user.refresh_from_db()
    assert user.name == "Ana Silva"


def test_user_without_a_name_gets_one(person):
    nameless = UserFactory(email="bo@example.org", name="")
    assert user_for("bo@example.org", "Bo").name == "Bo"
    nameless.refresh_from_db()
    assert nameless.name == "Bo"


def test_user_is_not_made_for_what_is_no_address():
    with pytest.raises(ValidationError):
        user_for("ana at example", "Ana")
    assert not User.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_one_address_confirmed_twice_at_once_makes_one_user():
    barrier, users = threading.Barrier(2), []

    def confirm():
        barrier.wait(timeout=10)
        try:
            users.append(user_for("ana@example.org", "Ana").pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=confirm) for _n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert len(users) == 2
    assert User.objects.get().pk == users[0] == users[1]


# By a code ------------------------------------------------------------------------------------


@pytest.mark.parametrize("spelling", ["ana@example.org", " ANA@Example.ORG ", "ana@example.org."])
def test_code_from_the_mailbox_signs_in(client, person, mailbox, spelling):
    response = ask(client, spelling)
    assert (response.status_code, response.url) == (302, CODE)
    (letter,) = mailbox()
    assert (letter.to, letter.subject) == (["ana@example.org"], "Your code to sign in")
    assert "10 minutes" in letter.body
    before = client.session.session_key
    response = client.post(CODE, {"code": code_in(letter)})
    assert (response.status_code, response.url) == (302, reverse("account"))
    assert client.get("/account/").context["user"] == person
    assert client.session.session_key != before


@pytest.mark.parametrize("paste", [" {} ", "{}\n", "“{}”"])
def test_code_can_be_pasted_with_what_stands_around_it(client, person, mailbox, paste):
    ask(client, person.email)
    code = code_in(mailbox()[0])
    accepted = client.post(CODE, {"code": paste.format(code)}).status_code == 302
    assert accepted == ("“" not in paste)


def test_code_is_read_without_case_and_dash(client, person, mailbox):
    ask(client, person.email)
    assert client.post(CODE, {"code": code_in(mailbox()[0]).replace("-", " ").lower()}).status_code == 302


def test_code_works_once(client, person, mailbox):
    ask(client, person.email)
    code = code_in(mailbox()[0])
    client.post(CODE, {"code": code})
    client.post("/accounts/logout/")
    response = client.post(CODE, {"code": code}, follow=True)
    assert response.request["PATH_INFO"] == LOGIN
    assert not response.context["user"].is_authenticated


def test_code_works_only_in_the_browser_that_asked(client, person, mailbox):
    ask(client, person.email)
    other = Client()
    assert other.post(CODE, {"code": code_in(mailbox()[0])}, follow=True).redirect_chain == [
        (LOGIN + "code/", 302),
        (LOGIN, 302),
    ]
    assert other.get("/account/").status_code == 302


def test_code_runs_out_after_ten_minutes(client, person, mailbox, time_machine):
    start = datetime.datetime(2026, 5, 4, 9, tzinfo=datetime.UTC)
    time_machine.move_to(start, tick=False)
    ask(client, person.email)
    code = code_in(mailbox()[0])
    time_machine.move_to(start + datetime.timedelta(minutes=10, seconds=1), tick=False)
    response = client.post(CODE, {"code": code}, follow=True)
    assert "That code has run out" in response.content.decode()
    assert not response.context["user"].is_authenticated


def test_five_wrong_codes_end_it(client, person, mailbox):
    ask(client, person.email)
    for _try in range(4):
        response = client.post(CODE, {"code": "WRON-GONE"})
        assert "That is not the code." in response.content.decode()
        assert response.status_code == 200
    response = client.post(CODE, {"code": "WRON-GONE"}, follow=True)
    assert "That was too many tries." in response.content.decode()
    response = client.post(CODE, {"code": code_in(mailbox()[0])}, follow=True)
    assert not response.context["user"].is_authenticated


@pytest.mark.parametrize("wrong", ["", "-", " ", "é", "🐝", "x" * 60])
def test_odd_codes_are_answered_kindly_for_known_and_unknown(client, person, wrong):
    for email in (person.email, "nobody@example.org"):
        ask(client, email)
        response = client.post(CODE, {"code": wrong})
        assert response.status_code == 200
        assert "<title>Error: Enter your code" in response.content.decode()


def test_one_who_mistyped_the_address_can_start_again(client, person, mailbox):
    ask(client, "anna@example.org")
    assert client.get(LOGIN).status_code == 200
    ask(client, person.email)
    letter = next(letter for letter in mailbox() if letter.to == [person.email])
    assert client.post(CODE, {"code": code_in(letter)}).url == reverse("account")


def test_nobody_signs_in_to_a_closed_account(client, mailbox):
    UserFactory(email="gone@example.org", is_active=False)
    ask(client, "gone@example.org")
    assert [letter.subject for letter in mailbox()] == ["There is no account for this address"]


# What a stranger learns -----------------------------------------------------------------------


def test_known_and_unknown_address_look_the_same(person):
    pages = []
    for email in (person.email, "nobody@example.org"):
        visitor = Client()
        response = ask(visitor, email)
        pages.append(
            (
                response.status_code,
                response.url,
                shown(visitor.get(CODE)),
                shown(visitor.post(CODE, {"code": "AAAA-AAAA"})),
            )
        )
    assert pages[0] == pages[1]


def test_unknown_address_is_told_how_to_sign(client, mailbox):
    ask(client, "nobody@example.org")
    (letter,) = mailbox()
    assert letter.subject == "There is no account for this address"
    assert "Sign the Charter: http://testserver/sign/" in letter.body
    assert OutgoingEmail.objects.get().unproven


def test_unknown_address_gets_three_letters_a_day(settings, mailbox):
    settings.ACCOUNT_RATE_LIMITS = False
    for _time in range(5):
        assert ask(Client(), "nobody@example.org").url == CODE
    assert len(mailbox()) == 3


@pytest.mark.parametrize("email", ["ana@example.org", "nobody@example.org"])
def test_codes_are_sent_three_times_in_five_minutes(person, email, mailbox):
    for _time in range(3):
        assert ask(Client(), email).status_code == 302
    response = ask(Client(), email)
    assert response.status_code == 200
    assert "That was too many tries." in response.content.decode()
    assert len(mailbox()) == 3


@pytest.mark.parametrize(
    "email", ["", "ana", "ana@", "a" * 300 + "@example.org", "ana@example.org\nbcc: x@y.z", "\u202eana@example.org"]
)
def test_what_is_no_address_is_kept_and_said(client, email, mailbox):
    response = ask(client, email)
    assert response.status_code == 200
    assert "<title>Error: Sign in" in response.content.decode()
    assert mailbox() == []


# By a password --------------------------------------------------------------------------------


def test_password_signs_in(client):
    user = UserFactory(email="manager@example.org", password="a long enough one")
    before = client.session.session_key
    response = client.post(PASSWORD, {"login": "Manager@example.org", "password": "a long enough one"})
    assert (response.status_code, response.url) == (302, reverse("account"))
    assert client.get("/account/").context["user"] == user
    assert client.session.session_key != before


@pytest.mark.parametrize("email", ["ana@example.org", "nobody@example.org"])
def test_wrong_password_says_the_same_to_all(client, person, email):
    response = client.post(PASSWORD, {"login": email, "password": "wrong"})
    assert response.status_code == 200
    assert "The e-mail address or the password is not right." in response.content.decode()


def test_passwords_are_not_guessed_for_long(client):
    UserFactory(email="ana@example.org", password="a long enough one")
    for _time in range(5):
        client.post(PASSWORD, {"login": "ana@example.org", "password": "wrong"})
    response = client.post(PASSWORD, {"login": "ana@example.org", "password": "a long enough one"})
    assert "That was too many tries." in response.content.decode()


# Where it leads -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "leads_to"),
    [
        ("/account/partners/baker/", "/account/partners/baker/"),
        ("https://evil.example/", "/account/"),
        ("//evil.example/", "/account/"),
        ("javascript:alert(1)", "/account/"),
    ],
)
def test_sign_in_leads_only_to_our_own_pages(client, person, mailbox, to, leads_to):
    response = client.post(LOGIN, {"email": person.email, "next": to})
    response = client.post(response.url, {"code": code_in(mailbox()[0]), "next": to})
    assert response.url == leads_to
    other = Client()
    UserFactory(email="bo@example.org", password="a long enough one")
    response = other.post(PASSWORD, {"login": "bo@example.org", "password": "a long enough one", "next": to})
    assert response.url == leads_to


def test_who_needs_to_sign_in_comes_back_to_where_they_were(client):
    response = client.get("/account/partners/baker/")
    assert response.url == "/accounts/login/?next=/account/partners/baker/"
    page = client.get(response.url).content.decode()
    assert '<input type="hidden" name="next" value="/account/partners/baker/">' in page


def test_signed_in_person_is_not_asked_again(client_of, person):
    client = client_of(person)
    for address in (LOGIN, PASSWORD, CODE):
        assert client.get(address).url == "/account/"


def test_sign_out_is_asked_before_it_is_done(client_of, person):
    client = client_of(person)
    assert client.get("/accounts/logout/").status_code == 200
    assert client.get("/account/").status_code == 200
    response = client.post("/accounts/logout/", follow=True)
    assert "You have signed out." in response.content.decode()
    assert client.get("/account/").status_code == 302


def test_sign_up_is_signing_the_charter(client):
    assert client.get("/accounts/signup/").url == "/sign/"


@pytest.mark.parametrize(
    "address", ["email/", "password/reset/", "password/change/", "confirm-email/", "reauthenticate/"]
)
def test_pages_that_the_scheme_does_not_need_are_not_served(client_of, person, address):
    assert client_of(person).get(f"/accounts/{address}").status_code == 404


def test_closed_account_has_a_page(client):
    assert "This account is closed" in client.get("/accounts/inactive/").content.decode()
