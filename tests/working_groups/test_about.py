"""What a group says of itself, changed by those who run it."""

import pytest
from django.urls import reverse

from oiep import audit
from oiep.moderation import NotPossible
from partners.actions import Conflict, version_of
from tests.factories import GroupFactory, GroupMemberFactory
from working_groups.actions.about import about, describe_group

pytestmark = pytest.mark.django_db
ADDRESS = "/working-groups/jobs/about/"


@pytest.fixture
def group():
    return GroupFactory(slug="jobs", name="Jobs", about="Old.", chair=True)


@pytest.fixture
def chair(group):
    return group.members.get(role="chair").user


@pytest.fixture
def pages(client_of, chair):
    return client_of(chair)


def sent(pages, **values):
    form = pages.get(ADDRESS).context["form"]
    data = {name: form[name].value() for name in form.fields} | values
    return pages.post(ADDRESS, {name: value for name, value in data.items() if value is not False})


def test_chair_changes_it_and_the_public_reads_it(pages, group, chair, client):
    assert ADDRESS in pages.get(reverse("group-room", args=["jobs"])).text
    answer = sent(pages, purpose="Jobs for\r\nall.", terms="1. We <b>meet</b>.", takes_requests=False, name="Hacked")
    assert answer["Location"] == reverse("group-room", args=["jobs"])
    group.refresh_from_db()
    assert (group.name, group.purpose, group.about, group.takes_requests) == ("Jobs", "Jobs for all.", "Old.", False)
    page = client.get(group.get_absolute_url()).text
    assert "Jobs for all." in page
    assert "<li>We &lt;b&gt;meet&lt;/b&gt;.</li>" in page
    assert "Ask to join" not in page
    [event] = audit.trail(group)
    assert (event.verb, event.actor) == ("group.described", chair)
    assert event.data["fields"] == ["purpose", "takes_requests", "terms"]


def test_it_says_what_it_is_for(pages, group):
    answer = sent(pages, purpose=" ")
    assert "Write what the group is for." in answer.text
    assert sent(pages, purpose="x" * 401).context["form"].errors.keys() == {"purpose"}
    assert not audit.trail(group)


def test_second_of_two_is_shown_what_the_first_wrote(pages, group, chair):
    seen = version_of(about(group))
    values = about(group)
    describe_group(group=group, values=values | {"about": "First."}, seen=seen, actor=chair)
    with pytest.raises(Conflict):
        describe_group(group=group, values=values | {"about": "Second."}, seen=seen, actor=chair)
    answer = pages.post(ADDRESS, {**values, "about": "Second.", "seen": seen})
    assert "Somebody else changed this while you wrote" in answer.text
    assert "First." in answer.text
    assert "Second." in answer.text
    assert pages.post(ADDRESS, {**values, "about": "Second.", "seen": answer.context["form"]["seen"].value()}).url
    group.refresh_from_db()
    assert group.about == "Second."


def test_who_runs_it_no_more_changes_nothing(group, chair):
    seen, values = version_of(about(group)), about(group) | {"about": "Mine."}
    group.members.update(role="member")
    for actor in (chair, GroupMemberFactory(role="chair").user):
        with pytest.raises(NotPossible):
            describe_group(group=group, values=values, seen=seen, actor=actor)
