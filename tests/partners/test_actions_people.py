"""Who acts for a partner: asking to join, answering, the lead."""

import datetime

import pytest

from oiep.models import AuditEvent
from oiep.moderation import NotPossible
from partners import actions
from partners.models import JoinRequest, Membership
from tests.factories import MembershipFactory, PartnerFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead():
    return UserFactory(email="lead@example.org", name="Lea Lead")


@pytest.fixture
def baker(lead):
    return PartnerFactory(approved=True, lead=lead, name="Baker Ltd")


@pytest.fixture
def asker():
    return UserFactory(email="asker@example.org", name="https://evil.example Asker")


def test_request_tells_the_lead_who_asks(baker, asker, mailbox):
    request = actions.ask_to_join(partner=baker, user=asker, job_title="Baker")
    assert request.state == JoinRequest.State.ASKED
    (letter,) = mailbox()
    assert letter.to == ["lead@example.org"]
    assert letter.subject == "Somebody asks to join you on the Inclusive Economy Charter"
    for words in ("> https://evil.example Asker", "> asker@example.org", "> Baker", "> Baker Ltd"):
        assert words in letter.body.splitlines()
    html = letter.alternatives[0][0]
    assert 'href="https://evil.example' not in html
    assert f"/account/partners/{baker.slug}/" in html


def test_asking_again_while_it_waits_changes_nothing(baker, asker, mailbox):
    first = actions.ask_to_join(partner=baker, user=asker)
    assert actions.ask_to_join(partner=baker, user=asker) == first
    assert len(mailbox()) == 1


@pytest.mark.parametrize(("days", "may_ask"), [(0, False), (29, False), (30, True)])
def test_who_was_refused_can_ask_again_after_thirty_days(baker, lead, asker, mailbox, days, may_ask):
    request = actions.ask_to_join(partner=baker, user=asker)
    actions.answer_join_request(request=request, accept=False, actor=lead)
    request.refresh_from_db()
    request.answered_at -= datetime.timedelta(days=days)
    request.save()
    if may_ask:
        assert actions.ask_to_join(partner=baker, user=asker) != request
    else:
        with pytest.raises(NotPossible, match=r"said no to you.*again from"):
            actions.ask_to_join(partner=baker, user=asker)
    assert [letter.to for letter in mailbox()].count(["lead@example.org"]) == 1 + may_ask


def test_one_who_acts_for_the_partner_cannot_ask(baker, lead):
    with pytest.raises(NotPossible, match="already"):
        actions.ask_to_join(partner=baker, user=lead)


def test_nobody_joins_a_partner_that_withdrew(asker):
    with pytest.raises(NotPossible, match="withdrew"):
        actions.ask_to_join(partner=PartnerFactory(withdrawn=True), user=asker)


def test_accepted_person_becomes_a_member_and_is_told(baker, lead, asker, mailbox):
    request = actions.ask_to_join(partner=baker, user=asker, job_title="Baker")
    actions.answer_join_request(request=request, accept=True, actor=lead)
    membership = baker.memberships.get(user=asker)
    assert (membership.role, membership.job_title) == (Membership.Role.MEMBER, "Baker")
    letter = mailbox()[-1]
    assert letter.to == ["asker@example.org"]
    assert letter.subject == "You have joined a partner of the Inclusive Economy Charter"
    assert "> Baker Ltd" in letter.body
    request.refresh_from_db()
    assert (request.state, request.answered_by) == ("accepted", lead)
    verbs = list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True))
    assert verbs == ["joinrequest.asked", "membership.added", "joinrequest.accepted"]


def test_refused_person_is_told_kindly_and_is_no_member(baker, lead, asker, mailbox):
    request = actions.ask_to_join(partner=baker, user=asker)
    actions.answer_join_request(request=request, accept=False, actor=lead)
    assert not baker.memberships.filter(user=asker).exists()
    assert "You have not been added." in mailbox()[-1].body


def test_second_answer_is_refused_with_the_first(baker, lead, asker):
    request = actions.ask_to_join(partner=baker, user=asker)
    actions.answer_join_request(request=request, accept=True, actor=lead)
    with pytest.raises(NotPossible, match=r"answered on .*: accepted"):
        actions.answer_join_request(request=request, accept=False, actor=lead)


def test_first_person_of_a_partner_without_people_becomes_its_lead(asker, manager):
    partner = PartnerFactory(approved=True)
    request = actions.ask_to_join(partner=partner, user=asker)
    actions.answer_join_request(request=request, accept=True, actor=manager)
    assert partner.memberships.get().role == Membership.Role.LEAD


def test_new_lead_takes_over_and_the_former_stays(baker, lead, manager):
    member = MembershipFactory(partner=baker, role="member")
    actions.appoint_lead(partner=baker, user=member.user, actor=manager)
    roles = dict(baker.memberships.values_list("user", "role"))
    assert roles == {lead.pk: "member", member.user.pk: "lead"}
    event = AuditEvent.objects.get()
    assert (event.verb, event.actor) == ("membership.lead_appointed", manager)


def test_stranger_can_be_appointed_lead(manager):
    partner, user = PartnerFactory(approved=True), UserFactory()
    actions.appoint_lead(partner=partner, user=user, actor=manager)
    actions.appoint_lead(partner=partner, user=user, actor=manager)
    assert partner.memberships.get().user == user
    assert AuditEvent.objects.count() == 1
