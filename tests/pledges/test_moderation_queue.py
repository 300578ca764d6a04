"""The queue: what waits, since when, how urgent that is, and who cannot be the manager's to decide on."""

import datetime

import pytest
import time_machine
from django.utils import timezone

from oiep.moderation import Urgency, sent_in_before, waiting, working_days_between
from pledges.models import Case
from pledges.similar import SHARED_BY_MANY, similar_to
from tests.factories import (
    PartnerFactory,
    PledgeFactory,
    ProfileChangeFactory,
    RecognitionFactory,
    ResidentFactory,
    ReviewFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def at(text):
    return datetime.datetime.fromisoformat(text).replace(tzinfo=timezone.get_default_timezone())


def day(text):
    return datetime.date.fromisoformat(text)


# Working days ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "today", "days"),
    [
        ("2026-03-02", "2026-03-02", 0),  # a Monday
        ("2026-03-02", "2026-03-03", 1),
        ("2026-03-06", "2026-03-09", 1),  # over a weekend
        ("2026-03-07", "2026-03-08", 0),  # within one
        ("2026-04-02", "2026-04-07", 1),  # over Good Friday and Easter Monday
        ("2026-12-24", "2026-12-29", 1),  # Boxing Day is a Saturday, so the Monday is off
        ("2026-03-02", "2026-03-16", 10),
    ],
)
def test_working_days_leave_weekends_and_bank_holidays_out(sent, today, days):
    assert working_days_between(day(sent), day(today)) == days


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        ("2026-03-10", (6, Urgency.GREEN)),
        ("2026-03-11", (7, Urgency.AMBER)),
        ("2026-03-13", (9, Urgency.AMBER)),
        ("2026-03-14", (9, Urgency.AMBER)),  # a Saturday
        ("2026-03-16", (10, Urgency.RED)),
    ],
)
def test_amber_at_7_working_days_and_red_at_10(today, expected):
    assert waiting(at("2026-03-02T23:30"), day(today)) == expected


@pytest.mark.parametrize("today", [f"2026-{month:02}-{n:02}" for month in (3, 4, 5, 10, 12) for n in (1, 6, 9, 28, 30)])
def test_the_queues_limits_agree_with_each_days_urgency(today):
    today = day(today)
    for back in range(30):
        for clock in (datetime.time(0, 0), datetime.time(23, 59)):
            sent = datetime.datetime.combine(
                today - datetime.timedelta(days=back), clock, timezone.get_default_timezone()
            )
            _days, urgency = waiting(sent, today)
            late = sent < sent_in_before(Urgency.RED, today)
            soon = sent < sent_in_before(Urgency.AMBER, today)
            assert (late, soon) == (urgency == Urgency.RED, urgency != Urgency.GREEN)


# What waits -----------------------------------------------------------------------------------


def test_queue_holds_what_waits_the_oldest_first():
    young = PartnerFactory(submitted=True, submitted_at=at("2026-03-05T10:00"))
    old = PartnerFactory(approved=True)
    PledgeFactory(submitted=True, partner=old, submitted_at=at("2026-03-04T10:00"))
    PledgeFactory(submitted=True, partner=old, submitted_at=at("2026-03-06T10:00"))
    oldest = PartnerFactory(approved=True)
    ProfileChangeFactory(submitted=True, partner=oldest, submitted_at=at("2026-03-03T10:00"))
    cases = list(Case.objects.waiting())
    assert [case.pk for case in cases] == [oldest.pk, old.pk, young.pk]
    assert [(case.pledges_waiting, case.changes_waiting) for case in cases] == [(0, 1), (2, 0), (0, 0)]
    assert [case.waiting_since for case in cases] == [
        at("2026-03-03T10:00"),
        at("2026-03-04T10:00"),
        at("2026-03-05T10:00"),
    ]


def test_queue_counts_a_signature_from_when_it_was_sent_in_and_not_its_older_pledges():
    partner = PartnerFactory(submitted=True, submitted_at=at("2026-03-05T10:00"))
    PledgeFactory(submitted=True, partner=partner, submitted_at=at("2026-03-01T10:00"))
    assert Case.objects.waiting().get().waiting_since == at("2026-03-05T10:00")


def test_queue_leaves_out_what_is_decided_withdrawn_or_the_partners_turn():
    PartnerFactory()
    PartnerFactory(approved=True)
    PartnerFactory(withdrawn=True)
    PledgeFactory(approved=True)
    PledgeFactory(withdrawn=True, partner=PartnerFactory(approved=True))
    for trait in ("changes_asked", "declined"):
        PledgeFactory(submitted=True, partner=PartnerFactory(**{trait: True}))
        PledgeFactory(**{trait: True}, partner=PartnerFactory(approved=True))
        ProfileChangeFactory(**{trait: True})
    PledgeFactory(submitted=True, partner=PartnerFactory(withdrawn=True))
    ProfileChangeFactory(submitted=True, partner=PartnerFactory(withdrawn=True))
    assert list(Case.objects.waiting()) == []
    assert [case.things_waiting for case in Case.objects.to_decide_on()] == [[]] * Case.objects.count()


def test_things_waiting_agree_with_the_queues_numbers():
    partner = PartnerFactory(submitted=True)
    PledgeFactory(submitted=True, partner=partner)
    PledgeFactory(withdrawn=True, partner=partner)
    standing = PartnerFactory(approved=True)
    PledgeFactory.create_batch(2, submitted=True, partner=standing)
    ProfileChangeFactory(submitted=True, partner=standing)
    for case in Case.objects.waiting().to_decide_on():
        expected = (case.state == "submitted") + case.pledges_waiting + case.changes_waiting
        assert len(case.things_waiting) == expected


@time_machine.travel(at("2026-03-16T12:00"), tick=False)
def test_figures_count_by_urgency_and_by_what_waits():
    for sent in ("2026-03-02", "2026-03-03", "2026-03-05", "2026-03-13"):
        PartnerFactory(submitted=True, submitted_at=at(f"{sent}T10:00"))
    standing = PartnerFactory(approved=True)
    PledgeFactory.create_batch(3, submitted=True, partner=standing, submitted_at=at("2026-02-02T10:00"))
    ProfileChangeFactory(submitted=True, partner=standing)
    ReviewFactory(submitted=True, partner=standing)
    RecognitionFactory(submitted=True, partner=standing)
    figures = Case.objects.waiting().figures()
    assert figures == {
        "total": 5, "red": 2, "amber": 2, "green": 1, "signatures": 4, "pledges": 1, "changes": 1,
        "reviews": 1, "recognitions": 1,
    }  # fmt: skip
    queue = Case.objects.waiting()
    for urgency in Urgency:
        assert queue.urgent(urgency).count() == figures[urgency.value]
    assert queue.with_waiting("change").get().pk == queue.with_waiting("pledges").get().pk == standing.pk
    assert queue.with_waiting("review").get().pk == standing.pk
    assert queue.with_waiting("recognition").get().pk == standing.pk
    assert queue.with_waiting("signature").count() == 4


def test_decided_lately_is_the_latest_first_and_ends_after_90_days():
    now = timezone.now()
    old = PartnerFactory(approved=True, decided_at=now - datetime.timedelta(days=91))
    first = PartnerFactory(declined=True, decided_at=now - datetime.timedelta(days=2))
    second = PartnerFactory(approved=True, decided_at=now - datetime.timedelta(days=91))
    PledgeFactory(declined=True, partner=second, decided_at=now - datetime.timedelta(days=1))
    PartnerFactory(submitted=True)
    assert [case.pk for case in Case.objects.decided_lately()] == [second.pk, first.pk]
    assert old.pk not in [case.pk for case in Case.objects.decided_lately()]


# The same partner twice -----------------------------------------------------------------------


def lead(email):
    return UserFactory(email=email)


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"name": "Somebody Else", "website": "http://isisbakery.example/shop"}, ["the same website"]),
        ({"name": "Isis Bakers"}, ["a name like it"]),
        ({"name": "The Isis Bakery Shop", "declined": True}, ["a name like it"]),
        ({"name": "Else", "lead": "b@isisbakery.example"}, ["an e-mail address at isisbakery.example"]),
    ],
)
def test_similar_partner_is_shown_with_what_is_alike(other, why):
    partner = PartnerFactory(
        name="Isis Bakery", website="https://www.isisbakery.example", lead=lead("a@isisbakery.example")
    )
    if "lead" in other:
        other = {**other, "lead": lead(other["lead"])}
    found = PartnerFactory(**other)
    assert [(similar.partner, similar.why) for similar in similar_to(partner)] == [(found, why)]


def test_what_many_share_makes_nobody_similar():
    partner = PartnerFactory(name="Isis Bakery", website="https://facebook.com/isis", lead=lead("isis@gmail.com"))
    PartnerFactory(name="Cowley Cycles", website="https://www.facebook.com/cowley", lead=lead("cowley@gmail.com"))
    PartnerFactory(name="Isis Community Transport and Training")
    PartnerFactory(name="Botley Books")
    assert similar_to(partner) == []


def test_residents_are_similar_by_their_whole_name_only():
    resident = ResidentFactory(name="Ada Lovelace", lead=lead("ada@college.example"))
    same = ResidentFactory(name="ada lovelace", lead=lead("other@college.example"))
    ResidentFactory(name="Ada Byron", lead=lead("byron@college.example"))
    PartnerFactory(name="Ada Lovelace")
    assert [similar.partner for similar in similar_to(resident)] == [same]


def test_mail_domain_of_many_organisations_makes_nobody_similar():
    partner = PartnerFactory(name="Isis Bakery", lead=lead("isis@provider.example"))
    others = [
        PartnerFactory(name=f"{number} Else", lead=lead(f"{number}@provider.example"))
        for number in range(SHARED_BY_MANY + 1)
    ]
    assert similar_to(partner) == []
    others[0].memberships.all().delete()
    assert {similar.partner for similar in similar_to(partner)} == set(others[1:])
