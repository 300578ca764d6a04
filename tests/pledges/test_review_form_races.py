"""Reviews that two people work on at the same moment, with real connections."""

import pytest

from oiep.models import AuditEvent, OutgoingEmail
from oiep.moderation import NotPossible, State
from partners.actions import Conflict
from pledges.actions import answers as actions
from pledges.actions.pledges import withdraw_partner
from pledges.actions.reminders import remind
from pledges.models import Answer, Pledge
from tests.factories import (
    AnswerFactory,
    ManagerFactory,
    PledgeFactory,
    PriorityAreaFactory,
    ReviewFactory,
)
from tests.pledges.answering import NEW, ON_TRACK, approve, pledge_values

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_windows_send_in_at_once_and_one_letter_goes(at_once):
    for _round in range(5):
        answer = AnswerFactory()
        results = at_once(*[lambda review=answer.review: actions.send_in(review=review)] * 4)
        assert [result.state for result in results] == [State.SUBMITTED] * 4
    assert OutgoingEmail.objects.filter(template="review_received").count() == 5
    assert AuditEvent.objects.filter(verb="review.submit").count() == 5


def test_review_answered_while_a_reminder_is_written_has_none_that_waits(at_once):
    for _round in range(10):
        review = AnswerFactory().review
        at_once(lambda review=review: remind(review=review), lambda review=review: actions.send_in(review=review))
        mails = OutgoingEmail.objects.about(review)
        assert list(mails.filter(state="waiting").values_list("template", flat=True)) == ["review_received"]


def test_two_windows_save_at_once_and_neither_overwrites_the_other_unseen(at_once):
    for _round in range(5):
        pledge = PledgeFactory(approved=True)
        review = ReviewFactory(partner=pledge.partner)

        def save(words, review=review, pledge=pledge):
            values = ON_TRACK | {"words": words}
            return actions.save_answer(review=review, pledge=pledge, values=values, seen=actions.version_of(None))

        results = at_once(lambda save=save: save("Mine."), lambda save=save: save("Yours."))
        (saved,) = [result for result in results if isinstance(result, Answer)]
        assert [type(result) for result in results if result is not saved] == [Conflict]
        assert review.answers.get().words == saved.words


def test_partner_withdraws_while_its_review_is_sent_in(at_once):
    for _round in range(5):
        review = AnswerFactory().review
        actor = ManagerFactory()
        at_once(
            lambda review=review: actions.send_in(review=review),
            lambda review=review, actor=actor: withdraw_partner(partner=review.partner, actor=actor),
        )
        review.refresh_from_db()
        assert review.closing == "withdrawn"
        assert not OutgoingEmail.objects.about(review).filter(state="waiting").exists()


def test_two_managers_approve_at_once_and_each_pledge_begins_once(at_once):
    area = PriorityAreaFactory()
    for n in range(3):
        review = ReviewFactory()
        values = pledge_values(area=area, statement=f"We take up {n}.")
        actions.adopt(review=review, pledge_values=values, values=NEW)
        actions.send_in(review=review)
        managers = [ManagerFactory(), ManagerFactory()]

        def decide(manager, review=review):
            return approve(review, manager)

        results = at_once(*[lambda manager=manager, decide=decide: decide(manager) for manager in managers])
        assert sum(isinstance(result, NotPossible) for result in results) == 1
        assert Pledge.objects.filter(statement=f"We take up {n}.").count() == 1
