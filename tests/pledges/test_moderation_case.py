"""Everything about one signature on one screen, decided on with one or two clicks."""

import datetime
import re

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from oiep import audit
from oiep.models import OutgoingEmail
from oiep.moderation import Move, State
from partners.models import Partner
from pledges.actions.moderation import Decision, decide, submit_again
from pledges.actions.pledges import withdraw_partner
from pledges.models import Case, Pledge
from tests.factories import (
    DeclineReasonFactory,
    DistrictFactory,
    JoinRequestFactory,
    PartnerFactory,
    PledgeFactory,
    PriorityAreaFactory,
    ProfileChangeFactory,
    ResidentFactory,
    SignatureFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(client_of, manager):
    return client_of(manager)


@pytest.fixture
def partner(db):
    partner = PartnerFactory(submitted=True, name="Isis Bakery", lead=UserFactory(name="Ada", email="ada@example.org"))
    SignatureFactory(partner=partner, signer=partner.lead.user)
    return partner


def url(partner):
    return reverse("admin:pledges_case_change", args=[partner.pk])


def seen(partner):
    case = Case.objects.to_decide_on().get(pk=partner.pk)
    return {"seen": case.fingerprint, "number": "00000000-0000-4000-8000-000000000001"}


def press(client, partner, **data):
    """Posts the form as it stood just now; the answer is the page that the manager then sees."""
    return client.post(url(partner), {**seen(partner), **data}, follow=True)


def key(thing, field):
    return f"{thing._meta.model_name}-{thing.pk}-{field}"


def test_one_click_approves_everything_that_waits(client, partner, manager, mailbox):
    pledges = [PledgeFactory(submitted=True, partner=partner) for _n in range(3)]
    answer = press(client, partner, approve_all="yes")
    assert answer.redirect_chain == [(url(partner), 302)]
    assert set(Pledge.objects.live()) == set(pledges)
    assert Partner.objects.listed().get().decided_by == manager
    assert len(mailbox()) == 1
    assert "The signature: approved." in answer.text
    assert "Nothing of it waits for your decision." in answer.text


def test_each_thing_has_its_own_decision(client, partner, mailbox):
    kept, asked, later = (PledgeFactory(submitted=True, partner=partner) for _n in range(3))
    reason = DeclineReasonFactory(message="It is not in Oxfordshire.")
    refused = PledgeFactory(submitted=True, partner=partner)
    press(
        client,
        partner,
        decide="yes",
        **{
            key(partner, "move"): "approve",
            key(kept, "move"): "approve",
            key(asked, "move"): "ask",
            key(asked, "message"): "Say how many.",
            key(refused, "move"): "decline",
            key(refused, "reason"): reason.pk,
            key(later, "move"): "",
        },
    )
    states = dict(Pledge.objects.values_list("pk", "state"))
    assert states == {
        kept.pk: State.APPROVED,
        asked.pk: State.CHANGES_ASKED,
        refused.pk: State.DECLINED,
        later.pk: State.SUBMITTED,
    }
    assert Pledge.objects.get(pk=refused.pk).decision_message == "It is not in Oxfordshire."
    (letter,) = mailbox()
    assert "Say how many." in letter.body


def test_own_words_go_before_those_of_the_reason(client, partner):
    reason = DeclineReasonFactory()
    press(
        client, partner, decide="yes",
        **{key(partner, "move"): "decline", key(partner, "reason"): reason.pk, key(partner, "message"): "Sorry, no."},
    )  # fmt: skip
    partner.refresh_from_db()
    assert partner.decision_message == "Sorry, no."
    assert audit.trail(partner).get().data["reason"] == reason.pk


@pytest.mark.parametrize(
    ("move", "words"),
    [("ask", "Write what the partner should change."), ("decline", "Choose a reason, or write why you decline.")],
)
def test_refusal_without_words_keeps_what_was_typed_and_decides_nothing(client, partner, move, words):
    pledge = PledgeFactory(submitted=True, partner=partner)
    answer = press(
        client, partner, decide="yes",
        **{key(partner, "move"): move, key(pledge, "move"): "ask", key(pledge, "message"): "Tell us <more>."},
    )  # fmt: skip
    assert answer.status_code == 200
    assert f'<a href="#id_{key(partner, "message")}">The signature: {words}</a>' in answer.text
    assert "Tell us &lt;more&gt;." in answer.text
    assert re.search(r"<title>\s*Error:", answer.text)
    partner.refresh_from_db()
    assert partner.state == State.SUBMITTED
    assert not OutgoingEmail.objects.exists()


def test_pressing_without_a_choice_says_so(client, partner):
    assert "Choose what to do with at least one thing." in press(client, partner, decide="yes").text


def test_pledge_cannot_be_approved_before_its_signature(client, partner):
    pledge = PledgeFactory(submitted=True, partner=partner)
    answer = press(client, partner, decide="yes", **{key(pledge, "move"): "approve"})
    assert "Approve the signature first, or together with this." in answer.text
    pledge.refresh_from_db()
    assert pledge.state == State.SUBMITTED


def test_what_was_withdrawn_meanwhile_is_not_declined(client, partner):
    before = seen(partner)
    withdraw_partner(partner=partner, actor=partner.lead.user)
    data = {**before, "decide": "yes", key(partner, "move"): "decline", key(partner, "message"): "No."}
    answer = client.post(url(partner), data)
    assert "It was withdrawn on" in answer.text
    partner.refresh_from_db()
    assert (partner.state, partner.decision_message) == (State.SUBMITTED, "")
    assert not OutgoingEmail.objects.filter(template__startswith="decision").exists()


@pytest.mark.parametrize("button", ["approve_all", "decide"])
def test_what_changed_since_it_was_opened_is_shown_and_not_decided(client, partner, button):
    pledge = PledgeFactory(submitted=True, partner=partner)
    before = seen(partner)
    Pledge.objects.filter(pk=pledge.pk).update(statement="We will do something else.")
    answer = client.post(url(partner), {**before, button: "yes", key(partner, "move"): "approve"})
    assert "This changed after you opened it." in answer.text
    assert "We will do something else." in answer.text
    partner.refresh_from_db()
    assert partner.state == State.SUBMITTED


def test_the_second_of_two_managers_is_told(client, client_of, partner, manager):
    before = seen(partner)
    decide(decisions=[Decision(partner, Move.DECLINE, "Not here.")], actor=manager)
    answer = client.post(url(partner), {**before, "number": "", "approve_all": "yes"})
    assert "This changed after you opened it." in answer.text
    partner.refresh_from_db()
    assert partner.state == State.DECLINED
    assert audit.trail(partner).count() == 1


def test_double_click_decides_once_and_says_nothing_odd(client, partner):
    data = {**seen(partner), "approve_all": "yes"}
    for _click in range(2):
        assert client.post(url(partner), data).status_code == 302
    assert audit.trail(partner).count() == 1
    assert OutgoingEmail.objects.count() == 1


def test_undo_from_the_screen(client, partner, manager):
    pledge = PledgeFactory(submitted=True, partner=partner)
    decide(decisions=[Decision(partner, Move.APPROVE), Decision(pledge, Move.APPROVE)], actor=manager)
    answer = press(client, partner, undo="yes", thing=[f"partner-{partner.pk}"])
    assert "Undone, and waiting again" in answer.text
    assert Case.objects.waiting().get().pledges_waiting == 1


def test_undo_of_a_foreign_thing_does_nothing(client, partner):
    foreign = PartnerFactory(approved=True)
    answer = press(client, partner, undo="yes", thing=[f"partner-{foreign.pk}"])
    assert "Choose what to undo." in answer.text
    foreign.refresh_from_db()
    assert foreign.state == State.APPROVED


def test_screen_says_why_something_cannot_be_undone(client, partner, manager):
    decide(decisions=[Decision(partner, Move.APPROVE)], actor=manager)
    pledge = PledgeFactory(submitted=True, partner=partner)
    decide(decisions=[Decision(pledge, Move.APPROVE)], actor=manager)
    page = client.get(url(partner)).text
    assert "It cannot be undone: Pledges or changes have been approved since. Undo those first." in page
    assert page.count('name="thing"') == 1


def test_screen_shows_all_there_is_about_a_signature(client, manager):
    lead = UserFactory(name="Ada Baker", email="ada@isis.example")
    partner = PartnerFactory(
        submitted=True,
        name="Isis Bakery",
        description="We bake.",
        website="https://isis.example",
        lead=lead,
        districts=[DistrictFactory(name="Oxford"), DistrictFactory(name="Cherwell")],
    )
    signature = SignatureFactory(
        partner=partner, signer=lead, signer_job_title="Head baker", awaits_approval_of="the board",
        assisted="paper", assisted_by=manager,
    )  # fmt: skip
    pledge = PledgeFactory(submitted=True, partner=partner, measured=True, statement="We will train bakers.")
    PartnerFactory(name="Isis Bakers")
    JoinRequestFactory(partner=partner, user=UserFactory(name="Bea Joiner"))
    page = client.get(url(partner)).text
    for words in (
        "Isis Bakery",
        "We bake.",
        "https://isis.example",
        "Ada Baker",
        "ada@isis.example",
        "Oxford, Cherwell",
        signature.reference,
        "Head baker",
        "on paper",
        "the board",
        "still awaited",
        "We will train bakers.",
        "from 0, to 4, by 31 December 2030",
        pledge.area.short_name,
        "Isis Bakers",
        "a name like it",
        "Bea Joiner",
    ):
        assert words in page, words


def test_screen_shows_a_staged_change_beside_what_is_live(client):
    area = PriorityAreaFactory()
    standing = PartnerFactory(approved=True, description="We bake.", lead=True)
    old = PledgeFactory(approved=True, partner=standing, area=area, statement="We will train two bakers.")
    PledgeFactory(submitted=True, partner=standing, statement="We will train four bakers.", replaces=old)
    ProfileChangeFactory(submitted=True, partner=standing, values={"description": "We bake bread.", "size": "large"})
    page = client.get(url(standing)).text
    beside = page[page.index("A changed pledge") : page.index("Its other pledges")]
    for words in ("We will train two bakers.", "We will train four bakers.", "Public now"):
        assert words in beside
    for live, new in (("We bake.", "We bake bread."), ("10 to 49 people", "250 people or more")):
        assert f"<td>{live}</td><td>{new}</td>" in beside
    assert Partner.objects.published().get().description == "We bake."


def test_screen_says_what_was_asked_when_an_answer_comes_back(client, partner, manager):
    decide(decisions=[Decision(partner, Move.ASK, "Say what you bake.")], actor=manager)
    submit_again(objects=[partner], actor=partner.lead.user)
    page = client.get(url(partner)).text
    assert "Sent in again." in page
    assert "Say what you bake." in page


def test_screen_shows_mail_and_trail(client, partner, manager):
    decide(decisions=[Decision(partner, Move.DECLINE, "Not in the county.")], actor=manager)
    page = client.get(url(partner)).text
    assert "Your signature of the Charter: our decision" in page
    assert "Partner: declined" in page
    assert page.count("Not in the county.") == 2  # with the decision, and in the trail


def test_screen_of_a_resident_shows_the_name_to_the_manager_only(client, client_of):
    resident = ResidentFactory(submitted=True, name="Ada Lovelace", lead=True)
    press(client, resident, approve_all="yes")
    assert "Ada Lovelace" in client.get(url(resident)).text
    assert "Ada Lovelace" not in client.get(resident.get_absolute_url()).text


def test_next_goes_through_the_queue_and_then_to_its_beginning(client):
    cases = [
        PartnerFactory(submitted=True, submitted_at=timezone.now() - datetime.timedelta(days=n)) for n in (3, 2, 1)
    ]

    def next_of(partner):
        match = re.search(
            r'<a class="button" href="/admin/pledges/case/(\d+)/change/">Next', client.get(url(partner)).text
        )
        return match and int(match[1])

    assert [next_of(case) for case in cases] == [cases[1].pk, cases[2].pk, cases[0].pk]
    press(client, cases[1], approve_all="yes")
    assert next_of(cases[1]) == cases[0].pk
    press(client, cases[0], approve_all="yes")
    press(client, cases[2], approve_all="yes")
    assert next_of(cases[2]) is None


def test_typed_words_are_text_wherever_they_are_shown(client, partner):
    bad = "<script>alert(1)</script>"
    Partner.objects.filter(pk=partner.pk).update(name=bad, description=bad)
    PledgeFactory(submitted=True, partner=partner, statement=bad)
    SignatureFactory(partner=partner, signer_name=bad, awaits_approval_of=bad)
    assert "<script>alert" not in client.get(url(partner)).text
    assert "<script>alert" not in client.get(reverse("admin:pledges_case_changelist")).text
    assert "<script>alert" not in press(client, partner, approve_all="yes").text
    assert "<script>alert" not in client.get(reverse("desk")).text


# What else is done from here ------------------------------------------------------------------


def test_withdraw_asks_first_and_says_what_follows(client, partner, mailbox):
    page = reverse("admin:pledges_case_withdraw", args=[partner.pk])
    assert "This cannot be undone." in client.get(page).text
    assert not Partner.objects.exclude(withdrawn_at=None).exists()
    client.post(page)
    assert Partner.objects.exclude(withdrawn_at=None).exists()
    assert "withdrew" in client.post(page, follow=True).text  # twice: told, and nothing more happens
    assert [letter.to for letter in mailbox()] == [["ada@example.org"]]


@pytest.mark.parametrize("address", ["/admin/pledges/case/999999/change/", "/admin/pledges/case/x/change/"])
def test_case_that_is_not_there_is_not_found(client, address):
    assert client.get(address).status_code == 404


def test_who_may_only_look_decides_nothing(client_of, partner):
    viewer = UserFactory(is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_case"))
    client = client_of(viewer)
    page = client.get(url(partner))
    assert page.status_code == 200
    assert "Approve" not in page.text
    assert press(client, partner, approve_all="yes").status_code == 403
    for name in ("lead", "withdraw"):
        assert client.post(reverse(f"admin:pledges_case_{name}", args=[partner.pk])).status_code == 403
    assert client.post(reverse("admin:pledges_case_decide")).status_code == 403
    partner.refresh_from_db()
    assert partner.state == State.SUBMITTED


def test_staff_without_a_right_to_cases_are_shown_nothing(client_of, partner):
    client = client_of(UserFactory(is_staff=True))
    for name in ("lead", "withdraw", "change"):
        assert client.get(reverse(f"admin:pledges_case_{name}", args=[partner.pk])).status_code == 403
    assert client.get(reverse("admin:pledges_case_decided")).status_code == 403
