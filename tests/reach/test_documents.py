"""Certificates, posters and pictures to share: true, readable aloud, in any script, and drawn once."""

import io
import re
from unittest import mock

import pytest
import typst
from django.core.cache import cache
from PIL import Image
from pypdf import PdfReader

from oiep.reach import documents
from partners.models import Partner
from pledges.models import Story
from tests.factories import (
    CharterVersionFactory,
    DistrictFactory,
    PartnerFactory,
    PriorityAreaFactory,
    ResidentFactory,
    SignatureFactory,
    StoryFactory,
)
from tests.html import Page
from tests.pledges.days import date, on

pytestmark = pytest.mark.django_db
CERTIFICATE = "/partners/bakery/certificate.pdf"


@pytest.fixture
def bakery():
    with on(date("2027-03-01")):
        bakery = PartnerFactory(
            name="Bakery", approved=True, lead=True, areas=[PriorityAreaFactory(short_name="Affordable workspace")]
        )
        SignatureFactory(partner=bakery, charter=CharterVersionFactory(number=1))
    return bakery


def tags_of(reader):
    """The structure of a tagged PDF as (tag, alternative text) of each element, in reading order."""
    found, todo = [], [reader.trailer["/Root"]["/StructTreeRoot"]]
    while todo:
        node = todo.pop().get_object()
        if isinstance(node, list):
            todo += reversed(node)
        elif isinstance(node, dict):
            if "/S" in node:
                found.append((node["/S"], node.get("/Alt")))
            if "/K" in node:
                todo.append(node["/K"])
    return found


def read(answer):
    """A tagged PDF of one page: how it is read, its words and its tags."""
    assert answer["Content-Type"] == "application/pdf"
    reader = PdfReader(io.BytesIO(answer.content))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert reader.metadata.title
    assert len(reader.pages) == 1
    return reader, " ".join(page.extract_text() for page in reader.pages), tags_of(reader)


def is_accessible(reader):
    """Whether it says that it keeps to PDF/UA-1, which Typst lets it say only when it does."""
    root = reader.trailer["/Root"]
    words = root["/Metadata"].get_data().decode()
    return root["/ViewerPreferences"].get("/DisplayDocTitle") and re.search(r"pdfuaid:part\W+1\b", words) is not None


def test_certificate_says_what_was_signed_and_leads_to_the_page(client, bakery):
    with on(date("2027-04-02")):
        answer = client.get(CERTIFICATE)
    reader, words, tags = read(answer)
    assert is_accessible(reader)
    assert reader.trailer["/Root"]["/Lang"] == "en-GB"
    for part in ("Bakery", "version 1, on 1 March 2027", "Affordable workspace", "Made on 2 April 2027"):
        assert part in words
    assert [alt for tag, alt in tags if tag == "/Figure"] == ["A code that leads to http://testserver/partners/bakery/"]
    assert "/H1" in {tag for tag, _alt in tags}
    links = [link["/A"]["/URI"] for page in reader.pages for link in (a.get_object() for a in page["/Annots"])]
    assert set(links) == {"http://testserver/partners/bakery/"}
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    with on(date("2027-04-02")):
        assert client.get(CERTIFICATE, headers={"if-none-match": answer["ETag"]}).status_code == 304


@pytest.mark.parametrize(("language", "words"), [("pl", "Bakery"), ("pt", "Bakery"), ("ar", "Bakery")])
def test_certificate_speaks_the_language_of_its_address(client, bakery, language, words):
    reader, text, _tags = read(client.get(f"{CERTIFICATE}?language={language}"))
    assert is_accessible(reader)
    assert str(reader.trailer["/Root"]["/Lang"]).startswith(language)
    assert words in text
    assert "This certifies that" not in text
    assert client.get(f"{CERTIFICATE}?language=xx").status_code == 400


def test_certificate_reads_nobody_s_words_as_its_own_language(client, bakery):
    for name in ('#set text(red) $x^2$ "quoted" \\ *bold* <b>', "@" * 150, "W" * 150, "#panic()"):
        Partner.objects.update(name=name)
        reader, words, _tags = read(client.get(CERTIFICATE))
        assert is_accessible(reader)
        assert "".join(name.split())[:20] in "".join(words.split())


@pytest.mark.parametrize("name", ["Żółta Piekarnia", "Αρτοποιείο", "Пекарня", "مخبز الأقحوان"])
def test_certificate_is_accessible_in_the_scripts_that_we_have_letters_of(client, bakery, name):
    Partner.objects.update(name=name)
    reader, _words, _tags = read(client.get(CERTIFICATE))
    assert is_accessible(reader)


def test_certificate_in_another_script_is_a_tagged_document_all_the_same(client, bakery):
    Partner.objects.update(name="面包店")
    _reader, _words, tags = read(client.get(CERTIFICATE))
    assert "/H1" in {tag for tag, _alt in tags}


def test_only_who_takes_part_has_a_certificate(client, bakery):
    ResidentFactory(slug="rose", approved=True)
    PartnerFactory(name="mill", approved=True)  # without a signature
    assert client.get(CERTIFICATE).status_code == 200
    Partner.objects.filter(pk=bakery.pk).update(lapsed_on=date("2028-01-01"))
    for slug in ("bakery", "rose", "mill", "nobody"):
        assert client.get(f"/partners/{slug}/certificate.pdf").status_code == 404
    assert client.get(f"{CERTIFICATE}?size=9").status_code == 404


def test_own_place_leads_to_the_certificate_while_there_is_one(client_of, bakery):
    own = client_of(bakery.lead.user)
    assert CERTIFICATE in own.get("/account/partners/bakery/badge/").content.decode()
    Partner.objects.update(lapsed_on=date("2028-01-01"))
    assert CERTIFICATE not in own.get("/account/partners/bakery/badge/").content.decode()


@pytest.mark.parametrize(
    ("language", "words"),
    [("en-gb", "Let everybody in Cherwell share"), ("pl", "Niech wszyscy w Cherwell"), ("pt", "Que todas as pessoas")],
)
def test_poster_of_a_district_speaks_a_language(client, language, words):
    DistrictFactory(name="Cherwell", slug="cherwell")
    client.cookies["language"] = "ar"  # the address decides
    reader, text, tags = read(client.get(f"/posters/cherwell/{language}.pdf"))
    assert is_accessible(reader)
    assert reader.trailer["/Root"]["/Lang"].lower() == language
    assert words in " ".join(text.split())
    assert "http://testserver/places/cherwell/" in text
    [alt] = [alt for tag, alt in tags if tag == "/Figure"]
    assert "http://testserver/places/cherwell/" in alt


def test_poster_in_arabic_has_all_its_letters(client):
    DistrictFactory(slug="cherwell")
    reader, _words, _tags = read(client.get("/posters/cherwell/ar.pdf"))
    assert is_accessible(reader)
    assert reader.trailer["/Root"]["/Lang"] == "ar"


def test_posters_are_offered_where_every_word_is_translated(client, monkeypatch):
    DistrictFactory(name="Cherwell", slug="cherwell")
    DistrictFactory(slug="old", retired=True)
    page = Page(client.get("/posters/"))
    assert page.faults == []
    links = [link for link in page.links if link.endswith(".pdf")]
    assert len(links) == 8
    for link in links:
        assert client.get(link).status_code == 200
    monkeypatch.setattr(documents, "_is_translated", lambda code: False)
    assert client.get("/posters/cherwell/pl.pdf").status_code == 404
    assert client.get("/posters/cherwell/en-gb.pdf").status_code == 200
    for path in ("old/en-gb", "cherwell/fr", "nowhere/en-gb"):
        assert client.get(f"/posters/{path}.pdf").status_code == 404


def test_share_image_is_a_picture_of_the_size_that_sites_want(client, bakery):
    pictures = []
    for name in ("Bakery", "مخبز الأقحوان", "面包店", "W" * 150, "#panic()"):
        Partner.objects.update(name=name)
        answer = client.get("/partners/bakery/share.png")
        assert answer["Content-Type"] == "image/png"
        assert Image.open(io.BytesIO(answer.content)).size == (1200, 630)
        pictures.append(answer.content)
    assert len(set(pictures)) == len(pictures)
    assert Image.open(io.BytesIO(client.get("/share.png").content)).size == (1200, 630)


def test_picture_of_a_story_goes_with_it(client):
    story = StoryFactory(title="Second chances", approved=True)
    page, picture = story.get_absolute_url(), f"{story.get_absolute_url()}share.png"
    assert f'content="http://testserver{picture}"' in client.get(page).content.decode()
    answer = client.get(picture)
    assert Image.open(io.BytesIO(answer.content)).size == (1200, 630)
    assert answer["Cache-Control"] == "public, no-cache"
    assert client.get(picture, headers={"if-none-match": answer["ETag"]}).status_code == 304
    Story.objects.update(shows_people=True)  # and nobody in it agrees
    assert client.get(picture, headers={"if-none-match": answer["ETag"]}).status_code == 404


def test_pages_name_their_picture(client, bakery):
    ResidentFactory(slug="rose", approved=True)
    for path, picture in (("/", "/share.png"), ("/partners/bakery/", "/partners/bakery/share.png"),
                          ("/partners/rose/", "/share.png")):  # fmt: skip
        named = f'<meta property="og:image" content="http://testserver{picture}">'
        assert named in client.get(path).content.decode()


def test_document_is_drawn_once(client, bakery):
    cache.clear()
    with mock.patch.object(typst, "compile", wraps=typst.compile) as drawn:
        first = client.get("/partners/bakery/share.png")
        again = client.get("/partners/bakery/share.png")
        count = drawn.call_count
        Partner.objects.update(name="Bakers")
        client.get("/partners/bakery/share.png")
    assert first.content == again.content
    assert (count, drawn.call_count) == (2, 4)  # whether there are letters for it, and the picture
