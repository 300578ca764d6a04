"""What people and robots type."""

import pytest
from django.test import Client
from django.utils import timezone

from oiep.typos import suggest_email
from partners.models import Partner
from pledges.models import Pledge, Signing
from tests.pledges.signing import Visitor, organisation_of, pledge_of, scheme

__all__ = ["scheme"]

WELCOME = [
    "Łukasz Żółć",
    "Siân Ó Séaghdha",
    "王小明",
    "محمد بن سلمان",
    "דוד כהן",
    "Ольга Иванова",
    "ไพโรจน์",
    "Zoë 🌻 Müller",
    "O’Brien-Smith",
    "Robert'); DROP TABLE pledges_signing;--",
    '=HYPERLINK("https://evil.example")',
    "+44 ideas",
    "<script>alert(1)</script>",
    "https://evil.example",
    "{{ settings.SECRET_KEY }}",
    "a",
    "é" * 150,
]

REFUSED = [
    ("x" * 300, "Use 150 characters or fewer. You have used 300."),
    ("Ana\0Smith", "Take out the characters that cannot be shown, then try again."),
    ("Ana\x0bBcc: x@example.org", "Take out the characters that cannot be shown, then try again."),
    ("Ana\x1cSmith", "Take out the characters that cannot be shown, then try again."),
    ("Ana\nSmith", "Take out the characters that cannot be shown, then try again."),
    ("Ana\u2028Smith", "Write this on one line."),
    ("Ana \u202egnp.exe", "Take out the hidden marks that change the direction of text, then try again."),
    ("\u2066Ana", "Take out the hidden marks that change the direction of text, then try again."),
    ("Z" + "\u0301" * 30, "Take out the extra accents: there are too many on one letter."),
    ("\u200b\u200d", "Write something that can be read: this has only blank characters."),
    ("   ", "Enter your name."),
]


@pytest.mark.parametrize("name", WELCOME)
def test_name_in_any_script_is_welcome_and_shown_as_it_is(scheme, name):
    visitor = Visitor().fill_resident(scheme, name=name)
    page = visitor.client.get(visitor.url("sign-check"))
    row = next(row for row in page.context["rows"] if row["label"] == "Your name")
    assert row["value"] == name
    assert "<script>alert" not in page.content.decode()
    assert visitor.declare(show_name="yes").status_code == 302
    Client().post(visitor.signing.confirmation_url.removeprefix("http://testserver"))
    assert Partner.objects.get().name == name


@pytest.mark.parametrize(("name", "words"), REFUSED)
def test_name_that_cannot_be_shown_is_refused_in_clear_words(scheme, name, words):
    visitor = Visitor()
    visitor.start("resident")
    page = visitor.answer("who", {"name": name, "email": "ana@example.org"})
    assert words in page.context["form"].errors["name"]
    assert page.context["form"]["email"].value() == "ana@example.org"
    assert page.status_code == 200
    later = visitor.answer("who", {"name": name, "email": "", "later": "yes"})
    assert later["Location"] == visitor.url("sign-save")


@pytest.mark.parametrize("name", WELCOME)
def test_organisation_of_any_name_can_sign(scheme, name):
    visitor = Visitor().fill_organisation(scheme, name=name)
    assert visitor.declare().status_code == 302
    Client().post(visitor.signing.confirmation_url.removeprefix("http://testserver"))
    assert Partner.objects.get().name == name


# E-mail addresses -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "nonsense", "ana@", "@example.org", "ana@@example.org", "ana example.org", "ana@example", "ana@exa mple.org",
        "ana@example.org, bo@example.org", "ana@example.org\nBcc: bo@example.org", "ana@example.org\0",
        "a" * 300 + "@example.org", "ana@" + "a" * 300 + ".org", "Ana <ana@example.org>", "ana@.org", "javascript:x@y",
    ],
)  # fmt: skip
def test_address_that_is_none_is_refused(scheme, address):
    visitor = Visitor()
    visitor.start("resident")
    page = visitor.answer("who", {"name": "Ana", "email": address})
    assert page.context["form"].errors["email"]
    assert page.context["form"]["name"].value() == "Ana"


def test_mistyped_domain_is_corrected_with_one_button_or_kept(scheme):
    visitor = Visitor()
    visitor.start("resident")
    typed = {"name": "Ana", "email": "Ana@GMIAL.com"}
    page = visitor.answer("who", typed)
    text = page.content.decode()
    assert "<title>Error: Who you are" in text
    assert 'value="Ana@GMIAL.com"' in text
    assert 'name="use_email" value="ana@gmail.com"' in text
    assert 'name="keep_email" value="ana@gmial.com"' in text
    visitor.answer("who", typed | {"use_email": "ana@gmail.com"})
    assert visitor.signing.email == "ana@gmail.com"
    visitor.answer("who", typed | {"keep_email": "ana@gmial.com"})
    assert visitor.signing.email == "ana@gmial.com"
    # Kept once, it is not questioned again.
    assert visitor.answer("who", typed).status_code == 302


def test_button_of_another_address_changes_nothing(scheme):
    visitor = Visitor()
    visitor.start("resident")
    visitor.answer("who", {"name": "Ana", "email": "bo@example.org", "use_email": "ana@gmail.com"})
    assert visitor.signing.email == "bo@example.org"


@pytest.mark.parametrize(
    ("domain", "meant"),
    [
        ("gmial.com", "gmail.com"), ("gmail.con", "gmail.com"), ("gmail.co", "gmail.com"), ("gnail.com", "gmail.com"),
        ("hotmial.co.uk", "hotmail.co.uk"), ("outlok.com", "outlook.com"), ("yaho.co.uk", "yahoo.co.uk"),
        ("btintenet.com", "btinternet.com"), ("iclod.com", "icloud.com"), ("oxfrod.gov.uk", "oxford.gov.uk"),
    ],
)  # fmt: skip
def test_slips_in_common_domains_are_noticed(domain, meant):
    assert suggest_email(f"ana@{domain}") == f"ana@{meant}"


@pytest.mark.parametrize(
    "domain",
    ["gmail.com", "googlemail.com", "hotmail.co.uk", "ymail.com", "mail.com", "me.com", "live.com", "example.org",
     "baker.com", "ox.ac.uk", "dorset.gov.uk", "acme.com", "sky.com", "xn--mller-kva.example", ""],
)  # fmt: skip
def test_right_domains_are_not_questioned(domain):
    assert suggest_email(f"ana@{domain}") == ""


# Websites -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("example.org", "https://example.org"), ("www.example.org/shop", "https://www.example.org/shop"),
        ("http://example.org", "http://example.org"), ("https://example.org", "https://example.org"),
        (" example.org ", "https://example.org"), ("//example.org", "https://example.org"), ("", ""),
    ],
)  # fmt: skip
def test_website_is_understood_without_https(scheme, typed, kept):
    visitor = Visitor().fill_organisation(scheme)
    assert visitor.answer("organisation", organisation_of(scheme, website=typed)).status_code == 302
    assert visitor.signing.organisation["website"] == kept


@pytest.mark.parametrize(
    "typed", ["javascript:alert(1)", "JAVASCRIPT://example.org/%0aalert(1)", "data:text/html,x", "ftp://example.org",
              "example", "exa mple.org", "https://", "mailto:ana@example.org", "https://example.org/" + "x" * 300],
)  # fmt: skip
def test_website_of_another_kind_is_refused_once_and_kept_in_the_field(scheme, typed):
    visitor = Visitor().fill_organisation(scheme)
    page = visitor.answer("organisation", organisation_of(scheme, website=typed))
    assert len(page.context["form"].errors["website"]) == 1
    assert page.context["form"]["website"].value() == typed


# Choices and figures that are not on the page -------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [{"kind": "resident"}, {"kind": "king"}, {"size": "tiny"}, {"sector": "999999999"}, {"sector": "x"},
     {"places": ["0"]}, {"places": []}, {"legal_forms": ["cult"]}, {"name": ""}, {"description": "x" * 601},
     {"description": "\0"}],
)  # fmt: skip
def test_forged_or_missing_answers_are_refused(scheme, change):
    visitor = Visitor()
    visitor.start("organisation")
    visitor.answer("who", {"name": "Zoë", "job_title": "Baker", "email": "zoe@example.org"})
    page = visitor.answer("organisation", organisation_of(scheme, **change))
    assert [*page.context["form"].errors] == [*change]
    assert "organisation" not in visitor.signing.answers


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"statement": ""}, "statement"), ({"statement": "x" * 301}, "statement"),
        ({"capacity": "resident"}, "capacity"), ({"area": "999999999"}, "area"), ({"target": "many"}, "target"),
        ({"target": "1e99"}, "target"), ({"target": "NaN"}, "target"), ({"target_date": "2001-01-01"}, "target_date"),
        ({"target": "", "target_date": "2030-01-01"}, "target"), ({"measure": ""}, "measure"),
        ({"commitment": ""}, "commitment"), ({"commitment_amount": "-1"}, "commitment_amount"),
    ],
)  # fmt: skip
def test_pledge_that_makes_no_sense_is_refused_where_it_does_not(scheme, change, field):
    visitor = Visitor().fill_organisation(scheme)
    page = visitor.add_pledge(**pledge_of(scheme, **change))
    assert [*page.context["form"].errors] == [field]
    assert len(visitor.signing.pledges) == 1


def test_forged_ideas_are_refused(scheme):
    visitor = Visitor()
    visitor.start("resident")
    visitor.answer("who", {"name": "Ana", "email": "ana@example.org"})
    visitor.answer("where", {"district": scheme.cherwell.pk})
    for value in (f"idea-{scheme.idea.pk}", "kept-1", "x"):  # one for organisations, one never kept, nonsense
        assert visitor.answer("pledges", {"ideas": [value]}).context["form"].errors["ideas"]
    assert visitor.signing.pledges == []


def test_retired_district_and_sector_chosen_before_are_honoured(scheme):
    visitor = Visitor().fill_organisation(scheme)
    for row in (scheme.cherwell, scheme.sector):
        row.retired_at = timezone.now()
        row.save()
    assert visitor.declare().status_code == 302
    Client().post(visitor.signing.confirmation_url.removeprefix("http://testserver"))
    partner = Partner.objects.get()
    assert (list(partner.districts.all()), partner.sector) == ([scheme.cherwell], scheme.sector)


def test_pledge_text_with_markup_is_text(scheme):
    words = "We will <b>buy</b> & sell <img src=x onerror=alert(1)> at https://evil.example"
    visitor = Visitor().fill_organisation(scheme)
    visitor.add_pledge(**pledge_of(scheme, statement=words))
    for url in (visitor.url("sign-check"), visitor.url("sign-step", "pledges"), visitor.url("sign-pledge", 2)):
        page = visitor.client.get(url).content.decode()
        assert "&lt;img src=x" in page
        assert "<img src=x" not in page
    visitor.declare()
    Client().post(visitor.signing.confirmation_url.removeprefix("http://testserver"))
    assert Pledge.objects.latest("pk").statement == words


def test_five_hundred_identical_posts_leave_one_declared_signing(scheme):
    visitor = Visitor().fill_resident(scheme)
    answers = {visitor.client.post(visitor.url("sign-check"), {"show_name": "no"}).status_code for _n in range(500)}
    assert answers == {302}
    assert Signing.objects.unconfirmed().count() == 1
