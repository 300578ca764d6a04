"""Judges: how they come in, what they see and never see, and how they score until the second it ends."""

import datetime
from fractions import Fraction

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from events.actions import judges as deeds
from events.actions import judging as actions
from events.actions.daily import run_tick
from events.models import Nomination, Score
from events.results import results, ties
from oiep import audit
from oiep.models import OutgoingEmail
from oiep.moderation import NotPossible
from pledges.models import Pledge
from tests.factories import (
    AnswerFactory,
    AwardRoundFactory,
    CategoryFactory,
    CriterionFactory,
    InterestFactory,
    JudgeFactory,
    MembershipFactory,
    NominationFactory,
    PartnerFactory,
    PledgeFactory,
    ScoreFactory,
    StoryFactory,
    UserFactory,
    VoteFactory,
)

pytestmark = pytest.mark.django_db
SECOND = datetime.timedelta(seconds=1)
DAY = datetime.timedelta(days=1)


@pytest.fixture
def round():
    return AwardRoundFactory(judging=True, year=2027)


@pytest.fixture
def category(round):
    return CategoryFactory(round=round, name="Good work")


@pytest.fixture
def criteria(round):
    return [CriterionFactory(round=round, name="Effect", weight=2), CriterionFactory(round=round, name="Courage")]


def judge_of(*categories, **values):
    judge = JudgeFactory(round=categories[0].round, **{"declared_at": timezone.now(), **values})
    judge.categories.set(categories)
    return judge


@pytest.fixture
def judge(category):
    return judge_of(category)


def entry_of(category, **values):
    return NominationFactory(category=category, approved=True, **values)


def entries_of(judge):
    return set(Nomination.objects.for_judge(judge))


def give(judge, entry, *points):
    for criterion, value in zip(judge.round.criteria.all(), points, strict=True):
        ScoreFactory(judge=judge, nomination=entry, criterion=criterion, points=value)


def answers(criteria, *points, notes=("", "")):
    return {row.pk: (value, note) for row, value, note in zip(criteria, points, notes, strict=True)}


def form_of(criteria, *points, seen="", note=""):
    data = {"seen": seen}
    for criterion, value in zip(criteria, points, strict=True):
        data |= {f"points_{criterion.pk}": value, f"note_{criterion.pk}": note}
    return data


def page(name, judge, *parts):
    return reverse(name, args=[judge.round.year, *parts])


# Coming in ------------------------------------------------------------------------------------


def test_judge_comes_by_invitation(category, manager, client_of, mailbox):
    choice = CategoryFactory(round=category.round, is_peoples_choice=True)
    deeds.invite_judge(round=category.round, email="jo@example.org", categories=[category, choice], actor=manager)
    [letter] = mailbox()
    link = letter.body.partition("/judging/invitation/")[2].split()[0]
    address = f"/judging/invitation/{link}"
    jo = UserFactory(email="jo@example.org", name="Jo")
    stranger = client_of(UserFactory())
    assert "Accept" not in stranger.get(address).text
    stranger.post(address, {"accept": "yes"})
    assert not category.judges.exists()
    client = client_of(jo)
    assert client.get(address).status_code == 200
    assert not category.judges.exists()
    answer = client.post(address, {"accept": "yes"})
    assert answer["Location"] == reverse("judging-round", args=[2027])
    [judge] = category.judges.all()
    assert (judge.user, list(judge.categories.all())) == (jo, [category])
    with pytest.raises(NotPossible, match="judge already"):
        deeds.invite_judge(round=category.round, email=jo.email, categories=[category], actor=manager)


def test_nobody_becomes_a_judge_once_judging_has_ended(category, manager):
    invitation = deeds.invite_judge(round=category.round, email="jo@example.org", categories=[category], actor=manager)
    jo = UserFactory(email="jo@example.org")
    with time_machine.travel(category.round.judged_until, tick=False):
        for deed in (
            lambda: deeds.accept_judge_invitation(invitation=invitation, user=jo),
            lambda: deeds.appoint_judge(round=category.round, user=jo, categories=[category], actor=manager),
            lambda: deeds.send_judge_invitation_again(invitation=invitation, actor=manager),
        ):
            with pytest.raises(NotPossible):
                deed()
    assert not category.round.judges.exists()


def test_who_stands_down_sees_nothing_and_counts_no_more(judge, category, criteria, manager, client_of):
    entry = entry_of(category)
    give(judge, entry, 5, 5)
    deeds.stand_down(judge=judge, actor=manager)
    deeds.stand_down(judge=judge, actor=manager)
    assert [event.verb for event in audit.trail(judge)] == ["judge.stood_down"]
    assert client_of(judge.user).get("/judging/").status_code == 404
    assert [row.mean for row in results(category)] == [None]
    deeds.appoint_judge(round=category.round, user=judge.user, categories=[], actor=manager)
    assert [row.mean for row in results(category)] == [5]


# What a judge sees ----------------------------------------------------------------------------


def test_judge_declares_before_any_entry_is_shown(category, criteria, client_of):
    judge = judge_of(category, declared_at=None)
    entry = entry_of(category)
    client = client_of(judge.user)
    assert entries_of(judge) == set()
    assert client.get(page("judging-entry", judge, entry.pk)).status_code == 404
    assert client.get(page("judging-round", judge))["Location"] == page("judging-interests", judge)
    assert client.post(page("judging-interests", judge), {"all": "yes"})["Location"] == page("judging-round", judge)
    assert "0 of 1 entry" in client.get(page("judging-round", judge)).text


def test_judge_never_sees_what_is_not_theirs_to_judge(judge, category, client_of):
    mine = entry_of(category)
    other, people = CategoryFactory(round=category.round), CategoryFactory(round=category.round, is_peoples_choice=True)
    judge.categories.add(people)
    declared = entry_of(category)
    InterestFactory(judge=judge, partner=declared.partner)
    foreign = [
        declared,
        entry_of(category, nominated_by=judge.user),
        entry_of(category, withdrawn_at=timezone.now()),
        NominationFactory(category=category, submitted=True),
        entry_of(other),
        entry_of(people),
        entry_of(CategoryFactory(round=AwardRoundFactory(judging=True))),
    ]
    assert entries_of(judge) == {mine}
    client = client_of(judge.user)
    overview = client.get(page("judging-round", judge)).text
    assert "0 of 1 entry" in overview
    for entry in foreign:
        assert entry.partner.name not in overview
        assert client.get(page("judging-entry", judge, entry.pk)).status_code == 404


@pytest.mark.parametrize("ended", [None, timezone.now()])
def test_judge_who_is_nominated_judges_nothing_of_that_category(judge, category, ended):
    second = CategoryFactory(round=category.round)
    judge.categories.add(second)
    rival, elsewhere = entry_of(category), entry_of(second)
    assert entries_of(judge) == {rival, elsewhere}
    own = entry_of(category)
    MembershipFactory(partner=own.partner, user=judge.user, role="member", ended_at=ended)
    assert entries_of(judge) == {elsewhere}


def test_entries_are_shown_once_nominations_have_closed(category, criteria, client_of):
    round = category.round
    judge, entry = judge_of(category), entry_of(category)
    client = client_of(judge.user)
    for moment, status in ((round.closes_at - SECOND, 404), (round.closes_at, 200)):
        with time_machine.travel(moment, tick=False):
            assert client.get(page("judging-entry", judge, entry.pk)).status_code == status
            assert (entry.partner.name in client.get(page("judging-round", judge)).text) is (status == 200)


def test_entry_shows_the_evidence_and_not_who_nominated(judge, category, criteria, client_of):
    pledge = PledgeFactory(approved=True, statement="Pay all the real living wage")
    story = StoryFactory(approved=True, partner=pledge.partner, title="From the school gate")
    entry = entry_of(category, partner=pledge.partner, pledge=pledge, story=story, nominated_by__name="Zelda Nominator")
    text = client_of(judge.user).get(page("judging-entry", judge, entry.pk)).text
    assert "Pay all the real living wage" in text
    assert "From the school gate" in text
    assert entry.why in text
    assert "Zelda" not in text
    assert entry.nominated_by.email not in text


def test_entry_shows_what_was_reported_before_the_pledge_was_renewed(judge, category, criteria, client_of):
    reported = AnswerFactory(review__approved=True, words="Ninety people are paid more.")
    old = reported.pledge
    Pledge.objects.filter(pk=old.pk).update(ended_at=timezone.now(), ending=Pledge.Ending.REPLACED)
    renewed = PledgeFactory(approved=True, partner=old.partner, replaces=old)
    entry = entry_of(category, partner=old.partner, pledge=renewed)
    assert "Ninety people are paid more." in client_of(judge.user).get(page("judging-entry", judge, entry.pk)).text


def test_pages_are_for_judges_of_that_year_alone(judge, category, client_of, manager):
    entry = entry_of(category)
    other = judge_of(CategoryFactory(round=AwardRoundFactory(judging=True)))
    for user in (UserFactory(), manager, other.user):
        client = client_of(user)
        for path in (
            page("judging-round", judge),
            page("judging-interests", judge),
            page("judging-entry", judge, entry.pk),
        ):
            assert client.get(path).status_code == 404
    assert client_of(UserFactory()).get("/judging/").status_code == 404


# Interests ------------------------------------------------------------------------------------


def test_interest_withdraws_scores_and_the_entry_at_once(judge, category, criteria, client_of):
    entry, stays = entry_of(category), entry_of(category)
    give(judge, entry, 5, 5)
    give(judge, stays, 1, 1)
    client = client_of(judge.user)
    address = page("judging-interests", judge)
    found = client.get(address, {"q": entry.partner.name})
    assert f'value="{entry.partner.pk}"' in found.text
    client.post(address, {"declare": "yes", "partner": entry.partner.pk, "why": "My sister works there."})
    client.post(address, {"declare": "yes", "partner": entry.partner.pk})
    assert set(judge.scores.values_list("nomination", flat=True)) == {stays.pk}
    assert client.get(page("judging-entry", judge, entry.pk)).status_code == 404
    [event] = audit.trail(judge.interests.get())
    assert event.data == {"partner": entry.partner.pk, "scores_withdrawn": 2}
    assert {row.nomination.pk: row.mean for row in results(category)} == {entry.pk: None, stays.pk: 1}


def test_interests_tell_nothing_of_who_is_nominated(judge, category, client_of):
    entry, other = entry_of(category), PartnerFactory(approved=True, name="Not Nominated Ltd")
    hidden = PartnerFactory(submitted=True, name="Waiting Ltd")
    client = client_of(judge.user)
    address = page("judging-interests", judge)
    shapes = set()
    for partner in (entry.partner, other):
        text = client.get(address, {"q": partner.name}).text
        shapes.add(text.replace(partner.name, "NAME").replace(str(partner.pk), "KEY").count("NAME"))
    assert len(shapes) == 1
    assert "Waiting Ltd</bdi></label>" not in client.get(address, {"q": "Waiting"}).text
    client.post(address, {"declare": "yes", "partner": hidden.pk})
    assert not judge.interests.exists()


# Scoring --------------------------------------------------------------------------------------


def test_judge_scores_and_changes_their_mind(judge, category, criteria, client_of):
    entry, _left = entry_of(category), entry_of(category)
    client, address = client_of(judge.user), page("judging-entry", judge, entry.pk)
    empty = client.post(address, {"seen": ""})
    assert "Error: " in empty.text
    assert not Score.objects.exists()
    answer = client.post(address, form_of(criteria, 4, 0, note="Brave."))
    assert answer["Location"] == f"{page('judging-round', judge)}#entry-{entry.pk}"
    assert "1 of 2 entries" in client.get(page("judging-round", judge)).text
    shown = client.get(address)
    assert "Brave." in shown.text
    client.post(address, form_of(criteria, 5, 1, seen=actions.version_of(judge, entry)))
    assert sorted(judge.scores.values_list("points", flat=True)) == [1, 5]


@pytest.mark.parametrize("points", [6, -1, "x", ""])
def test_points_are_from_0_to_5(judge, category, criteria, client_of, points):
    entry = entry_of(category)
    client_of(judge.user).post(page("judging-entry", judge, entry.pk), form_of(criteria, points, 3))
    assert not Score.objects.exists()


def test_two_tabs_lose_nothing_silently(judge, category, criteria, client_of):
    entry = entry_of(category)
    client, address = client_of(judge.user), page("judging-entry", judge, entry.pk)
    first, second = form_of(criteria, 4, 4, note="First"), form_of(criteria, 2, 2, note="Second")
    client.post(address, first)
    again = client.post(address, first)
    assert again.status_code == 302  # the same twice is once
    refused = client.post(address, second)
    assert refused.status_code == 409
    assert "First" in refused.text
    assert "Second" in refused.text
    assert set(judge.scores.values_list("points", flat=True)) == {4}
    version = refused.context["form"]["seen"].value()
    assert client.post(address, {**second, "seen": version}).status_code == 302
    assert set(judge.scores.values_list("points", flat=True)) == {2}


def test_judging_ends_to_the_second(judge, category, criteria, client_of):
    entry, round = entry_of(category), category.round
    address = page("judging-entry", judge, entry.pk)
    with time_machine.travel(round.judged_until - SECOND, tick=False):
        client = client_of(judge.user)
        assert client.post(address, form_of(criteria, 3, 3)).status_code == 302
    version = actions.version_of(judge, entry)
    with time_machine.travel(round.judged_until, tick=False):
        late = client.post(address, form_of(criteria, 5, 5, seen=version, note="Too late"))
        assert late.status_code == 409
        assert "Too late" in late.text  # what was typed is not lost
        shown = client.get(address).text
        assert "<form" not in shown.partition("<main")[2].partition("</main>")[0]
    assert set(judge.scores.values_list("points", flat=True)) == {3}


def test_nomination_withdrawn_while_it_is_judged(judge, category, criteria, client_of):
    entry = entry_of(category)
    give(judge, entry, 5, 5)
    Nomination.objects.filter(pk=entry.pk).update(withdrawn_at=timezone.now())
    address = page("judging-entry", judge, entry.pk)
    assert client_of(judge.user).post(address, form_of(criteria, 1, 1)).status_code == 404
    with pytest.raises(NotPossible, match="not yours to judge"):
        actions.score(judge=judge, nomination=entry, scores=answers(criteria, 1, 1), seen="")
    assert results(category) == []


def test_scores_by_other_criteria_are_not_taken(judge, category, criteria):
    entry = entry_of(category)
    foreign = CriterionFactory()
    for scores in ({criteria[0].pk: (1, "")}, {**answers(criteria, 1, 1), foreign.pk: (1, "")}):
        with pytest.raises(NotPossible, match="criteria have changed"):
            actions.score(judge=judge, nomination=entry, scores=scores, seen="")


def test_no_judge_learns_what_others_scored(judge, category, criteria, client_of):
    entry = entry_of(category)
    other = judge_of(category)
    paths = (page("judging-round", judge), page("judging-entry", judge, entry.pk))
    client = client_of(judge.user)
    before = [client.get(path).context["entries" if n == 0 else "own"] for n, path in enumerate(paths)]
    give(other, entry, 5, 4)
    Score.objects.update(note="Zanzibar")
    after = [client.get(path) for path in paths]
    assert [answer.context["entries" if n == 0 else "own"] for n, answer in enumerate(after)] == before
    assert not any("Zanzibar" in answer.text for answer in after)


# Results --------------------------------------------------------------------------------------


def test_results_are_exact(category, criteria):
    first, second, unseen = (entry_of(category) for _n in range(3))
    points = {first: [(5, 0), (0, 5), (3, 3)], second: [(3, 2), (2, 3), (3, 3)]}
    judges = [judge_of(category) for _n in range(3)]
    for entry, given in points.items():
        for judge, pair in zip(judges, given, strict=True):
            give(judge, entry, *pair)
    rows = results(category)
    assert [(row.nomination, row.rank, row.mean, row.spread) for row in rows] == [
        # weights 2 and 1: (10/3 + 5/3 + 3) / 3 against (8/3 + 7/3 + 3) / 3
        (first, 1, Fraction(8, 3), Fraction(5, 3)),
        (second, 1, Fraction(8, 3), Fraction(2, 3)),
        (unseen, 3, None, None),
    ]
    assert [row.has_too_few for row in rows] == [False, False, True]


def test_results_leave_out_who_may_not_judge_and_what_is_unfinished(category, criteria):
    entry = entry_of(category)
    fair, tied, lazy = (judge_of(category) for _n in range(3))
    for judge in (fair, tied):
        give(judge, entry, 2 if judge is fair else 5, 2 if judge is fair else 5)
    ScoreFactory(judge=lazy, nomination=entry, criterion=criteria[0], points=5)
    MembershipFactory(partner=entry.partner, user=tied.user, role="member")  # after they scored
    [row] = results(category)
    assert (row.mean, row.scored, row.judges) == (2, 1, 2)


def test_thirds_are_level(category, criteria, manager):
    """In floating point 0.1 + 0.2 is not 0.3; two entries with the same points in another order are level."""
    entries = [entry_of(category) for _n in range(2)]
    for judge, pairs in zip(
        [judge_of(category) for _n in range(3)], [((1, 0), (0, 2)), ((0, 2), (5, 4)), ((5, 4), (1, 0))], strict=True
    ):
        for entry, pair in zip(entries, pairs, strict=True):
            give(judge, entry, *pair)
    assert [(row.rank, row.tied) for row in results(category)] == [(1, True), (1, True)]
    order = entries[::-1]
    with pytest.raises(NotPossible, match="Judging goes on"):
        actions.decide_tie(category=category, order=order, why="Wider effect.", actor=manager)
    with time_machine.travel(category.round.judged_until, tick=False):
        with pytest.raises(NotPossible, match="not level"):
            actions.decide_tie(category=category, order=order[:1], why="Wider effect.", actor=manager)
        actions.decide_tie(category=category, order=order, why="Wider effect.", actor=manager)
    assert [(row.nomination, row.rank, row.tied) for row in results(category)] == [
        (order[0], 1, False),
        (order[1], 2, False),
    ]
    event = audit.trail(category).get()
    assert (event.verb, event.actor, event.note) == ("category.tie_decided", manager, "Wider effect.")
    assert event.data == {"order": [entry.pk for entry in order]}
    third = entry_of(category)
    for judge, pair in zip(category.judges.order_by("pk"), [(1, 0), (0, 2), (5, 4)], strict=True):
        give(judge, third, *pair)
    assert [row.tied for row in results(category)] == [True] * 3  # one more came level: to be decided anew
    assert len(ties(category)) == 1


def test_votes_are_counted_for_who_stands(round):
    people = CategoryFactory(round=round, is_peoples_choice=True)
    loved, liked, gone = (NominationFactory(category=people, shortlisted=True) for _n in range(3))
    for nomination, number in ((loved, 3), (liked, 1), (gone, 5)):
        VoteFactory.create_batch(number, nomination=nomination)
    Nomination.objects.filter(pk=gone.pk).update(withdrawn_at=timezone.now())
    assert [(row.nomination, row.votes, row.rank) for row in results(people)] == [(loved, 3, 1), (liked, 1, 2)]


# Reminders ------------------------------------------------------------------------------------


def test_judges_with_something_left_are_reminded_once(category, criteria, mailbox):
    round = category.round
    entry = entry_of(category)
    done, undeclared, left = judge_of(category), judge_of(category, declared_at=None), judge_of(category)
    give(done, entry, 1, 1)
    judge_of(category, stood_down_at=timezone.now())
    with time_machine.travel(round.judged_until - 7 * DAY - SECOND, tick=False):
        assert run_tick()["judges"] == 0
    for moment, count in ((round.judged_until - 7 * DAY, 2), (round.judged_until - 6 * DAY, 0)):
        with time_machine.travel(moment, tick=False):
            assert run_tick()["judges"] == count
    assert {row.to for row in OutgoingEmail.objects.all()} == {undeclared.user.email, left.user.email}
    with time_machine.travel(round.judged_until, tick=False):
        texts = {letter.to[0]: letter.body for letter in mailbox()}
    assert "You have not scored 1 entry yet." in texts[left.user.email]
    assert "First name the partners" in texts[undeclared.user.email]


def test_nobody_is_reminded_once_judging_has_ended(judge, category, criteria):
    entry_of(category)
    with time_machine.travel(category.round.judged_until, tick=False):
        assert run_tick()["judges"] == 0
    assert not OutgoingEmail.objects.exists()
