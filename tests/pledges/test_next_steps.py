"""The list of what to do next: what is on it, in which order, and until when something is put aside."""

import re

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from oiep.models import AuditEvent
from pledges.next_steps import Step, Urgency, in_order
from tests.factories import (
    DistrictFactory,
    JoinRequestFactory,
    MembershipFactory,
    PartnerFactory,
    PledgeFactory,
    PledgeIdeaFactory,
    PriorityAreaFactory,
    ResidentFactory,
    ReviewFactory,
    SignatureFactory,
    SigningFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead():
    return UserFactory(email="lead@example.org", name="Lea Lead")


@pytest.fixture
def baker(lead):
    return PartnerFactory(approved=True, lead=lead, name="Baker Ltd", districts=[DistrictFactory()])


@pytest.fixture
def client(client_of, lead):
    return client_of(lead)


def titles(client, address="/account/"):
    return [step.title for step in client.get(address).context["steps"]]


def text(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def days_ago(days):
    return timezone.now() - timezone.timedelta(days=days)


def test_equally_pressing_steps_keep_their_order():
    steps = [Step("a", urgency=Urgency.IDEA), Step("b", urgency=Urgency.DUE), Step("c", urgency=Urgency.IDEA)]
    assert [step.title for step in in_order([*steps, Step("d", urgency=Urgency.LATE)])] == ["d", "b", "a", "c"]


def test_the_most_pressing_comes_first(client, baker, lead):
    PledgeIdeaFactory(area=PriorityAreaFactory(short_name="Jobs"))
    PledgeFactory(approved=True, partner=baker)
    baker.memberships.update(confirmed_at=days_ago(800))
    SignatureFactory(partner=baker, awaits_approval_of="Board")
    JoinRequestFactory(partner=baker, user=UserFactory(name="Asa Asker"))
    ReviewFactory(partner=baker, round_on=timezone.localdate())
    late = PartnerFactory(approved=True, lead=lead, name="Late Ltd")
    PledgeFactory(approved=True, partner=late, area=PriorityAreaFactory(short_name="Land"))
    ReviewFactory(partner=late, round_on=days_ago(60).date())
    SigningFactory(email=lead.email)
    assert titles(client) == [
        "Say how your pledges go",  # Late Ltd
        "Finish your signature",
        "Asa Asker asks to join you",
        "Say how your pledges go",
        "Say where your own decision can be read",
        "Look whether your contact details are still right",
        "Ideas for your next pledge",
        "Ideas for your next pledge",
    ]


# Contact details ------------------------------------------------------------------------------

DETAILS = "Look whether your contact details are still right"


@pytest.mark.parametrize(
    ("confirmed", "today", "asked"),
    [
        ("2026-05-04", "2027-05-03", False),
        ("2026-05-04", "2027-05-04", True),
        ("2024-02-29", "2025-02-27", False),
        ("2024-02-29", "2025-02-28", True),
        ("2020-01-01", "2027-05-04", True),
    ],
)
def test_details_are_asked_for_once_a_year(client_of, time_machine, confirmed, today, asked):
    time_machine.move_to(f"{today}T12:00:00+00:00", tick=False)
    member = MembershipFactory(confirmed_at=f"{confirmed}T12:00:00+00:00")
    assert (DETAILS in titles(client_of(member.user))) == asked


def test_how_often_is_a_setting(client, baker, settings):
    baker.memberships.update(confirmed_at=days_ago(40))
    assert DETAILS not in titles(client)
    settings.CONTACT_CONFIRMED_MONTHS = 1
    assert DETAILS in titles(client)


def test_each_person_answers_for_themselves(client, client_of, baker, lead):
    member = MembershipFactory(partner=baker, role="member")
    baker.memberships.update(confirmed_at=days_ago(400))
    address = reverse("account-details", args=[baker.slug])
    response = client.post(address, {"job_title": "Baker"}, follow=True)
    assert "Thank you. We will ask again in a while." in text(response)
    assert DETAILS not in titles(client)
    assert DETAILS in titles(client_of(member.user))
    own = baker.memberships.get(user=lead)
    assert (own.job_title, timezone.localdate(own.confirmed_at)) == ("Baker", timezone.localdate())
    event = AuditEvent.objects.get(verb="membership.confirmed")
    assert (event.actor, event.data) == (lead, {"partner": baker.pk, "job_title_changed": True})


def test_details_are_shown_with_ways_to_change_them(client, baker):
    MembershipFactory(partner=baker, role="second", user=UserFactory(name="Sam Second"))
    page = text(client.get(reverse("account-details", args=[baker.slug])))
    for words in ("Lea Lead", "lead@example.org", "Sam Second", "Nobody can write to you", "Website"):
        assert words in page


def test_a_job_title_that_cannot_be_kept_is_refused(client, baker, lead):
    response = client.post(reverse("account-details", args=[baker.slug]), {"job_title": "Bak\u202eer"})
    assert "Error: Your contact details" in text(response)
    assert baker.memberships.get(user=lead).job_title == ""


def test_resident_confirms_by_one_press(client, lead):
    resident = ResidentFactory(approved=True, lead=lead, districts=[DistrictFactory()])
    resident.memberships.update(confirmed_at=days_ago(400))
    address = reverse("account-details", args=[resident.slug])
    assert "job title" not in text(client.get(address))
    client.post(address)
    assert titles(client) == []


# Ideas ----------------------------------------------------------------------------------------

IDEAS = "Ideas for your next pledge"


@pytest.fixture
def jobs():
    return PriorityAreaFactory(short_name="Jobs")


def test_ideas_are_of_areas_without_a_pledge(client, baker, jobs):
    PledgeIdeaFactory(area=jobs, title="Hire locally", kinds=["business"])
    PledgeIdeaFactory(area=PriorityAreaFactory(short_name="Schools"), title="Teach", kinds=["education"])
    PledgeIdeaFactory(area=PriorityAreaFactory(short_name="Land"), title="Old one", kinds=["business"], retired=True)
    taken = PledgeFactory(approved=True, partner=baker)
    PledgeIdeaFactory(area=taken.area, title="More of it", kinds=["business"])
    [step] = client.get("/account/").context["steps"]
    assert (step.title, step.url) == (IDEAS, reverse("account-ideas", args=[baker.slug]))
    assert step.text == "We have ideas that fit you where you have no pledge yet: Jobs."
    page = text(client.get(step.url))
    assert "Hire locally" in page
    for other in ("Teach", "Old one", "More of it"):
        assert other not in page


@pytest.mark.parametrize("state", ["submitted", "changes_asked", "declined"])
def test_no_ideas_before_approval(client, lead, jobs, state):
    PledgeIdeaFactory(area=jobs)
    PledgeFactory(submitted=True, partner=PartnerFactory(lead=lead, **{state: True}))
    assert IDEAS not in titles(client)


def test_no_ideas_beside_the_first_pledge_nor_beyond_the_last(client, baker, jobs, settings):
    PledgeIdeaFactory(area=jobs)
    assert titles(client) == ["Make a pledge"]
    PledgeFactory(approved=True, partner=baker)
    assert titles(client) == [IDEAS]
    settings.PLEDGES_AT_MOST = 1
    assert titles(client) == []


def test_ideas_that_were_put_aside_come_back_after_a_year(client, client_of, baker, jobs, lead, time_machine):
    time_machine.move_to("2026-05-04T12:00:00+00:00", tick=False)
    member = MembershipFactory(partner=baker, role="member").user
    PledgeIdeaFactory(area=jobs)
    PledgeFactory(approved=True, partner=baker)
    address = reverse("account-ideas", args=[baker.slug])
    client.get(address)
    assert titles(client) == [IDEAS]
    for _n in range(2):  # a double click
        assert client.post(address).url == "/account/"
    assert titles(client) == []
    assert titles(client_of(member)) == [IDEAS]
    assert "Jobs" in text(client.get(address))  # the page stays
    baker.memberships.update(confirmed_at="2027-05-01T12:00:00+00:00")
    baker.signatures.all().delete()
    time_machine.move_to("2027-05-03T12:00:00+00:00", tick=False)
    assert titles(client_of(lead)) == []
    time_machine.move_to("2027-05-04T12:00:00+00:00", tick=False)
    assert titles(client_of(lead)) == [IDEAS]


def test_page_of_ideas_without_ideas_offers_own_words(client, baker):
    page = text(client.get(reverse("account-ideas", args=[baker.slug])))
    assert "You can always add one in your own words." in page
    assert settings.PUT_ASIDE_MONTHS == 12
