"""Nominating: who can be nominated, when, and what becomes of it."""

import datetime

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from events.actions import awards as actions
from events.models import AwardRound, Nomination
from oiep import audit
from oiep.models import OutgoingEmail
from oiep.moderation import NotPossible
from pledges.models import Consent
from tests.factories import (
    AwardRoundFactory,
    CategoryFactory,
    ConsentFactory,
    CriterionFactory,
    NominationFactory,
    PartnerFactory,
    PledgeFactory,
    PriorityAreaFactory,
    ResidentFactory,
    ReviewFactory,
    StoryFactory,
    UserFactory,
)
from tests.pledges.conftest import at_once

__all__ = ["at_once"]

pytestmark = pytest.mark.django_db

WHY = "They hired twelve people."


@pytest.fixture
def awards(db):
    return AwardRoundFactory(year=2040)


@pytest.fixture
def category(awards):
    CriterionFactory(round=awards)
    return CategoryFactory(round=awards, name="Best")


@pytest.fixture
def bakery(db):
    return PartnerFactory(name="Bakery", approved=True, lead=True, size="micro")


@pytest.fixture
def person(db):
    return UserFactory(email="person@example.org")


def nominate(category, partner, person, **values):
    return actions.nominate(category=category, partner=partner, actor=person, **{"why": WHY, **values})


def page(category, partner):
    return f"/awards/{category.round.year}/nominate/{partner.slug}/"


# Nominating -----------------------------------------------------------------------------------


def test_from_a_pledge_with_its_evidence(client_of, category, bakery, person):
    pledge = PledgeFactory(approved=True, partner=bakery)
    client = client_of(person)
    there = f"{page(category, bakery)}?pledge={pledge.pk}"
    assert there in client.get(pledge.get_absolute_url()).content.decode()
    assert f'value="{pledge.pk}" selected' in client.get(there).content.decode()
    answer = client.post(there, {"category": category.pk, "pledge": pledge.pk, "why": WHY})
    assert answer["Location"] == "/awards/nominations/"
    nomination = Nomination.objects.get()
    assert (nomination.state, nomination.pledge, nomination.nominated_by) == ("submitted", pledge, person)
    assert pledge.statement in client.get(nomination.get_absolute_url()).content.decode()


def test_from_a_story_for_as_long_as_it_is_public(client_of, category, bakery, person):
    consent = ConsentFactory(story__partner=bakery, story__title="From the school gate")
    client, story = client_of(person), consent.story
    there = f"{page(category, bakery)}?story={story.pk}"
    assert there in client.get(story.get_absolute_url()).content.decode()
    assert f'value="{story.pk}" selected' in client.get(there).content.decode()
    client.post(there, {"category": category.pk, "story": story.pk, "why": WHY})
    nomination = Nomination.objects.get()
    assert nomination.story == story
    assert "From the school gate" in client.get(nomination.get_absolute_url()).content.decode()
    Nomination.objects.update(state="approved", decided_at=timezone.now(), decided_by=person, is_shortlisted=True)
    AwardRound.objects.update(shortlisted_at=timezone.now())
    year = f"/awards/{category.round.year}/"
    assert story.get_absolute_url() in client.get(year).content.decode()
    Consent.objects.all().delete()  # whoever is in it takes it back
    for address in (nomination.get_absolute_url(), year):
        assert "From the school gate" not in client.get(address).content.decode()


def test_story_of_another_partner(category, bakery, person):
    with pytest.raises(ValidationError, match="a story of the partner"):
        nominate(category, bakery, person, story=StoryFactory(approved=True))


def test_no_button_while_nominations_are_closed_or_for_a_stranger(client, client_of, awards, bakery, person):
    pledge = PledgeFactory(approved=True, partner=bakery)
    assert "Nominate" not in client.get(pledge.get_absolute_url()).content.decode()
    awards.closes_at = timezone.now()
    awards.save()
    assert "Nominate" not in client_of(person).get(pledge.get_absolute_url()).content.decode()


@pytest.mark.parametrize("query", ["pledge=x", "pledge=99999999999999", "pledge=-1", "review=²", "pledge="])
def test_evidence_in_an_address_that_is_none(client_of, category, bakery, person, query):
    assert client_of(person).get(f"{page(category, bakery)}?{query}").status_code == 200


def test_latest_review_is_attached_where_nothing_else_is(client_of, category, bakery, person):
    day = timezone.localdate()
    reviews = [
        ReviewFactory(partner=bakery, approved=True, round_on=day - datetime.timedelta(days=days)) for days in (400, 30)
    ]
    ReviewFactory(partner=bakery)
    pledge = PledgeFactory(approved=True, partner=bakery)
    client, address = client_of(person), page(category, bakery)
    assert f'value="{reviews[1].pk}" selected' in client.get(address).content.decode()
    from_pledge = client.get(f"{address}?pledge={pledge.pk}").content.decode()
    assert f'value="{pledge.pk}" selected' in from_pledge
    assert f'value="{reviews[1].pk}" selected' not in from_pledge


def test_evidence_of_another_partner(client_of, category, bakery, person):
    foreign = PledgeFactory(approved=True)
    answer = client_of(person).post(page(category, bakery), {"category": category.pk, "pledge": foreign.pk, "why": WHY})
    PledgeFactory(approved=True, partner=bakery)
    answer = client_of(person).post(page(category, bakery), {"category": category.pk, "pledge": foreign.pk, "why": WHY})
    assert answer.status_code == 200
    with pytest.raises(ValidationError):
        nominate(category, bakery, person, pledge=foreign)


# Who can be nominated -------------------------------------------------------------------------


def _overdue():
    partner = PartnerFactory(approved=True)
    due = timezone.localdate() - datetime.timedelta(days=60)
    ReviewFactory(partner=partner, round_on=due, due_on=due)
    return partner


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: PartnerFactory(submitted=True), "not approved its signature"),
        (lambda: PartnerFactory(withdrawn=True), "Withdrawn on"),
        (lambda: ResidentFactory(approved=True), "Awards are for organisations"),
        (_overdue, "Review overdue"),
    ],
)
def test_who_cannot_be_nominated(category, person, make, words):
    with pytest.raises(NotPossible, match=words):
        nominate(category, make(), person)


def test_category_must_fit(client_of, awards, bakery, person):
    big = CategoryFactory(round=awards, name="Big ones", size="large")
    spend = CategoryFactory(round=awards, name="Spend", area=PriorityAreaFactory(short_name="Spending"))
    text = client_of(person).get(page(big, bakery)).content.decode()
    assert "It is for organisations of this size: 250 people or more." in text
    assert "It is for organisations with a pledge on “Spending”." in text
    assert "It fits none of the categories" in text
    for category in (big, spend):
        with pytest.raises(NotPossible):
            nominate(category, bakery, person)
    PledgeFactory(approved=True, partner=bakery, area=spend.area)
    other = PledgeFactory(approved=True, partner=bakery)
    with pytest.raises(ValidationError, match="Choose one of those"):
        nominate(spend, bakery, person, pledge=other)
    assert nominate(spend, bakery, person)


def test_once_in_a_category(category, bakery, person):
    first = nominate(category, bakery, person)
    with pytest.raises(NotPossible, match="nominated in this category already"):
        nominate(category, bakery, UserFactory())
    actions.withdraw_nomination(nomination=first, actor=person)
    assert nominate(category, bakery, UserFactory())


@pytest.mark.django_db(transaction=True)
def test_once_when_two_nominate_at_once(at_once, category, bakery, person):
    other = UserFactory()
    results = at_once(lambda: nominate(category, bakery, person), lambda: nominate(category, bakery, other))
    assert sorted(type(result).__name__ for result in results) == ["Nomination", "NotPossible"]


# When -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("late", "status"), [(-1, 302), (29 * 60, 302), (30 * 60, 200)])
def test_window_that_closes_while_somebody_writes(client_of, category, bakery, person, late, status):
    client = client_of(person)
    closes = category.round.closes_at
    with time_machine.travel(closes - datetime.timedelta(hours=1), tick=False):
        client.force_login(person, "django.contrib.auth.backends.ModelBackend")
        assert client.get(page(category, bakery)).status_code == 200
    with time_machine.travel(closes + datetime.timedelta(seconds=late), tick=False):
        assert client.get(page(category, bakery)).status_code == (200 if late < 0 else 302)
        answer = client.post(page(category, bakery), {"category": category.pk, "why": WHY})
    assert answer.status_code == status
    if status == 200:
        assert WHY in answer.content.decode()
        assert "Nominations closed on" in answer.content.decode()
    assert Nomination.objects.count() == (status == 302)


def test_not_before_it_opens(awards, category, bakery, person):
    awards.opens_at = timezone.now() + datetime.timedelta(days=1)
    awards.save()
    with pytest.raises(actions.Closed, match="not open yet"):
        nominate(category, bakery, person)


# Decisions ------------------------------------------------------------------------------------


def letters():
    return sorted(OutgoingEmail.objects.filter(state="waiting").values_list("template", "to"))


def test_approved_and_undone(category, bakery, person, manager):
    nomination = nominate(category, bakery, person)
    lead = bakery.lead.user.email
    actions.decide_nomination(nomination=nomination, decision="approve", actor=manager)
    assert letters() == [("award_answer", person.email), ("award_nominated", lead)]
    assert person.email not in OutgoingEmail.objects.get(to=lead).text
    actions.decide_nomination(nomination=nomination, decision="undo", actor=manager)
    assert letters() == []
    actions.decide_nomination(nomination=nomination, decision="approve", actor=manager)
    assert len(letters()) == 2
    assert audit.trail(nomination).filter(verb="nomination.approve").count() == 2


def test_not_approved_once_it_cannot_win(category, bakery, person, manager):
    nomination = nominate(category, bakery, person)
    bakery.withdrawn_at, bakery.withdrawn_by = timezone.now(), manager
    bakery.save()
    with pytest.raises(NotPossible, match="Withdrawn on"):
        actions.decide_nomination(nomination=nomination, decision="approve", actor=manager)


def test_changes_asked_and_sent_in_again(client_of, category, bakery, person, manager):
    nomination = nominate(category, bakery, person)
    client = client_of(manager)
    there = f"/admin/events/nomination/{nomination.pk}/decide/"
    assert WHY in client.get(there).content.decode()
    assert "Write what the partner should change" in client.post(there, {"move": "ask"}).content.decode()
    client.post(there, {"move": "ask", "message": "Say who was hired."})
    own = client_of(person)
    with time_machine.travel(category.round.closes_at + datetime.timedelta(days=2)):
        own.force_login(person, "django.contrib.auth.backends.ModelBackend")
        form = own.get(f"/awards/nominations/{nomination.pk}/change/").content.decode()
        assert "Say who was hired." in form
        own.post(f"/awards/nominations/{nomination.pk}/change/", {"why": "Twelve bakers."})
    nomination.refresh_from_db()
    assert (nomination.state, nomination.why) == ("submitted", "Twelve bakers.")


def test_manager_decides_in_admin_and_sees_it_on_the_desk(client_of, category, bakery, person, manager):
    nomination = nominate(category, bakery, person)
    client = client_of(manager)
    assert "nomination for an award waiting" in client.get("/admin/").content.decode()
    client.post(f"/admin/events/nomination/{nomination.pk}/decide/", {"move": "decline", "message": "No."})
    nomination.refresh_from_db()
    assert (nomination.state, nomination.decision_message) == ("declined", "No.")
    assert "nomination for an award waiting" not in client.get("/admin/").content.decode()
    client.post(f"/admin/events/nomination/{nomination.pk}/undo/")
    nomination.refresh_from_db()
    assert nomination.state == "submitted"


# Taking back ----------------------------------------------------------------------------------


def test_nominee_says_no(client_of, category, bakery):
    nomination = NominationFactory(category=category, partner=bakery, approved=True)
    client = client_of(bakery.lead.user)
    own = f"/awards/nominations/{nomination.pk}/"
    assert "Say no to it" in client.get(own).content.decode()
    assert nomination.nominated_by.email not in client.get(own).content.decode()
    client.post(f"{own}withdraw/")
    nomination.refresh_from_db()
    assert nomination.withdrawn_at
    assert client.post(f"{own}withdraw/").status_code == 302


def test_who_may_take_back_when(awards, category, bakery, person):
    nomination = NominationFactory(category=category, partner=bakery, shortlisted=True, nominated_by=person)
    awards.shortlisted_at = timezone.now()
    awards.save()
    for other in (person, UserFactory()):
        with pytest.raises(NotPossible):
            actions.withdraw_nomination(nomination=nomination, actor=other)
    with time_machine.travel(awards.announced_at), pytest.raises(NotPossible, match="announced"):
        actions.withdraw_nomination(nomination=nomination, actor=bakery.lead.user)
    assert actions.withdraw_nomination(nomination=nomination, actor=bakery.lead.user).withdrawn_at


# The manager's round --------------------------------------------------------------------------


def test_round_from_draft_to_winners(client_of, manager, category, bakery, person):
    client = client_of(manager)
    awards = category.round
    there = f"/admin/events/awardround/{awards.pk}/"
    nomination = NominationFactory(category=category, partner=bakery, approved=True)
    assert "Shortlist…" in client.get(f"{there}change/").content.decode()
    client.post(f"{there}shortlist/", {"chosen": [nomination.pk]})
    client.post(f"{there}announce-shortlist/")
    awards.refresh_from_db()
    assert awards.shortlisted_at is None, "nominations are open"
    with pytest.raises(NotPossible):
        actions.set_places(award_round=awards, places={nomination.pk: 1}, actor=manager)
    awards.closes_at = awards.opens_at + datetime.timedelta(days=1)
    awards.save()
    client.post(f"{there}announce-shortlist/")
    assert letters() == [("award_shortlisted", bakery.lead.user.email)]
    assert "Bakery" in client.get(f"{there}places/").content.decode()
    client.post(f"{there}places/", {f"place-{nomination.pk}": "1"})
    nomination.refresh_from_db()
    assert (nomination.is_shortlisted, nomination.place) == (True, 1)
    awards.refresh_from_db()
    awards.judged_until = awards.announced_at = timezone.now()
    awards.save()
    refused = client.post(f"{there}places/", {f"place-{nomination.pk}": "2"}).content.decode()
    assert "Say why you correct them." in refused
    client.post(f"{there}places/", {f"place-{nomination.pk}": "2", "why": "The figures were wrong."})
    nomination.refresh_from_db()
    assert nomination.place == 2
    assert audit.trail(nomination).filter(verb="nomination.placed", note="The figures were wrong.").exists()


def test_who_is_overdue_by_then_is_not_shortlisted(client_of, manager, category):
    nomination = NominationFactory(category=category, partner=_overdue(), approved=True)
    answer = client_of(manager).post(
        f"/admin/events/awardround/{category.round_id}/shortlist/", {"chosen": [nomination.pk]}
    )
    assert "Review overdue" in answer.content.decode()
    nomination.refresh_from_db()
    assert not nomination.is_shortlisted


def test_copy_to_next_year(client_of, manager, category):
    category.round.announced_at = datetime.datetime(2040, 12, 1, 18, tzinfo=datetime.UTC)
    category.round.save()
    client = client_of(manager)
    client.post(f"/admin/events/awardround/{category.round_id}/copy/")
    copy = type(category.round).objects.get(year=2041)
    assert [one.name for one in copy.categories.all()] == ["Best"]
    assert copy.criteria.count() == 1
    assert copy.announced_at == datetime.datetime(2041, 12, 1, 18, tzinfo=datetime.UTC)
    assert (copy.published_at, copy.shortlisted_at) == (None, None)
    client.post(f"/admin/events/awardround/{category.round_id}/copy/")
    assert type(copy).objects.count() == 2
    client.post(f"/admin/events/awardround/{copy.pk}/publish/")
    copy.refresh_from_db()
    assert copy.published_at


def test_times_of_an_announced_round_stay(manager, category):
    awards = category.round
    awards.closes_at = awards.judged_until = awards.announced_at = timezone.now()
    awards.save()
    awards.announced_at += datetime.timedelta(days=5)
    with pytest.raises(NotPossible):
        actions.save_round(award_round=awards, fields={"announced_at"}, actor=manager)


def test_pages_ask_as_many_queries_however_many_are_nominated(client, django_assert_num_queries, category):
    category.round.shortlisted_at = timezone.now()
    category.round.save()
    with django_assert_num_queries(6):
        client.get(category.round.get_absolute_url())
    for _n in range(5):
        NominationFactory(category=category, shortlisted=True)
        CategoryFactory(round=category.round)
    connection.queries_log.clear()
    with django_assert_num_queries(6):
        client.get(category.round.get_absolute_url())
