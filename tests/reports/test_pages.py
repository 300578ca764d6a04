"""The manager's journey through admin, and what the public reads."""

import re

import pytest

from oiep.reports import actions
from oiep.reports.models import Paragraph, UpdateReport
from tests.factories import PledgeFactory, StatementFactory, UpdateReportFactory

pytestmark = pytest.mark.django_db
FACTS = {
    "name": "March 2027",
    "slug": "march-2027",
    "title": "Update",
    "addressee": "Future Oxfordshire Partnership",
    "starts_on": "1/3/2027",
    "ends_on": "31/3/2027",
    "reported_on": "9/4/2027",
    "author": "The manager",
    "status": "Open",
}


@pytest.fixture
def desk(client_of, manager):
    return client_of(manager)


def address(report, page):
    return f"/admin/reports/updatereport/{report.pk}/{page}"


def test_from_a_new_report_to_its_public_page(desk, client, django_capture_on_commit_callbacks):
    statement = StatementFactory(text="We talked with ten people.")
    with django_capture_on_commit_callbacks(execute=True):
        answer = desk.post("/admin/reports/updatereport/add/", FACTS)
    report = UpdateReport.objects.get()
    assert answer["Location"] == address(report, "write/")
    written = desk.get(answer["Location"]).content.decode()
    assert "We talked with ten people." in written
    assert f'<a href="/admin/reports/statement/{statement.pk}/change/">#{statement.pk}</a>' in written
    assert client.get("/reports/march-2027/").status_code == 404
    paragraph = Paragraph.objects.get(key=f"statement/{statement.pk}")
    there = address(report, f"paragraphs/{paragraph.pk}/")
    preview = desk.post(there, {"text": "We **listened**.", "seen": paragraph.version, "preview": "yes"})
    assert "<p>We <strong>listened</strong>.</p>" in preview.content.decode()
    paragraph.refresh_from_db()
    assert paragraph.edited is None
    desk.post(there, {"text": "We **listened**.", "seen": paragraph.version})
    assert "Nothing is" not in desk.get(address(report, "review/")).content.decode()
    desk.post(address(report, "review/"))
    desk.post(address(report, "publish/"), {"why": ""})
    page = client.get("/reports/march-2027/").content.decode()
    assert "We <strong>listened</strong>." in page
    assert "Where it comes from" not in page
    assert 'href="/reports/march-2027/report.pdf"' in page
    assert "Update, March 2027" in client.get("/reports/").content.decode()


def test_readers_see_the_old_text_until_the_new_one_is_published(desk, client, manager):
    StatementFactory(text="We talked with ten people.")
    report = UpdateReportFactory(slug="told")
    actions.draft(report=report, actor=manager)
    actions.review(report=report, actor=manager)
    actions.publish(report=report, actor=manager)
    paragraph = report.paragraphs.get(drafted__startswith="We talked")
    desk.post(address(report, f"paragraphs/{paragraph.pk}/"), {"text": "We listened.", "seen": paragraph.version})
    assert "ten people" in client.get("/reports/told/").content.decode()
    desk.post(address(report, "review/"))
    refused = desk.post(address(report, "publish/"), {"why": ""})
    assert "Say what was corrected" in refused.content.decode()
    desk.post(address(report, "publish/"), {"why": "It was not a talk."})
    page = client.get("/reports/told/").content.decode()
    assert "We listened." in page
    assert "It was not a talk." in page
    assert "ten people" not in page


def test_a_conflict_shows_both_texts_and_saving_again_keeps_ones_own(desk, manager):
    StatementFactory(text="Drafted.")
    report = UpdateReportFactory()
    actions.draft(report=report, actor=manager)
    paragraph = report.paragraphs.get(drafted="Drafted.")
    there = address(report, f"paragraphs/{paragraph.pk}/")
    actions.edit(paragraph=paragraph, text="Theirs.", seen=paragraph.version, actor=manager)
    page = desk.post(there, {"text": "Mine.", "seen": paragraph.version}).content.decode()
    assert "Theirs." in page
    assert "Mine." in page
    seen = re.search(r'name="seen" value="(\d+)"', page)[1]
    desk.post(there, {"text": "Mine.", "seen": seen})
    paragraph.refresh_from_db()
    assert paragraph.text == "Mine."


@pytest.mark.parametrize(("press", "text"), [("take-newer", "Newer."), ("keep-mine", "Mine.")])
def test_the_newer_draft_stands_beside_the_managers_words(desk, manager, press, text):
    statement = StatementFactory(text="Older.")
    report = UpdateReportFactory()
    actions.draft(report=report, actor=manager)
    paragraph = report.paragraphs.get(drafted="Older.")
    actions.edit(paragraph=paragraph, text="Mine.", seen=paragraph.version, actor=manager)
    statement.text = "Newer."
    statement.save()
    desk.post(address(report, "draft/"))
    page = desk.get(address(report, "write/")).content.decode()
    assert "Newer." in page
    assert "Mine." in page
    seen = re.search(r'name="seen" value="(\d+)"', page)[1]
    desk.post(address(report, f"paragraphs/{paragraph.pk}/{press}/"), {"seen": "0"})
    paragraph.refresh_from_db()
    assert paragraph.waiting == "Newer."  # it was not what the manager looked at
    desk.post(address(report, f"paragraphs/{paragraph.pk}/{press}/"), {"seen": seen})
    paragraph.refresh_from_db()
    assert (paragraph.text, paragraph.waiting) == (text, None)


def test_a_chart_is_drawn_with_its_table(client, manager):
    pledge = PledgeFactory(approved=True, area__short_name="<Spend>")
    today = pledge.started_on
    report = UpdateReportFactory(slug="told", starts_on=today, ends_on=today, reported_on=today)
    actions.draft(report=report, actor=manager)
    actions.review(report=report, actor=manager)
    actions.publish(report=report, actor=manager)
    page = client.get("/reports/told/").content.decode()
    assert 'class="report-chart"' in page
    assert '<th scope="row">&lt;Spend&gt;</th><td class="number">1</td>' in page


def test_files_say_their_name_and_kind_and_are_sent_once(client, manager):
    report = UpdateReportFactory(slug="told")
    actions.draft(report=report, actor=manager)
    actions.review(report=report, actor=manager)
    actions.publish(report=report, actor=manager)
    for kind, beginning in (("pdf", b"%PDF-"), ("docx", b"PK")):
        answer = client.get(f"/reports/told/report.{kind}")
        assert answer.content.startswith(beginning)
        assert answer["Content-Disposition"] == f'attachment; filename="oiep-update-told.{kind}"'
        again = client.get(f"/reports/told/report.{kind}", headers={"if-none-match": answer["ETag"]})
        assert again.status_code == 304


def test_the_lists_cost_the_same_with_one_report_and_with_many(client, manager, django_assert_num_queries):
    for _n in range(2):
        report = UpdateReportFactory()
        actions.draft(report=report, actor=manager)
        actions.review(report=report, actor=manager)
        actions.publish(report=report, actor=manager)
        with django_assert_num_queries(2):
            client.get("/reports/")
