"""Awards in a real browser: from a pledge to a nomination, the judges, and the winners' page at the set time."""

import datetime
import re

import pytest
from django.core.cache import cache
from django.utils import timezone

from events.models import AwardRound, Nomination, Score
from tests.axe import faults
from tests.factories import (
    AwardRoundFactory,
    CategoryFactory,
    CriterionFactory,
    JudgeFactory,
    ManagerFactory,
    PartnerFactory,
    PledgeFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)


def press(page, name):
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).click()


def has_won(page):
    return page.get_by_role("heading", name="Winner", exact=True).count() == 1


def move_times(**times):
    """Sets times of the awards, as (name → days from now)."""
    now = timezone.now()
    AwardRound.objects.update(**{name: now + datetime.timedelta(days=days) for name, days in times.items()})


def test_award_runs_from_a_pledge_to_the_winners_page(open_page, sign_in):
    cache.clear()
    lead, judge = UserFactory(name="Lena Lead"), UserFactory(name="Jo Judge")
    bakery = PartnerFactory(name="Bakery", approved=True, lead=lead)
    pledge = PledgeFactory(approved=True, partner=bakery, statement="We hire five people who left prison.")
    awards = AwardRoundFactory(year=2031, title="Inclusive Economy Awards")
    category = CategoryFactory(round=awards, name="Good work")
    criterion = CriterionFactory(round=awards, name="What came of it")
    JudgeFactory(round=awards, user=judge).categories.add(category)

    nominator = open_page(width=320)
    sign_in(nominator, lead)
    nominator.goto(pledge.get_absolute_url())
    nominator.get_by_role("link", name="Nominate this for an award").click()
    assert faults(nominator) == []
    nominator.get_by_label("Good work").check()
    nominator.get_by_label("Why should it win?").fill("Four of the five are still with us.")
    press(nominator, "Send it in")
    assert faults(nominator) == []
    nomination = Nomination.objects.get()
    assert (nomination.pledge, nomination.state) == (pledge, "submitted")

    desk = open_page()
    sign_in(desk, ManagerFactory())
    desk.goto(f"/admin/events/nomination/{nomination.pk}/change/")
    desk.get_by_role("link", name="Read and decide").click()
    desk.get_by_label("Approve").check()
    press(desk, "Decide")

    move_times(opens_at=-30, closes_at=-1)
    scorer = open_page(width=320)
    sign_in(scorer, judge)
    scorer.goto("/judging/")
    assert faults(scorer) == []
    scorer.get_by_role("link", name=re.compile("Inclusive Economy Awards")).click()
    assert "Bakery" not in scorer.inner_text("main")  # interests come first
    assert faults(scorer) == []
    press(scorer, "I have no further interests")
    scorer.goto("/judging/2031/")
    assert faults(scorer) == []
    scorer.get_by_role("link", name="Bakery").click()
    assert "We hire five people who left prison." in scorer.inner_text("main")
    assert faults(scorer) == []
    scorer.get_by_label(re.compile("^4")).check()
    press(scorer, "Save")
    assert Score.objects.get(criterion=criterion).points == 4

    move_times(judged_until=-1)
    desk.goto(f"/admin/events/awardround/{awards.pk}/shortlist/")
    desk.get_by_label("Bakery").check()
    press(desk, "Save the shortlist")
    desk.goto(f"/admin/events/awardround/{awards.pk}/change/")
    press(desk, "Publish the shortlist")
    desk.goto(f"/admin/events/awardround/{awards.pk}/places/")
    desk.get_by_label("Good work: Bakery").select_option("Winner")
    press(desk, "Save the winners")

    visitor = open_page(width=320)
    visitor.goto("/awards/2031/")
    assert "Bakery" in visitor.inner_text("main")
    assert not has_won(visitor)
    assert faults(visitor) == []
    visitor.goto("/partners/bakery/")
    assert "Inclusive Economy Awards" not in visitor.inner_text("main")

    move_times(announced_at=0)
    visitor.goto("/awards/2031/")
    assert has_won(visitor)
    assert faults(visitor) == []
    visitor.goto("/partners/bakery/")
    assert "Inclusive Economy Awards" in visitor.inner_text("main")
    assert faults(visitor) == []
