"""What is said of a day that is over is what was said on it: a world lives at random and its evenings are kept."""

import datetime
import random

import pytest
import time_machine
from django.utils import timezone

from oiep.models import AuditEvent
from oiep.moderation import Move
from oiep.moments import end_of
from partners.models import District, Kind, Partner, PriorityArea
from pledges.actions import answers, moderation, reviews
from pledges.actions.daily import run_day
from pledges.actions.pledges import add_pledge, change_pledge, stop_pledge, values_of, withdraw_partner
from pledges.figures import Slice, gather, of_slice
from pledges.models import Pledge, Review
from tests.factories import (
    DistrictFactory,
    ManagerFactory,
    PartnerFactory,
    PledgeFactory,
    PriorityAreaFactory,
    ResidentFactory,
)
from tests.oiep.agreeing import assert_all_agree, said_everywhere


class World:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.manager = ManagerFactory()
        self.areas = [PriorityAreaFactory() for _n in range(3)]
        self.places = [DistrictFactory() for _n in range(3)]
        self.evenings = {}  # day → what was said when it was over
        self.seen = set()

    def live(self, first, days):
        for offset in range(0, days, 20):
            today = first + datetime.timedelta(days=offset)
            with time_machine.travel(end_of(today) - datetime.timedelta(hours=10), tick=False):
                run_day(today)
                for _n in range(3):
                    happening = self.random.choice(
                        [self.sign, self.sign, self.pledge, self.pledge, self.change, self.stop, self.report,
                         self.report, self.report, self.approve, self.approve, self.leave, self.pause]
                    )  # fmt: skip
                    if happening(today):
                        self.seen.add(happening.__name__)
            if offset % 60 == 0:
                with time_machine.travel(end_of(today) + datetime.timedelta(minutes=1), tick=False):
                    self.evenings[today] = of_everything()

    def _one(self, rows):
        rows = list(rows.order_by("pk"))
        return self.random.choice(rows) if rows else None

    def _one_review(self, rows):
        """One of a partner that has lapsed, where there is any, so that some come back."""
        rows = rows.filter(partner__withdrawn_at=None)
        return self._one(rows.filter(partner__lapsed_on__isnull=False)) or self._one(rows)

    def sign(self, today):
        kind = self.random.choice([PartnerFactory, PartnerFactory, ResidentFactory])
        wide = {"county_wide": True} if kind is PartnerFactory and self.random.random() < 0.3 else {}
        places = self.random.sample(self.places, self.random.randint(0, 2))
        partner = kind(submitted=True, lead=True, districts=places, review_months=12, **wide)
        if kind is PartnerFactory:
            Partner.objects.filter(pk=partner.pk).update(kind=self.random.choice(Kind.values[:4]), review_months=6)
        pledges = [self._pledge_of(partner) for _n in range(self.random.randint(0, 2))]
        things = [Partner.objects.get(pk=partner.pk), *pledges]
        moderation.decide(decisions=[moderation.Decision(thing, Move.APPROVE) for thing in things], actor=self.manager)
        return True

    def _pledge_of(self, partner):
        commitment = self.random.choice(["", "hours", "money", "mentoring"])
        amount = self.random.choice([None, 5, 12.5]) if commitment else None
        unit = self.random.choice(["people", "hours", "£", "%"])
        return PledgeFactory(
            submitted=True, partner=partner, area=self.random.choice(self.areas), commitment=commitment,
            commitment_amount=amount, measure="What we count", unit=unit, target=self.random.choice([None, 40]),
        )  # fmt: skip

    def _partner(self):
        return self._one(Partner.objects.approved().filter(withdrawn_at=None))

    def pledge(self, today):
        if partner := self._partner():
            values = values_of(self._pledge_of_nobody()) | {"statement": f"We will do thing {self.random.random()}."}
            pledge = add_pledge(partner=partner, values=values, actor=self.manager)
            moderation.decide(decisions=[moderation.Decision(pledge, Move.APPROVE)], actor=self.manager)
            return True

    def _pledge_of_nobody(self):
        return Pledge(area=self.random.choice(self.areas), capacity="employer", statement="x", commitment="hours",
                      commitment_amount=3)  # fmt: skip

    def _live(self):
        return self._one(Pledge.objects.approved().filter(ended_at=None, partner__withdrawn_at=None))

    def change(self, today):
        if (pledge := self._live()) and not pledge.replacement:
            values = values_of(pledge) | {
                "area": self.random.choice(self.areas),
                "statement": f"{self.random.random()}",
            }
            changed = change_pledge(pledge=pledge, values=values, actor=self.manager)
            moderation.decide(decisions=[moderation.Decision(changed, Move.APPROVE)], actor=self.manager)
            return True

    def stop(self, today):
        if pledge := self._live():
            stop_pledge(pledge=pledge, actor=self.manager, reason="We moved.")
            return True

    def report(self, today):
        if review := self._one_review(Review.objects.awaited()):
            for pledge in review.partner.pledges.approved().filter(ended_at=None):
                progress = self.random.choice(["achieved", "achieved", "on_track", "behind", "stopped"])
                values = {"progress": progress, "words": "So it went.", "next": "renew"}
                if progress == "stopped":
                    values |= {"next": "", "reason": "It could not be."}
                elif progress == "achieved" and self.random.random() < 0.5:
                    values["next"] = "close"
                if self.random.random() < 0.5 and pledge.measure:
                    values["figure"] = self.random.randint(1, 50)
                answers.save_answer(review=review, pledge=pledge, values=values)
            answers.send_in(review=review)
            return True

    def approve(self, today):
        if review := self._one_review(Review.objects.submitted().filter(closed_at=None)):
            moderation.decide(decisions=[moderation.Decision(review, Move.APPROVE)], actor=self.manager)
            return True

    def leave(self, today):
        partner = self._partner()
        if partner and self.random.random() < 0.3:
            withdraw_partner(partner=partner, actor=self.manager)
            return True

    def pause(self, today):
        partner = self._one(Partner.objects.approved().filter(withdrawn_at=None).exclude(kind=Kind.RESIDENT))
        if partner and not partner.is_paused(today):
            reviews.pause(partner=partner, until=today + datetime.timedelta(days=40), actor=self.manager, today=today)
            return True


def of_everything(on=None):
    """All figures of all slices of one kind: now, or as they are said to have been at the end of a day."""
    found = gather(timezone.localdate(), on)
    slices = [Slice(), *(Slice(area=area.pk) for area in PriorityArea.objects.all())]
    slices += [Slice(place=place.pk) for place in District.objects.all()]
    slices += [Slice(kind=kind) for kind in Kind.values]
    slices += [Slice(year=2024), Slice(year=2025), Slice(is_local=True)]
    return {slice: of_slice(found, slice) for slice in slices}


@pytest.mark.django_db
def test_what_is_said_of_a_day_is_what_was_said_when_it_was_over(client):
    first = datetime.date(2024, 1, 10)
    world = World(seed=1)
    world.live(first, 800)
    with time_machine.travel(end_of(first + datetime.timedelta(days=810)), tick=False):
        for day, evening in world.evenings.items():
            then = of_everything(day)
            for slice, figures in evening.items():
                assert then[slice] == figures, (day, slice)
        assert_all_agree(said_everywhere(client))
        assert_all_agree(said_everywhere(client, first + datetime.timedelta(days=700)))
    done = set(AuditEvent.objects.values_list("verb", flat=True))
    assert {"partner.lapsed", "partner.no_longer_lapsed", "pledge.replaced"} <= done
    assert {"sign", "pledge", "change", "stop", "report", "approve", "leave", "pause"} <= world.seen
