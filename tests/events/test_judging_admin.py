"""Judges, invitations, results and ties as the manager sees to them."""

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from events.models import Judge, JudgeInvitation
from oiep import audit
from oiep.models import OutgoingEmail
from tests.factories import (
    AwardRoundFactory,
    CategoryFactory,
    CriterionFactory,
    InterestFactory,
    JudgeFactory,
    NominationFactory,
    ScoreFactory,
    UserFactory,
    VoteFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(client_of, manager):
    return client_of(manager)


@pytest.fixture
def round():
    return AwardRoundFactory(judging=True, year=2027)


@pytest.fixture
def category(round):
    CriterionFactory(round=round)
    return CategoryFactory(round=round, name="Good work")


def scored(category, *points):
    """An entry with so many judges' points."""
    entry = NominationFactory(category=category, approved=True)
    for value in points:
        judge = JudgeFactory(round=category.round, declared_at=timezone.now())
        judge.categories.add(category)
        ScoreFactory(judge=judge, nomination=entry, criterion=category.round.criteria.get(), points=value, note="Ah!")
    return entry


def results_of(round):
    return reverse("admin:events_judge_results", args=[round.pk])


def test_judge_is_invited_once(client, round, category):
    foreign = CategoryFactory(round=AwardRoundFactory())
    people = CategoryFactory(round=round, is_peoples_choice=True)
    address = reverse("admin:events_judgeinvitation_add")
    assert client.get(address).status_code == 200
    data = {"round": round.pk, "email": " Jo@Example.org"}
    for wrong in (foreign, people):
        client.post(address, {**data, "categories": [wrong.pk]})
    assert not JudgeInvitation.objects.exists()
    answers = [client.post(address, {**data, "categories": [category.pk]}) for _n in range(2)]
    assert [answer.status_code for answer in answers] == [302, 200]
    assert "invited already" in answers[1].text
    invitation = JudgeInvitation.objects.get()
    assert (invitation.email, list(invitation.categories.all())) == ("jo@example.org", [category])
    for action, mails in (("send_again", 2), ("take_back", 2), ("send_again", 2)):
        data = {"action": action, "_selected_action": [invitation.pk]}
        client.post(reverse("admin:events_judgeinvitation_changelist"), data)
        assert OutgoingEmail.objects.count() == mails
    assert JudgeInvitation.objects.get().state == "taken_back"


def test_judge_is_appointed_changed_and_stood_down(client, round, category):
    user, second = UserFactory(), CategoryFactory(round=round)
    address = reverse("admin:events_judge_add")
    data = {"round": round.pk, "user": user.pk, "categories": [category.pk]}
    data |= {"interests-TOTAL_FORMS": 0, "interests-INITIAL_FORMS": 0}
    assert client.get(address).status_code == 200
    assert client.post(address, data).status_code == 302
    judge = Judge.objects.get()
    assert (judge.user, list(judge.categories.all())) == (user, [category])
    InterestFactory(judge=judge, why="My sister")
    change = reverse("admin:events_judge_change", args=[judge.pk])
    assert "My sister" in client.get(change).text
    answer = client.post(change, {**data, "categories": [category.pk, second.pk]})
    assert answer.status_code == 302
    assert judge.categories.count() == 2
    stand_down = reverse("admin:events_judge_stand_down", args=[judge.pk])
    client.get(stand_down)
    assert Judge.objects.active().count() == 1
    client.post(stand_down)
    assert Judge.objects.active().count() == 0
    assert "Stood down on" in client.get(change).text
    assert [event.verb for event in audit.trail(judge)] == ["judge.stood_down", "judge.changed", "judge.appointed"]


def test_list_of_judges_tells_how_far_they_are(client, category):
    scored(category, 3, 3)
    page = client.get(reverse("admin:events_judge_changelist"))
    assert page.text.count("1 / 1") == 2
    assert results_of(category.round) in page.text


def test_votes_are_shown_once_voting_has_ended(client_of, manager, round):
    people = CategoryFactory(round=round, is_peoples_choice=True)
    VoteFactory.create_batch(17, nomination=NominationFactory(category=people, shortlisted=True))
    with time_machine.travel(round.judged_until, tick=False):
        assert "<td>17</td>" in client_of(manager).get(results_of(round)).text


def test_results_show_means_ties_and_what_is_thin(client, round, category):
    people = CategoryFactory(round=round, is_peoples_choice=True, name="Everybody")
    VoteFactory.create_batch(17, nomination=NominationFactory(category=people, shortlisted=True))
    for _n in range(2):
        scored(category, 4, 2)
    page = client.get(results_of(round)).text
    assert page.count("<td>3.00</td>") == 2
    assert page.count("(tie)") == 2
    assert page.count("Too few") == 2
    assert "2 of 4" in page
    assert "Ah!" in page
    assert "Everybody" not in page  # votes are shown once voting has ended
    assert "Decide the tie" not in page


def test_manager_who_judges_sees_no_results_before_the_end(client_of, manager, round, category):
    scored(category, 4)
    JudgeFactory(round=round, user=manager)
    assert "<td>4.00</td>" not in client_of(manager).get(results_of(round)).text
    with time_machine.travel(round.judged_until, tick=False):
        assert "<td>4.00</td>" in client_of(manager).get(results_of(round)).text


def test_tie_is_decided_with_a_reason(client_of, manager, round, category):
    first, second = (scored(category, 4) for _n in range(2))
    address = reverse("admin:events_judge_tie", args=[round.pk, category.pk])
    assert client_of(manager).get(address).status_code == 302  # judging goes on
    with time_machine.travel(round.judged_until, tick=False):
        client = client_of(manager)
        assert "Decide the tie" in client.get(results_of(round)).text
        assert client.get(address).status_code == 200
        wrong = (
            {f"place_{first.pk}": 1, f"place_{second.pk}": 1, "why": "Fair."},
            {f"place_{first.pk}": 2, f"place_{second.pk}": 1, "why": " "},
            {f"place_{first.pk}": 2, "why": "Fair."},
        )
        for data in wrong:
            assert client.post(address, data).status_code == 200
        assert not audit.trail(category).exists()
        data = {f"place_{first.pk}": 2, f"place_{second.pk}": 1, "why": "It reaches more people."}
        assert client.post(address, data).status_code == 302
        second.refresh_from_db()
        assert second.tie_order == 1
        assert audit.trail(category).get().note == "It reaches more people."
        assert "(tie)" not in client.get(results_of(round)).text
        assert client.post(address, data).status_code == 302  # nothing is left to decide
    assert audit.trail(category).count() == 1
