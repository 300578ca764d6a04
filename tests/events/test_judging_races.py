"""Two at one moment, with real connections."""

import threading

import pytest
from django.utils import timezone

from events.actions import judging as actions
from events.actions import votes
from events.models import Nomination, Vote, VoteRequest
from tests.events.test_booking_races import all_at_once
from tests.factories import AwardRoundFactory, CategoryFactory, CriterionFactory, JudgeFactory, NominationFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def round():
    return AwardRoundFactory(judging=True, shortlisted_at=timezone.now())


@pytest.fixture
def scoring(round):
    """`scoring(points)` saves those points, by a judge who has seen no scores."""
    category, criterion = CategoryFactory(round=round), CriterionFactory(round=round)
    judge = JudgeFactory(round=round, declared_at=timezone.now())
    judge.categories.add(category)
    entry = NominationFactory(category=category, approved=True)

    def save(points):
        actions.score(judge=judge, nomination=entry, scores={criterion.pk: (points, "")}, seen="")

    save.judge, save.entry = judge, entry
    return save


def test_of_two_windows_at_one_moment_one_is_told(scoring):
    faults = all_at_once([lambda: scoring(1), lambda: scoring(2)])
    assert [type(fault) for fault in faults] == [actions.Changed]
    assert scoring.judge.scores.count() == 1


def test_without_the_lock_one_would_be_lost(scoring, monkeypatch):
    """The negative control: both have looked at what is saved before either saves."""
    looked, version_of = threading.Barrier(2, timeout=30), actions.version_of
    monkeypatch.setattr(actions, "_locked", lambda judge: judge)
    monkeypatch.setattr(Nomination.objects.for_judge(scoring.judge).__class__, "select_for_update", lambda s, **_: s)
    monkeypatch.setattr(actions, "version_of", lambda *pair: (version_of(*pair), looked.wait())[0])
    assert [f for f in all_at_once([lambda: scoring(1), lambda: scoring(2)]) if isinstance(f, actions.Changed)] == []


def test_interest_is_declared_while_a_score_is_saved(scoring):
    """Whichever comes first, no score of theirs stays."""
    all_at_once(
        [lambda: scoring(5), lambda: actions.declare_interest(judge=scoring.judge, partner=scoring.entry.partner)]
    )
    assert scoring.judge.scores.count() == 0
    assert scoring.judge.interests.count() == 1


def test_one_person_confirms_many_votes_at_one_moment(round):
    category = CategoryFactory(round=round, is_peoples_choice=True)
    requests = [
        VoteRequest.objects.create(
            category=category, nomination=NominationFactory(category=category, shortlisted=True), voter="a", source="s"
        )
        for _n in range(6)
    ]
    assert all_at_once([lambda r=request: votes.confirm_vote(request=r) for request in requests]) == []
    assert Vote.objects.count() == 1
