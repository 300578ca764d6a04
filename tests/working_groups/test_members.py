"""Who is in a group: roles, ends, leaving, and what each says of their own part."""

import datetime

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone

from oiep.models import AuditEvent, OutgoingEmail
from oiep.moderation import NotPossible
from tests.factories import (
    ActionFactory,
    GroupFactory,
    GroupMemberFactory,
    ManagerFactory,
    MembershipFactory,
    OutgoingEmailFactory,
    PartnerFactory,
    UserFactory,
)
from working_groups.actions import groups
from working_groups.actions import members as deeds
from working_groups.models import Group, GroupMember

pytestmark = pytest.mark.django_db
Role = GroupMember.Role


def mails():
    return sorted(OutgoingEmail.objects.values_list("template", "to"))


def chair_of(group):
    return group.members.get(role=Role.CHAIR)


# Roles ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.OFFICER, Role.CHAMPION, Role.CO_CHAIR, Role.CHAIR])
def test_chair_gives_any_role_and_the_member_is_told(jobs, chair, member, role):
    deeds.appoint(member=member, role=role, actor=chair)
    member.refresh_from_db()
    assert member.role == role
    assert mails() == [("group_role", "member@example.org")]
    event = AuditEvent.objects.get(verb="groupmember.appointed")
    assert (event.actor, event.data) == (chair, {"group": jobs.pk, "was": "member", "role": role})


def test_same_role_again_changes_and_tells_nothing(chair, member):
    deeds.appoint(member=member, role=Role.MEMBER, actor=chair)
    assert (mails(), AuditEvent.objects.count()) == ([], 0)


@pytest.mark.parametrize(
    ("actor_role", "was", "role", "may"),
    [
        (Role.OFFICER, Role.MEMBER, Role.OFFICER, True),
        (Role.OFFICER, Role.MEMBER, Role.CHAIR, False),
        (Role.OFFICER, Role.MEMBER, Role.CO_CHAIR, False),
        (Role.OFFICER, Role.CO_CHAIR, Role.MEMBER, False),
        (Role.CO_CHAIR, Role.MEMBER, Role.CHAIR, True),
        (Role.CHAMPION, Role.MEMBER, Role.OFFICER, False),
        (Role.MEMBER, Role.MEMBER, Role.CHAIR, False),
    ],
)
def test_who_may_give_which_role(jobs, actor_role, was, role, may):
    actor = GroupMemberFactory(group=jobs, role=actor_role).user
    member = GroupMemberFactory(group=jobs, role=was)
    if may:
        deeds.appoint(member=member, role=role, actor=actor)
    else:
        with pytest.raises(NotPossible):
            deeds.appoint(member=member, role=role, actor=actor)
    member.refresh_from_db()
    assert member.role == (role if may else was)


def test_manager_makes_the_first_chair():
    group = GroupFactory()
    member = GroupMemberFactory(group=group)
    deeds.appoint(member=member, role=Role.CHAIR, actor=ManagerFactory())
    assert Group.objects.run_by(member.user).get() == group


def test_chair_of_another_group_may_nothing(member):
    stranger = GroupFactory(chair=True).members.get().user
    with pytest.raises(NotPossible):
        deeds.appoint(member=member, role=Role.OFFICER, actor=stranger)
    with pytest.raises(NotPossible):
        deeds.end_membership(member=member, actor=stranger)
    assert member.group.members.current().filter(pk=member.pk, role=Role.MEMBER).exists()


# The end of a membership ----------------------------------------------------------------------


def test_member_is_taken_off_and_told(jobs, chair, member):
    waiting = OutgoingEmailFactory(to="member@example.org", subject=ActionFactory(group=jobs, owner=member))
    deeds.end_membership(member=member, actor=chair)
    member.refresh_from_db()
    assert member.ends_on == timezone.localdate()
    assert not Group.objects.of(member.user).exists()
    assert list(jobs.members.past()) == [member]
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason) == ("not_sent", "They have left the group.")
    assert ("group_ended", "member@example.org") in mails()
    event = AuditEvent.objects.get(verb="groupmember.ended")
    assert (event.actor, event.data["on"]) == (chair, str(timezone.localdate()))


def test_membership_ends_once(chair, member):
    deeds.end_membership(member=member, actor=chair)
    with pytest.raises(NotPossible):
        deeds.end_membership(member=member, actor=chair)


@pytest.mark.parametrize(("days", "may"), [(-366, False), (-365, True), (-1, True), (0, True), (1, False)])
def test_day_on_which_a_membership_ends(chair, member, days, may):
    on = timezone.localdate() + datetime.timedelta(days=days)
    if may:
        assert deeds.end_membership(member=member, actor=chair, on=on).ends_on == on
    else:
        with pytest.raises(NotPossible):
            deeds.end_membership(member=member, actor=chair, on=on)


def test_somebody_who_is_only_named_gets_no_mail(jobs, chair):
    named = GroupMemberFactory(group=jobs, named=True)
    deeds.appoint(member=named, role=Role.CHAMPION, actor=chair)
    deeds.end_membership(member=named, actor=chair)
    assert mails() == []


def test_member_leaves_without_a_mail_to_themselves(member):
    deeds.end_membership(member=member, actor=member.user)
    assert mails() == []
    assert AuditEvent.objects.get().verb == "groupmember.left"


def test_who_left_can_come_back_on_the_same_day(member):
    deeds.end_membership(member=member, actor=member.user)
    GroupMemberFactory(group=member.group, user=member.user, starts_on=timezone.localdate())
    assert Group.objects.of(member.user).get() == member.group


# A chair who leaves ---------------------------------------------------------------------------


def test_last_chair_leaves_and_the_manager_is_told_while_the_group_goes_on(jobs, chair, member):
    deeds.end_membership(member=chair_of(jobs), actor=chair)
    assert mails() == [("group_run_by_nobody", settings.CONTACT_EMAIL)]
    assert "Jobs for all" in OutgoingEmail.objects.get().text
    assert Group.objects.of(member.user).get() == jobs
    assert groups.addresses_of_those_who_run(jobs) == [settings.CONTACT_EMAIL]


def test_chair_who_makes_themselves_a_member_leaves_nobody_as_well(jobs, chair):
    deeds.appoint(member=chair_of(jobs), role=Role.MEMBER, actor=chair)
    assert mails() == [("group_run_by_nobody", settings.CONTACT_EMAIL)]


def test_chair_who_leaves_an_officer_behind_alarms_nobody(jobs, chair):
    officer = GroupMemberFactory(group=jobs, role=Role.OFFICER)
    deeds.end_membership(member=chair_of(jobs), actor=chair)
    assert mails() == []
    assert groups.addresses_of_those_who_run(jobs) == [officer.user.email]


@pytest.mark.parametrize("other", [{"named": True}, {"user__is_active": False}])
def test_who_cannot_sign_in_does_not_run_a_group(jobs, chair, other):
    GroupMemberFactory(group=jobs, role=Role.OFFICER, **other)
    deeds.end_membership(member=chair_of(jobs), actor=chair)
    assert mails() == [("group_run_by_nobody", settings.CONTACT_EMAIL)]


def test_group_that_has_ended_needs_nobody(jobs, chair):
    jobs.ends_on = timezone.localdate() - datetime.timedelta(days=1)
    jobs.save()
    deeds.end_membership(member=chair_of(jobs), actor=chair)
    assert mails() == []


# What a person says of their own part ---------------------------------------------------------


def describe(member, **changed):
    values = {"partner": None, "organisation": "", "shown": False, **changed}
    return deeds.describe(member=member, actor=member.user, **values)


def test_agreement_is_recorded_with_its_day_and_taking_it_back_hides_at_once(jobs, member):
    describe(member, shown=True)
    member.refresh_from_db()
    assert (member.agreed_on, member.agreed_how) == (timezone.localdate(), "Said so on this site.")
    assert list(jobs.members.shown()) == [member]
    describe(member, shown=False)
    member.refresh_from_db()
    assert (member.agreed_on, member.agreed_how) == (None, "")
    assert [event.verb for event in AuditEvent.objects.order_by("pk")] == [
        "groupmember.agreed",
        "groupmember.agreement_withdrawn",
    ]


def test_agreement_that_stands_keeps_its_day_and_how_we_know(member):
    member.agreed_on, member.agreed_how = datetime.date(2022, 6, 13), "Named in the report."
    member.save()
    describe(member, shown=True, organisation="Oxford Mencap")
    member.refresh_from_db()
    assert (member.agreed_on, member.agreed_how, member.organisation) == (
        datetime.date(2022, 6, 13),
        "Named in the report.",
        "Oxford Mencap",
    )


def test_past_member_takes_agreement_back(member):
    describe(member, shown=True)
    deeds.end_membership(member=member, actor=member.user)
    describe(member, shown=False)
    assert not member.group.members.shown().exists()


def test_organisation_that_would_change_the_direction_of_the_page_is_refused(member):
    with pytest.raises(ValidationError):
        describe(member, organisation="Oxford\u202e dne")


# The pages ------------------------------------------------------------------------------------


def test_members_see_names_and_those_who_run_it_addresses(client_of, jobs, chair, member):
    GroupMemberFactory(group=jobs, ended=True, user__name="Gone Girl", user__email="gone@example.org")
    for user, sees in ((chair, True), (member.user, False), (ManagerFactory(), True)):
        html = client_of(user).get("/working-groups/jobs/members/").content.decode()
        for name in ("Cher Chair", "Mem Ber", "Gone Girl"):
            assert name in html
        assert ("member@example.org" in html) == sees
        assert "gone@example.org" not in html
        assert ("/working-groups/jobs/members/invite/" in html) == sees


def test_officer_is_offered_no_chair(client_of, jobs, member):
    officer = GroupMemberFactory(group=jobs, role=Role.OFFICER).user
    client = client_of(officer)
    assert client.get(f"/working-groups/jobs/members/{chair_of(jobs).pk}/").status_code == 404
    page = client.get(f"/working-groups/jobs/members/{member.pk}/")
    assert [value for value, _label in page.context["role_form"].fields["role"].choices] == [
        "member",
        "officer",
        "champion",
    ]
    answer = client.post(f"/working-groups/jobs/members/{member.pk}/", {"role": "chair"})
    assert answer.context["role_form"].errors
    member.refresh_from_db()
    assert member.role == Role.MEMBER


def test_chair_ends_a_membership_on_a_day_by_the_page(client_of, jobs, chair, member):
    client, address = client_of(chair), f"/working-groups/jobs/members/{member.pk}/"
    tomorrow = timezone.localdate() + datetime.timedelta(days=1)
    refused = client.post(address, {"end": "yes", "on": str(tomorrow)})
    assert "Give a day from the one on which they joined until today." in refused.content.decode()
    assert client.post(address, {"end": "yes", "on": str(timezone.localdate())})["Location"].endswith("/members/")
    assert client.get(address).status_code == 404
    assert client_of(member.user).get("/working-groups/jobs/room/").status_code == 404


def test_chair_who_ends_their_own_membership_comes_to_their_account(client_of, jobs, chair):
    address = f"/working-groups/jobs/members/{chair_of(jobs).pk}/"
    answer = client_of(chair).post(address, {"end": "yes", "on": str(timezone.localdate())})
    assert answer["Location"] == "/account/"


def test_own_entry_offers_only_partners_that_one_acts_for(client_of, member):
    own = MembershipFactory(partner=PartnerFactory(approved=True, name="Own"), user=member.user, role="member").partner
    MembershipFactory(partner=PartnerFactory(submitted=True, name="Waits"), user=member.user, role="member")
    other = PartnerFactory(approved=True, name="Other", lead=True)
    client, address = client_of(member.user), f"/account/groups/{member.pk}/"
    assert list(client.get(address).context["form"].fields["partner"].queryset) == [own]
    assert client.post(address, {"partner": other.pk, "shown": "on"}).context["form"].errors["partner"]
    both = client.post(address, {"partner": own.pk, "organisation": "Else"})
    assert both.context["form"].errors["organisation"]
    client.post(address, {"partner": own.pk, "shown": "on"})
    member.refresh_from_db()
    assert (member.partner, member.agreed_on) == (own, timezone.localdate())


def test_own_entry_asks_for_a_name_where_there_is_none(client_of, jobs):
    member = GroupMemberFactory(group=jobs, user=UserFactory(name=""))
    client, address = client_of(member.user), f"/account/groups/{member.pk}/"
    assert client.post(address, {"organisation": "Oxford Mencap"}).context["form"].errors["name"]
    client.post(address, {"organisation": "Oxford Mencap", "name": "Nova Name"})
    member.user.refresh_from_db()
    assert member.user.name == "Nova Name"
    assert "name" not in client.get(address).context["form"].fields


def test_member_leaves_by_the_page_and_loses_the_room(client_of, jobs, chair):
    client, own = client_of(chair), chair_of(jobs)
    page = client.get(f"/account/groups/{own.pk}/leave/")
    assert "Nobody else runs this group." in page.content.decode()
    assert client.post(f"/account/groups/{own.pk}/leave/")["Location"] == "/account/"
    assert client.get("/working-groups/jobs/room/").status_code == 404
    assert client.get(f"/account/groups/{own.pk}/leave/").status_code == 404
    assert client.get(f"/account/groups/{own.pk}/").status_code == 200
    assert "Jobs for all" in client.get("/account/").content.decode()
