"""Factories are trusted by every other test, so each row that they make is asked of the models' own rules."""

import pytest
from django.contrib.auth.models import Group

from oiep.moderation import State
from tests import factories

STATES = ["submitted", "approved", "changes_asked", "declined"]
TRAITS = {
    "DistrictFactory": ["retired"],
    "ActionFactory": ["achieved"],
    "AwardRoundFactory": ["judging", "over"],
    "EventFactory": ["published", "cancelled", "past"],
    "FollowFactory": ["confirmed"],
    "GroupMemberFactory": ["shown", "ended", "named"],
    "JoinRequestFactory": ["accepted", "refused"],
    "MembershipFactory": ["ended"],
    "MeetingFactory": ["called", "cancelled", "past", "minuted"],
    "NominationFactory": [*STATES, "shortlisted", "winner"],
    "OutgoingEmailFactory": ["sent", "failed"],
    "PartnerFactory": [*STATES, "withdrawn"],
    "PaperFactory": ["published"],
    "PhotographFactory": ["public"],
    "PledgeFactory": [*STATES, "withdrawn", "stopped", "measured"],
    "ProfileChangeFactory": STATES,
    "RecognitionFactory": STATES,
    "RegistrationFactory": ["booked", "waiting", "offered", "cancelled", "lapsed"],
    "ResidentFactory": [*STATES, "withdrawn"],
    "HelpRequestFactory": STATES,
    "ResourceFactory": ["helper", "retired"],
    "ReviewFactory": [*STATES, "missed"],
    "SigningFactory": ["resident", "declared", "confirmed"],
    "StoryFactory": [*STATES, "visitors"],
}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "trait"), [(name, trait) for name in factories.__all__ for trait in ["", *TRAITS.get(name, [])]]
)
def test_each_factory_and_trait_makes_two_valid_rows(name, trait):
    for _n in range(2):
        row = getattr(factories, name)(**({trait: True} if trait else {}))
        # What is empty may be so in a row that the site makes, though not on a form.
        row.full_clean(exclude=[field.name for field in row._meta.fields if not getattr(row, field.attname)])
        row.refresh_from_db()
        if trait in STATES:
            assert row.state == trait


@pytest.mark.django_db
def test_approved_partner_says_when_and_by_whom():
    partner = factories.PartnerFactory(approved=True)
    assert partner.approved_at == partner.decided_at
    assert partner.decided_by.groups.get() == Group.objects.get(name="OIEP manager")


@pytest.mark.django_db
def test_approved_pledge_makes_its_approved_partner_active_in_its_area():
    pledge = factories.PledgeFactory(approved=True)
    assert pledge.partner.state == State.APPROVED
    assert pledge.started_on is not None
    assert list(pledge.partner.areas.all()) == [pledge.area]
    assert not factories.PledgeFactory(stopped=True).partner.areas.exists()


@pytest.mark.django_db
def test_lead_given_to_a_partner_acts_for_it():
    user = factories.UserFactory()
    assert factories.PartnerFactory(approved=True, lead=user).lead.user == user
