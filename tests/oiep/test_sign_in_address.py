"""Signing in with another e-mail address from now on."""

import contextlib
import re
import threading

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from django.utils import timezone

from oiep import email as mail
from oiep.accounts import user_for
from oiep.day import run_day
from oiep.models import AddressChange, AuditEvent, OutgoingEmail, User
from oiep.moderation import NotPossible
from oiep.sign_in.actions import ask_for_address, change_address
from tests.factories import OutgoingEmailFactory, UserFactory
from tests.pledges.conftest import at_once
from tests.signing_in import confirm_it_is

__all__ = ["at_once"]

pytestmark = pytest.mark.django_db

ADDRESS = "/account/address/"
PASSWORD = "a long and winding lane"


@pytest.fixture(autouse=True)
def _no_rate_limits_from_other_tests(db):
    cache.clear()


@pytest.fixture
def person():
    return UserFactory(email="ana@example.org", name="Ana", password=PASSWORD)


@pytest.fixture
def client(client_of, person):
    client = client_of(person)
    confirm_it_is(client, person)
    return client


def ask(client, email):
    return client.post(ADDRESS, {"email": email})


def link_in(letter):
    return re.search(r"http://testserver(/account/address/\S+)", letter.body)[1]


def address_of(user):
    return User.objects.get(pk=user.pk).email


def test_new_address_is_confirmed_from_its_mailbox_and_the_old_one_is_told(client, client_of, person, mailbox):
    elsewhere = client_of(person)
    EmailAddress.objects.create(user=person, email="ana@example.org", primary=True, verified=True)
    assert ask(client, " Ana.Silva@Example.NET ").url == ADDRESS
    assert "We have written to <bdi>ana.silva@example.net</bdi>" in client.get(ADDRESS).text
    [letter] = mailbox()
    assert (letter.to, letter.subject) == (["ana.silva@example.net"], "Confirm your new e-mail address")
    link = link_in(letter)
    for _time in range(3):
        assert "Yes, change my address" in client.get(link).text
    assert address_of(person) == "ana@example.org"

    assert client.post(link).url == "/account/security/"
    assert address_of(person) == "ana.silva@example.net"
    assert client.get("/account/").status_code == 200
    assert elsewhere.get("/account/").status_code == 302
    told = mailbox()[1]
    assert (told.to, told.subject) == (["ana@example.org"], "The e-mail address of your account was changed")
    event = AuditEvent.objects.get(verb="user.address_changed")
    assert (event.actor, event.subject, event.data) == (person, person, {})
    assert "You have used it already." in client.get(link).text
    client.post(link)
    assert len(mailbox()) == 2


def test_old_address_no_longer_signs_in(client, person, mailbox):
    EmailAddress.objects.create(user=person, email="ana@example.org", primary=True, verified=True)
    ask(client, "new@example.org")
    client.post(link_in(mailbox()[0]))
    for email, subject in (("ana@example.org", "There is no account"), ("new@example.org", "Your code to sign in")):
        Client().post("/accounts/login/", {"email": email})
        letter = mailbox()[-1]
        assert (letter.to, letter.subject.startswith(subject)) == ([email], True)
    data = {"login": "ana@example.org", "password": PASSWORD}
    assert Client().post("/accounts/login/password/", data).status_code == 200


def test_code_that_went_to_the_old_address_no_longer_signs_in(client, person, mailbox):
    visitor = Client()
    visitor.post("/accounts/login/", {"email": "ana@example.org"})
    code = re.search(r"^[0-9A-Z]{4}-[0-9A-Z]{4}$", mailbox()[0].body, re.MULTILINE)[0]
    change_address(change=ask_for_address(user=person, email="new@example.org"), user=person)
    assert visitor.post("/accounts/login/code/confirm/", {"code": code}).url == "/accounts/login/"
    assert visitor.get("/account/").status_code == 302


def test_address_of_somebody_else_looks_the_same_and_they_are_told(client, person, mailbox):
    UserFactory(email="taken@example.org")
    pages = []
    for email in ("free@example.org", "taken@example.org"):
        response = ask(client, email)
        page = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", client.get(ADDRESS).text)
        pages.append((response.status_code, response.url, page.replace(email, "ADDRESS")))
    assert pages[0] == pages[1]
    letters = {letter.to[0]: letter for letter in mailbox()}
    taken = letters["taken@example.org"]
    assert taken.subject == "This address has an account already"
    assert ADDRESS not in taken.body
    assert "Ana" not in taken.body
    assert "ana@example.org" not in taken.body


@pytest.mark.parametrize("email", ["ana@example.org", " ANA@Example.org. ", "ａｎａ@example.org"])
def test_ones_own_address_in_any_spelling_is_no_new_one(client, email, mailbox):
    assert "That is your address already." in ask(client, email).text
    assert mailbox() == []


@pytest.mark.parametrize(
    "email", ["", "ana", "a@b@c", "ana@example.org\nbcc: x@y.z", "\u202eana@example.net", "x" * 300]
)
def test_what_is_no_address_is_said(client, email, mailbox):
    assert "<title>Error: Change your e-mail address" in ask(client, email).text
    assert mailbox() == []


def test_address_in_another_alphabet(client, person, mailbox):
    ask(client, "ana@bücher.example")
    assert mailbox()[0].to == ["ana@xn--bcher-kva.example"]


def test_link_is_for_who_asked_only(client, client_of, mailbox):
    ask(client, "new@example.org")
    link = link_in(mailbox()[0])
    assert Client().get(link).url.startswith("/accounts/login/")
    stranger = client_of(UserFactory())
    assert (stranger.get(link).status_code, stranger.post(link).status_code) == (404, 404)
    assert client.get("/account/address/guessed/").status_code == 404


def test_link_runs_out_after_a_day(client, person, mailbox, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    ask(client, "new@example.org")
    link = link_in(mailbox()[0])
    time_machine.shift(24 * 3600)
    assert "This link is over" in client.get(link).text
    assert "This link is over" in client.post(link).text
    assert address_of(person) == "ana@example.org"


def test_day_forgets_addresses_a_week_after_their_link_was_over(person, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    ask_for_address(user=person, email="new@example.org")
    time_machine.shift(8 * 24 * 3600)
    run_day()
    assert AddressChange.objects.exists()
    time_machine.shift(1)
    run_day()
    assert not AddressChange.objects.exists()


def test_of_two_wishes_the_later_counts(client, person, mailbox):
    ask(client, "first@example.org")
    ask(client, "second@example.org")
    first, second = map(link_in, mailbox())
    client.post(first)
    assert address_of(person) == "ana@example.org"
    client.post(second)
    assert address_of(person) == "second@example.org"


def test_address_that_was_taken_meanwhile_is_not_taken_away(client, person, mailbox):
    ask(client, "new@example.org")
    other = user_for("new@example.org", "Bo")
    response = client.post(link_in(mailbox()[0]), follow=True)
    assert "That address has an account of its own by now." in response.text
    assert (address_of(person), address_of(other)) == ("ana@example.org", "new@example.org")
    assert client.get("/account/").status_code == 200


def test_three_wishes_an_hour(client, mailbox):
    for n in range(3):
        assert ask(client, f"new{n}@example.org").status_code == 302
    assert "You have asked for that several times." in ask(client, "new4@example.org").text
    assert len(mailbox()) == 3


def test_nobody_s_mailbox_is_flooded_by_many(mailbox):
    UserFactory(email="taken@example.org")
    for _n in range(5):
        for email in ("taken@example.org", "free@example.org"):
            ask_for_address(user=UserFactory(), email=email)
    assert [letter.to for letter in mailbox()].count(["taken@example.org"]) == 3
    assert [letter.to for letter in mailbox()].count(["free@example.org"]) == 3


def test_mail_that_waits_follows_and_codes_do_not(person):
    for state in ("waiting", "failed", "sent"):
        traits = {} if state == "waiting" else {state: True}
        OutgoingEmailFactory(to="ana@example.org", template=f"review_{state}", **traits)
    OutgoingEmailFactory(to="ana@example.org", template="account/email/login_code")
    OutgoingEmailFactory(to="ana@example.org", template="sign_confirm", unproven=True)
    OutgoingEmailFactory(to="bo@example.org", template="review_of_bo")
    warning = OutgoingEmailFactory(to="ana@example.org", template="sign_in_changed")
    change = ask_for_address(user=person, email="new@example.org")
    change_address(change=change, user=person)
    to = dict(OutgoingEmail.objects.values_list("template", "to"))
    assert {name for name, address in to.items() if address == "new@example.org"} == {
        "review_waiting",
        "review_failed",
        "address_confirm",
    }
    warning.refresh_from_db()
    assert warning.to == to["sign_in_changed"] == "ana@example.org"


def test_superuser_s_change_ends_sessions_as_well(client, person, client_of):
    superuser = UserFactory(is_staff=True, is_superuser=True)
    path = f"/admin/oiep/user/{person.pk}/change/"
    data = {"email": "new@example.org", "name": "Ana", "is_active": "on"}
    assert client_of(superuser).post(path, data).status_code == 302
    assert address_of(person) == "new@example.org"
    assert client.get("/account/").status_code == 302


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rival", ["the same link twice", "a new account"])
def test_address_changed_at_the_same_moment(person, rival):
    change = ask_for_address(user=person, email="new@example.org")
    barrier, results = threading.Barrier(2, timeout=20), []

    def run(function):
        barrier.wait()
        try:
            results.append(function())
        except NotPossible as refusal:
            results.append(refusal)
        finally:
            connection.close()

    def confirm():
        return change_address(change=AddressChange.objects.get(pk=change.pk), user=person)

    other = confirm if rival == "the same link twice" else lambda: user_for("new@example.org", "Bo")
    threads = [threading.Thread(target=run, args=[function]) for function in (confirm, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(results) == 2
    assert User.objects.filter(email="new@example.org").count() == 1
    assert OutgoingEmail.objects.filter(template="sign_in_changed").count() <= 1
    if rival == "the same link twice":
        assert sum(isinstance(result, NotPossible) for result in results) == 1
    mail.send_due()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("locked", [True, False])
def test_the_lock_is_what_makes_one_of_two_presses_wait(person, at_once, monkeypatch, locked):
    """Each waits for the other before it saves. With the lock they cannot meet there; without it, both change it."""
    if not locked:
        monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **options: self.all())
    change = ask_for_address(user=person, email="new@example.org")
    both = threading.Barrier(2, timeout=1 if locked else 10)
    save = User.save

    def meet_and_save(self, *, update_fields):
        if update_fields == ["email"]:
            with contextlib.suppress(threading.BrokenBarrierError):
                both.wait()
        return save(self, update_fields=update_fields)

    monkeypatch.setattr(User, "save", meet_and_save)

    def press():
        return change_address(change=AddressChange.objects.get(pk=change.pk), user=person)

    results = at_once(press, press)
    assert sum(isinstance(result, User) for result in results) == (1 if locked else 2)
    assert OutgoingEmail.objects.filter(template="sign_in_changed").count() == (1 if locked else 2)
