"""A scheme with partners of every kind that lives through many days at random, watched by rules of its own.

The watcher knows product.md's time-table and nothing of how the code finds what is due.
"""

import random
import re
from collections import Counter
from datetime import timedelta

import time_machine
from django.core import mail

from oiep import email
from oiep.models import OutgoingEmail
from oiep.moderation import Move, move
from partners.actions import update_contact_settings
from partners.models import Membership, Partner
from pledges.actions import answers, reviews
from pledges.actions.daily import run_day
from pledges.actions.pledges import withdraw_partner
from pledges.actions.reminders import remind, reviews_to_remind
from pledges.history import histories_of
from pledges.models import Review
from pledges.standing import Status, standing
from tests.factories import ManagerFactory, MembershipFactory, PartnerFactory, ResidentFactory
from tests.pledges.days import morning_of, on

STEPS = {"opened": -30, "week": -7, "due": 0, "overdue": 14, "final": 90}
YEARLY = {"yearly": 0}


class Scheme:
    def __init__(self, *, partners, first, seed, always_twice=False):
        """always_twice: also do again what the first time found nothing to do."""
        self.always_twice = always_twice
        self.random = random.Random(seed)
        self.manager = ManagerFactory()
        self.seen = Counter()  # what has happened at all, so that a test can say that it tried everything
        for number in range(partners):
            self._sign(number, first)
        self.partners = list(Partner.objects.order_by("pk").values_list("pk", flat=True))

    def _sign(self, number, first):
        make = ResidentFactory if number % 6 == 0 else PartnerFactory
        fields = {"review_months": 12 if number % 6 == 0 else self.random.choice([12, 6])}
        with on(first - timedelta(days=self.random.randrange(0, 400))):
            partner = make(approved=True, lead=number % 10 != 7, **fields)
            if number % 4 == 1:
                MembershipFactory(partner=partner, role=Membership.Role.SECOND)

    def live(self, first, days, asleep):
        """asleep: (first, last) offsets between which no scheduler runs."""
        for offset in range(days):
            today = first + timedelta(days=offset)
            if not any(start <= offset <= end for start, end in asleep):
                self._morning(today, shuffled=offset % 3 == 0)
            self._noon(today)
        assert len(mail.outbox) == OutgoingEmail.objects.filter(state="sent").count()

    # A morning: the work is done twice, the first time now and then partner by partner in any order -----

    def _morning(self, today, *, shuffled):
        with on(today):
            if shuffled:
                partners = list(Partner.objects.with_round_until(today + timedelta(days=30)))
                for partner in self._shuffled(partners):
                    reviews.open_round(partner=partner, today=today)
                for review in self._shuffled(list(reviews_to_remind(today))):
                    remind(review=review, today=today)
            done = run_day(today)
            assert done["failed"] == 0
            before = len(mail.outbox)
            email.send_due()
            self._watch_mails(today, len(mail.outbox) - before)
            if any(done.values()) or self.always_twice:
                assert not any(run_day(today).values())
            self._watch_ledger(today)

    def _shuffled(self, rows):
        self.random.shuffle(rows)
        return rows

    def _watch_mails(self, today, sent):
        """Each person gets one reminder a day at most, and none about what was answered, closed or paused."""
        rows = OutgoingEmail.objects.filter(state="sent", sent_at=morning_of(today))
        assert len(rows) == sent
        reminders = [row for row in rows if re.match(r"review/\d+/\d{4}-", row.key or "")]
        assert max(Counter(row.to for row in reminders).values(), default=0) <= 1
        for row in reminders:
            _review, pk, due_on, step, *_second = row.key.split("/")
            review = Review.objects.select_related("partner").get(pk=pk)
            steps = YEARLY if review.partner.is_resident else STEPS
            assert review.answered_at is review.closed_at is review.partner.withdrawn_at is None
            assert not review.partner.pauses.filter(starts_on__lte=today, until__gt=today).exists()
            assert str(review.due_on) == due_on
            assert review.due_on + timedelta(days=steps[step]) <= today
            self.seen[step] += 1

    def _watch_ledger(self, today):
        """Nothing is forgotten: of each review that waits, every step whose day has come has its one row."""
        waiting = Review.objects.filter(answered_at=None, closed_at=None, partner__withdrawn_at=None)
        waiting = waiting.exclude(partner__pauses__starts_on__lte=today, partner__pauses__until__gt=today)
        due = set()
        for review in waiting.select_related("partner"):
            steps = YEARLY if review.partner.is_resident else STEPS
            due |= {
                f"review/{review.pk}/{review.due_on}/{step}"
                for step, offset in steps.items()
                if review.due_on + timedelta(days=offset) <= today
            }
        assert due <= set(OutgoingEmail.objects.filter(key__in=due).values_list("key", flat=True))
        opening = Partner.objects.filter(withdrawn_at=None, next_round_on__lte=today + timedelta(days=30))
        for partner in opening:
            assert any(pause.starts_on <= today + timedelta(days=1) for pause in partner.pauses.all())

    # A noon: some partners, and the manager, do something ---------------------------------------

    def _noon(self, today):
        with time_machine.travel(morning_of(today) + timedelta(hours=5), tick=False):
            acting = [pk for pk in self.partners if self.random.random() < 0.02]
            for partner in Partner.objects.filter(pk__in=acting, withdrawn_at=None).order_by("pk"):
                self.random.choice([self._answer, self._answer, self._decide, self._lever])(partner, today)

    def _answer(self, partner, today):
        if review := partner.reviews.awaited().first():
            answers.send_in(review=review)
            self.seen["answered"] += 1

    def _decide(self, partner, today):
        if review := partner.reviews.submitted().first():
            move(review, Move.APPROVE, actor=self.manager)
            self.seen["back"] += bool(partner.lapsed_on)
            reviews.refresh_lapse(partner=partner, today=today)

    def _lever(self, partner, today):
        review, chance = partner.reviews.awaited().first(), self.random.random()
        if chance < 0.05:
            withdraw_partner(partner=partner, actor=self.manager)
            self.seen["withdrawn"] += 1
        elif chance < 0.2:
            values = {"purposes": [], "paused": False, "review_months": self.random.choice([12, 6])}
            update_contact_settings(partner=partner, actor=self.manager, **values)
        elif partner.is_paused(today):
            reviews.end_pause(partner=partner, actor=self.manager, today=today)
            self.seen["pause ended"] += 1
        elif chance < 0.6:
            until = today + timedelta(days=self.random.choice([1, 20, 150]))
            reviews.pause(partner=partner, until=until, actor=self.manager, today=today)
            self.seen["paused"] += 1
        elif review and (later := max(review.due_on, today) + timedelta(days=20)) < partner.next_round_on - timedelta(
            30
        ):
            reviews.extend(review=review, due_on=later, actor=self.manager, today=today)
            self.seen["extended"] += 1

    # In the end ---------------------------------------------------------------------------------

    def watch_standings(self, last):
        """Who lapsed is marked so, and nobody else is."""
        with on(last):
            run_day(last)
            partners = Partner.objects.filter(withdrawn_at=None)
            for partner in partners:
                now = standing(histories_of([partner])[partner.pk], last)
                lapsed = now.status == Status.LAPSED and not partner.is_resident
                if now.status != Status.PAUSED:
                    assert partner.lapsed_on == (now.since if lapsed else None)
                self.seen[now.status] += 1
