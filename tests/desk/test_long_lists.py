"""Long lists: a worker reads, checks and brings them in, all or nothing, also where it dies on the way."""

import time
import tracemalloc

import pytest
from django.db import connection
from django.urls import reverse

from desk.actions import imports as actions
from desk.actions import long_lists
from desk.imports import long
from desk.models import Import, ImportRow
from oiep.models import AuditEvent, OutgoingEmail
from oiep.moderation import NotPossible
from oiep.privacy.erasing import erase
from pledges.models import Pledge, Signing
from tests.desk import lists
from tests.factories import CharterVersionFactory, DistrictFactory, PartnerFactory, PriorityAreaFactory, UserFactory
from tests.html import Page

pytestmark = pytest.mark.django_db
Step = Import.Step


@pytest.fixture(autouse=True)
def county(settings):
    settings.IMPORT_ROWS_AT_ONCE = 10
    CharterVersionFactory()
    DistrictFactory(name="Oxford", slug="oxford")


def rows(number=30, **wrong):
    """Rows that are right and no two alike. wrong: r5="x" gives row 5 of the sheet that e-mail address."""
    found = list(lists.partners(number))
    for place, address in wrong.items():
        found[int(place[1:]) - 2][4] = address
    return found


def keep(manager, content, kind="partners", headings=None):
    return actions.keep_list(kind=kind, content=content, file_name="list", actor=manager)


def work(found):
    long_lists.work_on_lists()
    found.refresh_from_db()
    return found


def confirm(found, manager):
    figures = long.figures(found)
    return long_lists.begin_bringing_in(found=found, actor=manager, seen=long_lists.mark_of(figures))


@pytest.mark.parametrize("form", [lists.workbook, lists.csv])
def test_a_long_list_is_read_checked_and_brought_in_by_a_worker(manager, form):
    found = keep(manager, form(rows()))
    assert (found.step, found.is_long, ImportRow.objects.count()) == (Step.READING, True, 0)
    work(found)
    assert (found.step, found.content, found.progress) == ("", None, 30)
    assert long.figures(found)["new"] == 30
    assert not Signing.objects.exists()
    confirm(found, manager)
    work(found)
    assert (found.step, found.rows, found.done_by, len(found.made)) == ("", 30, manager, 30)
    assert not ImportRow.objects.exists()
    assert sorted(signing.organisation["name"] for signing in Signing.objects.from_lists()) == sorted(
        row[0] for row in rows()
    )
    assert AuditEvent.objects.filter(verb="signing.entered_from_list", actor=manager).count() == 30
    assert not OutgoingEmail.objects.exists()


def test_a_long_list_and_a_short_one_bring_in_the_same(manager, settings):
    content = lists.workbook(rows())
    confirm(work(keep(manager, content)), manager)
    long_lists.work_on_lists()
    by_worker = [signing.answers for signing in Signing.objects.order_by("email")]
    Signing.objects.all().delete()
    settings.IMPORT_ROWS_AT_ONCE = 1000
    found = keep(manager, content)
    actions.bring_in(found=found, actor=manager, seen=actions.plan_of(found).fingerprint)
    assert [signing.answers for signing in Signing.objects.order_by("email")] == by_worker


def test_wrong_rows_keep_all_out_and_are_named(manager, client_of):
    found = work(keep(manager, lists.workbook(rows(r5="nobody", r9="@", r31="x"))))
    wrong = [row.number for row in ImportRow.objects.filter(state="wrong")]
    assert wrong == [5, 9, 31]
    with pytest.raises(NotPossible):
        confirm(found, manager)
    page = client_of(manager).get(reverse("admin:desk_import_change", args=[found.pk]))
    text = Page(page).text
    assert "3 rows are wrong" in text
    assert "“nobody” is no e-mail address in the form name@example.org." in text
    assert "Bring in 27 rows" not in text


def test_the_same_twice_in_a_list_and_what_is_like_another_is_found(manager):
    PartnerFactory(approved=True, name="Birch Bakers Ltd")
    PartnerFactory(approved=True, name="Cedar Bakers of Banbury")
    listed = rows()
    listed[20] = listed[3]
    found = work(keep(manager, lists.workbook(listed)))
    by_number = {row.number: row for row in ImportRow.objects.all()}
    assert by_number[22].wrongs == [["Organisation", "The same organisation stands in row 5. Keep one of them."]]
    assert by_number[3].state == "same"
    assert [name for name, _why, _url in by_number[4].likes] == ["Cedar Bakers of Banbury"]
    with pytest.raises(NotPossible):
        confirm(found, manager)


def test_answers_are_kept_by_row_and_for_all_others(manager, client_of):
    for name in ("Cedar Bakers of Banbury", "Damson Bakers of Bicester", "Elder Bakers of Eynsham"):
        PartnerFactory(approved=True, name=name)
    found = work(keep(manager, lists.workbook(rows())))
    address = reverse("admin:desk_import_change", args=[found.pk])
    client = client_of(manager)
    assert long.figures(found)["unanswered"] == 3
    client.post(f"{address}?show=asked", {"row-4": "same", "rest": "new", "answer": "yes"})
    figures = long.figures(found)
    assert (figures["unanswered"], figures["left_out"], figures["new"]) == (0, 1, 29)
    page = client.get(address)
    client.post(address, {"confirm": "yes", "seen": page.context["seen"]})
    work(found)
    assert found.rows == 29
    assert "Cedar Bakers" not in {signing.organisation["name"] for signing in Signing.objects.all()}


def test_a_list_that_is_left_while_it_is_checked_is_gone(manager, monkeypatch, caplog):
    monkeypatch.setattr(long, "_BATCH", 7)
    found = keep(manager, lists.workbook(rows()))
    real = long._keep

    def is_left_meanwhile(batch, found):
        Import.objects.filter(pk=found.pk).delete()
        real(batch, found)

    monkeypatch.setattr(long, "_keep", is_left_meanwhile)
    long_lists.work_on_lists()
    assert (Import.objects.count(), ImportRow.objects.count(), caplog.text) == (0, 0, "")
    assert found.pk


def test_headings_that_we_do_not_know_are_asked_first(manager):
    found = work(keep(manager, lists.workbook(rows(), ("Who", *lists.HEADINGS[1:]))))
    assert (found.step, found.is_mapped) == ("", False)
    found = actions.settle_headings(found=found, mapping={**found.mapping, "0": "organisation"})
    assert found.step == Step.CHECKING
    assert long.figures(work(found))["new"] == 30


# What goes wrong on the way ---------------------------------------------------------------------


def test_a_worker_that_dies_while_it_checks_goes_on_where_it_was(manager, monkeypatch):
    monkeypatch.setattr(long, "_BATCH", 7)
    listed = rows()
    listed[25] = listed[2]  # the same as one of a part that was done before
    found = keep(manager, lists.workbook(listed))
    real, calls = long._keep, []

    class Killed(BaseException):
        pass

    def dies(batch, found):
        calls.append([row.number for row in batch])
        if len(calls) == 3:
            raise Killed
        return real(batch, found)

    monkeypatch.setattr(long, "_keep", dies)
    with pytest.raises(Killed):
        long_lists.work_on_lists()
    found.refresh_from_db()
    assert (found.step, long.figures(found)["unchecked"]) == (Step.CHECKING, 16)
    work(found)
    assert sorted(number for call in calls[3:] for number in call) == list(range(16, 32))
    assert ImportRow.objects.get(number=27).wrongs == [
        ["Organisation", "The same organisation stands in row 4. Keep one of them."]
    ]
    assert long.figures(found)["new"] == 29


def test_a_worker_that_dies_while_it_writes_leaves_nothing_and_the_next_does_it(manager, monkeypatch):
    monkeypatch.setattr(long, "_BATCH", 7)
    found = confirm(work(keep(manager, lists.workbook(rows()))), manager)
    real, calls = long_lists.partners.write_many, []

    class Killed(BaseException):
        pass

    def dies(batch, actor):
        calls.append(len(batch))
        if len(calls) == 3:
            raise Killed
        return real(batch, actor)

    monkeypatch.setattr(long_lists.partners, "write_many", dies)
    with pytest.raises(Killed):
        long_lists.work_on_lists()
    found.refresh_from_db()
    assert (found.step, Signing.objects.count()) == (Step.WRITING, 0)
    work(found)
    assert (found.rows, Signing.objects.count()) == (30, 30)


def test_what_changed_after_the_manager_looked_is_shown_again(manager):
    found = confirm(work(keep(manager, lists.workbook(rows()))), manager)
    PartnerFactory(approved=True, name="Apple Bakers")
    work(found)
    assert (found.done_at, found.step, Signing.objects.count()) == (None, "", 0)
    assert found.refusal.startswith("Something changed after you looked. Nothing was brought in.")
    assert long.figures(found)["same"] == 1
    confirm(found, manager)
    assert work(found).rows == 29


def test_an_organisation_that_signs_at_the_last_moment_is_not_there_twice(manager, monkeypatch):
    found = confirm(work(keep(manager, lists.workbook(rows()))), manager)
    real = long_lists._judge_again

    def then_signs(found, kind):
        real(found, kind)
        if not found.refusal:
            PartnerFactory(submitted=True, name="Apple Bakers")

    monkeypatch.setattr(long_lists, "_judge_again", then_signs)
    work(found)
    assert (found.done_at, Signing.objects.count(), long.figures(found)["same"]) == (None, 0, 1)


def _is_locked():
    """Whether another connection to this database holds a lock of this kind."""
    query = """
        SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
        WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid() AND datname = current_database()
    """
    with connection.cursor() as cursor:
        cursor.execute(query)
        return bool(cursor.fetchone()[0])


def test_two_workers_do_not_work_on_lists_at_once(manager):
    found = keep(manager, lists.workbook(rows()))
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [long_lists._LOCK])
        assert work(found).step == Step.READING
        other.close()  # as when that worker dies, which the server notices soon
        until = time.monotonic() + 10
        while _is_locked() and time.monotonic() < until:
            pass
        assert work(found).step == ""
    finally:
        other.close()


def test_a_fault_of_ours_keeps_no_other_list_waiting(manager, monkeypatch, caplog):
    first = keep(manager, lists.workbook(rows()))
    second = keep(manager, lists.workbook(rows()))
    real = long_lists._STEPS[Step.READING]

    def fails(found):
        if found.pk == first.pk:
            raise RuntimeError("unforeseen")
        real(found)

    monkeypatch.setitem(long_lists._STEPS, Step.READING, fails)
    work(second)
    first.refresh_from_db()
    assert (first.step, first.refusal[:20]) == ("", "Something went wrong")
    assert long.figures(second)["new"] == 30
    assert "A long list failed" in caplog.text


def test_a_list_longer_than_the_longest_is_refused_in_plain_words(manager, client_of, settings):
    settings.IMPORT_ROWS_AT_MOST = 25
    found = work(keep(manager, lists.csv(rows(60))))
    assert (found.step, found.content) == ("", None)
    page = client_of(manager).get(reverse("admin:desk_import_change", args=[found.pk]))
    assert "This file has more than 25 rows. Cut it into smaller files" in Page(page).text


def test_a_file_that_cannot_be_read_to_its_end_is_refused(manager):
    found = work(keep(manager, lists.csv(rows()) + b'\r\n"never closed'))
    assert "a quotation mark is not closed" in found.refusal


def test_a_list_is_left_while_it_is_worked_on_but_not_while_it_is_brought_in(manager, client_of):
    found = keep(manager, lists.workbook(rows()))
    client = client_of(manager)
    page = Page(client.get(reverse("admin:desk_import_change", args=[found.pk])))
    assert "We are reading the file." in page.text
    client.post(reverse("admin:desk_import_change", args=[found.pk]), {"drop": "yes"})
    assert not Import.objects.exists()
    long_lists.work_on_lists()
    found = confirm(work(keep(manager, lists.workbook(rows()))), manager)
    client.post(reverse("admin:desk_import_change", args=[found.pk]), {"drop": "yes"})
    assert work(found).rows == 30


# Afterwards ------------------------------------------------------------------------------------


def test_a_long_list_is_undone_by_a_worker(manager, mailbox):
    found = confirm(work(keep(manager, lists.workbook(rows()))), manager)
    work(found)
    asked = Signing.objects.get(email="apple.bakers@gmail.com")
    assert actions.ask_to_confirm(signing=asked, actor=manager)
    long_lists.begin_undoing(found=found, actor=manager)
    with pytest.raises(NotPossible):
        long_lists.begin_undoing(found=found, actor=manager)
    work(found)
    assert (found.undone_by, found.step, Signing.objects.count()) == (manager, "", 0)
    assert mailbox() == []  # what waited is withheld


def test_long_lists_of_pledges_come_in_one_by_one(manager):
    area = PriorityAreaFactory(short_name="Spend")
    PartnerFactory(approved=True, name="Bakery")
    entries = [["Bakery", "Spend", f"We will do good thing {n}."] for n in range(12)]
    entries[7][0] = "Bakery of Bicester"
    headings = ("Organisation", "Priority area", "Pledge")
    found = work(keep(manager, lists.workbook(entries, headings), "pledges"))
    (wrong,) = ImportRow.objects.filter(state="wrong")
    assert "Perhaps you mean: “Bakery”" in wrong.wrongs[0][1]
    del entries[7]
    found = work(keep(manager, lists.workbook(entries, headings), "pledges"))
    confirm(found, manager)
    work(found)
    assert Pledge.objects.submitted().filter(area=area).count() == 11 == found.rows


def test_a_row_that_cannot_be_written_keeps_all_out(manager, settings):
    settings.PLEDGES_AT_MOST = 5
    PriorityAreaFactory(short_name="Spend")
    PartnerFactory(approved=True, name="Bakery")
    entries = [["Bakery", "Spend", f"We will do good thing {n}."] for n in range(12)]
    found = work(keep(manager, lists.workbook(entries, ("Organisation", "Priority area", "Pledge")), "pledges"))
    confirm(found, manager)
    work(found)
    assert (found.done_at, Pledge.objects.count()) == (None, 0)
    (wrong,) = ImportRow.objects.filter(state="wrong")
    assert wrong.number == 7


def test_a_long_list_that_names_somebody_who_is_erased_goes(manager):
    work(keep(manager, lists.workbook(rows())))
    erase(user=UserFactory(email="apple.bakers@gmail.com"), actor=manager)
    assert not Import.objects.exists()
    assert not ImportRow.objects.exists()


def test_rows_are_shown_a_page_at_a_time(manager, client_of, monkeypatch):
    from desk.admin import imports as admin

    monkeypatch.setattr(admin, "SHOWN_AT_MOST", 10)
    found = work(keep(manager, lists.workbook(rows(60))))
    client = client_of(manager)
    address = reverse("admin:desk_import_change", args=[found.pk])
    assert "Page 6 of 6" in Page(client.get(f"{address}?page=99")).text
    assert Page(client.get(address)).faults == []


def test_memory_stays_flat_while_rows_are_checked(manager, monkeypatch):
    """Four times as many rows take hardly more memory than what is known of their names."""
    monkeypatch.setattr(long, "_BATCH", 50)

    def peak(number):
        found = keep(manager, lists.csv(rows(number)))
        long_lists._read(found)
        found.refresh_from_db()
        tracemalloc.start()
        long_lists._check(found)
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        Import.objects.all().delete()
        return most

    few, many = peak(100), peak(400)
    assert many < 300 * 6000 + few  # six kilobytes a row: its name and by what it is found
