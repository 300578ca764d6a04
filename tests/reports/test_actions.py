"""Drafting, editing, choosing, reviewing, publishing: nothing that the manager wrote is ever lost."""

import datetime
import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from oiep.models import AuditEvent
from oiep.moderation import NotPossible
from oiep.reports import actions
from oiep.reports.content import content_of
from oiep.reports.models import Edition, Paragraph, UpdateReport
from oiep.reports.sections import Section
from oiep.texts.models import Revision
from tests.factories import ManagerFactory, StatementFactory, UpdateReportFactory

pytestmark = pytest.mark.django_db
SAME = dict.fromkeys(actions.COUNTED, 0)


@pytest.fixture
def statement():
    return StatementFactory(text="We talked with ten people.")


@pytest.fixture
def report(statement, manager):
    report = UpdateReportFactory()
    actions.draft(report=report, actor=manager)
    return report


@pytest.fixture
def paragraph(report, statement):
    return report.paragraphs.get(key=f"statement/{statement.pk}")


def say(statement, text):
    statement.text = text
    statement.save()


def edit(paragraph, text, actor):
    return actions.edit(paragraph=paragraph, text=text, seen=paragraph.version, actor=actor)


# Drafting again -------------------------------------------------------------------------------


def test_a_draft_that_nobody_edited_says_what_the_data_say_now(report, statement, paragraph, manager):
    say(statement, "We talked with twelve people.")
    assert actions.draft(report=report, actor=manager) == {**SAME, "changed": 1}
    paragraph.refresh_from_db()
    assert (paragraph.text, paragraph.edited) == ("We talked with twelve people.", None)
    assert actions.draft(report=report, actor=manager) == SAME


def test_an_edited_paragraph_keeps_its_words_and_the_newer_draft_waits_beside_it(report, statement, paragraph, manager):
    edit(paragraph, "We listened.", manager)
    assert actions.draft(report=report, actor=manager) == SAME
    say(statement, "We talked with twelve people.")
    assert actions.draft(report=report, actor=manager) == {**SAME, "waiting": 1}
    paragraph.refresh_from_db()
    assert paragraph.text == "We listened."
    assert paragraph.drafted == "We talked with ten people."
    assert paragraph.waiting == "We talked with twelve people."
    assert actions.draft(report=report, actor=manager) == SAME
    assert content_of(report)["parts"][1]["sections"][0]["paragraphs"][0]["text"] == "We listened."


@pytest.mark.parametrize(("newer", "text"), [(True, "We talked with twelve people."), (False, "We listened.")])
def test_the_manager_chooses_and_what_was_not_chosen_stays_in_the_history(
    report, statement, paragraph, manager, newer, text
):
    edit(paragraph, "We listened.", manager)
    say(statement, "We talked with twelve people.")
    actions.draft(report=report, actor=manager)
    paragraph.refresh_from_db()
    chosen = actions.choose(paragraph=paragraph, newer=newer, seen=paragraph.version, actor=manager)
    assert (chosen.text, chosen.waiting) == (text, None)
    assert chosen.drafted == "We talked with twelve people."
    assert "We listened." in [revision.words["text"] for revision in Revision.objects.of(paragraph)]
    assert actions.draft(report=report, actor=manager) == SAME
    with pytest.raises(NotPossible):
        actions.choose(paragraph=chosen, newer=newer, seen=chosen.version, actor=manager)


def test_a_newer_draft_goes_when_the_data_say_again_what_they_said(report, statement, paragraph, manager):
    edit(paragraph, "We listened.", manager)
    say(statement, "We talked with twelve people.")
    actions.draft(report=report, actor=manager)
    say(statement, "We talked with ten people.")
    actions.draft(report=report, actor=manager)
    paragraph.refresh_from_db()
    assert (paragraph.text, paragraph.waiting) == ("We listened.", None)


def test_what_the_data_do_not_say_any_more_goes_only_where_nobody_edited_it(report, statement, paragraph, manager):
    other = StatementFactory(text="We wrote to people.")
    actions.draft(report=report, actor=manager)
    edit(paragraph, "We listened.", manager)
    statement.delete()
    other.delete()
    assert actions.draft(report=report, actor=manager) == {**SAME, "waiting": 1, "gone": 1}
    assert not report.paragraphs.filter(key=f"statement/{other.pk}").exists()
    paragraph.refresh_from_db()
    assert (paragraph.text, paragraph.waiting) == ("We listened.", "")
    actions.choose(paragraph=paragraph, newer=False, seen=paragraph.version, actor=manager)
    paragraph.refresh_from_db()
    assert (paragraph.text, paragraph.waiting, paragraph.left_out) == ("We listened.", None, False)


def test_what_was_left_out_stays_out(report, statement, paragraph, manager):
    actions.leave_out(paragraph=paragraph, left_out=True, actor=manager)
    say(statement, "We talked with twelve people.")
    actions.draft(report=report, actor=manager)
    assert "twelve" not in str(content_of(report))
    actions.leave_out(paragraph=paragraph, left_out=False, actor=manager)
    assert "twelve" in str(content_of(report))


def test_own_paragraphs_stay_where_they_were_put(report, paragraph, manager):
    own = actions.add_paragraph(report=report, section=Section.COMMUNITY, text="My own words.", actor=manager)
    actions.move(paragraph=own, up=True, actor=manager)
    actions.draft(report=report, actor=manager)
    texts = [row.text for row in report.paragraphs.filter(section=Section.COMMUNITY).in_order()]
    assert texts == ["My own words.", "We talked with ten people."]


def test_what_would_read_otherwise_is_told(report, statement, paragraph):
    assert actions.stale(report) == ([], 0)
    say(statement, "We talked with twelve people.")
    StatementFactory()
    assert actions.stale(report) == ([paragraph], 1)


# Editing --------------------------------------------------------------------------------------


def test_an_edit_says_who_and_when_and_can_be_taken_back_to_the_draft(paragraph, manager):
    edited = edit(paragraph, "We listened.", manager)
    assert (edited.edited_by, edited.drafted) == (manager, "We talked with ten people.")
    assert [revision.words["text"] for revision in Revision.objects.of(paragraph)] == [
        "We listened.",
        "We talked with ten people.",
    ]
    back = edit(edited, "We talked with ten people.", manager)
    assert (back.edited, back.edited_by) == (None, None)
    assert AuditEvent.objects.filter(verb="paragraph.edited", actor=manager).count() == 2


def test_of_two_who_edit_the_second_is_told_and_overwrites_nothing(paragraph, manager):
    seen = paragraph.version
    edit(paragraph, "The first to write.", manager)
    with pytest.raises(actions.Conflict):
        actions.edit(paragraph=paragraph, text="The second.", seen=seen, actor=ManagerFactory())
    paragraph.refresh_from_db()
    assert paragraph.text == "The first to write."


def test_a_text_with_hidden_characters_is_refused(paragraph, manager):
    with pytest.raises(ValidationError):
        edit(paragraph, "We \u202etalked.", manager)
    paragraph.refresh_from_db()
    assert paragraph.edited is None


# Review and publication -----------------------------------------------------------------------


def published(report, actor):
    actions.review(report=report, actor=actor)
    return actions.publish(report=report, actor=actor)


def test_only_what_was_reviewed_as_it_is_can_be_published(report, paragraph, manager):
    with pytest.raises(NotPossible):
        actions.publish(report=report, actor=manager)
    actions.review(report=report, actor=manager)
    edit(paragraph, "We listened.", manager)
    with pytest.raises(NotPossible):
        actions.publish(report=report, actor=manager)
    assert UpdateReport.objects.published().count() == 0
    edition = published(report, manager)
    assert (edition.number, edition.published_by) == (1, manager)
    with pytest.raises(NotPossible):
        actions.publish(report=report, actor=manager)


def test_an_open_choice_keeps_it_from_being_reviewed(report, statement, paragraph, manager):
    edit(paragraph, "We listened.", manager)
    say(statement, "We talked with twelve people.")
    actions.draft(report=report, actor=manager)
    with pytest.raises(NotPossible):
        actions.review(report=report, actor=manager)


def test_what_is_published_stays_as_it_was_until_a_correction_says_what_it_corrects(
    report, statement, paragraph, manager
):
    first = published(report, manager)
    edit(paragraph, "We listened.", manager)
    assert "ten people" in str(report.edition.content)
    actions.review(report=report, actor=manager)
    with pytest.raises(ValidationError):
        actions.publish(report=report, actor=manager)
    second = actions.publish(report=report, actor=manager, why="It was a talk.")
    assert (second.number, second.why) == (2, "It was a talk.")
    assert "We listened." in str(report.edition.content)
    first.refresh_from_db()
    assert "ten people" in str(first.content)


def test_drafting_what_has_not_changed_asks_for_no_other_review(report, statement, manager):
    actions.review(report=report, actor=manager)
    actions.draft(report=report, actor=manager)
    report.refresh_from_db()
    assert report.state == "reviewed"
    say(statement, "We talked with twelve people.")
    actions.draft(report=report, actor=manager)
    report.refresh_from_db()
    assert (report.state, report.reviewed_by) == ("draft", None)


def test_facts_of_a_report_are_part_of_what_is_reviewed(report, manager):
    actions.review(report=report, actor=manager)
    report.author = "Somebody else"
    actions.save_facts(report=report, fields=["author"], actor=manager)
    report.refresh_from_db()
    assert (report.author, report.state) == ("Somebody else", "draft")


@pytest.mark.django_db(transaction=True)
def test_of_many_who_publish_at_once_one_does():
    manager = ManagerFactory()
    StatementFactory()
    report = UpdateReportFactory()
    actions.draft(report=report, actor=manager)
    actions.review(report=report, actor=manager)
    start, done, refused = threading.Barrier(4), [], []

    def press():
        start.wait()
        try:
            done.append(actions.publish(report=report, actor=manager))
        except NotPossible as refusal:
            refused.append(refusal)
        finally:
            connection.close()

    people = [threading.Thread(target=press) for _n in range(4)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert (len(done), len(refused), Edition.objects.count()) == (1, 3, 1)


@pytest.mark.django_db(transaction=True)
def test_a_draft_is_of_one_state_of_the_data(monkeypatch):
    """While it is written, somebody changes what its last part is about: the draft does not see it."""
    manager, statement = ManagerFactory(), StatementFactory(text="Before.")
    report = UpdateReportFactory()
    from oiep.reports.drafting import standing

    def change():
        say(statement, "After.")
        connection.close()

    def first_something_else(report):
        list(UpdateReport.objects.all())  # the state of the data is that of the first question
        somebody = threading.Thread(target=change)
        somebody.start()
        somebody.join()
        return []

    monkeypatch.setattr("oiep.reports.drafting.WRITERS", (first_something_else, standing.drafts))
    actions.draft(report=report, actor=manager)
    assert Paragraph.objects.get(key=f"statement/{statement.pk}").text == "Before."
    monkeypatch.setattr("oiep.reports.drafting.WRITERS", (standing.drafts,))
    assert actions.draft(report=report, actor=manager)["changed"] == 1
    assert report.ends_on == datetime.date(2027, 3, 31)


def test_what_is_new_stands_where_it_is_drafted_and_moves_nothing_else(report, paragraph, manager):
    own = actions.add_paragraph(report=report, section=Section.COMMUNITY, text="My own words.", actor=manager)
    StatementFactory(text="The first.", order=0, starts_on=datetime.date(2027, 3, 1))
    StatementFactory(text="The last.", order=9)
    assert actions.draft(report=report, actor=manager) == {**SAME, "new": 2}
    texts = [row.text for row in report.paragraphs.filter(section=Section.COMMUNITY).in_order()]
    assert texts == ["The first.", paragraph.text, "The last.", own.text]
