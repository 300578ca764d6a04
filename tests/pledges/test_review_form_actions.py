"""What a review says, and sending it in."""

import datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from oiep.models import AuditEvent, OutgoingEmail
from oiep.moderation import Move, NotPossible, State, move
from oiep.uploads import make_safe
from partners.actions import Conflict
from pledges.actions import answers as actions
from pledges.actions.pledges import stop_pledge
from pledges.actions.reminders import remind
from pledges.history import standing_of
from pledges.models import Answer, Evidence, Pledge, Review
from pledges.standing import Status
from tests.factories import (
    AnswerFactory,
    EvidenceFactory,
    PartnerFactory,
    PledgeFactory,
    ResidentFactory,
    ReviewFactory,
    UserFactory,
)
from tests.pledges.answering import NEW, ON_TRACK, STOPPED, pledge_values

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


@pytest.fixture
def review(db):
    return ReviewFactory(partner__lead__email="lead@example.org")


@pytest.fixture
def pledge(review):
    started = TODAY() - datetime.timedelta(days=365)
    return PledgeFactory(approved=True, measured=True, partner=review.partner, started_on=started)


# Answering ------------------------------------------------------------------------------------


def test_answer_is_saved_and_saving_it_again_changes_nothing(review, pledge):
    values = ON_TRACK | {"figure": Decimal("2")}
    first = actions.save_answer(review=review, pledge=pledge, values=values, seen=actions.version_of(None))
    changed_at = Answer.objects.get().changed_at
    again = actions.save_answer(review=review, pledge=pledge, values=values, seen=actions.version_of(None))
    assert again == first
    answer = Answer.objects.get()
    assert (answer.progress, answer.figure, answer.words, answer.next) == ("on_track", 2, "We have begun.", "renew")
    assert answer.changed_at == changed_at


def test_answer_changed_in_another_window_is_not_overwritten_unseen(review, pledge):
    seen = actions.version_of(None)
    actions.save_answer(review=review, pledge=pledge, values=ON_TRACK, seen=seen)
    with pytest.raises(Conflict):
        actions.save_answer(review=review, pledge=pledge, values=ON_TRACK | {"words": "Mine."}, seen=seen)
    assert Answer.objects.get().words == "We have begun."
    seen = actions.version_of(Answer.objects.get())
    actions.save_answer(review=review, pledge=pledge, values=ON_TRACK | {"words": "Mine."}, seen=seen)
    assert Answer.objects.get().words == "Mine."


def test_what_is_changed_goes_on_and_what_is_stopped_does_not(review, pledge):
    values = {"progress": "changed", "words": "Other.", "next": "renew"}
    assert actions.save_answer(review=review, pledge=pledge, values=values).next == "change"
    assert actions.save_answer(review=review, pledge=pledge, values={"progress": "stopped"}).next == ""


@pytest.mark.parametrize("progress", ["on_track", "behind", "not_started"])
def test_only_what_is_achieved_is_done(review, pledge, progress):
    values = {"progress": progress, "words": "Well.", "next": "close"}
    with pytest.raises(ValidationError, match="Only a pledge that you have achieved is done"):
        actions.save_answer(review=review, pledge=pledge, values=values)
    assert not Answer.objects.exists()


@pytest.mark.parametrize(
    "values",
    [
        {"words": "x" * 601},
        {"words": "two\u2028lines \u202e"},
        {"evidence_url": "javascript:alert(1)"},
        {"evidence_url": "ftp://example.org/a"},
        {"reason": "two\nlines"},
        {"figure": Decimal("1e15")},
        {"progress": "splendid"},
    ],
)
def test_values_that_the_model_does_not_take_are_refused(review, pledge, values):
    with pytest.raises(ValidationError):
        actions.save_answer(review=review, pledge=pledge, values=ON_TRACK | values)
    assert not Answer.objects.exists()


def test_pledge_of_another_partner_or_one_that_ended_has_no_answer(review, pledge):
    foreign = PledgeFactory(approved=True)
    stop_pledge(pledge=pledge, actor=None, reason="No.")
    for other in (foreign, pledge, PledgeFactory(submitted=True, partner=review.partner)):
        with pytest.raises(NotPossible, match="has ended since"):
            actions.save_answer(review=review, pledge=other, values=ON_TRACK)


@pytest.mark.parametrize("state", ["submitted", "approved", "declined"])
def test_review_that_was_sent_in_takes_no_more_words(state):
    answer = AnswerFactory(review=ReviewFactory(**{state: True}))
    review, pledge = answer.review, answer.pledge
    for act in (
        lambda: actions.save_answer(review=review, pledge=pledge, values={"words": "More."}),
        lambda: actions.save_words(review=review, values={"help_wanted": "More."}),
        lambda: actions.remove_evidence(review=review, evidence=EvidenceFactory(answer=answer)),
        lambda: actions.drop_adoption(review=review, answer=answer),
    ):
        with pytest.raises(NotPossible, match="was sent in on"):
            act()
    answer.refresh_from_db()
    assert answer.words != "More."
    assert Evidence.objects.count() == 1


def test_review_that_closed_takes_no_more_words(pledge):
    review = ReviewFactory(missed=True, partner=PartnerFactory(approved=True))
    with pytest.raises(NotPossible, match="closed on"):
        actions.save_answer(review=review, pledge=pledge, values=ON_TRACK)


def test_last_words_follow_a_pledge_through_its_changes(review, pledge):
    old = PledgeFactory(partner=review.partner, approved=True, ended_at=timezone.now(), ending="replaced")
    older = PledgeFactory(partner=review.partner, approved=True, ended_at=timezone.now(), ending="replaced")
    Pledge.objects.filter(pk=old.pk).update(replaces=older)
    Pledge.objects.filter(pk=pledge.pk).update(replaces=old)
    year = datetime.timedelta(days=365)
    past = ReviewFactory(partner=review.partner, approved=True, round_on=review.round_on - year)
    declined = ReviewFactory(partner=review.partner, declined=True, round_on=review.round_on - year / 2)
    AnswerFactory(review=declined, pledge=old, words="Declined.")
    said = AnswerFactory(review=past, pledge=older, words="Last year.")
    assert actions.last_answers(review)[pledge.pk] == said


# Evidence -------------------------------------------------------------------------------------


def pdf(name="report.pdf", extra=b""):
    return make_safe(SimpleUploadedFile(name, b"%PDF-1.7 " + extra + b"%%EOF"))


def test_file_is_kept_once_and_at_most_three(review, pledge):
    for name in ("a.pdf", "a.pdf", "b.pdf", "c.pdf"):
        answer = actions.save_answer(review=review, pledge=pledge, values=ON_TRACK, file=pdf(name))
    assert [row.name for row in answer.evidence.all()] == ["a.pdf", "b.pdf", "c.pdf"]
    with pytest.raises(ValidationError, match="There are 3 files already"):
        actions.save_answer(review=review, pledge=pledge, values=ON_TRACK, file=pdf("d.pdf"))
    storage = answer.evidence.first().file.storage
    assert all(storage.exists(row.file.name) for row in answer.evidence.all())


def test_corrected_file_of_the_same_name_and_size_is_kept_too(review, pledge):
    for extra in (b"12 hired", b"21 hired", b"21 hired"):
        answer = actions.save_answer(review=review, pledge=pledge, values=ON_TRACK, file=pdf(extra=extra))
    assert [b"21 hired" in row.file.read() for row in answer.evidence.order_by("pk")] == [False, True]


@pytest.mark.django_db(transaction=True)
def test_removed_file_leaves_the_disk_and_another_review_keeps_its_own(client):
    row, foreign = EvidenceFactory(), EvidenceFactory()
    for _n in range(2):
        actions.remove_evidence(review=row.answer.review, evidence=row)
    actions.remove_evidence(review=row.answer.review, evidence=foreign)
    assert list(Evidence.objects.all()) == [foreign]
    assert not row.file.storage.exists(row.file.name)
    assert foreign.file.storage.exists(foreign.file.name)


# Taking up pledges ----------------------------------------------------------------------------


def test_pledge_is_taken_up_once(review):
    values = pledge_values()
    first = actions.adopt(review=review, pledge_values=values, values=NEW)
    assert actions.adopt(review=review, pledge_values=values, values=NEW) == first
    assert not Pledge.objects.exists()  # nothing of it is public, or waits apart from the review
    actions.drop_adoption(review=review, answer=first)
    with pytest.raises(NotPossible, match="taken out of the review"):
        actions.adopt(review=review, pledge_values=values, values=NEW, answer=first)


def test_there_are_not_more_pledges_than_may_be(review, pledge, settings):
    settings.PLEDGES_AT_MOST = 2
    actions.adopt(review=review, pledge_values=pledge_values(), values=NEW)
    with pytest.raises(NotPossible, match="You have 2 pledges, the most there can be"):
        actions.adopt(review=review, pledge_values=pledge_values(statement="Another."), values=NEW)


# Right of reply -------------------------------------------------------------------------------


def test_explanation_is_kept_while_the_review_is_awaited(review):
    actions.explain(review=review, explanation="We moved house in May.")
    assert Review.objects.get().explanation == "We moved house in May."
    actions.send_in(review=review)
    with pytest.raises(NotPossible, match="not waited for any more"):
        actions.explain(review=review, explanation="Late.")


@pytest.mark.parametrize(
    "words",
    [
        "x" * 201,
        "See https://example.org",
        "see www.example.org",
        "write to a@b.example",
        "go to shop.co",
        "a\nb",
        "\u202eb",
    ],
)
def test_explanation_that_cannot_be_shown_is_refused(review, words):
    with pytest.raises(ValidationError):
        actions.explain(review=review, explanation=words)
    assert Review.objects.get().explanation == ""


def test_explanation_of_200_characters_is_taken(review):
    actions.explain(review=review, explanation="x" * 200)


def test_manager_takes_an_explanation_out_and_the_lead_is_told_why(review, manager, mailbox):
    actions.explain(review=review, explanation="They are all fools.")
    actions.take_out_explanation(review=review, actor=manager, reason="It insults people.")
    assert Review.objects.get().explanation == ""
    (message,) = mailbox()
    assert message.to == ["lead@example.org"]
    assert "> It insults people." in message.body
    with pytest.raises(NotPossible):
        actions.take_out_explanation(review=review, actor=manager, reason="Again.")


# Sending in -----------------------------------------------------------------------------------


def test_review_is_sent_in_only_when_every_live_pledge_has_an_answer(review, pledge):
    other = PledgeFactory(approved=True, partner=review.partner)
    PledgeFactory(stopped=True, partner=review.partner)
    PledgeFactory(submitted=True, partner=review.partner)
    actions.save_answer(review=review, pledge=pledge, values=ON_TRACK)
    with pytest.raises(actions.NotComplete) as refused:
        actions.send_in(review=review)
    assert refused.value.pledges == [other]
    assert Review.objects.get().state == State.DRAFT
    actions.save_answer(review=review, pledge=other, values=STOPPED)
    assert actions.send_in(review=review).state == State.SUBMITTED


@pytest.mark.parametrize(
    ("values", "whole"),
    [
        (ON_TRACK, True),
        (ON_TRACK | {"words": ""}, False),
        (ON_TRACK | {"next": ""}, False),
        (STOPPED, True),
        (STOPPED | {"reason": ""}, False),
        ({"progress": "achieved", "words": "Done.", "next": "close"}, True),
        (ON_TRACK | {"next": "change"}, False),
        (ON_TRACK | {"next": "change", "new_values": {"statement": "New."}}, True),
        ({"progress": "changed", "words": "New.", "new_values": {"statement": "New."}}, False),
        ({"progress": "changed", "words": "New.", "new_values": {"statement": "New."}, "reason": "Better."}, True),
    ],
)
def test_what_an_answer_needs(review, pledge, values, whole):
    assert actions.save_answer(review=review, pledge=pledge, values=values).is_complete is whole


def test_sending_in_ends_reminders_tells_the_lead_and_sending_twice_sends_once(review, pledge, mailbox):
    remind(review=review)
    assert OutgoingEmail.objects.filter(template="review_due", state="waiting").count() == 1
    actions.save_answer(review=review, pledge=pledge, values=ON_TRACK)
    person = UserFactory()
    for _n in range(2):
        sent = actions.send_in(review=review, actor=person)
    assert (sent.state, sent.answered_at is not None, sent.recorded_by) == (State.SUBMITTED, True, None)
    assert OutgoingEmail.objects.get(template="review_due").state == "not_sent"
    assert OutgoingEmail.objects.get(template="review_due").reason == "The review was sent in."
    (message,) = mailbox()
    assert (message.subject, message.to) == ("We have your progress review", ["lead@example.org"])
    assert AuditEvent.objects.get(verb="review.submit").actor == person
    assert standing_of(review.partner).status == Status.UP_TO_DATE


def test_review_sent_in_again_keeps_the_day_of_its_first_sending(review, pledge, manager):
    actions.save_answer(review=review, pledge=pledge, values=ON_TRACK)
    first = actions.send_in(review=review).answered_at
    move(Review.objects.get(), Move.ASK, actor=manager, message="Say more.")
    actions.save_answer(review=review, pledge=pledge, values={"words": "More."})
    again = actions.send_in(review=review)
    assert (again.answered_at, again.state) == (first, State.SUBMITTED)
    assert OutgoingEmail.objects.filter(template="review_received").count() == 2


def test_what_another_choice_left_behind_is_not_sent_in(review, pledge):
    actions.save_answer(review=review, pledge=pledge, values=STOPPED)
    actions.save_answer(review=review, pledge=pledge, values=ON_TRACK)
    actions.send_in(review=review)
    assert Answer.objects.get().reason == ""


def test_review_taken_by_telephone_says_by_whom(review, pledge, manager):
    actions.save_answer(review=review, pledge=pledge, values=ON_TRACK, actor=manager)
    assert actions.send_in(review=review, actor=manager, by_telephone=True).recorded_by == manager


def test_resident_need_not_write_a_word():
    resident = ResidentFactory(approved=True, lead=True)
    review = ReviewFactory(partner=resident)
    pledge = PledgeFactory(approved=True, partner=resident)
    actions.save_answer(review=review, pledge=pledge, values={"progress": "on_track", "next": "renew"})
    assert actions.send_in(review=review).state == State.SUBMITTED
