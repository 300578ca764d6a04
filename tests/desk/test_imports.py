"""Lists come in: understood, judged row by row, brought in as a whole or not at all, undone; nobody twice."""

import datetime
import io
import json
import zipfile

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from desk.actions import imports as actions
from desk.imports import KINDS, templates
from desk.imports.alike import Known, Names
from desk.models import Heading, Import
from events.models import Event
from oiep.models import OutgoingEmail, User
from oiep.moderation import Move, State
from oiep.privacy import clocks
from oiep.privacy.erasing import erase
from partners.models import Partner
from pledges.actions import signing as signing_actions
from pledges.actions.moderation import Decision, decide
from pledges.models import Pledge, Signing
from tests.desk import lists
from tests.factories import (
    CharterVersionFactory,
    DistrictFactory,
    EventFactory,
    GroupFactory,
    PartnerFactory,
    PriorityAreaFactory,
    UserFactory,
)
from working_groups.models import Group

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def county():
    CharterVersionFactory()
    DistrictFactory(name="Oxford", slug="oxford")
    DistrictFactory(name="Cherwell", slug="cherwell")


@pytest.fixture
def bring(manager):
    """`bring(rows)` brings a list of partners in, and returns it."""

    def make(content, kind="partners"):
        found = actions.keep_list(kind=kind, content=content, file_name="list", actor=manager)
        return actions.bring_in(found=found, actor=manager, seen=actions.plan_of(found).fingerprint)

    return make


def keep(content, manager, kind="partners"):
    return actions.keep_list(kind=kind, content=content, file_name="list", actor=manager)


def problems(content, manager, kind="partners"):
    planned = actions.plan_of(keep(content, manager, kind))
    return [(problem.row, problem.column, problem.words) for problem in planned.problems]


# What a cell may say --------------------------------------------------------------------------


def test_each_wrong_cell_is_named_by_row_and_column(manager):
    rows = list(lists.partners(10))
    rows[0][4], rows[1][6], rows[2][1], rows[3][2], rows[4][0] = "nobody", "31/02/2022", "Alien", "London", ""
    rows[5][3] = "#N/A"
    assert problems(lists.workbook(rows), manager) == [
        (2, "Contact e-mail", "“nobody” is no e-mail address in the form name@example.org."),
        (3, "Signed on", "“31/02/2022” is no date that we can read. Write the day first, as 04/05/2022 or 4 May 2022."),
        (
            4,
            "Kind",
            "“Alien” is none of: Business, Voluntary or community organisation, Education provider, Public body.",
        ),
        (5, "Where it works", "“London” is none of: The whole county, Oxford, Cherwell."),
        (6, "Organisation", "This is empty, and we need it."),
        (7, "Contact name", "“#N/A” is an error of the spreadsheet. Write what should stand there."),
    ]


@pytest.mark.parametrize(
    "said", ["4 May 2022", "04/05/2022", "4th May 2022", "2022-05-04", 44685, datetime.date(2022, 5, 4), "4.5.22"]
)
def test_a_date_is_understood_however_the_spreadsheet_keeps_it(manager, said):
    (row,) = lists.partners(1)
    row[6] = said
    (planned,) = actions.plan_of(keep(lists.workbook([row]), manager)).rows
    assert planned.values["signed_on"] == datetime.date(2022, 5, 4)


def test_a_date_to_come_is_no_day_of_a_signature(manager):
    (row,) = lists.partners(1)
    row[6] = (timezone.localdate() + datetime.timedelta(days=1)).isoformat()
    ((_row, column, words),) = problems(lists.workbook([row]), manager)
    assert column == "Signed on"
    assert "still to come" in words


# Files as they come ---------------------------------------------------------------------------


def test_other_headings_are_proposed_once_and_remembered(manager):
    headings = ("Org", "Type", "District", "Lead", "Email address", "Position", "Date signed", "Remarks")
    content = lists.workbook([[*row, "x"] for row in lists.partners(2)], headings)
    found = keep(content, manager)
    assert not found.is_mapped  # "Org" and "Remarks" are not known
    assert found.mapping["4"] == "contact_email"
    with pytest.raises(ValidationError, match="Organisation"):
        actions.settle_headings(found=found, mapping={**found.mapping, "0": "", "7": ""})
    with pytest.raises(ValidationError, match="Two columns"):
        actions.settle_headings(found=found, mapping={**found.mapping, "0": "organisation", "7": "organisation"})
    assert not Heading.objects.exists()
    actions.settle_headings(found=found, mapping={**found.mapping, "0": "organisation", "7": ""})
    again = keep(content, manager)
    assert again.is_mapped
    assert len(actions.plan_of(again).new) == 2


def test_headings_are_found_below_a_title(manager):
    found = keep(lists.workbook(lists.partners(2), before=[("Our signatories",), ()]), manager)
    planned = actions.plan_of(found)
    assert [row.number for row in planned.new] == [4, 5]
    assert "We took row 3 for the headings." in planned.notes


def test_merged_cells_say_the_same_in_each_row(manager):
    rows = list(lists.partners(3))
    rows[1][2] = rows[2][2] = ""
    planned = actions.plan_of(keep(lists.workbook(rows, merged=["C2:C4"]), manager))
    assert len(planned.new) == 3
    assert planned.notes == ["Some cells are merged. We took each row of them to say the same: “Oxford”."]


@pytest.mark.parametrize(
    ("encoding", "delimiter"), [("utf-8", ","), ("utf-8-sig", ";"), ("cp1252", ","), ("utf-16", "\t")]
)
def test_csv_is_read_however_it_was_saved(manager, encoding, delimiter):
    (row,) = lists.partners(1)
    row[0] = "Café Soleil"
    planned = actions.plan_of(keep(lists.csv([row], encoding=encoding, delimiter=delimiter), manager))
    assert planned.new[0].values["organisation"] == "Café Soleil"
    assert bool(planned.notes) == (encoding == "cp1252")


def test_a_list_that_is_too_long_is_refused_in_plain_words(manager, settings):
    settings.IMPORT_ROWS_AT_ONCE = settings.IMPORT_ROWS_AT_MOST = 50  # groups have no longer one
    for content in (lists.workbook(lists.partners(90)), lists.csv(lists.partners(90)), lists.csv(lists.partners(51))):
        with pytest.raises(ValidationError, match=r"more than .* rows"):
            keep(content, manager)
    assert len(actions.plan_of(keep(lists.csv(lists.partners(50)), manager)).rows) == 50


def test_a_bomb_and_other_files_are_refused(manager):
    bomb = io.BytesIO(lists.workbook(lists.partners(1)))
    with zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/worksheets/sheet9.xml", b"0" * 50_000_000)
    entities = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(lists.workbook(lists.partners(1)))) as old, zipfile.ZipFile(entities, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith("sheet1.xml"):
                content = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + content.replace(
                    b"<v>0</v>", b"<v>&b;</v>"
                )
            new.writestr(name, content)
    for content in (bomb.getvalue(), entities.getvalue(), b"PK\x03\x04rubbish", b"\xd0\xcf\x11\xe0old", b"a,b\n"):
        with pytest.raises(ValidationError):
            keep(content, manager)


# The same organisation ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["ASPIRE Oxfordshire CIC", "Aspire", "Asprie Oxford", "Aspire (Oxford) Limited", "The Aspire Group"]
)
def test_other_spellings_are_found(name):
    assert [one.name for one, _why in Names([Known("Aspire Oxford")]).like(Known(name))] == ["Aspire Oxford"]


@pytest.mark.parametrize("name", ["Oxford City Council", "Inspire Bakers", "Aspen House"])
def test_other_names_are_not(name):
    assert Names([Known("Aspire Oxford"), Known("Oxford University Press")]).like(Known(name)) == []


def test_what_may_be_the_same_is_asked_and_never_merged(manager):
    PartnerFactory(name="Aspire Oxford", approved=True, lead=True)
    rows = list(lists.partners(3))
    rows[0][0], rows[1][0], rows[2][0] = "Aspire Oxfordshire CIC", "Hill Farm", "Hill Farm Organics"
    found = keep(lists.workbook(rows), manager)
    planned = actions.plan_of(found)
    assert [(row.number, [match.name for match in row.matches]) for row in planned.unanswered] == [
        (2, ["Aspire Oxford"]),
        (4, ["Hill Farm"]),
    ]
    with pytest.raises(actions.Impossible):
        actions.bring_in(found=found, actor=manager, seen=planned.fingerprint)
    found = actions.keep_answers(found=found, answers={"2": "same", "4": "new"})
    actions.bring_in(found=found, actor=manager, seen=actions.plan_of(found).fingerprint)
    assert sorted(signing.organisation["name"] for signing in Signing.objects.all()) == [
        "Hill Farm",
        "Hill Farm Organics",
    ]


def test_the_same_list_twice_is_there_once(bring, manager):
    PartnerFactory(name="Apple Bakers Ltd", approved=True, lead=True)
    content = lists.workbook(lists.partners(3))
    bring(content)
    planned = actions.plan_of(keep(content, manager))
    assert [row.same_as for row in planned.same] == ["a partner", *2 * ["from an earlier list, not confirmed yet"]]
    assert not planned.is_possible
    assert Signing.objects.count() == 2


def test_two_tabs_bring_a_list_in_once(manager):
    first, second = (keep(lists.workbook(lists.partners(3)), manager) for _tab in range(2))
    seen = actions.plan_of(second).fingerprint
    actions.bring_in(found=first, actor=manager, seen=actions.plan_of(first).fingerprint)
    with pytest.raises(actions.Impossible, match="Something changed"):
        actions.bring_in(found=second, actor=manager, seen=seen)
    with pytest.raises(ValidationError, match="already"):
        actions.bring_in(found=first, actor=manager, seen=seen)
    assert Signing.objects.count() == 3


# All or nothing -------------------------------------------------------------------------------


def test_one_wrong_row_keeps_all_out(manager):
    rows = list(lists.partners(3))
    rows[2][4] = "nobody"
    found = keep(lists.workbook(rows), manager)
    with pytest.raises(actions.Impossible):
        actions.bring_in(found=found, actor=manager, seen=actions.plan_of(found).fingerprint)
    assert not Signing.objects.exists()


def test_a_row_that_fails_while_it_is_written_keeps_all_out(manager, settings):
    PriorityAreaFactory(short_name="Local spend")
    settings.PLEDGES_AT_MOST = 1
    partner = PartnerFactory(name="Apple Bakers", approved=True, lead=True)
    content = lists.csv(
        [["Apple Bakers", "Local spend", words] for words in ("We buy here", "We sell here")],
        ("Organisation", "Priority area", "Pledge"),
    )
    found = keep(content, manager, "pledges")
    with pytest.raises(actions.Impossible) as refusal:
        actions.bring_in(found=found, actor=manager, seen=actions.plan_of(found).fingerprint)
    assert [(problem.row, problem.column) for problem in refusal.value.plan.problems] == [(3, "")]
    assert not partner.pledges.exists()
    assert Import.objects.unfinished().get() == found


# From a list to the directory -----------------------------------------------------------------


def test_nobody_is_written_to_until_the_manager_says_so_and_then_once(bring, manager, mailbox):
    found = bring(lists.workbook(lists.partners(3)))
    assert mailbox() == []
    assert not Partner.objects.exists()
    assert actions.ask_all_to_confirm(found=found, actor=manager) == (3, {})
    assert actions.ask_all_to_confirm(found=found, actor=manager) == (0, {})
    assert sorted(message.to[0] for message in mailbox()) == [
        "apple.bakers@gmail.com",
        "birch.bakers@gmail.com",
        "cedar.bakers@gmail.com",
    ]
    assert "since 4 May 2022" in mailbox()[0].body.replace("\n", " ")


def test_a_stopped_round_of_asking_goes_on(bring, manager, mailbox):
    found = bring(lists.workbook(lists.partners(3)))
    signing_actions.ask_to_confirm(signing=Signing.objects.get(email="birch.bakers@gmail.com"), actor=manager)
    assert actions.ask_all_to_confirm(found=found, actor=manager) == (2, {})
    assert len(mailbox()) == 3


def test_asking_goes_on_by_itself_for_as_long_as_it_takes(bring, manager, mailbox):
    found = bring(lists.workbook(lists.partners(3)))
    assert actions.feed_confirmations() == 0  # nobody has said so
    actions.begin_asking(found=found, actor=manager)
    assert actions.ask_all_to_confirm(found=found, actor=manager, seconds=1e-9)[0] <= 1
    actions.feed_confirmations()
    assert len(mailbox()) == 3
    assert not Import.objects.asking().exists()
    assert actions.feed_confirmations() == 0


def test_one_person_for_many_organisations_gets_no_flood(bring, manager, mailbox, settings):
    settings.UNPROVEN_ADDRESS_MAILS_A_DAY = 3
    rows = [
        [f"{word} Works", *row[1:4], "one@gmail.com", *row[5:]]
        for word, row in zip("ABCDE", lists.partners(5), strict=True)
    ]
    found = keep(lists.workbook(rows), manager)
    found = actions.keep_answers(found=found, answers={str(row.number): "new" for row in actions.plan_of(found).asked})
    found = actions.bring_in(found=found, actor=manager, seen=actions.plan_of(found).fingerprint)
    assert actions.ask_all_to_confirm(found=found, actor=manager) == (
        3,
        {"This address got 3 e-mails today already. Ask tomorrow.": 2},
    )
    assert Signing.objects.filter(declared_at=None).count() == 2  # they can be asked tomorrow
    assert len(mailbox()) == 3


def test_who_confirms_becomes_a_partner_that_waits_and_the_second_contact_is_asked_after_approval(
    bring, manager, client, mailbox
):
    area = PriorityAreaFactory(short_name="Local spend")
    (row,) = lists.partners(1)
    found = bring(lists.workbook([[*row, "second@gmail.com"]], (*lists.HEADINGS, "Second contact e-mail")))
    headings = ("Organisation", "Priority area", "Pledge", "What is measured", "Target")
    bring(lists.csv([["Apple Bakers", "Local spend", "We buy here", "Spend", "£1200"]], headings), "pledges")
    actions.ask_all_to_confirm(found=found, actor=manager)
    signing = Signing.objects.get()
    page = client.get(signing.confirmation_url)
    assert "We buy here" in page.content.decode()
    assert not Partner.objects.exists()
    assert client.post(signing.confirmation_url).status_code == 302
    assert client.get(signing.confirmation_url).status_code == 200
    partner = Partner.objects.get()
    assert (partner.state, partner.lead.user.email) == (State.SUBMITTED, "apple.bakers@gmail.com")
    assert timezone.localdate(partner.signatures.get().declared_at) == datetime.date(2022, 5, 4)
    pledge = partner.pledges.get()
    assert (pledge.area, pledge.target, pledge.state) == (area, 1200, State.SUBMITTED)
    assert not OutgoingEmail.objects.filter(to="second@gmail.com").exists()
    decide(decisions=[Decision(partner, Move.APPROVE)], actor=manager)
    assert OutgoingEmail.objects.get(to="second@gmail.com").template == "partner_invited"
    mailbox()


def test_what_is_not_confirmed_goes_after_its_time(bring, settings):
    bring(lists.workbook(lists.partners(1)))
    now = timezone.now()
    assert signing_actions.forget(now + datetime.timedelta(days=settings.LIST_CONFIRMATION_DAYS - 1)) == 0
    assert signing_actions.forget(now + datetime.timedelta(days=settings.LIST_CONFIRMATION_DAYS + 1)) == 1


def test_a_link_that_is_over_says_so(bring, manager, client, settings):
    found = bring(lists.workbook(lists.partners(1)))
    actions.ask_all_to_confirm(found=found, actor=manager)
    signing = Signing.objects.get()
    Signing.objects.update(declared_at=timezone.now() - datetime.timedelta(days=settings.LIST_CONFIRMATION_DAYS + 1))
    assert client.get(signing.confirmation_url).status_code == 410
    client.post(signing.confirmation_url, {"again": "yes"})
    assert Signing.objects.count() == 1
    assert not Partner.objects.exists()


# Undoing --------------------------------------------------------------------------------------


def test_undoing_takes_out_all_but_what_was_confirmed(bring, manager, mailbox):
    found = bring(lists.workbook(lists.partners(3)))
    actions.ask_all_to_confirm(found=found, actor=manager)
    signing_actions.confirm(signing=Signing.objects.get(email="birch.bakers@gmail.com"))
    out, stay = actions.undo(found=found, actor=manager)
    assert (out, stay) == (2, {"It has been confirmed since, so it is a partner of its own now.": 1})
    assert Partner.objects.get().name == "Birch Bakers"
    assert Signing.objects.count() == 1
    mailbox()
    assert OutgoingEmail.objects.filter(template="sign_listed", state="not_sent").count() == 2
    with pytest.raises(ValidationError):
        actions.undo(found=found, actor=manager)


def test_undoing_pledges_groups_and_events_spares_what_was_worked_with(bring, manager):
    PriorityAreaFactory(short_name="Local spend")
    partner = PartnerFactory(name="Apple Bakers", approved=True, lead=True)
    pledges = bring(
        lists.csv(
            [["Apple Bakers", "Local spend", words] for words in ("We buy here", "We sell here")],
            ("Organisation", "Priority area", "Pledge"),
        ),
        "pledges",
    )
    decide(decisions=[Decision(partner.pledges.first(), Move.APPROVE)], actor=manager)
    assert actions.undo(found=pledges, actor=manager) == (1, {"It was decided on since.": 1})
    groups = bring(
        lists.csv([["Buyers", "", "To buy", "Kim"], ["Tender", "Buyers", "To ask", ""], ["Old", "", "To be", ""]],
                  ("Group", "Part of", "What it is for", "Chair")), "groups"
    )  # fmt: skip
    assert Group.objects.get(name="Tender").parent.name == "Buyers"
    EventFactory(group=Group.objects.get(name="Old"))
    assert actions.undo(found=groups, actor=manager) == (2, {"It has been worked with since.": 1})
    events = bring(
        lists.csv([["Talk", "4 May 2027", "14:00", "Hall", "A talk."], ["Fair", "5/5/2027", "", "", "A fair."]],
                  ("Event", "Date", "Starts", "Place", "In a sentence or two")), "events"
    )  # fmt: skip
    fair = Event.objects.get(title="Fair")
    assert (fair.known, fair.takes_bookings, fair.published_at) == ("day", False, None)
    Event.objects.filter(title="Talk").update(published_at=timezone.now())
    assert actions.undo(found=events, actor=manager) == (1, {"It was published since.": 1})


# Other kinds ----------------------------------------------------------------------------------


def test_what_is_wrong_with_a_list_of_pledges_groups_and_events(manager):
    PriorityAreaFactory(short_name="Local spend")
    PartnerFactory(name="Apple Bakers", approved=True, lead=True)
    GroupFactory(name="Buyers")
    found = problems(
        lists.csv(
            [
                ["Apple Bakery", "Local spend", "We buy", ""],
                ["Apple Bakers Oxford", "Local spend", "We buy", ""],
                ["Apple Bakers", "Local spend", "We buy", "12"],
                ["Apple Bakers", "Elsewhere", "We buy", ""],
            ],
            ("Organisation", "Priority area", "Pledge", "Target"),
        ),
        manager,
        "pledges",
    )
    assert [(row, column) for row, column, _words in found] == [
        (2, "Organisation"), (3, "Organisation"), (4, "What is measured"), (5, "Priority area"),
    ]  # fmt: skip
    assert "Perhaps you mean: “Apple Bakers”" in found[1][2]
    found = problems(
        lists.csv(
            [
                ["A", "B", "x", ""],
                ["B", "A", "x", ""],
                ["C", "Nowhere", "x", ""],
                ["D", "", "x", "Task and finish group"],
            ],
            ("Group", "Part of", "What it is for", "Kind"),
        ),
        manager,
        "groups",
    )
    assert [(row, column) for row, column, _words in found] == [
        (2, "Part of"),
        (3, "Part of"),
        (4, "Part of"),
        (5, "Ends"),
    ]
    found = problems(
        lists.csv(
            [
                ["A", "4/5/2027", "15:00", "14:00", "Hall", "x"],
                ["B", "4/5/2027", "9am", "", "", "x"],
                ["B", "4/5/2027", "", "", "", "x"],
            ],
            ("Event", "Date", "Starts", "Ends", "Place", "Summary"),
        ),
        manager,
        "events",
    )
    assert [(row, column) for row, column, _words in found] == [(2, "Ends"), (3, "Place"), (4, "Event")]


@pytest.mark.parametrize("kind", list(KINDS))
def test_the_template_is_understood_when_it_comes_back_filled_in(manager, kind):
    PriorityAreaFactory(short_name="Local spend and procurement")
    GroupFactory(name="Steering Group")
    PartnerFactory(name="Bicester Bakery Co-operative", approved=True, lead=True)
    book = load_workbook(io.BytesIO(templates.workbook(KINDS[kind], KINDS[kind].known())))
    sheet = book["List"]
    columns = {str(column.heading): column for column in KINDS[kind].columns}
    name = "Bicester Bakery" if kind == "partners" else None
    for cell in sheet[1]:
        example = str(columns[cell.value].example)
        sheet.cell(2, cell.column, name if name and columns[cell.value].name == "organisation" else example)
    out = io.BytesIO()
    book.save(out)
    found = keep(out.getvalue(), manager, kind)
    planned = actions.plan_of(found)
    assert found.is_mapped
    assert planned.problems == []
    assert len(planned.rows) == 1


# The pages ------------------------------------------------------------------------------------


def test_the_manager_brings_120_partners_over(manager, client_of, mailbox):
    client, rows = client_of(manager), list(lists.partners(120))
    for n in range(10):
        rows[n * 7][4] = f"person {n}"

    def choose():
        upload = io.BytesIO(lists.workbook(rows))
        upload.name = "Our signatories.xlsx"
        answer = client.post(reverse("admin:desk_import_add"), {"kind": "partners", "file": upload}, follow=True)
        return answer.request["PATH_INFO"], answer.content.decode()

    place, page = choose()
    assert "10 cells are wrong" in page
    assert 'name="confirm"' not in page
    client.post(place, {"drop": "yes"})
    assert not Import.objects.exists()
    rows = list(lists.partners(120))
    place, page = choose()
    assert "120 rows would come in." in page
    seen = actions.plan_of(Import.objects.get()).fingerprint
    page = client.post(place, {"confirm": "yes", "seen": seen}, follow=True).content.decode()
    assert "120 rows are brought in." in page
    assert "120 not written to yet" in page
    assert Import.objects.get().table == ""
    page = client.post(place, {"ask": "yes"}, follow=True).content.decode()
    assert "on their way." in page
    while actions.feed_confirmations():
        pass
    page = client.get(place).content.decode()
    assert "120 written to, and have not confirmed yet" in page
    assert not Import.objects.asking().exists()
    assert len(mailbox()) == 120
    page = client.post(place, {"undo": "yes"}, follow=True).content.decode()
    assert "120 entries are taken out again." in page


def test_a_stale_preview_brings_nothing_in(manager, client_of):
    client = client_of(manager)
    found = keep(lists.workbook(lists.partners(2)), manager)
    answer = client.post(reverse("admin:desk_import_change", args=[found.pk]), {"confirm": "yes", "seen": "other"})
    assert answer.status_code == 409
    assert not Signing.objects.exists()


# Privacy --------------------------------------------------------------------------------------


def test_a_list_that_was_left_goes_by_itself(manager, settings):
    found = keep(lists.workbook(lists.partners(1)), manager)
    days = datetime.timedelta(days=settings.IMPORTS_KEPT_DAYS + 1)
    Import.objects.update(uploaded_at=timezone.now() - days)
    assert clocks.run_day()["imports"] == 1
    assert not Import.objects.filter(pk=found.pk).exists()


def test_a_list_that_names_somebody_who_is_erased_goes(manager):
    (row,) = lists.partners(1)
    person = UserFactory(email=row[4])
    keep(lists.workbook([row]), manager)
    erase(user=User.objects.get(pk=person.pk), actor=person)
    assert not Import.objects.exists()


def test_a_kept_table_is_what_was_read(manager):
    found = keep(lists.csv([["Café", "Business", "Oxford", "Zoë", "zoe@gmail.com", "", ""]]), manager)
    assert json.loads(Import.objects.get().table)["rows"][1][1][0] == "Café"
    assert found.read_table().rows[1][1][3] == "Zoë"
    assert Pledge.objects.count() == 0
