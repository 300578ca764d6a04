"""What approving a review makes of its pledges, and that undoing is the exact reverse."""

import datetime
from decimal import Decimal

import pytest
from django.utils import timezone

from oiep.moderation import Move, NotPossible, State
from pledges.actions import answers as actions
from pledges.actions.pledges import change_pledge, stop_pledge, values_of
from pledges.actions.reviews import refresh_lapse
from pledges.models import Answer, Pledge, Review
from tests.factories import (
    AnswerFactory,
    PartnerFactory,
    PledgeFactory,
    PledgeIdeaFactory,
    ResidentFactory,
    ReviewFactory,
)
from tests.pledges.answering import NEW, ON_TRACK, STOPPED, approve, pledge_values, undo

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


@pytest.fixture
def review(db):
    return ReviewFactory(partner__lead__email="lead@example.org")


@pytest.fixture
def pledge(review):
    started = TODAY() - datetime.timedelta(days=365)
    return PledgeFactory(approved=True, measured=True, partner=review.partner, started_on=started)


def snapshot(partner):
    """All that approving may change, to be compared."""
    return (
        list(Pledge.objects.filter(partner=partner).order_by("pk").values()),
        sorted(partner.areas.values_list("pk", flat=True)),
    )


@pytest.fixture
def full_review(review, pledge):
    """Five pledges, each with another answer, and two that were taken up."""
    partner = review.partner
    first_day = TODAY() - datetime.timedelta(days=200)
    pledges = {
        name: PledgeFactory(approved=True, partner=partner, started_on=first_day, statement=f"We {name}.")
        for name in ("renew", "close", "stop", "changed")
    }
    new = values_of(pledge) | {"statement": "We do more.", "target": Decimal("12.50")}
    answers = {
        pledge: ON_TRACK | {"next": "change", "new_values": actions.pledge_to_json(new)},
        pledges["renew"]: ON_TRACK,
        pledges["close"]: {"progress": "achieved", "words": "All done.", "next": "close"},
        pledges["stop"]: STOPPED,
        pledges["changed"]: {
            "progress": "changed",
            "words": "Otherwise.",
            "reason": "It fits better.",
            "new_values": actions.pledge_to_json(values_of(pledges["changed"]) | {"statement": "We do else."}),
        },
    }
    for each, values in answers.items():
        actions.save_answer(review=review, pledge=each, values=values)
    actions.adopt(review=review, pledge_values=pledge_values(), values=NEW)
    done = {"progress": "achieved", "words": "We did.", "next": "close"}
    actions.adopt(review=review, pledge_values=pledge_values(statement="We did this."), values=done)
    actions.send_in(review=review)
    return pledges | {"measured": pledge}


def test_approving_makes_true_what_the_review_says(review, full_review, manager):
    approve(review, manager)
    now = {name: Pledge.objects.get(pk=pledge.pk) for name, pledge in full_review.items()}
    assert {name: pledge.ending for name, pledge in now.items()} == {
        "measured": "replaced",
        "renew": "",
        "close": "achieved",
        "stop": "stopped",
        "changed": "replaced",
    }
    assert now["stop"].ending_reason == "We moved out of the county."
    assert (now["renew"].renewed_on, now["renew"].started_on) == (TODAY(), TODAY() - datetime.timedelta(days=200))
    assert now["renew"].runs_until == Pledge(started_on=TODAY()).runs_until
    new = now["measured"].replacement
    assert (new.state, new.started_on, new.decided_by, new.statement) == ("approved", TODAY(), manager, "We do more.")
    assert (new.target, new.target_date, new.area) == (Decimal("12.50"), full_review["measured"].target_date, new.area)
    live = set(Pledge.objects.live().filter(partner=review.partner).values_list("statement", flat=True))
    assert live == {"We renew.", "We do more.", "We do else.", "We will hire here."}
    assert Pledge.objects.get(statement="We did this.").ending == "achieved"
    areas = set(Pledge.objects.live().values_list("area", flat=True))
    assert set(review.partner.areas.values_list("pk", flat=True)) == areas


def test_undoing_is_the_exact_reverse_and_approving_again_does_the_same(review, full_review, manager):
    before = snapshot(review.partner)
    answers = list(Answer.objects.order_by("pk").values("pk", "effect", "new_pledge"))
    approve(review, manager)
    undo(review, manager)
    assert snapshot(review.partner) == before
    assert list(Answer.objects.order_by("pk").values("pk", "effect", "new_pledge")) == answers
    approve(review, manager)
    assert Pledge.objects.live().filter(partner=review.partner).count() == 4


def test_undoing_renewal_restores_the_one_before(review, pledge, manager):
    day = TODAY() - datetime.timedelta(days=100)
    Pledge.objects.filter(pk=pledge.pk).update(renewed_on=day)
    actions.save_answer(review=review, pledge=pledge, values=ON_TRACK)
    actions.send_in(review=review)
    approve(review, manager)
    assert Pledge.objects.get().renewed_on == TODAY()
    undo(review, manager)
    assert Pledge.objects.get().renewed_on == day


@pytest.mark.parametrize(
    "build",
    [
        lambda new: stop_pledge(pledge=new, actor=None, reason="No."),
        lambda new: change_pledge(pledge=new, values={"statement": "Else."}, actor=None),
        lambda new: AnswerFactory(review__partner=new.partner, pledge=new, review__round_on=datetime.date(2030, 1, 1)),
    ],
)
def test_review_on_which_something_was_built_stays_approved(review, full_review, manager, build):
    approve(review, manager)
    build(Pledge.objects.get(statement="We do more."))
    before = snapshot(review.partner)
    with pytest.raises(NotPossible, match="We do more"):
        undo(review, manager)
    assert snapshot(review.partner) == before
    assert Review.objects.get(pk=review.pk).state == State.APPROVED


def test_earlier_review_stays_approved_while_a_later_one_is(review, pledge, manager):
    actions.save_answer(review=review, pledge=pledge, values=ON_TRACK)
    actions.send_in(review=review)
    approve(review, manager)
    ReviewFactory(partner=review.partner, approved=True, round_on=review.round_on + datetime.timedelta(days=365))
    with pytest.raises(NotPossible, match="A later review"):
        undo(review, manager)


def test_pledge_that_came_with_a_review_is_not_undone_by_itself(review, full_review, manager):
    approve(review, manager)
    new = Pledge.objects.get(statement="We do more.")
    assert "Undo the decision on the review" in new.why_not(Move.UNDO)


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda pledge: change_pledge(pledge=pledge, values={"statement": "Else."}, actor=None),
        lambda pledge: stop_pledge(pledge=pledge, actor=None, reason="No."),
    ],
)
def test_change_of_a_pledge_that_was_changed_in_another_way_is_not_approved(review, full_review, manager, meanwhile):
    meanwhile(full_review["measured"])
    before = snapshot(review.partner)
    with pytest.raises(NotPossible, match="was changed or ended in another way"):
        approve(review, manager)
    assert snapshot(review.partner) == before


def test_report_on_a_pledge_that_ended_since_is_approved_and_changes_nothing(review, pledge, manager):
    actions.save_answer(review=review, pledge=pledge, values=ON_TRACK)
    actions.send_in(review=review)
    stop_pledge(pledge=pledge, actor=None, reason="In another way.")
    approve(review, manager)
    assert Pledge.objects.get().ending_reason == "In another way."
    undo(review, manager)
    assert Pledge.objects.get().ending_reason == "In another way."


def test_lapsed_partner_is_back_when_its_review_is_approved(manager):
    partner = PartnerFactory(approved=True, lead=True)
    review = ReviewFactory(partner=partner, round_on=TODAY() - datetime.timedelta(days=200))
    refresh_lapse(partner=partner)
    partner.refresh_from_db()
    assert partner.lapsed_on
    actions.send_in(review=review)
    approve(review, manager)
    partner.refresh_from_db()
    assert partner.lapsed_on is None
    undo(review, manager)
    partner.refresh_from_db()
    assert partner.lapsed_on


def test_idea_that_was_deleted_meanwhile_is_left_out(review, manager):
    idea = PledgeIdeaFactory()
    actions.adopt(review=review, pledge_values=pledge_values(idea=idea), values=NEW)
    actions.send_in(review=review)
    idea.delete()
    approve(review, manager)
    assert Pledge.objects.get().idea is None


def test_only_answers_of_approved_reviews_of_published_partners_are_public():
    public = AnswerFactory(review=ReviewFactory(approved=True))
    for state in ("submitted", "declined", "changes_asked"):
        AnswerFactory(review=ReviewFactory(**{state: True}))
    AnswerFactory()
    gone = ReviewFactory(approved=True, partner=ResidentFactory(withdrawn=True))
    AnswerFactory(review=gone, pledge=PledgeFactory(approved=True, partner=gone.partner))
    assert list(Answer.objects.published()) == [public]
    assert list(Answer.objects.about(public.pledge)) == [public]
