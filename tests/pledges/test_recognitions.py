"""Recognitions through the manager's decisions, on pages, and at the same moment."""

import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection
from django.utils import timezone

from oiep.moderation import Move, NotPossible, State
from partners import actions
from partners.actions import recognitions as recognition_actions
from partners.models import Partner, Recognition
from pledges.actions.moderation import Decision, decide, undo, why_not_undo
from tests.factories import (
    ManagerFactory,
    PartnerFactory,
    RecognitionFactory,
    RecognitionKindFactory,
    UserFactory,
)
from tests.factories.partners import PICTURE

pytestmark = pytest.mark.django_db

DAY = datetime.timedelta(days=1)


@pytest.fixture
def bakery():
    return PartnerFactory(name="Bakery", approved=True, lead=True, lead__email="lead@example.org")


@pytest.fixture
def kind():
    return RecognitionKindFactory(name="Real Living Wage", slug="real-living-wage")


def until(days):
    return timezone.localdate() + days * DAY


def renewal_of(row, **fields):
    return RecognitionFactory(submitted=True, partner=row.partner, kind=row.kind, replaces=row, **fields)


def decision(row, move=Move.APPROVE, message=""):
    return Decision(row, move, message)


# Deciding -------------------------------------------------------------------------------------


def test_verifying_puts_it_on_the_page_and_tells_the_lead(bakery, kind, manager, client, mailbox):
    row = RecognitionFactory(submitted=True, partner=bakery, kind=kind, expires_on=until(100))
    assert "Real Living Wage" not in client.get("/partners/bakery/").content.decode()
    decide(decisions=[decision(row)], actor=manager)
    page = " ".join(client.get("/partners/bakery/").content.decode().split())
    days = f"{timezone.localdate():%-d %B %Y}", f"{until(100):%-d %B %Y}"
    assert "Verified by the partnership on {}; valid until {}.".format(*days) in page
    assert "Holds the recognition Real Living Wage" in page
    [mail] = mailbox()
    assert (mail.to, mail.subject) == (["lead@example.org"], "Your recognition is verified")
    assert "The recognition Real Living Wage (approved)." in mail.body


@pytest.mark.parametrize(
    ("move", "subject", "words"),
    [
        (Move.ASK, "Your recognition: something to change", "What to change:"),
        (Move.DECLINE, "Your recognition: our decision", "Why we declined it:"),
    ],
)
def test_the_letter_says_what_to_change_or_why(bakery, kind, manager, mailbox, move, subject, words):
    row = RecognitionFactory(submitted=True, partner=bakery, kind=kind)
    decide(decisions=[decision(row, move, "Their list does not show you.")], actor=manager)
    [mail] = mailbox()
    assert mail.subject == subject
    assert f"{words}\n\n> Their list does not show you." in mail.body


def test_a_renewal_takes_the_place_of_the_old_one_and_undoing_gives_it_back(bakery, kind, manager):
    old = RecognitionFactory(approved=True, partner=bakery, kind=kind, expires_on=until(10))
    new = renewal_of(old, expires_on=until(375))
    assert Recognition.objects.published().get() == old
    decide(decisions=[decision(new)], actor=manager)
    assert Recognition.objects.published().get() == new
    old.refresh_from_db()
    assert old.ending == "replaced"
    assert "It ended" in why_not_undo(old)
    undo(objects=[new], actor=manager)
    assert Recognition.objects.published().get() == old
    assert Recognition.objects.get(pk=new.pk).state == State.SUBMITTED
    assert "Another claim" in why_not_undo(Recognition.objects.get(pk=old.pk))


def test_a_renewal_of_one_that_was_taken_off_meanwhile_leaves_that_ended_when_undone(bakery, kind, manager):
    old = RecognitionFactory(
        approved=True, partner=bakery, kind=kind, ended_at=timezone.now(), ending="removed", expires_on=until(10)
    )
    new = renewal_of(old)
    decide(decisions=[decision(new)], actor=manager)
    undo(objects=[Recognition.objects.get(pk=new.pk)], actor=manager)
    assert not Recognition.objects.published().exists()
    assert Recognition.objects.get(pk=old.pk).ending == "removed"


def test_what_expired_while_it_waited_cannot_be_verified(bakery, kind, manager):
    old = RecognitionFactory(approved=True, partner=bakery, kind=kind)
    row = renewal_of(old, expires_on=until(-1))
    with pytest.raises(NotPossible, match="was valid until"):
        decide(decisions=[decision(row)], actor=manager)
    old.refresh_from_db()
    assert old.ending == ""


def test_a_claim_that_was_taken_back_waits_for_nobody(bakery, kind, manager):
    row = RecognitionFactory(submitted=True, partner=bakery, kind=kind)
    actions.take_off_recognition(recognition=row, actor=bakery.lead.user)
    with pytest.raises(NotPossible, match="taken off by the partner"):
        decide(decisions=[decision(row)], actor=manager)


def test_the_approval_of_a_signature_stays_while_a_recognition_waits(bakery, kind):
    RecognitionFactory(submitted=True, partner=bakery, kind=kind)
    assert "A recognition was claimed since" in why_not_undo(bakery)


# The manager's screens ------------------------------------------------------------------------


def test_it_is_decided_on_the_case_with_everything_else(bakery, kind, manager, client_of):
    row = RecognitionFactory(submitted=True, file=True, partner=bakery, kind=kind, note="We joined last week.")
    admin = client_of(manager)
    address = f"/admin/pledges/case/{bakery.pk}/change/"
    assert "1 recognition" in admin.get("/admin/pledges/case/").content.decode()
    assert "1 with a recognition" in admin.get("/admin/").content.decode()
    page = admin.get(address)
    words = page.content.decode()
    assert "We joined last week." in words
    file = admin.get(f"/account/partners/bakery/recognitions/{row.pk}/evidence/")
    assert file["Content-Disposition"] == 'attachment; filename="certificate.png"'
    case = page.context["case"]
    admin.post(address, {"seen": case.fingerprint, "approve_all": "yes"})
    assert Recognition.objects.get().state == State.APPROVED
    assert "Remove…" in admin.get(address).content.decode()
    admin.post(f"/admin/partners/recognition/{row.pk}/remove/", {"message": ""})
    assert Recognition.objects.published().exists()
    admin.post(f"/admin/partners/recognition/{row.pk}/remove/", {"message": "It was another firm's."})
    assert not Recognition.objects.published().exists()
    words = " ".join(admin.get("/partners/bakery/").content.decode().split())
    assert "The partnership removed the recognition Real Living Wage" in words
    assert "It was another firm" not in words


def test_several_are_decided_in_bulk(kind, manager, client_of):
    rows = [RecognitionFactory(submitted=True, partner__lead=True, kind=kind) for _ in range(3)]
    keys = [row.partner_id for row in rows]
    admin = client_of(manager)
    preview = admin.post("/admin/pledges/case/decide/", {"move": "approve", "case": keys})
    assert preview.content.decode().count("becomes public") == 3
    seen = {f"seen-{row.case.pk}": row.seen for row in preview.context["rows"]}
    number = preview.context["number"]
    admin.post(
        "/admin/pledges/case/decide/", {"move": "approve", "case": keys, "confirm": "yes", "number": number} | seen
    )
    assert Recognition.objects.published().count() == 3


# A partner's own pages ------------------------------------------------------------------------


def test_a_lead_claims_renews_and_takes_off(bakery, kind, manager, client_of):
    lead = client_of(bakery.lead.user)
    own = "/account/partners/bakery/recognitions/"
    assert "Real Living Wage" in lead.get(own).content.decode()
    empty = lead.post(f"{own}add/real-living-wage/", {"note": ""}).content.decode()
    assert "Enter the day until which it is valid." in empty
    values = {"expires_on": str(until(20)), "evidence_url": "", "awarded_on": "", "note": ""}
    assert (
        "Give a link that shows it, or choose a file."
        in lead.post(f"{own}add/real-living-wage/", values).content.decode()
    )
    certificate = SimpleUploadedFile("certificate.png", PICTURE)
    assert lead.post(f"{own}add/real-living-wage/", values | {"file": certificate}).status_code == 302
    row = Recognition.objects.get()
    assert lead.get(f"{own}add/real-living-wage/").url == f"{own}{row.pk}/"
    decide(decisions=[decision(row)], actor=manager)
    assert "valid until" in lead.get(f"{own}{row.pk}/").content.decode()
    renewed = values | {"expires_on": str(until(385)), "evidence_url": "https://wage.example/us"}
    assert lead.post(f"{own}{row.pk}/", renewed).status_code == 302
    renewal = row.renewals.get()
    assert lead.get(f"{own}{row.pk}/").url == f"{own}{renewal.pk}/"
    assert lead.post(f"{own}{row.pk}/take-off/").status_code == 302
    assert not Recognition.objects.filter(ended_at=None).exists()
    assert "2 that are over" in lead.get(own).content.decode()


def test_two_colleagues_change_one_claim_at_once(bakery, kind, client_of):
    row = RecognitionFactory(submitted=True, partner=bakery, kind=kind)
    lead = client_of(bakery.lead.user)
    address = f"/account/partners/bakery/recognitions/{row.pk}/"
    seen = actions.version_of_claim(row)
    values = {"expires_on": str(row.expires_on), "evidence_url": row.evidence_url, "note": "Mine.", "seen": seen}
    assert lead.post(address, values).status_code == 302
    page = lead.post(address, values | {"note": "Yours."})
    words = page.content.decode()
    assert "Somebody else changed this while you were writing" in words
    assert "Mine." in words
    again = values | {"note": "Yours.", "seen": page.context["form"]["seen"].value()}
    assert lead.post(address, again).status_code == 302
    assert Recognition.objects.get().note == "Yours."


def test_the_statement_of_standing_names_what_was_held_that_day(bakery, kind, client):
    RecognitionFactory(approved=True, partner=bakery, kind=kind, expires_on=until(3))
    names = {}
    for days in (-1, 0, 3, 4):
        data = client.get("/partners/bakery/standing/", {"on": str(until(days)), "format": "json"}).json()
        names[days] = [held["name"] for held in data["recognitions"]]
    assert names == {-1: [], 0: ["Real Living Wage"], 3: ["Real Living Wage"], 4: []}
    assert "Recognitions that we have verified" in client.get("/partners/bakery/standing/").content.decode()


def test_the_track_record_says_when_it_expired(bakery, kind, client):
    then = timezone.now() - 400 * DAY
    RecognitionFactory(approved=True, partner=bakery, kind=kind, decided_at=then, expires_on=until(-1))
    assert "The recognition Real Living Wage expired" in client.get("/partners/bakery/").content.decode()
    Recognition.objects.update(expires_on=until(0))
    assert "expired" not in client.get("/partners/bakery/").content.decode()


# At the same moment ---------------------------------------------------------------------------


def _claims(partner, kind, users):
    values = {"awarded_on": None, "expires_on": until(9), "evidence_url": "https://wage.example/us", "note": ""}
    return [
        lambda user=user: actions.claim_recognition(partner=partner, kind=kind, values=values, actor=user)
        for user in users
    ]


@pytest.mark.django_db(transaction=True)
def test_two_colleagues_who_claim_at_once_make_one_claim(at_once):
    bakery, kind = PartnerFactory(approved=True, lead=True), RecognitionKindFactory()
    results = at_once(*_claims(bakery, kind, [bakery.lead.user, UserFactory()]))
    assert sorted(type(result).__name__ for result in results) == ["NotPossible", "Recognition"]
    assert Recognition.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_the_second_is_told_in_the_words_of_the_database(at_once, monkeypatch):
    """The control: then it is not asked again, and only the constraint stands between them."""
    bakery, kind = PartnerFactory(approved=True, lead=True), RecognitionKindFactory()
    monkeypatch.setattr(recognition_actions, "_lock", lambda partner: Partner.objects.get(pk=partner.pk))
    monkeypatch.setattr(recognition_actions, "_fill", _slowly(recognition_actions._fill))
    claims = _claims(bakery, kind, [bakery.lead.user, UserFactory()])
    results = at_once(*[lambda claim=claim: _or_refusal(claim) for claim in claims])
    kinds = sorted(type(result).__name__ for result in results)
    assert kinds in (["Recognition", "ValidationError"], ["IntegrityError", "Recognition"])
    assert Recognition.objects.count() == 1


def _or_refusal(function):
    """What the function returns, or the database's own refusal."""
    try:
        return function()
    except IntegrityError as refusal:
        return refusal


def _slowly(function):
    def wait_and_do(*args):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.3)")
        return function(*args)

    return wait_and_do


@pytest.mark.django_db(transaction=True)
def test_taking_off_and_verifying_at_once_leave_one_of_both(at_once):
    bakery, manager = PartnerFactory(approved=True, lead=True), ManagerFactory()
    row = RecognitionFactory(submitted=True, partner=bakery)
    lead = bakery.lead.user
    at_once(
        lambda: decide(decisions=[decision(row)], actor=manager),
        lambda: actions.take_off_recognition(recognition=row, actor=lead),
    )
    row.refresh_from_db()
    assert row.ending == "taken_off"
    assert not Recognition.objects.published().exists()
