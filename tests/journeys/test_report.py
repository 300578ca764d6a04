"""The manager's report for May 2022, in a real browser: drafted, edited, reviewed, published, and taken away."""

import io

import pytest
from django.core.cache import cache
from django.core.management import call_command
from docx import Document
from pypdf import PdfReader

from tests.axe import faults
from tests.factories import ManagerFactory

pytestmark = pytest.mark.django_db(transaction=True)
FACTS = {
    "name": "May 2022",
    "slug": "may-2022",
    "starts_on": "1/3/2021",
    "ends_on": "31/5/2022",
    "reported_on": "13/6/2022",
    "author": "Maya Manager, OIEP",
}


def press(page, name):
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).first.click()


def test_report_for_may_2022_goes_from_the_data_to_a_page_a_pdf_and_a_word_document(open_page, sign_in):
    cache.clear()
    for command in ("load_reference", "load_groups", "load_events", "load_history"):
        call_command(command, verbosity=0)
    manager = open_page(bypass_csp=True)  # axe itself needs inline styles
    sign_in(manager, ManagerFactory(name="Maya Manager"))
    manager.goto("/admin/reports/updatereport/add/")
    for name, value in FACTS.items():
        manager.locator(f"#id_{name}").fill(value)
    press(manager, "Save")
    assert manager.get_by_text("with sponsorship from Bouygues").is_visible()
    assert faults(manager) == []
    paragraph = manager.locator(".panel", has_text="The OIEP welcomes the formal recognition")
    paragraph.get_by_text("Where it comes from").click()
    assert paragraph.get_by_role("link", name="#").count() == 1
    paragraph.get_by_role("link", name="Edit").click()
    assert faults(manager) == []
    manager.get_by_label("Text").fill("We are **glad** to be part of the Future Oxfordshire Partnership.")
    press(manager, "Save")
    press(manager, "Draft again from the data")
    assert manager.get_by_text("We are glad to be part").is_visible()
    manager.get_by_role("link", name="Review…").click()
    assert faults(manager) == []
    press(manager, "I have read it: mark it as reviewed")
    manager.get_by_role("link", name="Publish…").click()
    press(manager, "Publish")

    reader = open_page(width=320, bypass_csp=True)
    reader.goto("/reports/")
    reader.get_by_role("link", name="update, May 2022").click()
    assert reader.get_by_text("We are glad to be part").is_visible()
    assert faults(reader) == []
    with reader.expect_download() as pdf:
        reader.get_by_role("link", name="Download as PDF").click()
    words = " ".join(page.extract_text() for page in PdfReader(pdf.value.path()).pages)
    assert "We are glad to be part" in " ".join(words.split())
    with reader.expect_download() as word:
        reader.get_by_role("link", name="Download for Word").click()
    document = Document(io.BytesIO(word.value.path().read_bytes()))
    assert any("We are glad to be part" in paragraph.text for paragraph in document.paragraphs)
