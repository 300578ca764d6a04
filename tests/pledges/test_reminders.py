"""Which mails a partner gets on which days: the time-table of product.md, with the day's work done twice each day."""

import datetime
import smtplib
from datetime import timedelta

import pytest

from oiep import email
from oiep.models import OutgoingEmail
from oiep.moderation import Move, NotPossible
from partners.actions import update_contact_settings
from partners.models import Membership, Partner
from pledges.actions import reviews
from pledges.actions.daily import run_day
from pledges.actions.moderation import Decision, decide, undo
from pledges.actions.pledges import withdraw_partner
from pledges.history import standing_of
from pledges.models import Review
from pledges.standing import Status
from tests.factories import MembershipFactory, PartnerFactory, ResidentFactory
from tests.pledges.days import approve, date, days_between, letters, newest, not_sent, on, pass_days, send_in

pytestmark = pytest.mark.django_db

SIGNED = date("2026-05-04")
ANNUAL = ["2027-05-04", "2028-05-04", "2029-05-04"]
HALF_YEARLY = ["2026-11-04", "2027-05-04", "2027-11-04", "2028-05-04", "2028-11-04", "2029-05-04"]
LAST = date("2029-08-10")
ALL = {"opened": -30, "week": -7, "due": 0, "overdue": 14, "final": 90}
PROBED = [-31, -30, -29, -8, -7, -6, -1, 0, 1, 13, 14, 15, 20, 30, 31, 89, 90, 91, 179, 180, 181]


def mails(due, *steps):
    """The mails of one due date: [(day, step), …]."""
    return [((date(due) + timedelta(days=ALL[step])).isoformat(), step) for step in steps]


def shift(due, days):
    return (date(due) + timedelta(days=days)).isoformat()


def sign(months=12, **fields):
    with on(SIGNED):
        return PartnerFactory(approved=True, lead=True, review_months=months, **fields)


class Ending:
    """How a partner treats its rounds: `happenings` says what it does when, `expected` which mails that gives it."""

    def __init__(self, manager, months):
        self.manager, self.months, self.dues = manager, months, ANNUAL if months == 12 else HALF_YEARLY
        self.partner = sign(months)

    def answers(self, dues, offset):
        return [(date(due) + timedelta(days=offset), lambda: send_in(self.partner)) for due in dues]

    def rounds(self, dues, *steps):
        return [mail for due in dues for mail in mails(due, *steps) if mail[0] <= LAST.isoformat()]


class AnsweredEarly(Ending):
    def happenings(self):
        return self.answers(self.dues, -20)

    def expected(self):
        return self.rounds(self.dues, "opened")


class AnsweredOnTheDay(Ending):
    def happenings(self):
        return self.answers(self.dues, 0)

    def expected(self):
        return self.rounds(self.dues, "opened", "week", "due")


class AnsweredLate(Ending):
    def happenings(self):
        return self.answers(self.dues, 20)

    def expected(self):
        return self.rounds(self.dues, "opened", "week", "due", "overdue")


class NeverAnswered(Ending):
    def happenings(self):
        return []

    def expected(self):
        return self.rounds(self.dues, *ALL)


class Paused(Ending):
    """In the middle of its first round; the review is due 30 days after the pause."""

    def happenings(self):
        due = date(self.dues[0])
        pause = (due - timedelta(days=10), self.pause)
        return [pause, *self.answers([shift(self.dues[0], 80)], 5), *self.answers(self.dues[1:], -20)]

    def pause(self):
        reviews.pause(partner=self.partner, until=date(self.dues[0]) + timedelta(days=50), actor=self.manager)

    def expected(self):
        after = mails(shift(self.dues[0], 80), "opened", "week", "due")
        return mails(self.dues[0], "opened") + after + self.rounds(self.dues[1:], "opened")


class PausedWhenItWouldOpen(Ending):
    def happenings(self):
        due = date(self.dues[0])
        pause = (due - timedelta(days=40), self.pause)
        return [pause, *self.answers([shift(self.dues[0], 40)], 5), *self.answers(self.dues[1:], -20)]

    def pause(self):
        reviews.pause(partner=self.partner, until=date(self.dues[0]) + timedelta(days=10), actor=self.manager)

    def expected(self):
        return mails(shift(self.dues[0], 40), "opened", "week", "due") + self.rounds(self.dues[1:], "opened")


class Extended(Ending):
    """Its first round, after the day on which it was due, and still not answered."""

    def happenings(self):
        return [(date(self.dues[0]) + timedelta(days=5), self.extend), *self.answers(self.dues[1:], -20)]

    def extend(self):
        due_on = date(self.dues[0]) + timedelta(days=40)
        reviews.extend(review=newest(self.partner), due_on=due_on, actor=self.manager)

    def expected(self):
        first = mails(self.dues[0], "opened", "week", "due") + mails(shift(self.dues[0], 40), *ALL)
        return first + self.rounds(self.dues[1:], "opened")


class Withdrawn(Ending):
    def happenings(self):
        lead = self.partner.lead.user
        withdraw = (date(self.dues[0]) + timedelta(days=20), lambda: withdraw_partner(partner=self.partner, actor=lead))
        return [withdraw]

    def expected(self):
        return mails(self.dues[0], "opened", "week", "due", "overdue")


class LapsedAndBack(Ending):
    """Answers 200 days after its first due date, and is approved 5 days later. By then half-yearly ones have a second
    review, and that is the one it answers."""

    def happenings(self):
        due = date(self.dues[0])
        return [
            (due + timedelta(days=180), lambda: self.note("lapsed")),
            (due + timedelta(days=200), lambda: send_in(self.partner)),
            (due + timedelta(days=201), lambda: self.note("answered")),
            (due + timedelta(days=205), lambda: approve(self.partner, self.manager)),
            (due + timedelta(days=205), lambda: self.note("approved")),
            *self.answers(self.dues[1 if self.months == 12 else 2 :], -20),
        ]

    def note(self, when):
        self.__dict__.setdefault("noted", {})[when] = Partner.objects.get(pk=self.partner.pk).lapsed_on

    def expected(self):
        lapsed_on = date(self.dues[0]) + timedelta(days=180)
        assert self.noted == {"lapsed": lapsed_on, "answered": lapsed_on, "approved": None}
        first = mails(self.dues[0], *ALL)
        if self.months == 12:
            return first + self.rounds(self.dues[1:], "opened")
        return first + mails(self.dues[1], "opened", "week", "due", "overdue") + self.rounds(self.dues[2:], "opened")


def test_mails_of_three_years_for_each_rhythm_and_each_end_of_a_round(manager):
    lives = [kind(manager, months) for kind in Ending.__subclasses__() for months in (12, 6)]
    happenings = [happening for life in lives for happening in life.happenings()]
    dues = [date(due) + timedelta(days=moved) for due in HALF_YEARLY for moved in (0, 40, 80)]
    probed = {due + timedelta(days=offset) for due in dues for offset in PROBED}
    pass_days({day for day in probed if day <= LAST}, happenings)
    for life in lives:
        assert letters(life.partner) == sorted(life.expected()), (type(life).__name__, life.months)


def test_each_step_is_in_the_ledger_once_and_says_why_it_was_not_sent(manager):
    partner = sign()
    due = date("2027-05-04")
    extend = (
        due + timedelta(days=5),
        lambda: reviews.extend(review=newest(partner), due_on=due + timedelta(days=15), actor=manager),
    )
    pass_days(days_between(due - timedelta(days=31), due + timedelta(days=20)), [extend])
    assert letters(partner) == [*mails("2027-05-04", "opened", "week", "due"), *mails("2027-05-19", "week", "due")]
    assert not_sent(partner) == [("2027-05-19", "opened", "Its day had passed when the due date was moved.")]


# Nothing after an answer, a pause, a withdrawal -----------------------------------------------


@pytest.mark.parametrize("ending", ["answer", "pause", "extend", "withdraw", "next round"])
def test_what_waits_to_be_sent_is_withheld_when_the_round_ends(manager, ending):
    partner = sign()
    due = date("2027-05-04")
    with on(due - timedelta(days=30)):
        run_day()
        if ending == "answer":
            send_in(partner)
        elif ending == "pause":
            reviews.pause(partner=partner, until=due, actor=manager)
        elif ending == "extend":
            reviews.extend(review=newest(partner), due_on=due + timedelta(days=1), actor=manager)
        elif ending == "withdraw":
            withdraw_partner(partner=partner, actor=manager)
    if ending == "next round":
        Review.objects.update(due_on=due)
        with on(date("2028-04-04")):
            reviews.open_round(partner=partner)
    with on(date("2028-04-04")):
        email.send_due()
    assert letters(partner) == []
    (_due, step, why) = not_sent(partner)[0]
    assert step == "opened"
    assert (
        why
        == {
            "answer": "The review was sent in.",
            "pause": "The partner was paused.",
            "extend": "The review's due date was moved.",
            "withdraw": "This review closed: the partner withdrew.",
            "next round": "This review closed: the next review opened.",
        }[ending]
    )


@pytest.mark.parametrize("ending", ["refused", "worker died"])
def test_reminder_on_its_way_when_the_answer_came_is_not_tried_again(ending):
    partner = sign()
    with on(date("2027-04-04")):
        run_day()
        claimed = email.claim()
        send_in(partner)
        claimed.refresh_from_db()
        assert (claimed.state, claimed.withheld) == ("sending", "The review was sent in.")
        if ending == "refused":
            email.sending._close_refused(claimed, smtplib.SMTPDataError(451, b"Busy"))
    with on(date("2027-04-05")):
        email.send_due()
    assert letters(partner) == []
    arrived = "" if ending == "refused" else " It was on its way at that moment, so it may have arrived."
    assert not_sent(partner) == [("2027-05-04", "opened", f"The review was sent in.{arrived}")]


# The scheduler slept --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("woke", "sent", "skipped", "status"),
    [
        ("2027-04-05", "opened", [], Status.REVIEW_DUE),
        ("2027-04-28", "week", ["opened"], Status.REVIEW_DUE),
        ("2027-05-11", "due", ["opened", "week"], Status.REVIEW_DUE),
        ("2027-06-03", "overdue", ["due", "opened", "week"], Status.REVIEW_DUE),
    ],
)
def test_of_several_missed_steps_the_latest_goes_once(woke, sent, skipped, status):
    partner = sign()
    pass_days(days_between(date(woke), date(woke) + timedelta(days=1)))
    assert letters(partner) == [(woke, sent)]
    why = "Its day had passed by the time we looked, so the next message went instead."
    assert not_sent(partner) == [("2027-05-04", step, why) for step in skipped]
    with on(date(woke)):
        assert standing_of(partner).status == status


def test_nobody_is_overdue_or_lapses_before_we_have_asked():
    partner = sign()
    woke = date("2027-06-04")  # from this day on the page would say “overdue”
    pass_days(days_between(woke, woke + timedelta(days=61)))
    assert newest(partner).due_on == date("2027-07-04")
    assert letters(partner) == mails("2027-07-04", "opened", "week", "due", "overdue")
    for offset, status in [
        (-1, Status.SIGNED),
        (0, Status.REVIEW_DUE),
        (60, Status.REVIEW_DUE),
        (61, Status.REVIEW_OVERDUE),
    ]:
        with on(woke + timedelta(days=61)):
            assert standing_of(partner, woke + timedelta(days=offset)).status == status


def test_scheduler_that_slept_for_years_asks_about_the_newest_round_only():
    annual, half_yearly = sign(), sign(6)
    pass_days(days_between(date("2029-10-20"), date("2029-10-24")))
    assert letters(annual) == [("2029-10-20", "opened")]
    assert letters(half_yearly) == [("2029-10-20", "opened")]
    assert [(r.round_on, r.due_on) for r in annual.reviews.all()] == [(date("2029-05-04"), date("2029-11-19"))]
    assert [(r.round_on, r.due_on) for r in half_yearly.reviews.all()] == [(date("2029-11-04"), date("2029-11-04"))]


def test_scheduler_that_slept_in_the_middle_of_a_round_sends_one_mail():
    partner = sign()
    pass_days([date("2027-04-04"), *days_between(date("2027-10-01"), date("2027-10-05"))])
    assert letters(partner) == [("2027-04-04", "opened"), ("2027-10-01", "final")]
    assert [step for _due, step, _why in not_sent(partner)] == ["due", "overdue", "week"]


def test_mail_that_comes_late_says_when_the_review_was_due(mailbox):
    partner = sign()
    with on(date("2027-05-11")):
        run_day()
        (letter,) = mailbox()
        assert letter.subject == "4 May 2027: your progress review is due"
        assert "Your progress review was due on Tuesday 4 May 2027, and we have no answer yet." in letter.body
        assert "today" not in letter.body
        assert newest(partner).url in letter.body


def test_overdue_mail_shows_the_words_of_the_page_and_the_right_of_reply(mailbox):
    partner = sign()
    pass_days([date("2027-04-04")])
    review = newest(partner)
    review.explanation = "Our workshop burnt down in March."
    review.save()
    with on(date("2027-05-18")):
        run_day()
        letter = mailbox()[-1]
    assert letter.subject == "Your page will say “Review overdue” from 4 June 2027"
    assert "\n> Review overdue. The partner explains: “Our workshop burnt down in March.”\n" in letter.body
    assert f"Write your explanation: {review.url}explanation/\n" in letter.body
    assert "in up to 200 characters" in letter.body
    first_two_lines = letter.body.split("\n\n")[:2]
    assert first_two_lines[1] == f"Answer your review: {review.url}"


# Days that are not like others ----------------------------------------------------------------


def test_signed_on_29_february():
    with on(date("2028-02-29")):
        partner = PartnerFactory(approved=True, lead=True)
    pass_days(days_between(date("2029-01-25"), date("2029-03-01")), [(date("2029-03-01"), lambda: send_in(partner))])
    assert letters(partner) == mails("2029-02-28", "opened", "week", "due")
    pass_days(days_between(date("2032-01-29"), date("2032-03-01")))
    assert newest(partner).round_on == date("2032-02-29")
    assert letters(partner)[-3:] == mails("2032-02-29", "opened", "week", "due")


@pytest.mark.parametrize("due", ["2027-03-28", "2027-10-31"])
def test_clocks_change_on_the_day(due):
    with on(date(due) - timedelta(days=365)):
        partner = PartnerFactory(approved=True, lead=True)
    pass_days(days_between(date(due) - timedelta(days=32), date(due) + timedelta(days=15)))
    assert letters(partner) == mails(due, "opened", "week", "due", "overdue")


def test_approved_after_midnight_in_summer_is_counted_from_the_day_in_london():
    at = datetime.datetime(2026, 7, 1, 23, 30, tzinfo=datetime.UTC)  # 2 July in London
    partner = PartnerFactory(approved=True, decided_at=at)
    assert partner.round_after(date("2026-07-02")) == date("2027-07-02")


# Who gets it ----------------------------------------------------------------------------------


def test_final_goes_to_second_contacts_too():
    partner = sign()
    second = MembershipFactory(partner=partner, role=Membership.Role.SECOND)
    MembershipFactory(partner=partner, role=Membership.Role.MEMBER)
    MembershipFactory(partner=partner, role=Membership.Role.SECOND, ended=True)
    pass_days([date("2027-04-04"), date("2027-08-02"), date("2027-08-03")])
    assert letters(partner) == [("2027-04-04", "opened"), ("2027-08-02", "final"), ("2027-08-02", "final/second")]
    assert OutgoingEmail.objects.filter(to=second.user.email).count() == 1


def test_partner_without_a_lead_is_not_written_to_and_the_ledger_says_why():
    with on(SIGNED):
        partner = PartnerFactory(approved=True)
    pass_days(days_between(date("2027-04-04"), date("2027-04-06")))
    assert letters(partner) == []
    assert not_sent(partner) == [("2027-05-04", "opened", "This partner has no lead to write to.")]


@pytest.mark.parametrize("state", ["submitted", "declined"])
def test_partner_that_is_not_approved_has_no_rounds(state):
    with on(SIGNED):
        partner = PartnerFactory(**{state: True}, lead=True)
    pass_days([date("2027-05-04")])
    assert not partner.reviews.exists()


# Residents ------------------------------------------------------------------------------------


def test_resident_gets_one_mail_a_year():
    with on(SIGNED):
        partner = ResidentFactory(approved=True, lead=True)
    pass_days(
        [*days_between(date("2027-04-01"), date("2027-09-01")), *days_between(date("2028-05-01"), date("2028-12-01"))],
        [(date("2027-06-01"), lambda: send_in(partner))],
    )
    assert letters(partner) == [("2027-05-04", "yearly"), ("2028-05-04", "yearly")]
    assert not_sent(partner) == []
    assert Partner.objects.get(pk=partner.pk).lapsed_on is None


# How often ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("months", "day", "then", "expected"),
    [
        (12, "2026-09-01", 6, "2026-11-04"),  # the half-year is still to come
        (12, "2026-10-04", 6, "2026-11-04"),  # 31 days before: it opens tomorrow
        (12, "2026-10-05", 6, "2027-05-04"),  # the half-year would have opened already
        (12, "2027-04-03", 6, "2027-05-04"),
        (12, "2027-04-04", 6, "2027-05-04"),  # the round that opens today is not passed over
        (6, "2026-09-01", 12, "2027-05-04"),
        (6, "2026-10-20", 12, "2027-05-04"),
    ],
)
def test_change_of_rhythm_finds_the_next_round_anew(months, day, then, expected):
    partner = sign(months)
    with on(date(day)):
        update_contact_settings(partner=partner, actor=partner.lead.user, purposes=[], paused=False, review_months=then)
    partner.refresh_from_db()
    assert partner.next_round_on == date(expected)


# The levers -----------------------------------------------------------------------------------


def test_extension_forgives_the_rounds_before_it_and_ends_a_lapse(manager):
    partner = sign(6)
    pass_days([date("2026-10-05"), date("2027-04-04"), date("2027-05-03")])
    partner.refresh_from_db()
    assert partner.lapsed_on == date("2027-05-03")
    with on(date("2027-05-03")):
        reviews.extend(review=newest(partner), due_on=date("2027-06-01"), actor=manager, reason="A new lead.")
        partner.refresh_from_db()
        assert partner.lapsed_on is None
        assert standing_of(partner).status == Status.REVIEW_DUE
    assert standing_of(partner, date("2027-05-02")).status == Status.REVIEW_OVERDUE
    assert standing_of(partner, date("2027-07-02")).status == Status.REVIEW_OVERDUE


@pytest.mark.parametrize("due_on", ["2027-05-04", "2027-05-03", "2028-04-04", "2030-01-01"])
def test_extension_is_to_a_later_day_before_the_next_review_opens(manager, due_on):
    partner = sign()
    pass_days([date("2027-04-04")])
    with on(date("2027-04-10")), pytest.raises(Exception, match=r"Choose a day from 5 May 2027 to 3 April 2028."):
        reviews.extend(review=newest(partner), due_on=date(due_on), actor=manager)


def test_answered_or_closed_review_cannot_be_extended(manager):
    partner = sign()
    pass_days([date("2027-04-04")], [(date("2027-04-10"), lambda: send_in(partner))])
    with on(date("2027-04-11")), pytest.raises(NotPossible):
        reviews.extend(review=newest(partner), due_on=date("2027-06-01"), actor=manager)


@pytest.mark.parametrize("until", ["2027-04-10", "2027-10-11"])
def test_pause_is_of_a_day_to_six_months(manager, until):
    partner = sign()
    with on(date("2027-04-10")), pytest.raises(Exception, match=r"Choose a day from 11 April 2027 to 10 October 2027."):
        reviews.pause(partner=partner, until=date(until), actor=manager)


def test_pause_does_not_shorten_an_extension_and_ending_it_early_brings_the_date_back(manager):
    partner = sign()
    pass_days([date("2027-04-04")])
    dues = []
    with on(date("2027-04-10")):
        reviews.extend(review=newest(partner), due_on=date("2027-09-01"), actor=manager)
        reviews.pause(partner=partner, until=date("2027-06-01"), actor=manager)
        dues.append(newest(partner).due_on)
        with pytest.raises(NotPossible):
            reviews.pause(partner=partner, until=date("2027-06-01"), actor=manager)
    with on(date("2027-04-12")):
        reviews.end_pause(partner=partner, actor=manager)
        dues.append(newest(partner).due_on)
    with on(date("2027-04-13")):
        reviews.pause(partner=partner, until=date("2027-10-01"), actor=manager)
        dues.append(newest(partner).due_on)
    with on(date("2027-04-14")):
        reviews.end_pause(partner=partner, actor=manager)
        dues.append(newest(partner).due_on)
        with pytest.raises(NotPossible):
            reviews.end_pause(partner=partner, actor=manager)
    assert dues == [date("2027-09-01"), date("2027-09-01"), date("2027-10-31"), date("2027-09-01")]


def test_pause_of_a_lapsed_partner_that_waits_for_approval_does_not_end_the_lapse(manager):
    partner = sign()
    pass_days([date("2027-04-04"), date("2027-10-31")])
    with on(date("2027-11-01")):
        send_in(partner)
        reviews.pause(partner=partner, until=date("2027-11-20"), actor=manager)
        assert standing_of(partner).status == Status.PAUSED
    partner.refresh_from_db()
    assert partner.lapsed_on == date("2027-10-31")
    with on(date("2027-11-21")):
        assert standing_of(partner).status == Status.LAPSED
        approve(partner, manager)
        assert standing_of(partner).status == Status.UP_TO_DATE
    partner.refresh_from_db()
    assert partner.lapsed_on is None


def test_everybodys_dates_move_once_however_often_it_is_asked(manager):
    partners = [sign(), sign(6), sign()]
    pass_days([date("2027-04-04"), date("2027-06-20")], [(date("2027-04-10"), lambda: send_in(partners[2]))])
    with on(date("2027-06-20")):
        assert standing_of(partners[0]).status == Status.REVIEW_OVERDUE
        moves = [
            reviews.move_everybody(days=40, actor=manager, reason="The portal was down.", number="one")
            for _ in range(2)
        ]
        assert moves == [2, 0]
        assert standing_of(partners[0]).status == Status.REVIEW_DUE
        assert reviews.move_everybody(days=1, actor=manager, reason="And a day.", number="two") == 2
    assert [newest(partner).due_on for partner in partners] == [
        date("2027-06-14"),
        date("2027-06-14"),
        date("2027-05-04"),
    ]
    assert [d.reason for d in newest(partners[0]).due_dates.all()] == ["", "The portal was down.", "And a day."]


# What fails alone -----------------------------------------------------------------------------


def test_one_that_fails_does_not_stop_the_rest(caplog):
    poisoned, sound = sign(), sign()
    Partner.objects.filter(pk=poisoned.pk).update(slug="")  # its page has no address, so its mail cannot be written
    with on(date("2027-04-04")):
        done = run_day()
    assert done == {"failed": 1, "opened": 2, "recorded": 1, "asked_to_sign": 0, "lapsed": 0}
    assert f"pledges.Review {newest(poisoned).pk}" in caplog.text
    assert OutgoingEmail.objects.about(newest(sound)).count() == 1
    assert OutgoingEmail.objects.about(newest(poisoned)).count() == 0
    Partner.objects.filter(pk=poisoned.pk).update(slug="mended")
    with on(date("2027-04-05")):
        assert run_day()["recorded"] == 1


# What the approval begins ---------------------------------------------------------------------


def test_approval_names_the_first_round_and_undoing_it_takes_that_back(manager):
    partner = PartnerFactory(submitted=True, lead=True, review_months=6)
    with on(date("2026-08-31")):
        decide(decisions=[Decision(partner, Move.APPROVE)], actor=manager)
    partner.refresh_from_db()
    assert partner.next_round_on == date("2027-02-28")
    with on(date("2026-09-01")):
        undo(objects=[partner], actor=manager)
    partner.refresh_from_db()
    assert (partner.approved_at, partner.next_round_on) == (None, None)


def test_approval_cannot_be_undone_once_a_review_has_opened(manager):
    partner = PartnerFactory(submitted=True, lead=True)
    with on(SIGNED):
        decide(decisions=[Decision(partner, Move.APPROVE)], actor=manager)
    pass_days([date("2027-04-04")])
    with (
        on(date("2027-04-05")),
        pytest.raises(NotPossible, match=r"A review has opened since, so the approval stands"),
    ):
        undo(objects=[partner], actor=manager)
