"""Two groups that are moved at the same moment, with real connections."""

import threading

import pytest
from django.core.exceptions import ValidationError

from tests.factories import GroupFactory
from working_groups.models import Group
from working_groups.models import groups as module

pytestmark = pytest.mark.django_db(transaction=True)


def moves_below_each_other():
    """Two functions, each of which moves one of two groups below the other."""
    first, second = GroupFactory(name="first"), GroupFactory(name="second")

    def move(group, below):
        moved = Group.objects.get(pk=group.pk)
        moved.parent = below
        moved.save()

    return lambda: move(first, second), lambda: move(second, first)


def test_two_groups_moved_below_each_other_one_is_refused(at_once):
    results = at_once(*moves_below_each_other())
    [refusal] = [result for result in results if isinstance(result, ValidationError)]
    assert refusal.message_dict["parent"] == ["A group cannot be part of itself, or of a group below it."]
    assert Group.objects.filter(parent=None).count() == 1


def test_without_the_lock_they_would_form_a_ring(at_once, monkeypatch):
    """The control: both look before either has moved."""
    moves = moves_below_each_other()
    both_have_looked = threading.Barrier(2, timeout=20)
    ancestors = Group.ancestors

    def look(group):
        above = ancestors(group)
        both_have_looked.wait()
        return above

    monkeypatch.setattr(module, "lock_on", lambda name: None)
    monkeypatch.setattr(Group, "ancestors", look)
    assert at_once(*moves) == [None, None]
    assert not Group.objects.filter(parent=None).exists()
