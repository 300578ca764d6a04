"""Figures of reviews as CSV: out, through the hands of spreadsheets, and in again, all or nothing."""

import csv
import datetime
import io
import random
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from oiep import audit, sheets
from oiep.moderation import Move, NotPossible, State, move
from oiep.sheets import csv_lines, plain_cell, read_sheet, safe_cell
from partners.models import Partner
from pledges.actions.answers import save_answer, send_in
from pledges.models import Answer, Review
from pledges.review_csv import COLUMNS, NEEDS, Impossible, bring_in, bringing_in, export_lines, plan
from tests.factories import (
    AnswerFactory,
    ManagerFactory,
    PartnerFactory,
    PledgeFactory,
    ResidentFactory,
    ReviewFactory,
    UserFactory,
)
from tests.pledges.answering import ON_TRACK

MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture
def review(db):
    return ReviewFactory(
        partner__name="Isis Bakery", round_on=datetime.date(2027, 5, 4), due_on=datetime.date(2027, 5, 4)
    )


@pytest.fixture
def pledge(review):
    return PledgeFactory(
        approved=True, partner=review.partner, statement="We will hire two apprentices; “local” ones.",
        measure="Hires", unit="people", baseline=1, target=Decimal("4.5"),
    )  # fmt: skip


def exported(reviews=None):
    """The rows of an export as dictionaries."""
    text = "".join(export_lines(Review.objects.all() if reviews is None else reviews))
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def sheet_of(rows, *, delimiter=",", encoding="utf-8-sig", columns=COLUMNS):
    """The rows as a spreadsheet may save them."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns, delimiter=delimiter, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return read_sheet(out.getvalue().encode(encoding), needs=NEEDS, knows=COLUMNS)


def filled(**values):
    rows = exported()
    for row in rows:
        row.update({"progress": "on track", "words": "We hired one."} | values)
    return rows


def problems_of(rows, **options):
    return [(problem.row, problem.column, problem.words) for problem in plan(sheet_of(rows, **options)).problems]


def problem_of(rows, **options):
    (problem,) = problems_of(rows, **options)
    return problem


# Cells ----------------------------------------------------------------------------------------

FORMULAS = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠a", "﹦1", "−1", "  =1", "\u00a0=1",
    "'=1", "''=1", '=cmd|" /C calc"!A0', "a;=1", "a\t=1", "a\n-b", "a\r\n+b", "a; @b", "='", "\t", "\n",
]  # fmt: skip


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_runs_and_each_comes_back_unchanged(text):
    cell = safe_cell(text)
    for part in [cell, *cell.replace("\r", "\n").replace("\t", "\n").replace(";", "\n").split("\n")]:
        assert not part.lstrip("\u00a0 ").startswith(tuple("=+-@＝＋－＠﹦−")), part
    assert not cell.startswith(("\t", "\r", "\n"))
    assert plain_cell(cell) == text


@pytest.mark.parametrize("text", ["", "plain", "it's", "'quoted'", "3 - 2", "a=b", "5,5", "Zoë 😀 ﷽", "a, -b"])
def test_harmless_cell_stays_as_it_is(text):
    assert safe_cell(text) == text == plain_cell(text)


def test_whatever_is_written_comes_back():
    chance = random.Random(7)
    letters = "=+-@\t\r\n'; ,a\"＝\u00a0|"
    for _n in range(20_000):
        text = "".join(chance.choice(letters) for _l in range(chance.randint(0, 9)))
        assert plain_cell(safe_cell(text)) == text, repr(text)


def test_file_comes_back_as_it_went():
    rows = [[text, number, "x"] for number, text in enumerate(FORMULAS)]
    content = "".join(csv_lines(["a", "b", "c"], rows)).encode()
    sheet = read_sheet(content, needs=["a", "b"])
    assert [(cells["a"], cells["b"]) for _row, cells in sheet.rows] == [(text, str(n)) for text, n, _x in rows]


# Files ----------------------------------------------------------------------------------------

SMALL = "review{0}pledge{0}progress{0}figure{0}words\r\n1{0}2{0}on track{0}3{0}Café – “open”\r\n"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_every_usual_file_is_read(delimiter, encoding, end):
    content = SMALL.format(delimiter).replace("\r\n", end).encode(encoding)
    sheet = read_sheet(content, needs=NEEDS)
    cells = {"review": "1", "pledge": "2", "progress": "on track", "figure": "3", "words": "Café – “open”"}
    assert sheet.rows == [(2, cells)]
    assert sheet.decimal_comma == (delimiter == ";")


@pytest.mark.parametrize(
    "text",
    [
        "sep=;\r\nreview;pledge;progress;figure;words\r\n1;2;on track;3;Well, yes\r\n",
        " Review ,PLEDGE,Progress,Figure,Words,,\r\n1,2,on track,3,\"Well, yes\",,\r\n,,,,,,\r\n\r\n",
        "words,notes,figure,progress,pledge,review\r\n\"Well, yes\",mine,3,on track,2,1\r\n",
    ],
)  # fmt: skip
def test_what_spreadsheets_add_is_no_matter(text):
    ((row, cells),) = read_sheet(text.encode(), needs=NEEDS).rows
    assert row == 2
    assert {name: cells[name] for name in NEEDS} == {
        "review": "1", "pledge": "2", "progress": "on track", "figure": "3", "words": "Well, yes",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04rest", "This is a workbook, not a CSV file"),
        (b"\xd0\xcf\x11\xe0rest", "This is a workbook"),
        (b"", "has no column “review”"),
        (b"\xff\xfe\x00", "cannot read the letters"),
        (b"review,pledge\x00,progress,figure,words\n", "cannot read the letters"),
        (b"review,pledge,progress,words\n1,2,on track,x", "has no column “figure”"),
        (b"review,pledge,progress,figure,words,figure\n", "two columns “figure”"),
        (b'review,pledge,progress,figure,words\n1,2,on track,3,"open\n', "a quotation mark is not closed"),
        (b"review,pledge,progress,figure,words\n1,2,on track,3,well,yes\n", "Row 2 has more cells"),
        (b"review,pledge,progress,figure,words\n1,2,on track,3," + b"x" * 200_000, "a cell is too long"),
    ],
)
def test_file_that_is_none_says_why(content, words):
    with pytest.raises(ValidationError, match=words):
        read_sheet(content, needs=NEEDS)


def test_too_many_rows_are_refused_in_words():
    line = b"1,2,on track,3,x\n"
    head = b"review,pledge,progress,figure,words\n"
    assert len(read_sheet(head + line * sheets.ROWS_AT_MOST, needs=NEEDS).rows) == 50_000
    with pytest.raises(ValidationError, match="more than 50,000 rows"):
        read_sheet(head + line * (sheets.ROWS_AT_MOST + 1), needs=NEEDS)


# Going out ------------------------------------------------------------------------------------


def test_export_has_a_row_for_each_live_pledge(review, pledge):
    PledgeFactory(stopped=True, partner=review.partner)
    PledgeFactory(submitted=True, partner=review.partner)
    last = ReviewFactory(approved=True, partner=review.partner, round_on=datetime.date(2026, 5, 4))
    AnswerFactory(review=last, pledge=pledge, figure=Decimal("1200.50"))
    AnswerFactory(review=review, pledge=pledge, progress="not_started", figure=None, words="=No.")
    assert exported() == [
        {
            "review": str(review.pk),
            "partner": "Isis Bakery",
            "round": "2027-05-04",
            "due": "2027-05-04",
            "pledge": str(pledge.pk),
            "area": pledge.area.short_name,
            "statement": pledge.statement,
            "unit": "people",
            "baseline": "1",
            "target": "4.5",
            "last figure": "1200.5",
            "progress": "not started",
            "figure": "",
            "words": "'=No.",
        }
    ]


def test_export_holds_only_reviews_that_can_be_filled_in(review, pledge):
    for traits in ({"submitted": True}, {"approved": True}, {"missed": True}, {"partner__withdrawn": True}):
        other = ReviewFactory(**traits)
        PledgeFactory(approved=True, partner=other.partner)
    asked = ReviewFactory(changes_asked=True)
    PledgeFactory(approved=True, partner=asked.partner)
    resident = ReviewFactory(partner=ResidentFactory(approved=True, lead=True))
    PledgeFactory(approved=True, partner=resident.partner)
    assert {row["review"] for row in exported()} == {str(each.pk) for each in (review, asked, resident)}
    assert {row["review"] for row in exported(Review.objects.filter(pk=asked.pk))} == {str(asked.pk)}


def test_export_takes_the_same_queries_with_one_review_and_many(review, pledge):
    def queries():
        with CaptureQueriesContext(connection) as found:
            exported()
        return len(found)

    assert queries() == 6
    for _n in range(5):
        other = ReviewFactory()
        PledgeFactory.create_batch(2, approved=True, partner=other.partner)
    assert queries() == 6


# In again -------------------------------------------------------------------------------------


def test_export_that_comes_back_untouched_changes_nothing(review, pledge):
    AnswerFactory(review=review, pledge=pledge, figure=Decimal("2.50"), words="=One\r\n- two ")
    PledgeFactory(approved=True, partner=review.partner)
    found = plan(sheet_of(exported()))
    assert (found.changes, found.problems, found.unchanged, found.empty) == ([], [], 1, 1)
    assert not found.is_possible


def test_figures_are_saved_as_answers(review, pledge, manager):
    done = bring_in(sheet=sheet_of(filled(figure="3")), actor=manager)
    answer = Answer.objects.get()
    assert (answer.progress, answer.figure, answer.words, answer.next) == ("on_track", 3, "We hired one.", "renew")
    review.refresh_from_db()
    assert (review.state, review.recorded_by, done.sent) == (State.DRAFT, None, [])
    event = audit.trail(review).get()
    assert (event.verb, event.actor, event.data) == ("review.figures_brought_in", manager, {"rows": 1})
    (change,) = done.plan.changes
    assert change.differences == [("progress", "", "on track"), ("figure", "", "3"), ("words", "", "We hired one.")]


def test_bringing_in_twice_changes_nothing_the_second_time(review, pledge, manager):
    sheet = sheet_of(filled(figure="3"))
    bring_in(sheet=sheet, actor=manager)
    before = Answer.objects.values().get()
    assert bring_in(sheet=sheet, actor=manager).plan.changes == []
    assert Answer.objects.values().get() == before
    assert audit.trail(review).count() == 1


def test_only_what_differs_is_written_and_what_comes_next_is_kept(review, pledge, manager):
    other = PledgeFactory(approved=True, partner=review.partner)
    save_answer(review=review, pledge=pledge, values={"progress": "achieved", "words": "Done.", "next": "close"})
    save_answer(review=review, pledge=other, values=ON_TRACK)
    Answer.objects.update(changed_at=timezone.now() - MINUTE)
    before = Answer.objects.get(pledge=other).changed_at
    rows = exported()
    next(row for row in rows if row["pledge"] == str(pledge.pk))["figure"] = "4"
    found = bring_in(sheet=sheet_of(rows), actor=manager).plan
    assert [change.differences for change in found.changes] == [[("figure", "", "4")]]
    assert Answer.objects.get(pledge=pledge).next == "close"
    assert Answer.objects.get(pledge=pledge).changed_at > before
    assert Answer.objects.get(pledge=other).changed_at == before


def test_what_comes_next_follows_when_it_fits_no_more(review, pledge, manager):
    save_answer(review=review, pledge=pledge, values={"progress": "achieved", "words": "Done.", "next": "close"})
    bring_in(sheet=sheet_of(filled(progress="Behind")), actor=manager)
    assert (Answer.objects.get().progress, Answer.objects.get().next) == ("behind", "renew")


def test_complete_reviews_are_sent_in_where_that_is_asked_for(review, pledge, manager, mailbox):
    unfinished = ReviewFactory(partner__name="Cherwell Cycles")
    PledgeFactory.create_batch(2, approved=True, partner=unfinished.partner)
    rows = filled()
    rows[-1].update(progress="", words="")
    done = bring_in(sheet=sheet_of(rows), actor=manager, sending=True)
    review.refresh_from_db()
    unfinished.refresh_from_db()
    assert ([each.pk for each in done.sent], [each.pk for each in done.left]) == ([review.pk], [unfinished.pk])
    assert (review.state, review.recorded_by, unfinished.state) == (State.SUBMITTED, manager, State.DRAFT)
    (letter,) = mailbox()
    assert "Thank you for telling us by telephone" in letter.body


def test_too_many_reviews_to_send_in_are_refused_whole(review, pledge, manager, monkeypatch):
    monkeypatch.setattr(bringing_in, "SEND_AT_MOST", 0)
    with pytest.raises(NotPossible, match="Send in at most 0 with one file"):
        bring_in(sheet=sheet_of(filled()), actor=manager, sending=True)
    assert not Answer.objects.exists()


def test_one_wrong_row_keeps_all_others_out(review, pledge, manager):
    other = PledgeFactory(approved=True, partner=review.partner)
    rows = filled()
    next(row for row in rows if row["pledge"] == str(other.pk))["figure"] = "7"
    with pytest.raises(Impossible) as refusal:
        bring_in(sheet=sheet_of(rows), actor=manager)
    assert [problem.column for problem in refusal.value.plan.problems] == ["figure"]
    assert not Answer.objects.exists()
    assert not audit.trail(review).exists()


def test_file_that_would_do_something_else_by_now_is_shown_again(review, pledge, manager):
    sheet = sheet_of(filled())
    seen = plan(sheet).fingerprint
    save_answer(review=review, pledge=pledge, values={"progress": "behind", "words": "Slow.", "next": "renew"})
    with pytest.raises(Impossible, match="Something changed after you looked"):
        bring_in(sheet=sheet, actor=manager, seen=seen)
    assert Answer.objects.get().words == "Slow."


# What is wrong with a row ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "column", "words"),
    [
        ({"review": "999999"}, "review", "There is no review 999999."),
        ({"review": "one"}, "review", "“one” is no number that we exported"),
        ({"review": ""}, "review", "is no number that we exported"),
        ({"pledge": "1.5"}, "pledge", "is no number that we exported"),
        ({"pledge": "9" * 40}, "pledge", "is no number that we exported"),
        ({"pledge": "999999"}, "pledge", "does not belong to review"),
        ({"statement": "We will plant trees."}, "statement", "Perhaps only some of the columns were sorted."),
        ({"round": "2026-05-04"}, "round", "is the round of 2027-05-04"),
        ({"round": "soon"}, "round", "is the round of 2027-05-04"),
        ({"progress": "fine"}, "progress", "“fine” is none of: achieved, on track, behind, not started."),
        ({"progress": ""}, "progress", "Say how it goes: achieved, on track"),
        ({"progress": "stopped"}, "progress", "needs a reason"),
        ({"progress": "changed"}, "progress", "needs a reason"),
        ({"figure": "many"}, "figure", "“many” is no number that we can read"),
        ({"figure": "1.234"}, "figure", "at most 2 digits after the point"),
        ({"figure": "9" * 20}, "figure", "not that large"),
        ({"figure": "1,2,3"}, "figure", "is no number that we can read"),
        ({"figure": "1.2.3"}, "figure", "is no number that we can read"),
        ({"figure": "٣"}, "figure", "is no number that we can read"),
        ({"figure": "NaN"}, "figure", "is no number that we can read"),
        ({"figure": "1.2E+05"}, "figure", "The spreadsheet shortened this number."),
        ({"figure": "#VALUE!"}, "figure", "is an error of the spreadsheet"),
        ({"figure": "#####"}, "figure", "is an error of the spreadsheet"),
        ({"words": "#NAME?"}, "words", "is an error of the spreadsheet"),
        ({"words": "x" * 601}, "words", "Write at most 600 characters. These are 601."),
        ({"words": "a\u202eb"}, "words", "hidden marks that change the direction"),
        ({"words": "a\x07b"}, "words", "characters that cannot be shown"),
    ],
)
def test_wrong_cell_is_named_in_plain_words(review, pledge, values, column, words):
    row, where, why = problem_of(filled(**values))
    assert (row, where) == (2, column)
    assert words in why


def test_swapped_numbers_are_found(review, pledge):
    other = ReviewFactory()
    PledgeFactory(approved=True, partner=other.partner)
    rows = filled()
    rows[0]["pledge"], rows[1]["pledge"] = rows[1]["pledge"], rows[0]["pledge"]
    assert [(row, column) for row, column, _words in problems_of(rows)] == [(2, "pledge"), (3, "pledge")]


def test_same_pledge_twice_is_found(review, pledge):
    row, column, words = problem_of(filled() * 2)
    assert (row, column, words) == (3, "pledge", "The same pledge stands in row 2. Keep one of them.")


def test_pledge_without_a_measure_takes_no_figure(review):
    PledgeFactory(approved=True, partner=review.partner)
    assert problem_of(filled(figure="3"))[1] == "figure"
    assert problems_of(filled(figure="")) == []


@pytest.mark.parametrize(
    ("happened", "words"),
    [
        (lambda review: send_in(review=review), "This review was sent in, decided or closed"),
        (lambda review: Review.objects.update(closed_at=timezone.now(), closing="missed"), "decided or closed"),
        (
            lambda review: Partner.objects.update(withdrawn_at=timezone.now(), withdrawn_by=UserFactory()),
            "This partner is not public",
        ),
        (
            lambda review: review.partner.pledges.update(ended_at=timezone.now(), ending="stopped"),
            "This pledge has ended since",
        ),
    ],
)
def test_what_cannot_be_answered_any_more_is_refused_but_ignored_where_it_says_nothing_new(
    review, pledge, happened, words
):
    save_answer(review=review, pledge=pledge, values=ON_TRACK)
    rows, same = filled(words="Something new."), exported()
    happened(review)
    assert words in problem_of(rows)[2]
    assert problems_of(same) == []


# What spreadsheets and people make of numbers and dates ---------------------------------------


@pytest.mark.parametrize(
    ("text", "delimiter", "figure"),
    [
        ("3", ",", "3"),
        ("3.50", ",", "3.5"),
        ("3,5", ",", "3.5"),
        ("1,200", ",", "1200"),
        ("1,200.50", ",", "1200.5"),
        ("1.200,50", ",", "1200.5"),
        ("1,200,300", ",", "1200300"),
        ("£1,200", ",", "1200"),
        ("40%", ",", "40"),
        (" 1 200 ", ",", "1200"),
        ("1\u00a0200,5", ";", "1200.5"),
        ("-3", ",", "-3"),
        ("'-3", ",", "-3"),
        ("−3", ",", "-3"),
        ("3.", ",", "3"),
        ("12,5", ";", "12.5"),
        ("12.5", ";", "12.5"),
        ("1.200.300", ";", "1200300"),
        ("1200", ";", "1200"),
        ("1.200", ";", None),
        ("1,200", ";", None),
    ],
)
def test_number_is_read_as_it_is_meant_or_not_at_all(review, pledge, text, delimiter, figure):
    found = plan(sheet_of(filled(figure=text), delimiter=delimiter))
    if figure is None:
        assert "is no number that we can read" in found.problems[0].words
    else:
        assert found.problems == []
        assert found.changes[0].values["figure"] == Decimal(figure)


@pytest.mark.parametrize(
    "text",
    [
        "2027-05-04", "04/05/2027", "4/5/2027", "04/05/27", "04.05.2027", "4 May 2027", "Tuesday, 4 May 2027",
        "04-May-27", "May 4, 2027", "04/05/2027 00:00", "2027-05-04 00:00:00", "4 May, 2027", "",
    ],
)  # fmt: skip
def test_date_is_known_however_the_spreadsheet_writes_it(review, pledge, text):
    assert problems_of(filled(round=text)) == []


def test_file_with_the_needed_columns_alone_is_enough(review, pledge):
    found = plan(sheet_of(filled(), columns=NEEDS))
    assert (len(found.changes), found.problems) == (1, [])


def test_numbers_that_a_spreadsheet_made_decimal_are_the_same_numbers(review, pledge):
    assert problems_of(filled(review=f"{review.pk}.0", pledge=f"{pledge.pk},00")) == []


def test_letters_that_windows_1252_does_not_have_are_no_change(review, pledge, manager):
    AnswerFactory(review=review, pledge=pledge, words="Zoë 😀 ﷽ hired\r\nŁukasz.")
    rows = exported()
    for row in rows:
        row["words"] = row["words"].replace("😀", "??").replace("﷽", "?").replace("Ł", "?").replace("\r\n", "\n")
    found = plan(sheet_of(rows, encoding="cp1252"))
    assert (found.unchanged, found.changes, found.problems) == (1, [], [])
    assert len(plan(sheet_of(rows)).changes) == 1  # in UTF-8 a question mark is meant


def test_words_that_look_like_a_formula_come_back_as_they_were(review, pledge, manager):
    bring_in(sheet=sheet_of(filled(words="'=SUM(A1)")), actor=manager)
    assert Answer.objects.get().words == "=SUM(A1)"
    assert exported()[0]["words"] == "'=SUM(A1)"


# By hand --------------------------------------------------------------------------------------


def command(*arguments):
    out, err = io.StringIO(), io.StringIO()
    call_command("review_figures", *map(str, arguments), stdout=out, stderr=err)
    return out.getvalue()


def test_command_exports_and_imports(review, pledge, manager, tmp_path):
    path = tmp_path / "figures.csv"
    assert command("export", path) == f"1 pledges written to {path}.\n"
    text = path.read_bytes().decode("utf-8-sig").replace(",,,\r\n", ",behind,2.5,Slow.\r\n")
    path.write_text(text, newline="")
    assert "rows that change something: 1, in 1 reviews" in command("import", path, "--dry-run")
    assert not Answer.objects.exists()
    assert "- sent in: 1" in command("import", path, "--send-in", "--by", manager.email.upper())
    review.refresh_from_db()
    assert (Answer.objects.get().figure, review.state, review.recorded_by) == (
        Decimal("2.5"),
        State.SUBMITTED,
        manager,
    )


def test_command_overwrites_no_file(review, tmp_path):
    path = tmp_path / "figures.csv"
    path.write_text("mine")
    with pytest.raises(CommandError, match="is there already"):
        command("export", path)
    assert path.read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--send-in"], "Say with --by who sends them in"),
        (["--by", "nobody@example.org"], "Nobody who may change reviews has the address"),
        (["--by", "nonsense"], "is not an e-mail address"),
        ([], "rows are wrong, so nothing was changed"),
        (["--dry-run"], "rows are wrong, so nothing was changed"),
    ],
)
def test_command_says_what_is_wrong(review, pledge, tmp_path, arguments, words, capsys):
    UserFactory(email="person@example.org")
    path = tmp_path / "figures.csv"
    path.write_text("review,pledge,progress,figure,words\n1x,2,on track,,Yes\n")
    with pytest.raises(CommandError, match=words):
        command("import", path, *arguments)


def test_command_says_where_there_is_no_file(db, tmp_path):
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        command("import", tmp_path / "none.csv")
    with pytest.raises(CommandError, match="cannot be written"):
        command("export", tmp_path / "none" / "figures.csv")
    with pytest.raises(CommandError, match="An export takes no other options"):
        command("export", tmp_path / "figures.csv", "--dry-run")


# Two at once ----------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_partner_answers_while_figures_are_brought_in(at_once):
    review = ReviewFactory(partner=PartnerFactory(approved=True, lead=True))
    pledge = PledgeFactory(approved=True, partner=review.partner)
    manager, lead = ManagerFactory(), review.partner.lead.user
    save_answer(review=review, pledge=pledge, values=ON_TRACK)
    sheet = sheet_of(filled(words="By telephone."))
    for _round in range(5):
        brought, _sent = at_once(
            lambda: bring_in(sheet=sheet, actor=manager), lambda: send_in(review=review, actor=lead)
        )
        review.refresh_from_db()
        assert review.state == State.SUBMITTED
        words = Answer.objects.get().words
        if isinstance(brought, Impossible):
            assert words == ON_TRACK["words"]
            assert "was sent in" in brought.plan.problems[0].words
        else:
            assert words == "By telephone."
        Answer.objects.update(words=ON_TRACK["words"])
        Review.objects.filter(pk=review.pk).update(state=State.DRAFT, answered_at=None, submitted_at=None)


@pytest.mark.django_db(transaction=True)
def test_two_managers_bring_the_same_file_in_at_once(at_once):
    review = ReviewFactory(partner=PartnerFactory(approved=True, lead=True))
    PledgeFactory.create_batch(3, approved=True, partner=review.partner)
    managers = [ManagerFactory(), ManagerFactory()]
    sheet = sheet_of(filled())
    seen = plan(sheet).fingerprint
    results = at_once(*(lambda who=who: bring_in(sheet=sheet, actor=who, seen=seen) for who in managers))
    assert sorted(type(result).__name__ for result in results) == ["Done", "Impossible"]
    assert Answer.objects.count() == 3
    assert audit.trail(review).count() == 1


def test_decided_review_takes_no_figures(review, pledge, manager):
    save_answer(review=review, pledge=pledge, values=ON_TRACK)
    rows = filled(words="Other.")
    send_in(review=review)
    move(Review.objects.get(pk=review.pk), Move.APPROVE, actor=manager)
    assert "decided or closed" in problem_of(rows)[2]
