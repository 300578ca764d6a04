"""The tree of groups: what may stand where, and what closing a group hides."""

import datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from partners.models import PriorityArea
from tests.factories import (
    ActionFactory,
    GroupFactory,
    GroupMemberFactory,
    PaperFactory,
    ProgressUpdateFactory,
    UserFactory,
)
from working_groups.models import Action, Group, GroupMember, Paper, ProgressUpdate
from working_groups.models import groups as groups_module
from working_groups.tree import in_order, tree_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def line():
    """Three groups, each below the one before."""
    top = GroupFactory(name="top", kind="steering")
    middle = GroupFactory(name="middle", parent=top)
    return top, middle, GroupFactory(name="bottom", parent=middle, kind="sub")


def fresh(*groups):
    return [Group.objects.get(pk=group.pk) for group in groups]


# What may stand where -------------------------------------------------------------------------


@pytest.mark.parametrize("below", [0, 1, 2], ids=["itself", "its child", "its grandchild"])
def test_a_group_is_never_below_itself(line, below):
    top, *_rest = fresh(*line)
    top.parent = fresh(*line)[below]
    for refuse in (top.full_clean, top.save):
        with pytest.raises(ValidationError) as refusal:
            refuse()
        assert refusal.value.message_dict["parent"] == ["A group cannot be part of itself, or of a group below it."]
    assert Group.objects.get(pk=top.pk).parent is None


def test_a_group_is_not_its_own_parent_in_the_database_either(line):
    with pytest.raises(IntegrityError, match="group_is_not_its_own_parent"):
        Group.objects.filter(pk=line[0].pk).update(parent=line[0])


def test_a_group_may_move_to_another_branch(line):
    _top, middle, bottom = fresh(*line)
    bottom.parent = None
    bottom.full_clean()
    bottom.save()
    middle.parent = bottom
    middle.full_clean()
    middle.save()
    assert [group.name for group in fresh(middle)[0].ancestors()] == ["bottom"]


def test_the_tree_has_a_greatest_depth(line):
    deepest = line[-1]
    for _n in range(groups_module.LEVELS_AT_MOST - 3):
        deepest = GroupFactory(parent=deepest)
    refused = Group(parent=deepest, name="x", slug="x", kind="sub", purpose="x")
    for refuse in (refused.full_clean, refused.save):
        with pytest.raises(ValidationError, match="at most 6 levels"):
            refuse()
    over, top = GroupFactory(), Group.objects.get(pk=line[0].pk)
    top.parent = over  # it would take the deepest too far down
    with pytest.raises(ValidationError, match="at most 6 levels"):
        top.save()


@pytest.mark.parametrize("slug", groups_module.RESERVED)
def test_addresses_of_other_pages_are_no_groups(slug):
    group = Group(name="x", slug=slug, kind="sub", purpose="x")
    with pytest.raises(ValidationError, match="Another page has this address"):
        group.full_clean()
    with pytest.raises(IntegrityError, match="group_address_is_free"):
        group.save()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"kind": "task"}, "A task and finish group has a day on which it ends."),
        ({"starts_on": datetime.date(2026, 5, 4), "ends_on": datetime.date(2026, 5, 3)}, "It ends before it starts."),
        ({"link_label": "Owned by Oxford"}, "Give both what it works with and its address, or neither."),
        ({"name": "Jobs"}, "There is a group of this name at this place already."),
    ],
)
def test_what_cannot_be_is_refused_in_words(values, words):
    GroupFactory(name="Jobs")
    with pytest.raises(ValidationError) as refusal:
        GroupFactory.build(**values).full_clean()
    assert words in refusal.value.messages


# Closing --------------------------------------------------------------------------------------


def hidden():
    return sorted(Group.objects.filter(is_hidden=True).values_list("name", flat=True))


def test_closing_a_group_hides_all_below_it(line):
    _top, middle, bottom = line
    GroupFactory(name="other")
    middle.is_closed = True
    middle.save()
    assert hidden() == ["bottom", "middle"]
    assert [group.name for group in Group.objects.published()] == ["other", "top"]
    bottom = Group.objects.get(pk=bottom.pk)
    bottom.is_closed = True
    bottom.save()
    middle.is_closed = False
    middle.save()
    assert hidden() == ["bottom"]


def test_a_closed_group_is_sound():
    group = GroupFactory.build(is_closed=True)
    group.full_clean()
    assert group.is_hidden


def test_what_moves_below_a_closed_group_is_hidden_and_comes_back(line):
    secret, (_top, middle, _bottom) = GroupFactory(name="secret", is_closed=True), fresh(*line)
    middle.parent = secret
    middle.save(update_fields=["parent"])
    assert hidden() == ["bottom", "middle", "secret"]
    middle.parent = None
    middle.save(update_fields=["parent"])
    assert hidden() == ["secret"]


@pytest.mark.parametrize(
    ("make", "model"), [(PaperFactory, Paper), (ActionFactory, Action), (ProgressUpdateFactory, ProgressUpdate)]
)
def test_what_a_hidden_group_has_is_not_published(line, make, model):
    published = {"published": True} if make is PaperFactory else {}
    rows = [make(group=group, **published) for group in line]
    line[1].is_closed = True
    line[1].save()
    assert list(model.objects.published()) == [rows[0]]


# Who sees and runs ----------------------------------------------------------------------------


@pytest.fixture
def user(db):
    return UserFactory()


@pytest.mark.parametrize("role", GroupMember.Role.values)
def test_chairs_and_officers_run_a_group_others_see_it(user, role):
    group = GroupMemberFactory(user=user, role=role).group
    GroupFactory(chair=True)
    assert list(Group.objects.visible_to(user)) == list(Group.objects.of(user)) == [group]
    runs = role in ("chair", "co_chair", "officer")
    assert list(Group.objects.managed_by(user)) == list(Group.objects.run_by(user)) == ([group] if runs else [])


def test_who_has_left_or_has_not_begun_is_nobody(user):
    GroupMemberFactory(user=user, role="chair", ended=True)
    GroupMemberFactory(user=user, role="chair", starts_on=datetime.date(2999, 1, 1))
    assert not Group.objects.visible_to(user).exists()


def test_the_manager_sees_and_runs_all(manager):
    group = GroupFactory(is_closed=True)
    assert list(Group.objects.visible_to(manager)) == list(Group.objects.managed_by(manager)) == [group]
    assert not Group.objects.of(manager).exists()


# The tree -------------------------------------------------------------------------------------


def test_groups_come_in_the_order_of_the_tree():
    second, first = GroupFactory(name="b", order=2), GroupFactory(name="a", order=1)
    GroupFactory(name="b1", parent=second)
    GroupFactory(name="a2", parent=first, order=2)
    a1 = GroupFactory(name="a1", parent=first, order=1)
    GroupFactory(name="a11", parent=a1)
    tree = [(group.name, depth) for group, depth in in_order(Group.objects.all())]
    assert tree == [("a", 0), ("a1", 1), ("a11", 2), ("a2", 1), ("b", 0), ("b1", 1)]


def test_ended_groups_stand_apart_and_what_was_below_them_moves_up(line):
    today = datetime.date(2026, 5, 4)
    _top, middle, _bottom = line
    middle.ends_on = today
    middle.save()
    assert tree_of(Group.objects.all(), today)[1] == []
    branches, ended = tree_of(Group.objects.all(), today + datetime.timedelta(days=1))
    assert [[group.name for group, _depth in branch] for branch in branches] == [["bottom"], ["top"]]
    assert ended == [middle]
    assert [group.name for group in Group.objects.current(today)] == ["bottom", "middle", "top"]
    assert [group.name for group in Group.objects.current(today + datetime.timedelta(days=1))] == ["bottom", "top"]


def test_an_area_knows_its_groups(line):
    area = PriorityArea.objects.create(slug="a", name="a", short_name="a", summary="a", meaning="a", order=1)
    line[0].areas.add(area)
    assert list(area.working_groups.published().current()) == [line[0]]
