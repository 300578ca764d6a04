"""The public pages of the groups."""

import datetime
import re

import pytest
import time_machine
from django.utils import timezone

from tests.factories import (
    ActionFactory,
    EventFactory,
    GroupFactory,
    GroupMemberFactory,
    ManagerFactory,
    MeetingFactory,
    MembershipFactory,
    PaperFactory,
    PartnerFactory,
    PledgeFactory,
    PriorityAreaFactory,
    ProgressUpdateFactory,
    ResidentFactory,
    UserFactory,
)
from tests.html import Page

pytestmark = pytest.mark.django_db


@pytest.fixture
def jobs():
    return GroupFactory(name="Jobs", slug="jobs")


def words(answer):
    """The words of a page, one space between them."""
    text = re.sub(r"<[^>]*>", " ", answer.content.decode().partition("<main")[2].partition("</main>")[0])
    return " ".join(text.split())


def page(client, group):
    return client.get(group.get_absolute_url())


# The tree -------------------------------------------------------------------------------------


def test_tree_is_shown_as_a_chart_and_as_a_list(client):
    top = GroupFactory(name="Steering Group", kind="steering")
    child = GroupFactory(name="Jobs", parent=top, areas=[PriorityAreaFactory(short_name="Skills")])
    answer = client.get("/working-groups/")
    assert Page(answer).faults == []
    chart, _svg, rest = answer.content.decode().partition("</svg>")
    for group in (top, child):
        assert f'href="{group.get_absolute_url()}"' in chart
        assert f'href="{group.get_absolute_url()}"' in rest
    assert "Skills" in rest


def test_without_groups_the_page_says_so(client):
    answer = client.get("/working-groups/")
    assert "No group has been set up yet" in words(answer)
    assert "<svg viewBox" not in answer.content.decode().partition("<main")[2]


def test_groups_that_have_ended_stand_apart(client, jobs):
    GroupFactory(name="Food", kind="task", ends_on=timezone.localdate() - datetime.timedelta(days=1))
    assert "Groups that have finished their work Food" in words(client.get("/working-groups/"))
    jobs.ends_on = timezone.localdate() - datetime.timedelta(days=1)
    jobs.save()
    answer = client.get("/working-groups/")
    assert answer.context["tree"] == []
    assert "No group has been set up yet" in words(answer)


# One group ------------------------------------------------------------------------------------


def test_page_says_what_the_group_is_and_where_it_stands(client, jobs):
    jobs.parent = GroupFactory(name="Steering Group", parent=GroupFactory(name="Partnership"))
    jobs.about, jobs.terms = "We **meet** <b>often</b>.", "# Terms\n\nTwo years."
    jobs.link_label, jobs.link_url = "Owned by Oxford", "https://example.org/"
    jobs.starts_on = datetime.date(2022, 5, 1)
    jobs.save()
    GroupFactory(name="Mentoring", parent=jobs, kind="sub")
    GroupFactory(name="Over", parent=jobs, kind="sub", ends_on=datetime.date(2022, 1, 1))
    GroupFactory(name="Secret", parent=jobs, is_closed=True)
    answer = page(client, jobs)
    assert Page(answer).faults == []
    assert "<strong>meet</strong> &lt;b&gt;" in answer.content.decode()
    said = words(answer)
    assert "Part of Partnership Steering Group Groups within it Mentoring Sub-group" in said
    assert "Within it, with their work finished Over" in said
    assert "Since May 2022" in said
    assert "Two years." in said
    assert "Owned by Oxford" in said
    assert "Secret" not in said


def test_people_are_named_only_if_they_agreed(client, jobs):
    ended = {"starts_on": datetime.date(2021, 1, 1), "ends_on": datetime.date(2022, 3, 4)}
    GroupMemberFactory(group=jobs, user__name="Ada Chair", role="chair", shown=True)
    GroupMemberFactory(group=jobs, named=True, name="Olu Named", organisation="Somerville College", shown=True)
    GroupMemberFactory(group=jobs, user__name="Zqx Shy")
    GroupMemberFactory(group=jobs, user__name="", user__email="zqx@example.org", shown=True)  # there is no name to show
    GroupMemberFactory(group=jobs, user__name="Zqx Later", shown=True, starts_on=datetime.date(2999, 1, 1))
    GroupMemberFactory(group=jobs, user__name="Pat Past", shown=True, **ended)
    GroupMemberFactory(group=jobs, user__name="Zqx Past", **ended)
    answer = page(client, jobs)
    said = words(answer)
    assert "Who is in it Ada Chair , chair Olu Named Somerville College And 2 more members." in said
    assert "Past members Pat Past until March 2022" in said
    assert "zqx" not in answer.content.decode().lower()


def test_who_takes_the_agreement_back_is_hidden_at_once(client, jobs):
    member = GroupMemberFactory(group=jobs, user__name="Ada", shown=True)
    assert "Ada" in words(page(client, jobs))
    member.agreed_on, member.agreed_how = None, ""
    member.save()
    assert "1 member. We name people only if they agree." in words(page(client, jobs))


def test_an_organisation_is_named_as_a_partner_only_where_it_is_one(client, jobs):
    bakery = PartnerFactory(name="Bakery", approved=True)
    waiting = PartnerFactory(name="Zqx Waiting", submitted=True)
    resident = ResidentFactory(name="Rose", approved=True)
    for partner in (bakery, waiting, resident):
        GroupMemberFactory(group=jobs, user__name=f"Of {partner.kind}", partner=partner, shown=True)
    answer = page(client, jobs)
    assert f'href="{bakery.get_absolute_url()}"' in answer.content.decode()
    assert resident.get_absolute_url() not in answer.content.decode()
    assert "Zqx" not in answer.content.decode()


def test_next_meeting_is_shown_without_its_link(client, jobs):
    assert "No meeting has been called yet." in words(page(client, jobs))
    with time_machine.travel(datetime.datetime(2026, 5, 4, 12, tzinfo=datetime.UTC), tick=False):
        soon = {"group": jobs, "starts_at": timezone.now() + datetime.timedelta(days=3), "agenda": "zqx"}
        MeetingFactory(title="Zqx draft", **soon)
        MeetingFactory(title="Zqx cancelled", cancelled=True, **soon)
        later = timezone.now() + datetime.timedelta(days=9)
        MeetingFactory(title="Zqx later", called=True, group=jobs, starts_at=later)
        MeetingFactory(title="May meeting", called=True, place="", online_url="https://zqx.example/", **soon)
        answer = page(client, jobs)
    assert "Next meeting Thursday 7 May 2026, 1pm to 3pm (BST) May meeting Online" in words(answer)
    assert "zqx" not in answer.content.decode().lower()


def test_what_was_done_lately_is_updates_and_published_minutes(client, jobs):
    at = datetime.datetime(2026, 3, 4, 10, tzinfo=datetime.UTC)
    MeetingFactory(group=jobs, title="March meeting", minuted=True, starts_at=at)
    MeetingFactory(group=jobs, title="Zqx meeting", past=True, minutes="zqx")
    ProgressUpdateFactory(group=jobs, text="Three sub-groups.", happened_on=datetime.date(2026, 4, 5))
    ProgressUpdateFactory(group=jobs, text="We met.", happened_on=datetime.date(2022, 2, 1), is_day_known=False)
    ProgressUpdateFactory(group=jobs, text="zqx", is_public=False)
    answer = page(client, jobs)
    said = words(answer)
    assert "5 April 2026 Three sub-groups. 4 March 2026 Minutes: March meeting February 2022 We met." in said
    assert "zqx" not in answer.content.decode().lower()


@pytest.mark.parametrize(
    ("progress", "label", "tone"),
    [
        ("not_started", "Not started", "grey"),
        ("on_track", "On track", "green"),
        ("behind", "Behind", "amber"),
        ("achieved", "Achieved", "green"),
        ("stopped", "Stopped", "grey"),
    ],
)
def test_actions_have_the_tags_of_pledges(client, jobs, progress, label, tone):
    closed = datetime.date(2026, 5, 4) if progress in ("achieved", "stopped") else None
    ActionFactory(group=jobs, progress=progress, closed_on=closed)
    assert f'<span class="status-tag tone-{tone}">{label}</span>' in page(client, jobs).content.decode()


@time_machine.travel("2026-05-04 12:00", tick=False)
def test_actions_name_their_owner_only_if_shown(client, jobs):
    ada = GroupMemberFactory(group=jobs, user__name="Ada", shown=True)
    shy = GroupMemberFactory(group=jobs, user__name="Zqx Shy")
    ActionFactory(group=jobs, what="Write.", owner=ada, due_on=datetime.date(2026, 5, 4))
    ActionFactory(group=jobs, what="Call.", owner=shy, due_on=datetime.date(2026, 5, 3))
    ActionFactory(group=jobs, what="Ask.", owner=None, due_on=datetime.date(2026, 5, 5), note="Soon.")
    ActionFactory(group=jobs, what="zqx", is_public=False)
    ActionFactory(group=jobs, what="Done.", achieved=True, owner=ada)
    answer = page(client, jobs)
    said = words(answer)
    assert "Call. Not started Overdue Was due on 3 May 2026 · a member of the group Write." in said
    assert "Write. Not started Due on 4 May 2026 · Ada Ask." in said
    assert "Due on 5 May 2026 Soon. Done or stopped Done. Achieved 4 May 2026 · Ada" in said
    assert "zqx" not in answer.content.decode().lower()


def test_only_published_papers_are_listed(client, jobs):
    PaperFactory(group=jobs, title="The plan", published=True)
    PaperFactory(group=jobs, title="Zqx draft")
    said = words(page(client, jobs))
    assert "Papers The plan PDF, 14 bytes" in said
    assert "Zqx" not in said


def test_partners_of_its_areas_are_counted_as_the_directory_does(client, jobs):
    areas = [PriorityAreaFactory(slug="spend"), PriorityAreaFactory(slug="skills")]
    jobs.areas.set(areas)
    both = PartnerFactory(approved=True)
    for area in areas:
        PledgeFactory(approved=True, partner=both, area=area)
    PledgeFactory(approved=True, partner=PartnerFactory(approved=True), area=areas[0])
    PledgeFactory(approved=True, partner=PartnerFactory(approved=True), area=PriorityAreaFactory())
    PledgeFactory(approved=True, partner=PartnerFactory(submitted=True), area=areas[0])
    answer = page(client, jobs)
    assert answer.context["partner_count"] == 2
    [link] = re.findall(r'href="(/partners/\?[^"]*)"', answer.content.decode())
    assert client.get(link.replace("&amp;", "&")).context["listing"].total == 2


def test_newest_organisations_that_pledged_in_its_areas_are_named(client, jobs):
    area = PriorityAreaFactory(slug="spend")
    assert "Partners who pledged" not in words(page(client, jobs))
    jobs.areas.add(area)
    assert "Partners who pledged in these areas None yet: see the directory" in words(page(client, jobs))
    for n in range(8):
        partner = PartnerFactory(name=f"Firm {n}", approved=True, approved_at=timezone.now() - datetime.timedelta(n))
        PledgeFactory(approved=True, partner=partner, area=area)
    PledgeFactory(approved=True, area=area, partner=ResidentFactory(name="Zqx", approved=True))
    PledgeFactory(approved=True, area=area, partner=PartnerFactory(name="Zqx", submitted=True))
    PledgeFactory(approved=True, area=area, partner=PartnerFactory(name="Zqx", withdrawn=True))
    said = words(page(client, jobs))
    assert "Firm 0 Firm 1 Firm 2 Firm 3 Firm 4 Firm 5 See all 9 partners" in said
    assert "Zqx" not in said


def test_an_area_names_the_groups_that_look_after_it(client, jobs):
    area = PriorityAreaFactory(slug="spend")
    jobs.areas.add(area)
    GroupFactory(name="Zqx closed", is_closed=True, areas=[area])
    GroupFactory(name="Zqx over", ends_on=datetime.date(2022, 1, 1), areas=[area])
    said = words(client.get("/areas/spend/"))
    assert f"Who looks after this area Jobs : {jobs.purpose}" in said
    assert "Zqx" not in said


def test_a_group_that_has_ended_keeps_its_page(client, jobs):
    jobs.ends_on = datetime.date(2022, 5, 4)
    jobs.save()
    said = words(page(client, jobs))
    assert "This group finished its work on 4 May 2022." in said
    assert "Next meeting" not in said


def test_a_group_that_has_ended_is_told_of_as_past(client, jobs):
    GroupMemberFactory(group=jobs, ended=True, shown=True, user__name="Zqx Person")
    ActionFactory(group=jobs, achieved=True, owner=None)
    jobs.ends_on = timezone.localdate() - datetime.timedelta(days=1)
    jobs.save()
    said = words(page(client, jobs))
    assert "What it set out to do Done or stopped" in said
    assert "Who was in it Zqx Person" in said
    assert "yet" not in said


def test_events_of_the_group_that_everybody_may_come_to_are_shown(client, jobs):
    assert "Coming up" not in words(page(client, jobs))
    for trait in ({}, {"past": True}, {"cancelled": True}):
        EventFactory(group=jobs, title="Zqx not this", **trait)
    EventFactory(title="Zqx another's", published=True)
    EventFactory(group=jobs, title="Jobs fair", published=True)
    said = words(page(client, jobs))
    assert "Coming up" in said
    assert "Jobs fair" in said
    assert "Zqx" not in said


@pytest.mark.parametrize("who", ["nobody", "chair", "manager"])
def test_a_closed_group_has_no_public_page_for_anybody(client, client_of, who):
    chair = UserFactory()
    secret = GroupFactory(is_closed=True, chair=chair)
    inner = GroupFactory(parent=secret)
    visitor = {"nobody": client, "chair": client_of(chair), "manager": client_of(ManagerFactory())}[who]
    for group in (secret, inner):
        assert visitor.get(group.get_absolute_url()).status_code == 404
        assert group.get_absolute_url() not in visitor.get("/working-groups/").content.decode()
        assert group.get_absolute_url() not in visitor.get("/sitemap-groups.xml").content.decode()


# Queries --------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 12])
@pytest.mark.parametrize(("address", "queries"), [("/working-groups/", 2), ("/working-groups/jobs/", 15)])
def test_number_of_queries_does_not_grow(client, django_assert_num_queries, jobs, address, queries, rows):
    jobs.parent = GroupFactory(parent=GroupFactory())
    jobs.save()
    for n in range(rows):
        area = PriorityAreaFactory()
        jobs.areas.add(area)
        GroupFactory(parent=jobs, areas=[area])
        user = UserFactory()
        partner = PartnerFactory(approved=True)
        MembershipFactory(partner=partner, user=user)
        member = GroupMemberFactory(group=jobs, user=user, partner=partner, shown=True)
        ActionFactory(group=jobs, owner=member)
        ActionFactory(group=jobs, owner=member, achieved=True)
        PaperFactory(group=jobs, published=True)
        ProgressUpdateFactory(group=jobs)
        MeetingFactory(group=jobs, called=True, starts_at=timezone.now() + datetime.timedelta(days=n + 1))
        MeetingFactory(group=jobs, minuted=True)
        EventFactory(group=jobs, published=True)
    with django_assert_num_queries(queries):
        assert client.get(address).status_code == 200
