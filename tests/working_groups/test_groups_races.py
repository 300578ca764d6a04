"""Two groups that are moved at the same moment, with real connections."""

import contextlib
import threading
from functools import partial

import pytest
from django.core.exceptions import ValidationError
from django.db import OperationalError

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


def test_without_the_lock_neither_would_be_refused(at_once, monkeypatch):
    """The control: both look before either has moved. They form a ring, or the database ends one of the two."""
    moves = moves_below_each_other()
    both_have_looked = threading.Barrier(2, timeout=20)
    ancestors = Group.ancestors

    def look(group):
        above = ancestors(group)
        both_have_looked.wait()
        return above

    monkeypatch.setattr(module, "lock_on", lambda name: None)
    monkeypatch.setattr(Group, "ancestors", look)

    def quietly(move):
        with contextlib.suppress(OperationalError):
            move()

    assert at_once(*(partial(quietly, move) for move in moves)) == [None, None]
