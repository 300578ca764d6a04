"""The live badge: in every standing, for any site, and never for who has none."""

import datetime
from xml.etree import ElementTree

import pytest

from partners.models import Partner
from tests.factories import PartnerFactory, PauseFactory, ResidentFactory, ReviewFactory, UserFactory
from tests.html import Page
from tests.pledges.days import date, on

pytestmark = pytest.mark.django_db

BADGE = "/partners/bakery/badge.svg"
SVG = "{http://www.w3.org/2000/svg}"


def _moment(text):
    return datetime.datetime.combine(date(text), datetime.time(12), datetime.UTC)


@pytest.fixture
def bakery():
    return PartnerFactory(name="Bakery", approved=True, decided_at=_moment("2026-05-04"), lead=True)


def words_of(answer):
    """The title and the lines of a badge, which must be a whole XML document."""
    svg = ElementTree.fromstring(answer.content)  # noqa: S314 - our own drawing
    return [svg.find(f"{SVG}title").text, *(text.text for text in svg.iter(f"{SVG}text"))]


@pytest.mark.parametrize(
    ("day", "standing"),
    [
        ("2026-05-04", "Signed"),
        ("2027-04-04", "Review due"),
        ("2027-06-03", "Review due"),
        ("2027-06-04", "Review overdue"),
        ("2027-10-31", "Lapsed on 31 October 2027"),
    ],
)
def test_badge_says_how_things_stand_on_the_day(client, bakery, day, standing):
    ReviewFactory(partner=bakery, round_on=date("2027-05-04"))
    with on(date(day)):
        answer, framed = client.get(BADGE), client.get("/embed/badge/bakery/")
    charter = "Oxfordshire Inclusive Economy Charter"
    assert words_of(answer) == [f"Bakery, {charter}: {standing}", charter, "Bakery", standing]
    assert standing in Page(framed).text
    assert Page(framed).faults == []


def test_badge_of_one_that_answered_was_paused_or_left(client, bakery):
    ReviewFactory(
        partner=bakery, round_on=date("2027-05-04"), approved=True,
        submitted_at=_moment("2027-05-01"), decided_at=_moment("2027-05-02"),
    )  # fmt: skip
    with on(date("2027-05-10")):
        assert words_of(client.get(BADGE))[-1] == "Up to date"
        PauseFactory(partner=bakery, starts_on=date("2027-05-10"), until=date("2027-08-01"))
        assert words_of(client.get(BADGE))[-1] == "Paused until 1 August 2027"
        Partner.objects.update(withdrawn_at=_moment("2027-05-09"), withdrawn_by=UserFactory())
        assert words_of(client.get(BADGE))[-1] == "Withdrawn on 9 May 2027"


def test_badge_can_be_shown_and_kept_anywhere_and_follows_nobody(client, bakery):
    answer = client.get(BADGE)
    assert answer["Content-Type"] == "image/svg+xml; charset=utf-8"
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert {*answer["Cache-Control"].split(", ")} == {"public", "max-age=600"}
    assert answer.cookies.output() == ""
    again = client.get(BADGE, headers={"if-none-match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again["Cross-Origin-Resource-Policy"] == "cross-origin"
    Partner.objects.update(name="Bakers")
    assert client.get(BADGE, headers={"if-none-match": answer["ETag"]}).status_code == 200


def test_badge_of_any_name_is_a_whole_picture(client, bakery):
    for name in ('<script>alert(1)</script> & "Sons"', "ا" * 150, "مخبز أكسفورد", "W" * 150):
        Partner.objects.update(name=name)
        title, _charter, shown, _standing = words_of(client.get(BADGE))
        assert title.startswith(name)
        assert len(shown) <= 29
        assert shown.removesuffix("…").rstrip() in name


@pytest.mark.parametrize("language", ["pl", "ar"])
def test_badge_speaks_the_language_that_its_address_names(client, bakery, language):
    client.cookies["language"] = "pt"  # the visitor's own choice says nothing of the site that they are on
    with on(date("2026-06-01")):
        answer = client.get(BADGE, {"language": language})
        plain = client.get(BADGE)
    assert f'xml:lang="{language}"' in answer.content.decode()
    assert 'xml:lang="en-gb"' in plain.content.decode()
    assert words_of(plain)[-1] == "Signed"


@pytest.mark.parametrize("query", ["language=xx", "language=pl&language=ar", "size=9", "language=%3Cscript%3E"])
def test_badge_with_a_parameter_that_it_has_not_is_refused_in_words(client, bakery, query):
    answer = client.get(f"{BADGE}?{query}")
    assert answer.status_code == 400
    assert answer["Content-Type"].startswith("text/plain")
    assert "address" in answer.content.decode()


def test_nobody_without_a_public_standing_has_a_badge(client):
    ResidentFactory(slug="rose", approved=True)
    PartnerFactory(name="shed", submitted=True)
    for slug in ("rose", "shed", "nobody"):
        assert client.get(f"/partners/{slug}/badge.svg").status_code == 404
        assert client.get(f"/embed/badge/{slug}/").status_code == 404


def test_the_line_to_copy_shows_the_badge_and_leads_to_the_page(client_of, bakery):
    answer = client_of(bakery.lead.user).get("/account/partners/bakery/badge/")
    assert Page(answer).faults == []
    line = answer.context["picture_line"]
    anchor = ElementTree.fromstring(line.replace('height="96">', 'height="96"/>'))  # noqa: S314 - our own line
    assert anchor.get("href") == "http://testserver/partners/bakery/"
    assert anchor[0].get("src") == f"http://testserver{BADGE}"
    assert "Bakery" in anchor[0].get("alt")
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in answer.context["frame_line"]


def test_public_page_shows_the_badge_of_an_organisation_only(client, bakery):
    ResidentFactory(slug="rose", approved=True)
    assert f'src="{BADGE}"' in client.get("/partners/bakery/").content.decode()
    assert "badge.svg" not in client.get("/partners/rose/").content.decode()
