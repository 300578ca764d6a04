import datetime

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.utils import timezone

from oiep import uploads
from oiep.models import AuditEvent, OutgoingEmail
from oiep.moderation import NotPossible, State
from partners import actions
from partners.actions.daily import run_day
from partners.directory import directory_of
from partners.ledger import ledgers_of
from partners.models import Recognition
from tests.factories import (
    PartnerFactory,
    PauseFactory,
    RecognitionFactory,
    RecognitionKindFactory,
    ResidentFactory,
    UserFactory,
)
from tests.factories.partners import PICTURE

pytestmark = pytest.mark.django_db

TODAY = datetime.date(2026, 5, 4)
DAY = datetime.timedelta(days=1)


@pytest.fixture(autouse=True)
def on_that_day():
    with time_machine.travel(datetime.datetime(2026, 5, 4, 9, tzinfo=datetime.UTC), tick=False):
        yield


@pytest.fixture
def bakery():
    return PartnerFactory(name="Bakery", approved=True, lead=True, lead__email="lead@example.org")


@pytest.fixture
def kind():
    return RecognitionKindFactory(name="Real Living Wage", slug="real-living-wage")


def says(**changed):
    values = {
        "awarded_on": None,
        "expires_on": TODAY + 365 * DAY,
        "evidence_url": "https://wage.example/us",
        "note": "",
    }
    return values | changed


def a_file(name="certificate.png"):
    return uploads.SafeFile(ContentFile(PICTURE, name="new.png"), uploads.KINDS["png"], name)


def claim(partner, kind, file=None, **changed):
    return actions.claim_recognition(
        partner=partner, kind=kind, values=says(**changed), actor=partner.lead.user, file=file
    )


# Claiming -------------------------------------------------------------------------------------


def test_a_claim_waits_for_the_manager_with_its_trail(bakery, kind):
    row = claim(bakery, kind)
    assert (row.state, row.submitted_at, row.replaces) == (State.SUBMITTED, timezone.now(), None)
    event = AuditEvent.objects.get(verb="recognition.submit")
    assert (event.actor, event.subject) == (bakery.lead.user, row)
    assert not Recognition.objects.published().exists()


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"expires_on": None}, "expires_on"),
        ({"expires_on": TODAY - DAY}, "expires_on"),
        ({"expires_on": datetime.date(2037, 1, 1)}, "expires_on"),
        ({"awarded_on": TODAY + DAY}, "awarded_on"),
        ({"evidence_url": ""}, "__all__"),
        ({"evidence_url": "javascript:alert(1)"}, "evidence_url"),
        ({"note": "a\x00b"}, "note"),
    ],
)
def test_a_claim_that_cannot_be_is_refused(bakery, kind, changed, field):
    with pytest.raises(ValidationError) as refusal:
        claim(bakery, kind, **changed)
    assert field in refusal.value.message_dict
    assert not Recognition.objects.exists()


def test_a_kind_that_does_not_expire_takes_no_day(bakery):
    row = claim(bakery, RecognitionKindFactory(expires=False))
    assert row.expires_on is None


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ResidentFactory(approved=True, lead=True), "for organisations"),
        (lambda: PartnerFactory(submitted=True, lead=True), "once we have approved"),
        (lambda: PartnerFactory(withdrawn=True, lead=True), "withdrew"),
    ],
)
def test_who_cannot_claim(kind, make, words):
    with pytest.raises(NotPossible, match=words):
        claim(make(), kind)


def test_a_retired_kind_and_a_second_claim_are_refused(bakery, kind):
    with pytest.raises(NotPossible, match="do not list"):
        claim(bakery, RecognitionKindFactory(retired=True))
    claim(bakery, kind)
    with pytest.raises(NotPossible, match="claimed this already"):
        claim(bakery, kind)


def test_a_claim_that_was_refused_leaves_no_file(bakery, kind):
    with pytest.raises(ValidationError):
        claim(bakery, kind, a_file(), note="a\x00b")
    storage = uploads.private_storage()
    assert "recognition" not in storage.listdir("")[0] or storage.listdir("recognition")[1] == []


def test_changing_a_claim_keeps_its_place_in_the_queue(bakery, kind, django_capture_on_commit_callbacks):
    row = claim(bakery, kind, a_file())
    old = row.evidence_file.name
    seen = actions.version_of_claim(row)
    with time_machine.travel(timezone.now() + DAY, tick=False), django_capture_on_commit_callbacks(execute=True):
        changed = actions.change_claim(
            recognition=row, values=says(note="Look."), actor=bakery.lead.user, file=a_file("new.png"), seen=seen
        )
    assert (changed.submitted_at, changed.note, changed.evidence_name) == (row.submitted_at, "Look.", "new.png")
    assert not uploads.private_storage().exists(old)
    assert uploads.private_storage().exists(changed.evidence_file.name)
    with pytest.raises(actions.Conflict):
        actions.change_claim(recognition=row, values=says(), actor=bakery.lead.user, seen=seen)


def test_a_claim_for_which_changes_were_asked_is_sent_in_again(bakery, kind):
    row = RecognitionFactory(changes_asked=True, partner=bakery, kind=kind)
    changed = actions.change_claim(recognition=row, values=says(), actor=bakery.lead.user)
    assert (changed.state, changed.decided_at, changed.claimed_by) == (State.SUBMITTED, None, bakery.lead.user)


@pytest.mark.parametrize("how", [{"approved": True}, {"declined": True}])
def test_what_was_decided_cannot_be_changed(bakery, kind, how):
    row = RecognitionFactory(partner=bakery, kind=kind, **how)
    with pytest.raises(NotPossible, match="decided on this"):
        actions.change_claim(recognition=row, values=says(), actor=bakery.lead.user)


def test_the_last_evidence_cannot_be_taken_out(bakery, kind):
    row = claim(bakery, kind, a_file(), evidence_url="")
    with pytest.raises(ValidationError, match="link or a file"):
        actions.change_claim(recognition=row, values=says(evidence_url=""), actor=bakery.lead.user, keep_file=False)


# Being public ---------------------------------------------------------------------------------


def test_it_leaves_by_itself_on_the_day_after(bakery, kind):
    row = RecognitionFactory(approved=True, partner=bakery, kind=kind, expires_on=TODAY)
    assert Recognition.objects.published().get() == row
    assert not Recognition.objects.published(on=TODAY + DAY).exists()
    with time_machine.travel(timezone.now() + DAY, tick=False):
        assert not Recognition.objects.published().exists()
        assert not Recognition.objects.get().is_shown


@pytest.mark.parametrize("how", ["draft", "submitted", "changes_asked", "declined", "ended", "withdrawn"])
def test_nothing_else_is_public(bakery, kind, how):
    fields = {"ended": {"approved": True, "ended_at": timezone.now(), "ending": "removed"}, "draft": {}}
    partner = PartnerFactory(withdrawn=True) if how == "withdrawn" else bakery
    state = {"approved": True} if how == "withdrawn" else fields.get(how, {how: True})
    RecognitionFactory(partner=partner, kind=kind, **state)
    assert not Recognition.objects.published().exists()


def test_what_was_held_on_a_day(bakery, kind):
    ended = timezone.now() - 10 * DAY
    old = RecognitionFactory(
        approved=True, partner=bakery, kind=kind, decided_at=ended - 300 * DAY, ended_at=ended, ending="replaced",
        expires_on=TODAY,
    )  # fmt: skip
    new = RecognitionFactory(approved=True, partner=bakery, kind=kind, decided_at=ended, expires_on=TODAY + 30 * DAY)
    held = {days: list(Recognition.objects.held_on(TODAY + days * DAY)) for days in (-311, -310, -11, -10, 0, 30, 31)}
    assert held == {-311: [], -310: [old], -11: [old], -10: [new], 0: [new], 30: [new], 31: []}


def test_the_directory_is_filtered_by_what_is_valid_today(bakery, kind, django_assert_num_queries):
    other = RecognitionKindFactory(name="B Corp", slug="b-corp")
    RecognitionFactory(approved=True, partner=bakery, kind=kind, expires_on=TODAY)
    RecognitionFactory(approved=True, partner=bakery, kind=other)
    RecognitionFactory(approved=True, kind=other, expires_on=TODAY - DAY)
    RecognitionFactory(submitted=True, kind=kind)
    from django.http import QueryDict

    def found(query):
        listing = directory_of(QueryDict(query))
        counts = {choice.value: choice.count for choice in listing.choices["recognition"]}
        return [partner.name for partner in listing.page], listing.total, counts

    assert found("recognition=b-corp") == (["Bakery"], 1, {"real-living-wage": 1, "b-corp": 1})
    assert found("recognition=b-corp&recognition=real-living-wage")[:2] == (["Bakery"], 1)
    assert found("")[1:] == (3, {"real-living-wage": 1, "b-corp": 1})
    with time_machine.travel(timezone.now() + DAY, tick=False):
        assert found("recognition=real-living-wage") == ([], 0, {"real-living-wage": 0, "b-corp": 1})


# Ending ---------------------------------------------------------------------------------------


def test_taking_one_off_takes_its_renewal_back_and_ends_its_mails(bakery, kind):
    row = RecognitionFactory(approved=True, partner=bakery, kind=kind, expires_on=TODAY + 20 * DAY)
    run_day(TODAY)
    renewal = claim(bakery, kind)
    for _twice in range(2):
        actions.take_off_recognition(recognition=row, actor=bakery.lead.user)
    assert list(Recognition.objects.order_by("pk").values_list("pk", "ending")) == [
        (row.pk, "taken_off"), (renewal.pk, "taken_off"),
    ]  # fmt: skip
    assert OutgoingEmail.objects.get().state == OutgoingEmail.State.NOT_SENT
    assert AuditEvent.objects.filter(verb="recognition.taken_off").count() == 2
    assert claim(bakery, kind).replaces is None


def test_the_manager_removes_one_with_a_word_to_the_lead(bakery, kind, manager, mailbox):
    row = RecognitionFactory(approved=True, partner=bakery, kind=kind)
    with pytest.raises(ValidationError, match="Write why"):
        actions.remove_recognition(recognition=row, actor=manager, message=" ")
    actions.remove_recognition(recognition=row, actor=manager, message="Their list does not show you any more.")
    row.refresh_from_db()
    assert (row.ending, row.state) == ("removed", State.APPROVED)
    [mail] = mailbox()
    assert (mail.to, mail.subject) == (["lead@example.org"], "We have taken Real Living Wage off your page")
    assert "> Their list does not show you any more." in mail.body
    with pytest.raises(NotPossible, match="does not stand"):
        actions.remove_recognition(recognition=row, actor=manager, message="Again.")


def test_a_partner_that_withdraws_leaves_nothing_waiting(bakery, kind):
    held = RecognitionFactory(approved=True, partner=bakery, expires_on=TODAY + 5 * DAY)
    waiting = claim(bakery, kind)
    run_day(TODAY)
    actions.withdraw(partner=bakery, actor=bakery.lead.user)
    held.refresh_from_db()
    waiting.refresh_from_db()
    assert (held.ending, waiting.ending) == ("", "taken_off")
    assert OutgoingEmail.objects.about(held).filter(key__endswith="/week").get().state == OutgoingEmail.State.NOT_SENT
    assert run_day(TODAY + 5 * DAY)["recorded"] == 0


# Asking again ---------------------------------------------------------------------------------

EXPIRES = TODAY + 60 * DAY


def steps_so_far():
    sent = OutgoingEmail.objects.filter(key__startswith="recognition/").exclude(state="not_sent").order_by("created_at")
    return [row.key.rpartition("/")[2] for row in sent]


def on(day):
    """Does the day's work twice."""
    with time_machine.travel(datetime.datetime.combine(day, datetime.time(9), datetime.UTC), tick=False):
        first, second = run_day(day), run_day(day)
        assert (second["recorded"], first["failed"], second["failed"]) == (0, 0, 0)


def test_the_time_table(bakery, kind):
    RecognitionFactory(approved=True, partner=bakery, kind=kind, expires_on=EXPIRES)
    table = {
        -31: [],
        -30: ["soon"],
        -29: ["soon"],
        -8: ["soon"],
        -7: ["soon", "week"],
        -1: ["soon", "week"],
        0: ["soon", "week", "expiry"],
        1: ["soon", "week", "expiry"],
        400: ["soon", "week", "expiry"],
    }
    seen = {}
    for offset in table:
        on(EXPIRES + offset * DAY)
        seen[offset] = steps_so_far()
    assert seen == table
    assert set(OutgoingEmail.objects.values_list("to", flat=True)) == {"lead@example.org"}


@pytest.mark.parametrize(
    ("slept_until", "sent", "skipped"),
    [(-20, "soon", []), (-3, "week", ["soon"]), (0, "expiry", ["soon", "week"]), (7, "expiry", ["soon", "week"])],
)
def test_after_a_long_sleep_only_the_latest_goes(bakery, kind, slept_until, sent, skipped):
    row = RecognitionFactory(approved=True, partner=bakery, kind=kind, expires_on=EXPIRES)
    on(EXPIRES + slept_until * DAY)
    assert steps_so_far() == [sent]
    ledger = {entry.label: entry.what for entry in ledgers_of([row])[row.pk]}
    assert len(ledger) == len(skipped) + 1
    assert sum("the next message went instead" in what for what in ledger.values()) == len(skipped)


def test_the_words_are_of_the_day_on_which_they_are_written(bakery, kind):
    RecognitionFactory(approved=True, partner=bakery, kind=kind, expires_on=EXPIRES)
    on(EXPIRES)
    last_day = OutgoingEmail.objects.exclude(state="not_sent").get()
    assert last_day.subject_line == "Real Living Wage: on your page until 3 July 2026"
    RecognitionFactory(approved=True, partner=bakery, expires_on=EXPIRES, kind__name="B Corp")
    on(EXPIRES + DAY)
    late = OutgoingEmail.objects.exclude(state="not_sent").order_by("created_at").last()
    assert late.subject_line == "B Corp: no longer on your page"


@pytest.mark.parametrize("why", ["renewed", "taken off", "paused", "withdrawn", "another claim waits", "expires never"])
def test_who_is_not_asked(bakery, kind, manager, why):
    row = RecognitionFactory(
        approved=True, partner=bakery, kind=kind, expires_on=None if why == "expires never" else EXPIRES
    )
    if why in ("renewed", "taken off"):
        row.ended_at, row.ending = timezone.now(), "replaced" if why == "renewed" else "taken_off"
        row.save()
    elif why == "paused":
        PauseFactory(partner=bakery, starts_on=TODAY, until=EXPIRES + DAY)
    elif why == "withdrawn":
        actions.withdraw(partner=bakery, actor=manager)
    elif why == "another claim waits":
        claim(bakery, kind)
    on(EXPIRES)
    assert steps_so_far() == []
    on(EXPIRES + DAY)
    assert steps_so_far() == (["expiry"] if why == "paused" else [])


def test_a_declined_renewal_is_asked_for_again(bakery, kind):
    RecognitionFactory(approved=True, partner=bakery, kind=kind, expires_on=EXPIRES)
    RecognitionFactory(declined=True, partner=bakery, kind=kind)
    on(EXPIRES - 7 * DAY)
    assert steps_so_far() == ["week"]


def test_without_a_lead_the_ledger_says_so(kind):
    row = RecognitionFactory(approved=True, partner=PartnerFactory(approved=True), kind=kind, expires_on=EXPIRES)
    on(EXPIRES - 30 * DAY)
    assert [entry.what for entry in ledgers_of([row])[row.pk]] == ["not sent. This partner has no lead to write to."]


def test_one_failure_does_not_stop_the_rest(bakery, kind, monkeypatch):
    for _ in range(2):
        RecognitionFactory(approved=True, partner__lead=True, expires_on=EXPIRES)
    broken = Recognition.objects.order_by("pk").first().partner
    broken.memberships.update(user=UserFactory(email="a@b.example"))
    type(UserFactory()).objects.filter(email="a@b.example").update(email="no address")
    assert run_day(EXPIRES) == {"failed": 1, "recorded": 1, "logos": 0}


def test_the_account_says_when_to_renew(bakery, kind, client_of):
    RecognitionFactory(approved=True, partner=bakery, kind=kind, expires_on=TODAY + 30 * DAY)
    page = client_of(bakery.lead.user).get("/account/").content.decode()
    assert "Renew your recognition Real Living Wage" in page
    Recognition.objects.update(expires_on=TODAY + 31 * DAY)
    assert "Renew your recognition" not in client_of(bakery.lead.user).get("/account/").content.decode()
