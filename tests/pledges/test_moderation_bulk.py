"""Deciding on many at once: a page that shows what will happen, each partner on its own, and what changed is named."""

import re
from html import unescape

import pytest
from django.contrib.admin import site
from django.db import connection
from django.urls import reverse
from django.utils.html import escape

from oiep.models import AuditEvent, OutgoingEmail
from oiep.moderation import Move, State
from partners.models import Partner
from pledges.actions.moderation import Decision, decide
from pledges.actions.pledges import withdraw_partner
from pledges.admin import bulk
from pledges.models import Case, Pledge
from tests.factories import (
    DeclineReasonFactory,
    PartnerFactory,
    PledgeFactory,
    ProfileChangeFactory,
    ResidentFactory,
    SignatureFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

QUEUE = "/admin/pledges/case/"
ACTIONS = ["approve_many", "ask_many", "decline_many"]


@pytest.fixture
def client(client_of, manager):
    return client_of(manager)


@pytest.fixture
def partners(db):
    return [
        PartnerFactory(submitted=True, name=name, lead=UserFactory(email=f"{name.lower()}@example.org"))
        for name in ("Ash", "Beech", "Cedar")
    ]


def choose(client, action, partners, **data):
    """Ticks partners in the queue and presses a button, as its page sends it."""
    undo = action == "undo_many"
    actions = ["undo_many"] if undo else ACTIONS
    return client.post(
        QUEUE + ("?show=decided" if undo else ""),
        {
            "action": actions,
            "index": actions.index(action),
            "select_across": "0",
            "_selected_action": [p.pk for p in partners],
            **data,
        },
    )


def fields(page):
    """The hidden fields of a page's form."""
    found = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.text):
        found.setdefault(name, []).append(unescape(value))
    found.pop("csrfmiddlewaretoken", None)
    return found


def confirm(client, page, **data):
    return client.post(reverse("admin:pledges_case_decide"), {**fields(page), "confirm": "yes", **data}, follow=True)


def states():
    return dict(Partner.objects.order_by("name").values_list("name", "state"))


def test_approve_many_shows_first_what_will_happen_and_changes_nothing(client, partners):
    pledge = PledgeFactory(submitted=True, partner=partners[0], statement="We will plant.")
    page = choose(client, "approve_many", partners[:2])
    assert page.status_code == 200
    for words in (
        "Nothing has happened yet.",
        "The signature is approved, and the partner's page becomes public.",
        "The pledge “We will plant.” becomes public.",
        "ash@example.org",
        "beech@example.org",
        "Read it: “Your signature of the Charter is approved”",
        "See your page: http://testserver/partners/ash/",
        "Confirm for 2 partners",
    ):
        assert escape(words) in page.text
    assert "Cedar" not in page.text
    assert set(states().values()) == {State.SUBMITTED}
    assert not OutgoingEmail.objects.exists()
    assert pledge.state == State.SUBMITTED


def test_approve_many_then_confirm_decides_on_each_with_a_letter_of_its_own(client, partners, mailbox):
    PledgeFactory(submitted=True, partner=partners[0])
    page = confirm(client, choose(client, "approve_many", partners[:2]))
    assert page.redirect_chain[-1] == ("/admin/pledges/case/decided/", 302)
    assert "done for 2 partners" in page.text
    assert states() == {"Ash": "approved", "Beech": "approved", "Cedar": "submitted"}
    assert Pledge.objects.live().count() == 1
    assert sorted(letter.to[0] for letter in mailbox()) == ["ash@example.org", "beech@example.org"]


def test_everything_that_waits_of_an_approved_partner_is_in_the_preview(client):
    standing = PartnerFactory(approved=True, lead=True)
    old = PledgeFactory(approved=True, partner=standing, statement="We will plant ten.")
    PledgeFactory(submitted=True, partner=standing, statement="We will plant twenty.", replaces=old)
    ProfileChangeFactory(submitted=True, partner=standing)
    page = choose(client, "approve_many", [standing]).text
    assert "The pledge “We will plant twenty.” becomes public, and replaces the pledge “We will plant ten.”." in page
    assert "The change to the profile becomes public." in page


@pytest.mark.parametrize(("action", "state"), [("ask_many", "changes_asked"), ("decline_many", "declined")])
def test_words_come_before_the_preview_and_go_to_each(client, partners, mailbox, action, state):
    page = choose(client, action, partners[:2])
    assert "What you write" in page.text
    assert 'name="confirm"' not in page.text
    page = client.post(reverse("admin:pledges_case_decide"), {**fields(page), "message": "Tell us <where>."})
    assert "Tell us &lt;where&gt;." in page.text  # in the letters, and kept in the box
    assert set(states().values()) == {State.SUBMITTED}
    confirm(client, page, message="Tell us <where>.")
    assert states() == {"Ash": state, "Beech": state, "Cedar": "submitted"}
    assert ["> Tell us <where>." in letter.body for letter in mailbox()] == [True, True]


def test_words_that_are_missing_are_asked_for(client, partners):
    page = choose(client, "decline_many", partners)
    page = confirm(client, page, message=" ")
    assert "Choose a reason, or write why you decline." in page.text
    assert set(states().values()) == {State.SUBMITTED}


def test_decline_many_with_a_ready_reason(client, partners):
    reason = DeclineReasonFactory(message="It is not in Oxfordshire.")
    retired = DeclineReasonFactory(retired=True)
    page = choose(client, "decline_many", partners)
    assert reason.title in page.text
    assert retired.title not in page.text
    confirm(client, page, reason=reason.pk)  # what was seen of each is not known before the preview
    assert set(states().values()) == {State.SUBMITTED}
    page = client.post(reverse("admin:pledges_case_decide"), {**fields(page), "reason": reason.pk})
    assert "It is not in Oxfordshire." in page.text
    confirm(client, page, reason=reason.pk)
    assert set(Partner.objects.values_list("decision_message", flat=True)) == {"It is not in Oxfordshire."}


def test_what_changed_since_the_preview_is_named_and_the_rest_is_decided(client, partners, manager):
    ash, beech, cedar = partners
    elm = PartnerFactory(submitted=True, name="Elm", lead=True)
    page = choose(client, "approve_many", [*partners, elm])
    decide(decisions=[Decision(ash, Move.DECLINE, "No.")], actor=manager)
    withdraw_partner(partner=beech, actor=beech.lead.user)
    Partner.objects.filter(pk=elm.pk).update(description="We wrote this a second ago.")
    page = confirm(client, page)
    assert states() == {"Ash": "declined", "Beech": "submitted", "Cedar": "approved", "Elm": "submitted"}
    assert "done for 1 partner<" in page.text
    assert "Not done for 3 partners" in page.text
    failed = page.text[page.text.index("Not done for") :]
    assert re.findall(r"<bdi>(\w+)</bdi></a>: ([^<]+)", failed) == [
        ("Ash", "This changed after you opened it. Look at it again, then decide."),
        ("Beech", str(Partner.objects.get(pk=beech.pk).why_not(Move.APPROVE))),
        ("Elm", "This changed after you opened it. Look at it again, then decide."),
    ]
    assert cedar.name in page.text[: page.text.index("Not done for")]


def test_a_failure_does_not_stop_the_rest(client, partners, caplog):
    """A partner whose approval the database refuses, whatever the reason may be."""
    page = choose(client, "approve_many", partners)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF NEW.id = {partners[1].pk} THEN RAISE EXCEPTION 'out of order'; END IF; RETURN NEW; END $$;"
            "CREATE TRIGGER refuse BEFORE UPDATE ON partners_partner FOR EACH ROW EXECUTE FUNCTION refuse()"
        )
    page = confirm(client, page)
    assert states() == {"Ash": "approved", "Beech": "submitted", "Cedar": "approved"}
    assert "Something went wrong, and nothing was changed here." in page.text
    assert "out of order" not in page.text
    assert "out of order" in caplog.text
    assert OutgoingEmail.objects.count() == 2


def test_confirming_twice_decides_once_and_tells_the_same(client, partners):
    page = choose(client, "approve_many", partners)
    first, second = confirm(client, page), confirm(client, page)
    assert "done for 3 partners" in first.text
    assert "done for 3 partners" in second.text
    assert "Not done" not in second.text
    assert OutgoingEmail.objects.count() == 3
    assert AuditEvent.objects.count() == 3


def test_more_than_the_cap_says_so_and_takes_the_first(client, monkeypatch):
    monkeypatch.setattr(bulk.BulkDecisions, "at_most", 2)
    partners = [PartnerFactory(submitted=True, name=f"Firm {n}", lead=True) for n in range(3)]
    page = choose(client, "approve_many", partners)
    assert "You chose 3. We decide on at most 2 at a time" in page.text
    confirm(client, page)
    assert list(states().values()) == ["approved", "approved", "submitted"]


def test_hundreds_at_once(client, django_assert_max_num_queries, monkeypatch):
    monkeypatch.setattr(bulk, "SECONDS", 600)  # a slow machine would need several goes
    partners = [PartnerFactory(submitted=True, lead=True) for _n in range(200)]
    page = choose(client, "approve_many", partners[:1])
    with django_assert_max_num_queries(20):
        page = choose(client, "approve_many", partners)
    assert "Confirm for 200 partners" in page.text
    page = confirm(client, page)
    assert "done for 200 partners" in page.text
    assert Partner.objects.listed().count() == 200
    assert OutgoingEmail.objects.count() == 200


def test_long_work_goes_on_in_several_requests_and_says_how_far_it_is(client, partners, manager, monkeypatch):
    monkeypatch.setattr(bulk, "SECONDS", 0)
    page = choose(client, "decline_many", partners)
    page = client.post(reverse("admin:pledges_case_decide"), {**fields(page), "message": "Not <here>."})
    decide(decisions=[Decision(partners[1], Move.APPROVE)], actor=manager)
    page = confirm(client, page, message="Not <here>.")
    assert "1 of 3 are done." in page.text
    assert states() == {"Ash": "declined", "Beech": "approved", "Cedar": "submitted"}
    page = confirm(client, page)
    assert "2 of 3 are done." in page.text
    page = confirm(client, page)
    assert "done for 2 partners" in page.text
    assert "Not done for 1 partner<" in page.text
    assert Partner.objects.get(name="Cedar").decision_message == "Not <here>."


def test_all_pages_of_the_queue_can_be_ticked(client):
    PartnerFactory.create_batch(60, submitted=True)  # more than a page
    page = choose(client, "approve_many", [Partner.objects.first()], select_across="1")
    assert "Confirm for 60 partners" in page.text


def test_undo_many_with_a_preview(client, partners, manager, mailbox):
    page = confirm(client, choose(client, "approve_many", partners))
    assert "Undo these decisions" in page.text
    mailbox()
    pledge = PledgeFactory(submitted=True, partner=partners[2])
    decide(decisions=[Decision(pledge, Move.APPROVE)], actor=manager)

    page = choose(client, "undo_many", partners)
    assert "The signature is “approved” now, and will wait for a decision again." in page.text
    assert "Read it: “We have taken a decision back”" in page.text
    assert "Our e-mail about it has not gone yet, and will not be sent." in page.text  # the pledge's
    confirm(client, page)

    assert states() == {"Ash": "submitted", "Beech": "submitted", "Cedar": "approved"}
    assert Pledge.objects.get().state == State.SUBMITTED
    assert [letter.subject for letter in mailbox()[3:]] == ["We have taken a decision back"] * 2


def test_undo_many_leaves_what_was_decided_again_since(client, partners, manager):
    decide(decisions=[Decision(partners[0], Move.APPROVE)], actor=manager)
    page = choose(client, "undo_many", partners[:1])
    pledge = PledgeFactory(submitted=True, partner=partners[0])
    decide(decisions=[Decision(pledge, Move.APPROVE)], actor=manager)
    page = confirm(client, page)
    assert "Not done for 1 partner<" in page.text
    assert states()["Ash"] == "approved"
    assert Pledge.objects.get().state == State.APPROVED


def test_undo_many_says_why_it_cannot(client, partners, manager):
    decide(decisions=[Decision(partners[0], Move.DECLINE, "No.")], actor=manager)
    PartnerFactory(submitted=True, name="ASH Ltd")
    page = choose(client, "undo_many", partners[:1])
    assert "Nothing will happen here." in page.text
    assert "This organisation has signed again since." in page.text
    assert 'name="confirm"' not in page.text


def test_queue_shows_what_waits_in_words(client):
    resident = ResidentFactory(submitted=True, name="Ada Lovelace")
    standing = PartnerFactory(approved=True, name="Ash")
    PledgeFactory.create_batch(2, submitted=True, partner=standing)
    ProfileChangeFactory(submitted=True, partner=standing)
    page = client.get(QUEUE).text
    for words in ("Ada Lovelace", "Resident", ">signature<", "2 pledges, changed profile", "0 · in time"):
        assert words in page
    assert reverse("admin:pledges_case_change", args=[resident.pk]) in page


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"Ash", "Beech", "Cedar"}),
        ("?q=bee", {"Beech"}),
        ("?q=ash@example.org", {"Ash"}),
        ("?q=ABCD-2345", {"Cedar"}),
        ("?q=nothing", set()),
        ("?kind__exact=business", {"Ash", "Beech", "Cedar"}),
        ("?kind__exact=resident", set()),
        ("?what=signature", {"Ash", "Beech", "Cedar"}),
        ("?what=pledges", {"Beech"}),
        ("?what=change", set()),
        ("?urgency=green", {"Ash", "Beech", "Cedar"}),
        ("?urgency=red", set()),
        ("?show=decided", {"Dogwood"}),
    ],
)
def test_queue_can_be_filtered_and_searched(client, partners, query, names):
    PledgeFactory(submitted=True, partner=partners[1])
    SignatureFactory(partner=partners[2], reference="ABCD-2345")
    PartnerFactory(approved=True, name="Dogwood")
    page = client.get(QUEUE + query)
    assert page.status_code == 200
    assert {case.name for case in page.context["cl"].result_list} == names


@pytest.mark.parametrize(
    "query", ["?o=1", "?o=-4", "?o=5.2", "?urgency=purple", "?what=x", "?p=99", "?show=decided&o=4"]
)
def test_queue_survives_any_address(client, partners, query):
    assert client.get(QUEUE + query, follow=True).status_code == 200


def test_nothing_ticked_says_so(client, partners):
    page = choose(client, "approve_many", [])
    assert page.status_code == 302
    assert set(states().values()) == {State.SUBMITTED}


def test_result_and_decide_pages_without_anything_lead_to_the_queue(client):
    for name in ("decide", "decided"):
        assert client.get(reverse(f"admin:pledges_case_{name}")).url == QUEUE
    assert client.post(reverse("admin:pledges_case_decide"), {"move": "submit", "case": "1"}).url == QUEUE


@pytest.mark.parametrize("many", [1, 30])
def test_queue_asks_the_same_number_of_queries_however_many_wait(client, many, django_assert_num_queries):
    for _n in range(many):
        partner = PartnerFactory(submitted=True, lead=True)
        PledgeFactory(submitted=True, partner=partner)
    client.get(QUEUE)
    with django_assert_num_queries(7):
        page = client.get(QUEUE)
    assert len(page.context["cl"].result_list) == many


@pytest.mark.parametrize(("query", "deciding"), [("", ACTIONS), ("?show=decided", ["undo_many"])])
def test_each_list_has_the_actions_of_its_buttons_in_their_order(rf, manager, query, deciding):
    request = rf.get(QUEUE + query)
    request.user = manager
    actions = site.get_model_admin(Case).get_actions(request)
    assert [*actions] == [*deciding, "export_rows", "export_workbook"]
