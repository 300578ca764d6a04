"""The manager's levers on reviews: extending, writing, an outage; and who is due, overdue or silent, and why."""

import datetime
import uuid

import pytest
from django.utils import timezone

from oiep import audit
from oiep import email as mail
from oiep.models import OutgoingEmail
from oiep.moderation import NotPossible, State
from pledges import overview
from pledges.actions.answers import save_answer, send_in
from pledges.actions.messages import write_to
from pledges.actions.reminders import remind
from pledges.actions.reviews import extend, pause
from pledges.ledger import ledgers_of
from pledges.models import Review
from pledges.overview import Where, condition, effect_of_moving, figures, where_it_stands, with_standing
from tests.factories import (
    ManagerFactory,
    MembershipFactory,
    PartnerFactory,
    PledgeFactory,
    ResidentFactory,
    ReviewFactory,
    UserFactory,
)
from tests.pledges.answering import ON_TRACK
from tests.pledges.days import date, on

pytestmark = pytest.mark.django_db
TODAY = date("2027-06-15")


@pytest.fixture(autouse=True)
def today():
    with on(TODAY):
        yield


def due(days_ago, **options):
    """A review that was due so many days ago."""
    day = TODAY - datetime.timedelta(days=days_ago)
    signed = day - datetime.timedelta(days=365)
    options.setdefault("partner__approved_at", datetime.datetime.combine(signed, datetime.time(12), datetime.UTC))
    return ReviewFactory(round_on=day, **options)


def names_in(where):
    rows = with_standing(Review.objects.all()).filter(condition(where))
    return sorted(rows.values_list("partner__name", flat=True))


# Where reviews stand --------------------------------------------------------------------------


@pytest.fixture
def every_kind(manager):
    due(-30, partner__name="opened")
    due(30, partner__name="last day of due")
    due(31, partner__name="overdue")
    due(89, partner__name="overdue 89")
    due(90, partner__name="silent")
    due(200, partner__name="lapsed", partner__lapsed_on=TODAY - datetime.timedelta(days=20))
    due(181, partner__name="lapsed lately", partner__lapsed_on=date("2027-06-14"))
    paused = due(100, partner__name="paused").partner
    pause(partner=paused, until=date("2027-08-01"), actor=manager, reason="Moving.")
    due(40, partner__name="answered", submitted=True)
    due(40, partner__name="asked", changes_asked=True)
    due(40, partner__name="approved", approved=True)
    due(40, partner__name="withdrawn", partner__withdrawn=True)
    missed = due(400, partner__name="missed one", missed=True).partner
    due(35, partner=missed)
    late = due(215, partner__name="missed and due", partner__review_months=6, missed=True).partner
    due(-20, partner=late)
    due(60, partner=ResidentFactory(approved=True, name="resident", lead=True))


@pytest.mark.parametrize(
    ("where", "names"),
    [
        (Where.DUE, ["last day of due", "opened"]),
        (Where.OVERDUE, ["missed and due", "missed one", "overdue", "overdue 89", "resident", "silent"]),
        (Where.SILENT, ["missed and due", "missed one", "silent"]),
        (Where.LAPSED, ["lapsed", "lapsed lately"]),
        (Where.LAPSED_LATELY, ["lapsed lately"]),
        (Where.PAUSED, ["paused"]),
        (Where.WAITING, ["answered"]),
        (Where.ASKED, ["asked"]),
        (Where.OVER, ["approved", "missed and due", "missed one", "withdrawn"]),
    ],
)
def test_each_review_stands_where_its_dates_say(every_kind, where, names):
    assert names_in(where) == names


def test_figures_count_what_their_lists_show_without_residents(every_kind):
    assert figures() == {
        "due": 2, "overdue": 5, "silent": 3, "lapsed": 2, "lapsed_this_month": 1, "paused": 1, "waiting": 1,
    }  # fmt: skip


def test_figures_take_one_query(every_kind, django_assert_num_queries):
    with django_assert_num_queries(1):
        figures()


def test_tag_says_it_in_words(every_kind):
    rows = with_standing(Review.objects.filter(closed_at=None).select_related("partner"))
    words = {review.partner.name: where_it_stands(review)[1] for review in rows}
    assert words == {
        "opened": "due",
        "last day of due": "due",
        "overdue": "overdue since 15 June 2027",
        "overdue 89": "overdue since 18 April 2027",
        "silent": "silent: overdue, and no answer to our last e-mail",
        "lapsed": "lapsed on 26 May 2027",
        "lapsed lately": "lapsed on 14 June 2027",
        "paused": "paused until 1 August 2027",
        "answered": "answered, waits for you",
        "asked": "changes asked for",
        "approved": "approved",
        "withdrawn": "the partner withdrew",
        "missed one": "silent: overdue, and no answer to our last e-mail",
        "missed and due": "silent: overdue, and no answer to our last e-mail",
        "resident": "not answered",
    }


# The ledger -----------------------------------------------------------------------------------


def entries(review):
    review = Review.objects.select_related("partner").get(pk=review.pk)
    return [(entry.step, entry.day.isoformat(), entry.what) for entry in ledgers_of([review])[review.pk]]


def test_ledger_says_of_each_step_what_became_of_it():
    review = due(3)
    remind(review=review)
    assert entries(review)[2] == ("due", "2027-06-12", "on its way since 15 June 2027")
    mail.send_due()
    missed = "not sent. Its day had passed by the time we looked, so the next message went instead."
    assert entries(review) == [
        ("opened", "2027-05-13", missed),
        ("week", "2027-06-05", missed),
        ("due", "2027-06-12", "sent on 15 June 2027"),
        ("overdue", "2027-06-26", "goes on 26 June 2027"),
        ("final", "2027-09-10", "goes on 10 September 2027"),
    ]


def test_ledger_keeps_what_was_written_for_an_earlier_date(manager):
    review = due(3)
    remind(review=review)
    mail.send_due()
    extend(review=review, due_on=date("2027-07-31"), actor=manager, reason="Illness.")
    found = entries(review)
    assert found[2] == ("due", "2027-06-12", "sent on 15 June 2027")
    assert found[3:] == [
        ("opened", "2027-07-01", "goes on 1 July 2027"),
        ("week", "2027-07-24", "goes on 24 July 2027"),
        ("due", "2027-07-31", "goes on 31 July 2027"),
        ("overdue", "2027-08-14", "goes on 14 August 2027"),
        ("final", "2027-10-29", "goes on 29 October 2027"),
    ]


def test_ledger_ends_when_the_review_is_sent_in():
    review = due(3)
    pledge = PledgeFactory(approved=True, partner=review.partner)
    save_answer(review=review, pledge=pledge, values=ON_TRACK)
    send_in(review=review)
    assert {what for _step, _day, what in entries(review)} == {"not needed: the review was sent in"}


def test_ledger_names_failures_and_the_second_contact():
    review = due(95)
    MembershipFactory(partner=review.partner, role="second", user__email="second@example.org")
    remind(review=review)
    OutgoingEmail.objects.filter(key__endswith="/final").update(state="failed", reason="550 No such mailbox")
    assert [(step, what) for step, _day, what in entries(review)][-2:] == [
        ("final", "could not be sent: 550 No such mailbox"),
        ("final", "To the second contact: on its way since 15 June 2027"),
    ]


def test_ledgers_of_many_take_one_query(django_assert_num_queries):
    for _n in range(5):
        remind(review=due(3))
    reviews = list(Review.objects.select_related("partner"))
    with django_assert_num_queries(1):
        assert len(ledgers_of(reviews)) == 5


# Writing to several ---------------------------------------------------------------------------

WORDS = {"subject": "About your review", "words": "Can we help?\nSee https://elsewhere.example"}


def test_message_goes_once_for_each_batch_and_partner(manager, mailbox):
    review = due(40, partner__lead__email="lead@example.org", partner__name="Isis Bakery")
    batch = str(uuid.uuid4())
    assert write_to(review=review, batch=batch, actor=manager, **WORDS)
    assert not write_to(review=review, batch=batch, actor=manager, **WORDS)
    (letter,) = mailbox()
    assert (letter.subject, letter.to) == ("About your review", ["lead@example.org"])
    assert "> Can we help?\n> See https://elsewhere.example" in letter.body
    assert f"Open your review: {review.url}" in letter.body
    assert "You get this e-mail because" in letter.body
    html = letter.alternatives[0][0]
    assert 'href="https://elsewhere.example' not in html
    assert audit.trail(review).get().note == WORDS["words"]
    assert write_to(review=review, batch=str(uuid.uuid4()), actor=manager, **WORDS)


def test_message_to_nobody_is_refused(manager):
    review = due(40, partner__lead=None)
    with pytest.raises(NotPossible, match="no lead"):
        write_to(review=review, batch="b", actor=manager, **WORDS)
    with pytest.raises(NotPossible, match="withdrew"):
        write_to(review=due(40, partner__withdrawn=True), batch="b", actor=manager, **WORDS)


def test_message_stays_on_its_way_when_the_review_is_answered(manager, mailbox):
    review = due(40)
    pledge = PledgeFactory(approved=True, partner=review.partner)
    write_to(review=review, batch="b", actor=manager, **WORDS)
    save_answer(review=review, pledge=pledge, values=ON_TRACK)
    send_in(review=review)
    assert {letter.subject for letter in mailbox()} == {"About your review", "We have your progress review"}


# An outage ------------------------------------------------------------------------------------


def test_preview_of_an_outage_counts_dates_partners_and_who_is_overdue(every_kind):
    effect = effect_of_moving(10)
    assert (effect.partners, effect.overdue, effect.overdue_after) == (11, 7, 6)
    assert effect.dates == 13  # two partners missed a round before


# Races ----------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_extending_while_the_partner_answers(at_once):
    review = due(40, partner=PartnerFactory(approved=True, lead=True))
    save_answer(review=review, pledge=PledgeFactory(approved=True, partner=review.partner), values=ON_TRACK)
    manager, lead = ManagerFactory(), review.partner.lead.user
    extended, sent = at_once(
        lambda: extend(review=review, due_on=date("2027-07-31"), actor=manager, reason="Illness."),
        lambda: send_in(review=review, actor=lead),
    )
    assert isinstance(sent, Review)
    review.refresh_from_db()
    assert review.state == State.SUBMITTED
    if isinstance(extended, NotPossible):
        assert review.due_on == date("2027-05-06")
    else:
        assert review.due_on == date("2027-07-31")
    assert not OutgoingEmail.objects.filter(state="waiting").exclude(template="review_received").exists()


@pytest.mark.django_db(transaction=True)
def test_two_managers_extend_to_the_same_day_one_is_told(at_once):
    review = due(10, partner=PartnerFactory(approved=True, lead=True))
    managers = [ManagerFactory(), ManagerFactory()]
    results = at_once(
        *(
            lambda who=who: extend(review=review, due_on=date("2027-07-31"), actor=who, reason="Illness.")
            for who in managers
        )
    )
    assert sorted(type(result).__name__ for result in results) == ["Review", "ValidationError"]
    assert review.due_dates.count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_presses_write_one_message(at_once):
    review = due(40, partner=PartnerFactory(approved=True, lead=UserFactory()))
    manager = ManagerFactory()
    results = at_once(*(lambda: write_to(review=review, batch="b", actor=manager, **WORDS),) * 3)
    assert sorted(results) == [False, False, True]
    assert OutgoingEmail.objects.count() == 1
    assert audit.trail(review).count() == 1


def test_silence_is_counted_from_the_last_email(settings):
    settings.REVIEW_STEPS = (("opened", -30), ("final", 50))
    assert overview.silent_after() == 50


def test_today_is_an_argument():
    due(31, partner__name="overdue")
    yesterday = TODAY - datetime.timedelta(days=1)
    assert figures(yesterday)["due"] == 1
    assert figures(timezone.localdate())["overdue"] == 1
