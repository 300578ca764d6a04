"""The tree and its people in admin."""

import datetime
import re

import pytest
from django.utils import timezone

from oiep import audit
from oiep.models import OutgoingEmail
from tests.factories import (
    GroupFactory,
    GroupMemberFactory,
    MeetingFactory,
    MembershipFactory,
    PartnerFactory,
    PriorityAreaFactory,
    ResidentFactory,
    UserFactory,
)
from working_groups.actions.meetings import call_meeting
from working_groups.models import Group, GroupMember

pytestmark = pytest.mark.django_db
GROUPS, MEMBERS = "/admin/working_groups/group/", "/admin/working_groups/groupmember/"


@pytest.fixture
def client(client_of, manager):
    return client_of(manager)


@pytest.fixture
def top():
    return GroupFactory(name="Steering Group", slug="steering-group", kind="steering")


@pytest.fixture
def mailbox(db):
    return lambda: sorted(OutgoingEmail.objects.values_list("template", "to"))


def today():
    return timezone.localdate().isoformat()


def inline(*prefixes):
    """What the browser sends of the lists of other rows on a page."""
    return {f"{p}-{n}_FORMS": "0" for p in prefixes for n in ("TOTAL", "INITIAL", "MIN_NUM", "MAX_NUM")}


def sent(client, address, **values):
    """Opens a page of admin and sends its form, with these values in place of those that stand in it."""
    form = client.get(address).context["adminform"].form
    data = {}
    for field in form:
        value = field.value()
        if isinstance(value, datetime.date):
            value = value.isoformat()
        data[field.html_name] = value
    data = {name: value for name, value in {**data, **values}.items() if value is not None and value is not False}
    return client.post(address, {**data, **inline("members")})


def errors(answer):
    return " ".join(str(error) for of_one in answer.context["errors"] for error in of_one)


# Groups ---------------------------------------------------------------------------------------


def test_groups_stand_in_the_order_of_the_tree(client, top):
    GroupFactory(name="Aaa at the top")
    child = GroupFactory(name="Jobs", parent=top)
    GroupFactory(name="Mentoring", parent=child, is_closed=True)
    GroupMemberFactory(group=child)
    GroupMemberFactory(group=child, ended=True)
    page = client.get(GROUPS).text
    rows = re.findall(
        r'field-in_the_tree">(\u2003*)<a[^>]*><bdi>([^<]*)<.*?field-number_of_members">(\d+)<', page, re.DOTALL
    )
    assert [(len(indent), name, int(members)) for indent, name, members in rows] == [
        (0, "Aaa at the top", 0),
        (0, "Steering Group", 0),
        (1, "Jobs", 1),
        (2, "Mentoring", 0),
    ]


@pytest.mark.parametrize("rows", [1, 20])
def test_list_takes_the_same_queries_however_many(client, django_assert_num_queries, top, rows):
    for _n in range(rows):
        GroupMemberFactory(group__parent=top)
    client.get(GROUPS)
    with django_assert_num_queries(8):
        client.get(GROUPS)


def test_manager_adds_a_group(client, manager, top):
    area = PriorityAreaFactory()
    values = {
        "name": "Jobs",
        "slug": "jobs",
        "kind": "working",
        "parent": top.pk,
        "purpose": "Helps.",
        "areas": [area.pk],
    }
    assert sent(client, f"{GROUPS}add/", **values).status_code == 302
    jobs = Group.objects.get(slug="jobs")
    assert (jobs.parent, list(jobs.areas.all())) == (top, [area])
    assert [(event.verb, event.actor) for event in audit.trail(jobs)] == [("group.added", manager)]


@pytest.mark.parametrize("slug", ["papers", "steering-group"])
def test_an_address_that_is_taken_is_refused_in_words(client, top, slug):
    values = {"name": "Jobs", "slug": slug, "kind": "working", "purpose": "Helps."}
    answer = sent(client, f"{GROUPS}add/", **values)
    assert answer.status_code == 200
    assert re.search("Another page has this address|already exists", errors(answer))


def test_address_stays_when_a_group_is_renamed(client, top):
    assert sent(client, f"{GROUPS}{top.pk}/change/", name="Board", slug="board").status_code == 302
    top.refresh_from_db()
    assert (top.name, top.slug) == ("Board", "steering-group")
    assert audit.trail(top).get().data == {"fields": ["name"]}


def test_a_group_below_itself_is_refused_in_words(client, top):
    child = GroupFactory(name="Jobs", parent=top)
    answer = sent(client, f"{GROUPS}{top.pk}/change/", parent=child.pk)
    assert "A group cannot be part of itself, or of a group below it." in errors(answer)


def test_closing_and_ending_a_group(client, top):
    child = GroupFactory(name="Jobs", parent=top)
    assert sent(client, f"{GROUPS}{top.pk}/change/", is_closed="on").status_code == 302
    assert not Group.objects.published().exists()
    assert "below a closed one" in client.get(GROUPS).text
    assert "View on site" not in client.get(f"{GROUPS}{child.pk}/change/").text
    assert sent(client, f"{GROUPS}{top.pk}/change/", is_closed=False, ends_on="2022-05-04").status_code == 302
    assert list(Group.objects.published().current()) == [child]
    assert audit.trail(top)[0].data == {"fields": ["ends_on", "is_closed"]}


def test_groups_that_nobody_runs_are_found(client, top):
    GroupFactory(name="Run", chair=True)
    GroupMemberFactory(group=GroupFactory(name="Left"), role="chair", ended=True)
    GroupMemberFactory(group=GroupFactory(name="Only members"))
    found = client.get(GROUPS, {"run": "nobody"}).context["cl"].queryset
    assert [group.name for group in found] == ["Left", "Only members", "Steering Group"]
    assert [group.name for group in client.get(GROUPS, {"run": "somebody"}).context["cl"].queryset] == ["Run"]


# People ---------------------------------------------------------------------------------------


def test_manager_adds_somebody_by_their_address(client, manager, top):
    user = UserFactory(email="ada@example.org")
    values = {"email": " Ada@Example.org ", "role": "chair"}
    assert sent(client, f"{MEMBERS}add/?group={top.pk}", **values).status_code == 302
    member = top.members.get()
    assert (member.user, member.role, member.starts_on) == (user, "chair", timezone.localdate())
    assert [(event.verb, event.actor) for event in audit.trail(member)] == [("groupmember.added", manager)]
    answer = sent(client, f"{MEMBERS}add/?group={top.pk}", **values)  # pressed twice
    assert "This person is a member already." in errors(answer)


def test_manager_names_somebody_without_an_account(client, top):
    values = {
        "name": "Olu",
        "organisation": "Somerville College",
        "agreed_on": "2026-05-04",
        "agreed_how": "By letter.",
    }
    assert sent(client, f"{MEMBERS}add/?group={top.pk}", **values).status_code == 302
    assert list(top.members.shown().values_list("name", "user")) == [("Olu", None)]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "Choose a person, or write the name of somebody without an account."),
        ({"email": "ada@example.org", "name": "Ada"}, "Choose a person, or write the name"),
        ({"email": "nobody@example.org"}, "Nobody has an account with this address."),
        ({"name": "Olu", "agreed_on": "2026-05-04"}, "Say both when they agreed to be shown and how we know."),
    ],
)
def test_what_cannot_be_is_refused_in_words(client, top, values, words):
    UserFactory(email="ada@example.org")
    answer = sent(client, f"{MEMBERS}add/?group={top.pk}", **values)
    assert words in errors(answer)
    assert not GroupMember.objects.exists()


def test_a_member_comes_from_an_organisation_that_they_act_for(client, top):
    member = GroupMemberFactory(group=top)
    bakery, rose, other = PartnerFactory(approved=True), ResidentFactory(approved=True), PartnerFactory(approved=True)
    for partner in (bakery, rose):
        MembershipFactory(partner=partner, user=member.user)
    address = f"{MEMBERS}{member.pk}/change/"
    assert list(client.get(address).context["adminform"].form.fields["partner"].queryset) == [bakery]
    assert sent(client, address, partner=other.pk).status_code == 200
    assert sent(client, address, partner=bakery.pk).status_code == 302
    bakery.memberships.update(ended_at=timezone.now())
    assert sent(client, address, role="chair").status_code == 302
    member.refresh_from_db()
    assert (member.partner, member.role) == (bakery, "chair")


def test_a_past_member_does_not_come_back_beside_themselves(client, top):
    past = GroupMemberFactory(group=top, ended=True)
    GroupMemberFactory(group=top, user=past.user)
    answer = sent(client, f"{MEMBERS}{past.pk}/change/", ends_on="")
    assert "This person is a member already." in errors(answer)


def test_a_group_shows_its_members_and_the_way_to_add_one(client, top):
    member = GroupMemberFactory(group=top, user__name="Ada", shown=True)
    page = client.get(f"{GROUPS}{top.pk}/change/").text
    assert f'href="{MEMBERS}{member.pk}/change/"' in page
    assert f'href="{MEMBERS}add/?group={top.pk}"' in page
    for odd in ("x", "-1", "99999999999999999999", "²"):
        assert client.get(f"{MEMBERS}add/", {"group": odd}).status_code == 200


def test_whom_the_manager_takes_off_a_group_gets_none_of_what_waits(client):
    member = GroupMemberFactory(user__email="ann@example.org", group__chair=UserFactory())
    call_meeting(meeting=MeetingFactory(group=member.group), actor=member.group.members.get(role="chair").user)
    sent(client, f"{MEMBERS}{member.pk}/change/", ends_on=timezone.localdate().isoformat())
    states = dict(OutgoingEmail.objects.values_list("to", "state"))
    assert states.pop("ann@example.org") == "not_sent"
    assert set(states.values()) == {"waiting"}


def test_whom_the_manager_adds_is_told_and_invited(client, mailbox, top):
    call_meeting(meeting=MeetingFactory(group=top), actor=UserFactory(is_superuser=True))
    UserFactory(email="ada@example.org")
    sent(client, f"{MEMBERS}add/?group={top.pk}", email="ada@example.org", role="officer")
    assert mailbox() == [("group_role", "ada@example.org"), ("meeting_invitation", "ada@example.org")]
    [letter] = OutgoingEmail.objects.filter(template="group_role")
    assert letter.subject_line == "You are a member of a working group now"
    assert "is now: officer lead. You can now run the group" in letter.text
    assert "until you agree" in letter.text


@pytest.mark.parametrize(
    ("values", "template"),
    [
        ({"role": "chair"}, "group_role"),
        ({"ends_on": today}, "group_ended"),
        ({"role": "chair", "ends_on": today}, "group_ended"),
        ({"organisation": "Bakery"}, None),
        ({"ends_on": "2100-01-01"}, None),
    ],
)
def test_whom_the_manager_changes_is_told_of_what_matters(client, mailbox, top, values, template):
    member = GroupMemberFactory(group=top, user__email="ada@example.org")
    values = {name: value() if callable(value) else value for name, value in values.items()}
    assert sent(client, f"{MEMBERS}{member.pk}/change/", **values).status_code == 302
    assert mailbox() == ([(template, "ada@example.org")] if template else [])


def test_what_was_long_ago_or_without_an_account_or_ones_own_is_told_to_nobody(client, manager, mailbox, top):
    UserFactory(email="ada@example.org")
    past = {"starts_on": "2022-05-04", "ends_on": "2023-05-04"}
    for values in ({"email": "ada@example.org", **past}, {"name": "Olu"}, {"email": manager.email}):
        assert sent(client, f"{MEMBERS}add/?group={top.pk}", **values).status_code == 302
    assert mailbox() == []


def test_a_closed_group_leads_the_manager_to_its_own_pages(client):
    group = GroupFactory(is_closed=True)
    assert f'href="{group.get_absolute_url()}room/"' in client.get(f"{GROUPS}{group.pk}/change/").text
    assert client.get(f"{group.get_absolute_url()}room/").status_code == 200


def test_what_a_group_is_for_may_be_written_in_several_lines(client, top):
    sent(client, f"{GROUPS}{top.pk}/change/", purpose="Sets the direction\r\nof the partnership.")
    top.refresh_from_db()
    assert top.purpose == "Sets the direction of the partnership."
