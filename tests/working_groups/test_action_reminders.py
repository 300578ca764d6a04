"""Reminders of actions, as time-tables. Each day's work is done twice, to show that the second time does nothing."""

import datetime

import pytest
from django.utils import timezone

from oiep.models import OutgoingEmail
from tests.factories import ActionFactory, GroupFactory, GroupMemberFactory
from working_groups.actions import daily, work
from working_groups.actions import members as deeds
from working_groups.models import Action

pytestmark = pytest.mark.django_db
DUE = datetime.date(2027, 5, 4)


def day(offset, due=DUE):
    return due + datetime.timedelta(days=offset)


def run(*days):
    """Does the work of each day twice."""
    for today in days:
        daily.run_day(today)
        assert daily.run_day(today) == {"failed": 0, "recorded": 0}


def days_around_steps(first, last, due=DUE):
    run(*(day(offset, due) for offset in (-8, -7, -6, 0, 1, 7, 8, 29, 30, 31) if first <= offset <= last))


def ledger(action):
    """(key without what all share, who got it) for what goes, and for the rest why not."""
    rows = OutgoingEmail.objects.about(action).exclude(key=None).order_by("created_at", "key")
    return [(row.key.removeprefix(f"action/{action.pk}/"), row.to or row.reason) for row in rows]


@pytest.fixture
def action(jobs, member):
    return ActionFactory(group=jobs, owner=member, due_on=DUE, what="Write to all colleges.")


TO_OWNER = [(f"2027-05-04/{step}", "member@example.org") for step in ("week", "due", "overdue", "chased")]
MISSED = "Its day had passed by the time we looked, so the next message went instead."


def test_each_step_goes_on_its_day_and_the_last_to_the_chair_as_well(jobs, action):
    chair = jobs.members.get(role="chair")
    so_far = {}
    for offset in range(-10, 60):
        run(day(offset))
        so_far[offset] = len(ledger(action))
    changes = [offset for offset in range(-9, 60) if so_far[offset] != so_far[offset - 1]]
    assert changes == [-7, 0, 7, 30]
    assert ledger(action) == [*TO_OWNER, (f"2027-05-04/chased/run/{chair.pk}", "chair@example.org")]


@pytest.mark.parametrize(("wakes", "goes", "missed"), [(-1, 0, 0), (3, 1, 1), (12, 2, 2), (400, 3, 3)])
def test_after_a_sleep_only_the_latest_goes(action, wakes, goes, missed):
    run(day(-20), day(wakes))
    rows = [row for row in ledger(action) if "/run/" not in row[0]]
    assert sorted(rows) == sorted([*[(key, MISSED) for key, _to in TO_OWNER[:missed]], TO_OWNER[goes]])


def test_owner_who_chairs_gets_one_mail(jobs, chair, action):
    action.owner = jobs.members.get(user=chair)
    action.save()
    run(day(30))
    assert [row for row in ledger(action) if row[1] == "chair@example.org"] == [
        ("2027-05-04/chased", "chair@example.org")
    ]


@pytest.mark.parametrize(
    ("owner", "why"),
    [
        ({"named": True}, "Whoever does it has no account to write to."),
        ({"ended": True}, "Whoever did it has left the group."),
        (None, "Nobody is named who does it."),
    ],
)
def test_without_somebody_to_write_to_the_ledger_says_why_and_the_chair_learns_it(jobs, owner, why):
    who = owner and GroupMemberFactory(group=jobs, **owner)
    action = ActionFactory(group=jobs, owner=who, due_on=DUE)
    days_around_steps(-8, 31)
    chair = jobs.members.get(role="chair")
    assert ledger(action) == [
        *((f"2027-05-04/{step}", why) for step in ("week", "due", "overdue", "chased")),
        (f"2027-05-04/chased/run/{chair.pk}", "chair@example.org"),
    ]


def close(action, chair):
    work.report_progress(action=action, progress="achieved", note="Done.", actor=chair)


def leave(action, chair):
    deeds.end_membership(member=action.owner, actor=action.owner.user)


def test_closing_ends_reminders_also_one_that_waits(chair, action):
    run(day(-7))
    close(action, chair)
    days_around_steps(0, 31)
    [row] = OutgoingEmail.objects.about(action)
    assert (row.state, row.reason) == ("not_sent", "It was done or stopped before.")


def test_owner_who_left_gets_no_more(chair, action):
    run(day(-7))
    leave(action, chair)
    daily.run_day(day(0) + datetime.timedelta(days=365))  # whenever that was
    sent = OutgoingEmail.objects.about(action).filter(to="member@example.org").exclude(state="not_sent")
    assert not sent.exists()


@pytest.mark.parametrize(("ends", "steps"), [(-8, 0), (-7, 1), (0, 2)])
def test_group_that_has_ended_reminds_nobody(jobs, action, ends, steps):
    jobs.ends_on = day(ends)
    jobs.save()
    days_around_steps(-10, 31)
    assert ledger(action) == TO_OWNER[:steps]


def test_new_date_begins_a_new_round_and_ends_the_old_one(chair, action):
    run(day(-7), day(0))
    later = day(0) + datetime.timedelta(days=30)
    seen = work.version(action, work.ACTION_FIELDS)
    values = {name: getattr(action, name) for name in work.ACTION_FIELDS} | {"due_on": later}
    action = work.change_action(action=action, values=values, seen=seen, actor=chair)
    assert {row.state for row in OutgoingEmail.objects.about(action)} == {"not_sent"}
    days_around_steps(-8, 1, due=later)
    assert [key for key, _to in ledger(action) if key.startswith(str(later))] == [f"{later}/week", f"{later}/due"]


@pytest.mark.parametrize(
    ("due_in", "past"), [(30, []), (3, ["week"]), (0, ["week", "due"]), (-20, ["week", "due", "overdue"])]
)
def test_steps_that_are_past_when_an_action_is_agreed_are_not_made_up_for(jobs, chair, member, due_in, past):
    today = timezone.localdate()
    due = today + datetime.timedelta(days=due_in)
    values = {"what": "Write.", "owner": member, "due_on": due, "meeting": None, "is_public": True}
    action = work.add_action(group=jobs, values=values, actor=chair)
    daily.run_day(today)
    reason = "Its day had passed when the date was set."
    assert sorted(ledger(action)) == sorted((f"{due}/{step}", reason) for step in past)


def test_reopened_action_is_reminded_of_its_next_step_once(chair, action):
    run(day(-7))
    close(action, chair)
    run(day(0), day(7))
    work.report_progress(action=action, progress="behind", note="Not quite.", actor=chair)
    days_around_steps(8, 9)
    assert sorted(ledger(action)) == sorted([TO_OWNER[0], ("2027-05-04/due", MISSED), TO_OWNER[2]])


def test_mail_says_what_by_when_and_one_press_leads_there(action):
    days_around_steps(-7, 30)
    address = f"/working-groups/jobs/actions/{action.pk}/"
    for mail in OutgoingEmail.objects.about(action).exclude(state="not_sent"):
        lines = mail.text.splitlines()
        assert "4 May 2027" in mail.subject_line
        assert "Tuesday 4 May 2027" in lines[0]
        assert lines[2].endswith(address)
        assert "> Write to all colleges." in mail.text
        assert "> Jobs for all" in mail.text
    chairs = OutgoingEmail.objects.get(to="chair@example.org")
    assert "> Mem Ber" in chairs.text


def test_one_that_cannot_be_worked_on_stops_no_other(jobs, action, monkeypatch):
    broken = ActionFactory(group=jobs, due_on=DUE)
    write = daily._write

    def fail_for_one(found, *rest):
        if found.pk == broken.pk:
            raise ValueError("broken")
        return write(found, *rest)

    monkeypatch.setattr(daily, "_write", fail_for_one)
    assert daily.run_day(day(-7)) == {"failed": 1, "recorded": 1}
    monkeypatch.undo()
    assert daily.run_day(day(-7)) == {"failed": 0, "recorded": 1}


def test_what_is_due_costs_one_query_to_find(django_assert_num_queries):
    for _n in range(3):
        ActionFactory(group=GroupFactory(), due_on=DUE)
    with django_assert_num_queries(1):
        assert [action.step for action in daily.actions_to_remind(day(0))] == ["due"] * 3
    assert Action.objects.count() == 3
