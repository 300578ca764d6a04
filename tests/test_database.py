"""The tests' own database, which the others trust."""

import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache

from oiep.roles import MANAGER
from tests.factories import UserFactory


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("time", ["first", "second"])
def test_each_test_finds_what_migrations_made_and_nothing_of_another(time):
    from oiep.models import User

    assert Group.objects.get(name=MANAGER).permissions.filter(codename="change_case").exists()
    assert not User.objects.exists()
    assert cache.get("left") is None
    UserFactory()
    cache.set("left", time)
