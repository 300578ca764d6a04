"""What tests of working groups share."""

import pytest

from tests.factories import GroupFactory, GroupMemberFactory, UserFactory
from tests.pledges.conftest import at_once

__all__ = ["at_once"]


@pytest.fixture
def chair(db):
    return UserFactory(email="chair@example.org", name="Cher Chair")


@pytest.fixture
def jobs(chair):
    """An open group with a chair and nobody else."""
    return GroupFactory(name="Jobs for all", slug="jobs", chair=chair)


@pytest.fixture
def member(jobs):
    return GroupMemberFactory(group=jobs, user__email="member@example.org", user__name="Mem Ber")
