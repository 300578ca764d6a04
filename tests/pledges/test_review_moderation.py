"""Reviews are decided like everything else: what follows from each decision, undoing it, the queue, the letters."""

import datetime

import pytest
from django.utils import timezone

from oiep import audit
from oiep.models import OutgoingEmail
from oiep.moderation import Move, NotPossible, State
from pledges.actions import answers
from pledges.actions.moderation import Decision, decide, latest_decision_of, submit_again, undo, why_not_undo
from pledges.actions.pledges import change_pledge, stop_pledge, values_of
from pledges.history import standing_of
from pledges.models import Case, Pledge, Review
from pledges.standing import Status
from tests.factories import (
    AnswerFactory,
    EvidenceFactory,
    PartnerFactory,
    PledgeFactory,
    ProfileChangeFactory,
    ReviewFactory,
)
from tests.html import Page
from tests.pledges.answering import NEW, ON_TRACK, STOPPED, pledge_values

pytestmark = pytest.mark.django_db


def days(number):
    return datetime.timedelta(days=number)


def text_of(response):
    assert response.status_code == 200
    return Page(response).text


@pytest.fixture
def partner():
    return PartnerFactory(
        approved=True,
        name="Isis Bakery",
        lead__email="lead@example.org",
        lead=True,
        approved_at=timezone.now() - days(370),
    )


@pytest.fixture
def pledge(partner):
    return PledgeFactory(
        approved=True,
        partner=partner,
        statement="We will hire two apprentices.",
        started_on=timezone.localdate() - days(365),
    )


@pytest.fixture
def sent(partner, pledge):
    """A review that was sent in: one pledge goes on, one was taken up."""
    review = ReviewFactory(partner=partner)
    answers.save_answer(review=review, pledge=pledge, values=ON_TRACK)
    answers.adopt(review=review, pledge_values=pledge_values(statement="We lend our hall."), values=NEW)
    answers.send_in(review=review)
    OutgoingEmail.objects.all().delete()
    return Review.objects.get(pk=review.pk)


def decide_on(manager, *pairs, **options):
    return decide(decisions=[Decision(obj, *rest) for obj, *rest in pairs], actor=manager, **options)


# Deciding -------------------------------------------------------------------------------------


def test_approving_makes_it_true_and_tells_the_lead_once(sent, pledge, manager, mailbox):
    assert decide_on(manager, (sent, Move.APPROVE)) == [sent]
    sent.refresh_from_db()
    pledge.refresh_from_db()
    assert (sent.state, sent.decided_by) == (State.APPROVED, manager)
    assert pledge.renewed_on == timezone.localdate()
    assert set(Pledge.objects.live().values_list("statement", flat=True)) == {pledge.statement, "We lend our hall."}
    (letter,) = mailbox()
    assert letter.subject == "Your progress review is approved"
    assert letter.to == ["lead@example.org"]
    assert f"Your progress review for {sent.round_on.strftime('%-d %B %Y')} (approved)." in letter.body


def test_adopted_pledge_is_decided_with_its_review_alone(sent, manager):
    decide_on(manager, (sent, Move.APPROVE))
    adopted = Pledge.objects.get(statement="We lend our hall.")
    assert "Undo the decision on the review" in why_not_undo(adopted)
    undo(objects=[sent], actor=manager)
    assert not Pledge.objects.filter(statement="We lend our hall.").exists()


def test_declining_makes_the_partner_owe_its_review_again(partner, pledge, manager, mailbox):
    review = ReviewFactory(partner=partner, round_on=timezone.localdate() - days(181))
    answers.save_answer(review=review, pledge=pledge, values=ON_TRACK)
    review.answered_at = timezone.now() - days(170)
    review.state, review.submitted_at = State.SUBMITTED, review.answered_at
    review.save()
    assert standing_of(partner).status == Status.UP_TO_DATE
    decide_on(manager, (review, Move.DECLINE, "These are another firm's figures."))
    partner.refresh_from_db()
    assert partner.lapsed_on == timezone.localdate() - days(1)
    (letter,) = mailbox()
    assert letter.subject == "Your progress review: our decision"
    assert "> These are another firm's figures." in letter.body

    undo(objects=[review], actor=manager)
    partner.refresh_from_db()
    assert partner.lapsed_on is None


def test_approving_ends_a_lapse_and_undoing_begins_it_again(partner, pledge, manager):
    review = ReviewFactory(partner=partner, round_on=timezone.localdate() - days(200))
    partner.lapsed_on = timezone.localdate() - days(20)
    partner.save()
    answers.save_answer(review=review, pledge=pledge, values=ON_TRACK)
    answers.send_in(review=review)
    partner.refresh_from_db()
    assert partner.lapsed_on == timezone.localdate() - days(20)  # an answer alone does not end it
    decide_on(manager, (review, Move.APPROVE))
    partner.refresh_from_db()
    assert partner.lapsed_on is None
    undo(objects=[review], actor=manager)
    partner.refresh_from_db()
    assert partner.lapsed_on == timezone.localdate() - days(20)


def test_asking_for_changes_links_to_the_review_and_it_comes_back(sent, pledge, manager, mailbox):
    decide_on(manager, (sent, Move.ASK, "Say how many you hired."))
    sent.refresh_from_db()
    assert (sent.state, sent.is_editable) == (State.CHANGES_ASKED, True)
    (letter,) = mailbox()
    assert letter.subject == "Your progress review: something to change"
    assert f"Change your review: {sent.url}" in letter.body
    answers.save_answer(review=sent, pledge=pledge, values=ON_TRACK | {"words": "We hired one."})
    submit_again(objects=[sent], actor=sent.partner.lead.user)
    sent.refresh_from_db()
    assert sent.state == State.SUBMITTED
    decide_on(manager, (sent, Move.APPROVE))


def test_sending_in_again_what_is_not_complete_is_refused(sent, pledge, manager):
    decide_on(manager, (sent, Move.ASK, "Say more."))
    answers.save_answer(review=sent, pledge=pledge, values={"words": ""})
    with pytest.raises(answers.NotComplete):
        submit_again(objects=[sent], actor=sent.partner.lead.user)
    sent.refresh_from_db()
    assert sent.state == State.CHANGES_ASKED


def test_review_pledge_and_profile_are_one_decision_with_one_letter(sent, partner, manager, mailbox):
    new = PledgeFactory(submitted=True, partner=partner, statement="We will mend bicycles.")
    change = ProfileChangeFactory(submitted=True, partner=partner)
    decide_on(manager, (sent, Move.APPROVE), (change, Move.ASK, "Shorter."), (new, Move.APPROVE))
    (letter,) = mailbox()
    assert letter.subject == "What you sent us for the Charter: our decisions"
    for words in (
        "Your progress review for",
        "The change to your profile: changes asked for",
        "We will mend bicycles.",
    ):
        assert words in letter.body
    assert "Change it in your account" in letter.body  # not only the review is to change
    assert latest_decision_of(partner).objects == [new, change, sent]


def test_pledge_that_was_changed_meanwhile_stops_the_whole_decision(sent, pledge, partner, manager):
    decide_on(manager, (sent, Move.ASK, "Say more."))
    answers.save_answer(review=sent, pledge=pledge, values=STOPPED)
    submit_again(objects=[sent], actor=partner.lead.user)
    changed = values_of(pledge) | {"statement": "We will hire three."}
    other = change_pledge(pledge=pledge, values=changed, actor=partner.lead.user)
    change = ProfileChangeFactory(submitted=True, partner=partner)
    with pytest.raises(NotPossible, match=r"The progress review for .*was changed or ended in another way"):
        decide_on(manager, (change, Move.APPROVE), (sent, Move.APPROVE))
    for obj in (change, sent, other):
        obj.refresh_from_db()
        assert obj.state == State.SUBMITTED


def test_change_that_waits_and_the_review_are_approved_in_one_go(sent, pledge, partner, manager):
    """The review renews the pledge that the change replaces: the change is decided first, and stands."""
    change = change_pledge(
        pledge=pledge, values=values_of(pledge) | {"statement": "We will hire three."}, actor=partner.lead.user
    )
    decide_on(manager, (sent, Move.APPROVE), (change, Move.APPROVE))
    pledge.refresh_from_db()
    assert (pledge.ending, pledge.renewed_on) == (Pledge.Ending.REPLACED, None)


def test_review_is_not_decided_on_the_page_of_an_older_state(sent, pledge, partner, manager):
    seen = Case.objects.to_decide_on().get(pk=partner.pk).fingerprint
    decide_on(manager, (sent, Move.ASK, "Say more."))
    answers.save_answer(review=sent, pledge=pledge, values=ON_TRACK | {"words": "More."})
    answers.send_in(review=sent)
    with pytest.raises(NotPossible, match="This changed after you opened it"):
        decide_on(manager, (sent, Move.APPROVE), seen=seen)


def test_same_decision_twice_is_taken_once(sent, manager, mailbox):
    decide_on(manager, (sent, Move.APPROVE), number="one")
    assert decide_on(manager, (sent, Move.APPROVE), number="one") == []
    assert len(mailbox()) == 1


@pytest.mark.parametrize("state", ["approved", "declined", "changes_asked"])
def test_what_is_decided_is_not_decided_again(state, manager):
    review = ReviewFactory(**{state: True})
    with pytest.raises(NotPossible, match="so it cannot be changed that way"):
        decide_on(manager, (review, Move.APPROVE))


def test_review_that_was_not_sent_in_is_not_decided(manager):
    with pytest.raises(NotPossible):
        decide_on(manager, (ReviewFactory(), Move.APPROVE))


# Undoing --------------------------------------------------------------------------------------


def test_undoing_what_the_partner_has_begun_to_change_is_refused(sent, pledge, manager):
    decide_on(manager, (sent, Move.ASK, "Say more."))
    assert why_not_undo(sent) == ""
    answers.save_answer(review=sent, pledge=pledge, values={"words": ""})
    with pytest.raises(NotPossible, match="The partner has begun to change it"):
        undo(objects=[sent], actor=manager)
    sent.refresh_from_db()
    assert sent.state == State.CHANGES_ASKED


def test_undoing_an_approval_on_which_something_was_built_is_refused(sent, partner, manager):
    decide_on(manager, (sent, Move.APPROVE))
    stop_pledge(pledge=Pledge.objects.get(statement="We lend our hall."), reason="It burnt.", actor=partner.lead.user)
    assert "changed, ended or reported on since" in why_not_undo(sent)
    with pytest.raises(NotPossible, match="changed, ended or reported on since"):
        undo(objects=[sent], actor=manager)
    sent.refresh_from_db()
    assert sent.state == State.APPROVED


def test_undoing_an_approval_before_a_later_one_is_refused(sent, partner, manager):
    decide_on(manager, (sent, Move.APPROVE))
    later = ReviewFactory(approved=True, partner=partner, round_on=sent.round_on + days(365))
    assert "A later review has been approved since" in why_not_undo(sent)
    assert why_not_undo(later) == ""


def test_undoing_tells_the_lead_what_waits_again(sent, manager, mailbox):
    decide_on(manager, (sent, Move.APPROVE))
    assert len(mailbox()) == 1
    undo(objects=[sent], actor=manager)
    assert [event.verb for event in audit.trail(sent)][:2] == ["review.undo", "review.approve"]
    letter = mailbox()[-1]
    assert letter.subject == "We have taken a decision back"
    assert f"your progress review for {sent.round_on.strftime('%-d %B %Y')}" in letter.body


def test_undoing_the_signature_after_a_review_opened_is_refused(sent, partner):
    assert "A review has opened since" in why_not_undo(partner)


# The queue ------------------------------------------------------------------------------------


def test_queue_counts_reviews(sent, partner, client_of, manager):
    case = Case.objects.waiting().get()
    assert (case.pk, case.reviews_waiting, case.waiting_since) == (partner.pk, 1, sent.submitted_at)
    assert Case.objects.to_decide_on().get(pk=partner.pk).things_waiting == [sent]
    page = client_of(manager).get("/admin/pledges/case/?what=review")
    assert "progress review" in text_of(page)
    assert "Isis Bakery" in text_of(page)


def test_review_that_closed_or_whose_partner_withdrew_does_not_wait():
    ReviewFactory(submitted=True, closed_at=timezone.now(), closing=Review.Closing.WITHDRAWN)
    ReviewFactory(submitted=True, partner__withdrawn=True)
    assert not Case.objects.waiting().exists()


def test_oldest_review_says_how_long_a_partner_waits(partner):
    ReviewFactory(submitted=True, partner=partner, submitted_at=timezone.now() - days(5))
    PledgeFactory(submitted=True, partner=partner, submitted_at=timezone.now() - days(2))
    assert (timezone.now() - Case.objects.waiting().get().waiting_since).days == 5


# The screen -----------------------------------------------------------------------------------


def test_case_shows_all_that_a_review_says(partner, manager, client_of):
    pledge = PledgeFactory(
        approved=True, partner=partner, statement="We will hire.", measure="Hires", unit="people", baseline=1, target=4
    )
    last = ReviewFactory(approved=True, partner=partner, round_on=timezone.localdate() - days(365))
    AnswerFactory(review=last, pledge=pledge, figure=2, words="We began.")
    review = ReviewFactory(
        submitted=True, partner=partner, recruitment="Two came by it.", help_wanted="A tutor.", recorded_by=manager
    )
    answer = AnswerFactory(
        review=review, pledge=pledge, progress="behind", figure=3, words="Slow.", evidence_url="https://example.org/a"
    )
    EvidenceFactory(answer=answer, name="Our year.pdf")
    answers_page = client_of(manager).get(f"/admin/pledges/case/{partner.pk}/change/")
    text = text_of(answers_page)
    for words in (
        "A progress review, for",
        "Behind It goes on for another year.",
        "Reached 3 people Target 4 people Last time 2 people Start 1 people",
        "Slow.",
        "https://example.org/a",
        "Our year.pdf",
        "We began.",
        "Two came by it.",
        "A tutor.",
        f"Taken by telephone by {manager.name}",
    ):
        assert words in text
    assert f'href="/evidence/{answer.evidence.get().pk}/"' in answers_page.content.decode()


QUERIES = 43


def test_case_takes_the_same_queries_with_one_answer_and_many(partner, manager, client_of, django_assert_num_queries):
    def fill(n):
        review = ReviewFactory(submitted=True, partner=partner, round_on=timezone.localdate() - days(1000 - n))
        for number in range(n):
            pledge = PledgeFactory(approved=True, partner=partner)
            values = answers.pledge_to_json(values_of(pledge) | {"statement": "Other."})
            AnswerFactory(review=review, pledge=pledge, next="change", new_values=values)
            AnswerFactory(
                review=review, pledge=None, new_values=answers.pledge_to_json(pledge_values(statement=f"N{number}"))
            )
        return review

    client = client_of(manager)
    url = f"/admin/pledges/case/{partner.pk}/change/"
    review = fill(1)
    client.get(url)
    with django_assert_num_queries(QUERIES):
        client.get(url)
    review.delete()
    fill(5)
    with django_assert_num_queries(QUERIES):
        client.get(url)


def test_deciding_on_the_screen(sent, partner, manager, client_of, mailbox):
    client = client_of(manager)
    url = f"/admin/pledges/case/{partner.pk}/change/"
    form = {
        "seen": Case.objects.to_decide_on().get(pk=partner.pk).fingerprint,
        "decide": "yes",
        f"review-{sent.pk}-move": "approve",
    }
    page = client.post(url, form, follow=True)
    assert "approved." in text_of(page)
    sent.refresh_from_db()
    assert sent.state == State.APPROVED
    page = client.post(url, {"undo": "yes", "thing": f"review-{sent.pk}"}, follow=True)
    assert "Undone, and waiting again: The progress review for" in text_of(page)


def test_desk_shows_decisions_on_reviews(sent, manager, client_of):
    decide_on(manager, (sent, Move.APPROVE))
    page = client_of(manager).get("/admin/")
    assert "Progress review: approved" in text_of(page)
