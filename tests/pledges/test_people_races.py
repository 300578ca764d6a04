"""Two people who act at once on who acts for a partner, with real connections: there is one lead at the end."""

import contextlib
import threading
from functools import partial

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import QuerySet

from oiep.models import OutgoingEmail
from partners import actions
from partners.models import Membership
from pledges.actions.pledges import withdraw_partner
from tests.factories import ManagerFactory, MembershipFactory, PartnerFactory, PartnerInvitationFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = range(4)


@pytest.fixture
def partner(transactional_db):
    return PartnerFactory(approved=True, lead=UserFactory(email="lead@example.org"))


def refusals(results):
    return [result for result in results if isinstance(result, ValidationError)]


def leads(partner):
    return list(partner.memberships.current().filter(role="lead").values_list("user", flat=True))


def test_two_hand_overs_at_once_make_one_lead(partner, at_once):
    lead = partner.lead.user
    members = [MembershipFactory(partner=partner, role="member") for _n in range(2)]
    for _round in ROUNDS:
        results = at_once(*(partial(actions.hand_over, membership=member, actor=lead) for member in members))
        assert len(refusals(results)) == 1
        [user] = leads(partner)
        assert user in {member.user_id for member in members}
        actions.appoint_lead(partner=partner, user=lead, actor=ManagerFactory())


def test_leaving_while_being_made_lead(partner, at_once):
    lead = partner.lead.user
    for _round in ROUNDS:
        member = MembershipFactory(partner=partner, role="member")
        results = at_once(
            partial(actions.leave, membership=member), partial(actions.hand_over, membership=member, actor=lead)
        )
        assert len(refusals(results)) == 1
        assert len(leads(partner)) == 1
        actions.appoint_lead(partner=partner, user=lead, actor=ManagerFactory())


def test_two_of_three_leave_at_once_and_the_lead_hands_over(partner, at_once):
    lead = partner.lead
    others = [MembershipFactory(partner=partner, role="member") for _n in range(2)]
    at_once(
        lambda: actions.hand_over(membership=others[0], actor=lead.user),
        lambda: actions.leave(membership=lead),
        lambda: actions.leave(membership=others[0]),
        lambda: actions.leave(membership=others[1]),
    )
    assert len(leads(partner)) == 1


def test_manager_ends_the_lead_while_they_hand_over(partner, at_once):
    lead, manager = partner.lead.user, ManagerFactory()
    member = MembershipFactory(partner=partner, role="member")
    results = at_once(
        lambda: actions.hand_over(membership=member, actor=lead),
        lambda: actions.appoint_lead(partner=partner, user=member.user, actor=manager, end_former=True, reason="Gone."),
    )
    assert leads(partner) == [member.user_id]
    assert len(refusals(results)) <= 1  # who came second was told, or found it done


def test_accepting_while_the_partner_withdraws(partner, at_once):
    lead = partner.lead.user
    invitation = PartnerInvitationFactory(partner=partner)
    user = UserFactory(email=invitation.email)
    results = at_once(
        lambda: actions.accept_invitation(invitation=invitation, user=user),
        lambda: withdraw_partner(partner=partner, actor=lead),
    )
    invitation.refresh_from_db()
    joined = partner.memberships.filter(user=user).exists()
    assert (invitation.state, joined, len(refusals(results))) in [("accepted", True, 0), ("taken_back", False, 1)]


def test_same_invitation_accepted_twice_at_once(partner, at_once):
    invitation = PartnerInvitationFactory(partner=partner)
    user = UserFactory(email=invitation.email)

    def accept():
        return actions.accept_invitation(invitation=invitation, user=user)

    results = at_once(accept, accept, accept)
    assert len(refusals(results)) == 2
    assert partner.memberships.filter(user=user).count() == 1
    assert OutgoingEmail.objects.filter(template="partner_joined").count() == 1


def test_same_address_invited_twice_at_once(partner, at_once):
    lead = partner.lead.user

    def invite():
        return actions.invite(partner=partner, email="colleague@example.org", role="member", actor=lead)

    assert len(refusals(at_once(invite, invite))) == 1
    assert partner.invitations.count() == OutgoingEmail.objects.count() == 1


@pytest.mark.parametrize("locked", [True, False])
def test_it_is_the_lock_that_keeps_a_partner_from_being_without_a_lead(partner, at_once, monkeypatch, locked):
    """Both hold their first write back until the other has looked too; the control shows that this can go wrong."""
    if not locked:
        monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **options: self.all())
    lead = partner.lead.user
    member = MembershipFactory(partner=partner, role="member")
    both_have_looked = threading.Barrier(2, timeout=1 if locked else 20)  # seconds; the lock keeps the other away
    have_waited = set()

    def wait_before_writing(execute, sql, params, many, context):
        me = threading.get_ident()
        if sql.startswith('UPDATE "partners_membership"') and me not in have_waited:
            have_waited.add(me)
            with contextlib.suppress(threading.BrokenBarrierError):
                both_have_looked.wait()
        return execute(sql, params, many, context)

    def slowly(act, **arguments):
        with connection.execute_wrapper(wait_before_writing):
            return act(**arguments)

    results = at_once(
        lambda: slowly(actions.leave, membership=member),
        lambda: slowly(actions.hand_over, membership=member, actor=lead),
    )
    assert len(refusals(results)) == (1 if locked else 0)
    people = Membership.objects.current().filter(partner=partner)
    assert people.filter(role="lead").count() == (1 if locked else 0)
