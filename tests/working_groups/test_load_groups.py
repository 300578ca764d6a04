"""The partnership's groups as data, and the example groups."""

import datetime

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone

from oiep.models import OutgoingEmail
from partners.models import PriorityArea
from tests.factories import GroupFactory, PriorityAreaFactory
from working_groups.management.commands.load_groups import GROUPS
from working_groups.models import (
    Action,
    Attendance,
    Decision,
    Group,
    GroupMember,
    Meeting,
    Paper,
    ProgressUpdate,
)
from working_groups.tree import in_order

MODELS = [Group, GroupMember, Meeting, Attendance, Decision, Paper, Action, ProgressUpdate]
# The report of 13 June 2022, as one reads it.
TREE = """
Steering Group
  Inter Working Group Forum
  Social Value and Procurement
  Inclusive Employers
    Inclusive Employers sub-group
    Barriers to Employment for Employees
  Educational Attainment
    Voluntary Workforce
    Parental Advocacy
    Mentoring
  Place-based Interventions
    Place Selection Criteria
    Resident Engagement
    Community Mapping
    Community Needs Analysis
    Systems Behaviours
"""


@pytest.fixture
def reference(db):
    call_command("load_reference", verbosity=0)
    call_command("load_groups", verbosity=0)


def everything():
    return {model: list(model.objects.order_by("pk").values()) for model in MODELS}


def test_the_tree_of_the_report_is_there(reference):
    tree = [f"{'  ' * depth}{group}" for group, depth in in_order(Group.objects.published())]
    assert tree == TREE.strip().split("\n")
    kinds = {kind: Group.objects.filter(kind=kind).count() for kind in Group.Kind.values}
    assert kinds == {"steering": 1, "forum": 1, "working": 4, "sub": 5, "strand": 5, "task": 0}
    assert not Group.objects.filter(source="").exists()
    assert not Group.objects.filter(is_example=True).exists()
    assert Group.objects.get(slug="social-value-and-procurement").link_label == "Owned by Oxford"


def test_each_priority_area_has_one_owner(reference):
    owners = {area.slug: area.working_groups.count() for area in PriorityArea.objects.all()}
    assert set(owners.values()) == {1}
    assert len(owners) == 8


def test_only_whom_the_report_names_is_named(reference):
    members = GroupMember.objects.values_list("group__slug", "name", "organisation", "role", "agreed_how")
    how = "Named in the partnership's public report of 13 June 2022."
    assert list(members.order_by("pk")) == [
        ("steering-group", "Baroness Jan Royall", "Somerville College", "co_chair", how),
        ("steering-group", "Jeremy Long", "OxLEP", "co_chair", how),
    ]


def test_updates_say_no_more_of_the_day_than_the_report(reference):
    updates = ProgressUpdate.objects.filter(group__slug="inter-working-group-forum")
    assert list(updates.values_list("happened_on", "is_day_known")) == [
        (datetime.date(2022, 2, 1), False),
        (datetime.date(2021, 11, 1), False),
    ]
    known = ProgressUpdate.objects.filter(is_day_known=True)
    assert list(known.values_list("happened_on", flat=True)) == [datetime.date(2022, 5, 4)]


def test_what_the_manager_changed_ended_or_deleted_stays(reference, capsys):
    Group.objects.filter(slug="mentoring").delete()
    Group.objects.filter(slug="place-based-interventions").update(name="Places", ends_on=datetime.date(2026, 1, 1))
    GroupMember.objects.all().delete()
    before = everything()
    call_command("load_groups")
    assert everything() == before
    assert "nothing to add" in capsys.readouterr().out


def test_a_new_group_below_one_that_the_manager_has_done_without_is_left_out(reference, tmp_path):
    Group.objects.filter(slug="mentoring").delete()
    file = tmp_path / "groups.toml"
    entry = '[[group]]\nslug = "new"\nkind = "sub"\nname = "New"\npurpose = "New."\n'
    file.write_text(f'{entry}part_of = "mentoring"\n')
    call_command("load_groups", file=file)
    assert not Group.objects.filter(slug="new").exists()
    file.write_text(f'{entry}part_of = "educational-attainment"\n')
    call_command("load_groups", file=file)
    assert Group.objects.get(slug="new").parent.slug == "educational-attainment"


def test_a_group_of_the_manager_with_the_same_address_is_left_alone(db):
    GroupFactory(slug="steering-group", name="Ours")
    for line in GROUPS.read_text().splitlines():
        if line.startswith("areas ="):
            for slug in line.partition("[")[2].strip("]").replace('"', "").split(", "):
                PriorityAreaFactory(slug=slug)
    call_command("load_groups", verbosity=0)
    assert Group.objects.get(slug="steering-group").name == "Ours"
    assert Group.objects.get(slug="inclusive-employers").parent.name == "Ours"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('part_of = "nowhere"', r"group 1 \(new\): there is no group “nowhere” above it"),
        ('areas = ["nowhere"]', r"group 1 \(new\): .*there is no priority area nowhere"),
        ('colour = "red"', r"group 1 \(new\): .*colour"),
        ('link_label = "Half"', r"group 1 \(new\): .*or neither"),
        ('updates = [{ month = 2022-05-01, text = "" }]', r"group 1 \(new\): text"),
    ],
)
def test_a_faulty_file_is_refused_whole(db, tmp_path, line, words):
    file = tmp_path / "groups.toml"
    file.write_text(f'[[group]]\nslug = "new"\nkind = "sub"\nname = "New"\npurpose = "New."\n{line}\n')
    with pytest.raises(CommandError, match=words):
        call_command("load_groups", file=file)
    assert not Group.objects.exists()


# Examples -------------------------------------------------------------------------------------


def test_examples_have_something_of_everything_on_any_day(db, capsys):
    with time_machine.travel(timezone.now() + datetime.timedelta(days=128), tick=False):
        call_command("load_reference", verbosity=0)
        call_command("load_groups", verbosity=0)
        call_command("load_examples")
        mails = OutgoingEmail.objects.count()
        call_command("load_example_groups")
        before = everything()
        call_command("load_example_groups")
        assert everything() == before
        assert "here already" in capsys.readouterr().out
        assert OutgoingEmail.objects.count() == mails
        examples = Group.objects.filter(is_example=True)
        assert examples.count() == 3
        assert examples.filter(is_hidden=True).count() == 1
        assert examples.current().count() == 2
        group = Group.objects.get(slug="good-jobs-example")
        assert {action.progress for action in group.actions.all()} == set(Action.Progress.values)
        assert {member.role for member in group.members.all()} == {"chair", "champion", "officer", "member"}
        assert not GroupMember.objects.exclude(user=None).exclude(user__is_example=True).exists()
        meetings = group.meetings
        assert [meetings.upcoming().count(), meetings.past().count(), meetings.published().count()] == [1, 2, 1]
        assert meetings.filter(called_at=None).count() == meetings.exclude(cancelled_at=None).count() == 1
        assert group.papers.published().count() == 1
        with group.papers.first().file.open("rb") as file:
            assert file.read().startswith(b"%PDF-1.4")


def test_production_takes_no_examples(reference, settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="SITE=production"):
        call_command("load_example_groups")
    assert not Group.objects.filter(is_example=True).exists()


def test_examples_need_example_accounts(reference):
    with pytest.raises(CommandError, match="load_examples"):
        call_command("load_example_groups")
    assert not Group.objects.filter(is_example=True).exists()
