"""The PDF and the Word document: tagged, titled, in their language, and saying what the page says."""

import io

import pytest
from docx import Document
from pypdf import PdfReader

from oiep.reports import actions
from oiep.reports.content import content_of
from oiep.reports.drafting.draft import bars
from oiep.reports.pdf import pdf_of
from oiep.reports.word import word_of
from tests.factories import StatementFactory, UpdateReportFactory

pytestmark = pytest.mark.django_db
ADDRESS = "https://charter.example/reports/march-2027/"


@pytest.fixture
def content(manager):
    StatementFactory(
        section="charter",
        text="Two **things** and [a link](https://example.org/):\n\n- one\n- two\n\n1. first\n2. second",
    )
    StatementFactory(section="community", text="# No heading\n\n#set text(red) \\ `code` <b>bold</b> £1,200 Ŵŷ Ω")
    report = UpdateReportFactory(title="Update", name="March 2027")
    actions.draft(report=report, actor=manager)
    paragraph = report.paragraphs.get(section="charter")
    paragraph.chart = bars("Pledges by area", "Area", "Pledges", [("Spend", 1200), ("Homes", 0)])
    paragraph.save()
    return content_of(report)


def tags(reader):
    """The structure of a tagged PDF as (tag, alternative text) of each element, in reading order."""
    found = []

    def walk(node):
        node = node.get_object()
        if isinstance(node, list):
            for child in node:
                walk(child)
        elif isinstance(node, dict):
            if "/S" in node:
                found.append((node["/S"], node.get("/Alt")))
            if "/K" in node:
                walk(node["/K"])

    walk(reader.trailer["/Root"]["/StructTreeRoot"])
    return found


def test_the_pdf_is_tagged_and_says_its_title_and_language(content):
    reader = PdfReader(io.BytesIO(pdf_of(content, ADDRESS)))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en-GB"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata.title == "Update, March 2027"
    assert "pdfuaid:part>1<" in root["/Metadata"].get_data().decode().replace("<pdfuaid:part>", "pdfuaid:part>")
    names = [tag for tag, _alt in tags(reader)]
    assert names.count("/H1") >= 4
    assert names.count("/H2") == 2
    for tag in ("/Title", "/L", "/LI", "/Table", "/TH", "/TD", "/Figure", "/Link", "/Strong"):
        assert tag in names, (tag, sorted(set(names)))
    assert [alt for tag, alt in tags(reader) if tag == "/Figure"] == ["Pledges by area. Spend: 1,200; Homes: 0."]
    assert names.count("/Table") == 1, "the facts above are a list: a table needs headings"
    headings = [mark.title for mark in reader.outline if not isinstance(mark, list)]
    assert "1b. Progress update" in headings


def test_the_pdf_says_what_the_page_says_and_takes_no_word_for_its_markup(content):
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf_of(content, ADDRESS))).pages)
    text = " ".join(text.split())
    for words in ("#set text(red)", "<b>bold</b>", "£1,200", "Ŵŷ Ω", "# No heading", "Nothing to report.", ADDRESS):
        assert words in text


def test_a_letter_that_no_font_has_still_gives_a_tagged_pdf(content):
    content["parts"][0]["paragraphs"][0]["text"] = "Arddangosfa 日本 🙂"
    reader = PdfReader(io.BytesIO(pdf_of(content, ADDRESS)))
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert reader.trailer["/Root"]["/Lang"] == "en-GB"


def test_the_word_document_opens_again_with_its_headings_lists_tables_and_pictures(content):
    document = Document(io.BytesIO(word_of(content, ADDRESS)))
    assert document.core_properties.title == "Update, March 2027"
    assert document.core_properties.language == "en-gb"
    styles = {paragraph.style.name for paragraph in document.paragraphs}
    assert {"Title", "Heading 1", "Heading 2", "List Bullet", "List Number", "Caption"} <= styles
    headings = [paragraph.text for paragraph in document.paragraphs if paragraph.style.name == "Heading 1"]
    assert headings[0] == "Executive summary and purpose"
    assert "1b. Progress update" in headings
    facts, chart = document.tables
    assert [cell.text for cell in facts.rows[0].cells] == ["To", "Future Oxfordshire Partnership"]
    assert [[cell.text for cell in row.cells] for row in chart.rows] == [
        ["Area", "Pledges"], ["Spend", "1,200"], ["Homes", "0"],
    ]  # fmt: skip
    assert chart.rows[0]._tr.xpath("./w:trPr/w:tblHeader")
    picture = document.inline_shapes[0]
    assert picture._inline.docPr.get("descr") == "Pledges by area. Spend: 1,200; Homes: 0."
    assert "https://example.org/" in [rel.target_ref for rel in document.part.rels.values() if rel.is_external]
    bold = [run.text for paragraph in document.paragraphs for run in paragraph.runs if run.bold]
    assert "things" in bold


def test_a_second_numbered_list_of_the_word_document_begins_anew(content):
    content["parts"][0]["paragraphs"][0]["text"] = "1. a\n2. b\n\nwords\n\n1. c"
    document = Document(io.BytesIO(word_of(content, ADDRESS)))
    numbers = [
        paragraph._p.pPr.numPr.numId.val for paragraph in document.paragraphs if paragraph.style.name == "List Number"
    ]
    assert numbers[0] == numbers[1]
    assert len(set(numbers)) == 3  # with the list of the other paragraph
