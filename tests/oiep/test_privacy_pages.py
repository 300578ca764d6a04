"""A person's own page about their data: what it shows, the download, erasing oneself; and the manager's page."""

import csv
import io
import json
import time
import zipfile
from urllib.parse import quote

import pytest
from allauth.account.internal.flows import login
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone

from oiep import email
from oiep.models import AuditEvent, Erasure, OutgoingEmail, User
from partners.models import Partner
from tests.factories import (
    AnswerFactory,
    ContactMessageFactory,
    EvidenceFactory,
    MembershipFactory,
    PartnerFactory,
    PledgeFactory,
    RecognitionFactory,
    ResidentFactory,
    ReviewFactory,
    SignatureFactory,
    UserFactory,
)
from tests.html import Page
from tests.person import ADDRESS, NAME, SURNAME, WORD, empty_storage, know, places_with

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_files():
    empty_storage()


@pytest.fixture
def person():
    return UserFactory(email=ADDRESS, name=NAME)


@pytest.fixture
def browser_of(client_of):
    """`browser_of(user, minutes)` is a browser in which they signed in so many minutes ago."""

    def make(user, minutes=0):
        client = client_of(user)
        session = client.session
        session[login.AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "code", "at": time.time() - minutes * 60}]
        session[login._AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(user.pk)
        session.save()
        return client

    return make


def archive_of(client):
    answer = client.post("/account/privacy/download/")
    assert answer["Content-Type"] == "application/zip"
    return zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))


# A fresh sign-in ------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/account/privacy/download/", "/account/privacy/erase/"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_who_signed_in_long_ago_confirms_that_it_is_them(person, browser_of, method, address):
    answer = getattr(browser_of(person, minutes=16), method)(address, {"sure": "on"})
    assert answer["Location"] == f"/accounts/confirm/?next={quote(address, safe='')}"
    assert not Erasure.objects.exists()


def test_whose_sign_in_asks_for_an_app_confirms_with_it(person, browser_of):
    """A code by e-mail is not enough for them to sign in, so it is not enough to be erased."""
    TOTP.activate(person, "JBSWY3DPEHPK3PXP")
    assert browser_of(person).get("/account/privacy/erase/")["Location"].startswith("/accounts/confirm/")


# What we hold ---------------------------------------------------------------------------------


def test_page_tells_what_there_is(person, client_of):
    PartnerFactory(approved=True, name="Bakery", lead=person)
    ContactMessageFactory.create_batch(2, email=ADDRESS)
    page = Page(client_of(person).get("/account/privacy/"))
    assert page.faults == []
    for words in ("Your account", "Partners that you act for", "Messages that you sent", "Withdraw Bakery"):
        assert words in page.text
    assert "Groups that you take part in" not in page.text


def test_archive_holds_all_of_a_resident_and_no_other_person(browser_of):
    user = know()
    stranger = UserFactory(email="stranger@example.org", name="Strange Person")
    ContactMessageFactory(email=stranger.email, name=stranger.name)
    archive = archive_of(browser_of(user))
    data = json.loads(archive.read("data.json"))
    assert data["your-account"][0] | {"date_joined": ""} == {
        "email": ADDRESS, "name": NAME, "date_joined": "", "last_login": data["your-account"][0]["last_login"],
        "is_staff": False, "language": "",
    }  # fmt: skip
    assert len(data["partners-that-you-act-for"]) == 4
    assert NAME in data["your-pledges"][0]["statement"]
    [pdf] = {row["file"] for row in data["your-evidence"]}
    assert NAME in archive.read(pdf).decode()
    for name in data:
        rows = list(csv.reader(io.StringIO(archive.read(f"{name}.csv").decode("utf-8-sig"))))
        assert len(rows) == len(data[name]) + 1, name
    everything = "".join(archive.read(name).decode("latin-1") for name in archive.namelist())
    for word in ("stranger", "Strange", "Mila", "mila@", "password", "pbkdf", "md5"):
        assert word not in everything, word


def test_what_an_organisation_says_is_in_a_folder_without_its_other_people(person, browser_of):
    colleague = UserFactory(email="mila@example.org", name="Mila Mill")
    partner = PartnerFactory(approved=True, name="Bakery", slug="bakery", lead=person)
    PledgeFactory(approved=True, partner=partner, statement="=We hire.")
    MembershipFactory(partner=partner, user=colleague, role="member", job_title="Baker of somebody else")
    SignatureFactory(partner=partner, signer=colleague, signer_name=colleague.name, signer_job_title="Somebody else")
    RecognitionFactory(submitted=True, partner=partner, claimed_by=colleague, note="From somebody else")
    ContactMessageFactory(partner=partner, message="From somebody else")
    answer = AnswerFactory(review=ReviewFactory(partner=partner, approved=True), words="Two of them.")
    evidence = EvidenceFactory(answer=answer)
    lost = EvidenceFactory(answer=answer)
    lost.file.storage.delete(lost.file.name)
    left = PartnerFactory(approved=True, name="Mill", slug="mill")
    MembershipFactory(partner=left, user=person, ended_at=timezone.now())
    archive = archive_of(browser_of(person))
    tables = "your-profile your-signature your-pledges your-progress-reviews due-dates your-evidence recognitions"
    assert set(archive.namelist()) == {
        "data.json", "read me.txt", "your-account.csv", "partners-that-you-act-for.csv", "what-you-did.csv",
        *(f"bakery/{name}.csv" for name in (*tables.split(), "what-you-said-about-your-pledges")),
        f"files/{evidence.file.name}",
    }  # fmt: skip
    data = json.loads(archive.read("data.json"))
    assert [row["statement"] for row in data["bakery/your-pledges"]] == ["=We hire.", answer.pledge.statement]
    assert ",'=We hire." in archive.read("bakery/your-pledges.csv").decode()
    assert [row["words"] for row in data["bakery/what-you-said-about-your-pledges"]] == ["Two of them."]
    everything = "".join(archive.read(name).decode("latin-1") for name in archive.namelist()).lower()
    for word in ("somebody else", "mila", "name_key", "search_text"):
        assert word not in everything, word
    page = Page(browser_of(person).get("/account/privacy/"))
    assert "Bakery" in page.text
    assert "Mill" not in page.text


def test_cells_that_would_run_are_made_harmless(person, browser_of):
    ContactMessageFactory(email=ADDRESS, message="=HYPERLINK(1)")
    archive = archive_of(browser_of(person))
    assert ",'=HYPERLINK(1)" in archive.read("messages-that-you-sent.csv").decode()
    assert json.loads(archive.read("data.json"))["messages-that-you-sent"][0]["message"] == "=HYPERLINK(1)"
    assert AuditEvent.objects.filter(verb="user.downloaded", actor=person).count() == 1


@pytest.mark.parametrize("number", [1, 30])
def test_archive_costs_the_same_number_of_queries_with_many_rows(person, browser_of, number, django_assert_num_queries):
    client = browser_of(person)
    ContactMessageFactory.create_batch(number, email=ADDRESS)
    ContentType.objects.clear_cache()  # the same whatever this process has looked up before
    with django_assert_num_queries(55):
        archive_of(client)


# Erasing oneself ------------------------------------------------------------------------------


def test_page_says_what_will_happen_and_asks_for_each_partner(person, browser_of):
    bakery = PartnerFactory(approved=True, name="Bakery", lead=person)
    MembershipFactory(partner=bakery, role="member", user__name="Mila Mill")
    mill = PartnerFactory(approved=True, name="Mill")
    MembershipFactory(partner=mill, user=person, role="member")
    ResidentFactory(approved=True, lead=person)
    page = Page(browser_of(person).get("/account/privacy/erase/"))
    assert page.faults == []
    for words in (
        "Mila Mill becomes its lead.", "It stays without a lead.", "It leaves the Charter.",
        "Mill stays as it is, with one person fewer.", "The page as a resident goes",
    ):  # fmt: skip
        assert words in page.text


def test_form_that_is_not_filled_in_says_what_is_missing(person, browser_of):
    PartnerFactory(approved=True, name="Bakery", lead=person)
    page = Page(browser_of(person).post("/account/privacy/erase/", {}))
    assert "Choose what becomes of Bakery." in page.text
    assert "Tick the box if you are sure." in page.text
    assert not Erasure.objects.exists()


def test_erasing_oneself(person, browser_of):
    bakery = PartnerFactory(approved=True, name="Bakery", lead=person)
    heir = MembershipFactory(partner=bakery, role="member", user__name="Mila Mill")
    client = browser_of(person)
    answer = client.post("/account/privacy/erase/", {f"partner_{bakery.pk}": str(heir.pk), "sure": "on"})
    assert answer["Location"] == "/account/privacy/erased/"
    assert "Your data is erased" in client.get("/account/privacy/erased/").content.decode()
    assert client.get("/account/")["Location"].startswith("/accounts/login/")
    email.send_due()
    assert Partner.objects.get().lead.user == heir.user
    assert places_with(WORD, SURNAME) == []


def test_somebody_who_leaves_meanwhile_cannot_be_made_the_lead(person, browser_of):
    bakery = PartnerFactory(approved=True, name="Bakery", lead=person)
    heir = MembershipFactory(partner=bakery, role="member")
    client = browser_of(person)
    client.get("/account/privacy/erase/")
    heir.delete()
    answer = client.post("/account/privacy/erase/", {f"partner_{bakery.pk}": str(heir.pk), "sure": "on"})
    assert "Choose again: that is no longer in the list." in answer.content.decode()
    assert not Erasure.objects.exists()


# For the manager ------------------------------------------------------------------------------


def test_manager_erases_somebody_who_asked(person, manager, client_of):
    partner = PartnerFactory(approved=True, name="Bakery", lead=person)
    client = client_of(manager)
    address = f"/admin/oiep/user/{person.pk}/erase/"
    assert address in client.get(f"/admin/oiep/user/{person.pk}/change/").content.decode()
    page = Page(client.get(address))
    assert "You are about to erase what we hold about" in page.text
    assert "Tick the box" in client.post(address, {f"partner_{partner.pk}": "leave"}).content.decode()
    assert not Erasure.objects.exists()
    answer = client.post(address, {f"partner_{partner.pk}": "leave", "sure": "on"})
    assert answer["Location"] == "/admin/oiep/user/"
    assert AuditEvent.objects.get(verb="user.erased").actor == manager
    assert OutgoingEmail.objects.filter(template="erased", to=ADDRESS).count() == 1
    assert client.get(address).status_code == 404
    assert address not in client.get(f"/admin/oiep/user/{person.pk}/change/").content.decode()


def test_manager_cannot_erase_staff_and_a_superuser_can(manager, client_of):
    other = UserFactory(is_staff=True)
    root = User.objects.create_superuser("root@example.org")
    for user, status in ((manager, 403), (root, 200)):
        assert client_of(user).get(f"/admin/oiep/user/{other.pk}/erase/").status_code == status
    assert client_of(root).get(f"/admin/oiep/user/{root.pk}/erase/").status_code == 403
