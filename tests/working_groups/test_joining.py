"""How people come into a group: they ask, or are asked."""

import datetime

import pytest
from django.conf import settings
from django.utils import timezone

from oiep.models import AuditEvent, OutgoingEmail
from oiep.moderation import NotPossible
from tests.factories import (
    GroupFactory,
    GroupInvitationFactory,
    GroupJoinRequestFactory,
    GroupMemberFactory,
    ManagerFactory,
    MeetingFactory,
    UserFactory,
)
from working_groups.actions import joining
from working_groups.models import GroupInvitation, GroupJoinRequest, GroupMember

pytestmark = pytest.mark.django_db
Role = GroupMember.Role


def mails():
    return sorted(OutgoingEmail.objects.values_list("template", "to"))


@pytest.fixture
def asker(db):
    return UserFactory(email="asker@example.org", name="Ask Er")


# Asking ---------------------------------------------------------------------------------------


def test_all_who_run_a_group_are_told_once_who_asks(jobs, asker):
    GroupMemberFactory(group=jobs, role=Role.OFFICER, user__email="officer@example.org")
    GroupMemberFactory(group=jobs, role=Role.CHAMPION)
    first = joining.ask_to_join(group=jobs, user=asker, words="I teach.\nhttps://spam.example")
    again = joining.ask_to_join(group=jobs, user=asker, words="Once more.")
    assert first == again
    assert mails() == [("group_asked", "chair@example.org"), ("group_asked", "officer@example.org")]
    text = OutgoingEmail.objects.first().text
    assert f"/working-groups/jobs/requests/{first.pk}/" in text
    assert "> I teach.\n> https://spam.example" in text


def test_manager_is_told_where_nobody_runs_the_group(asker):
    joining.ask_to_join(group=GroupFactory(), user=asker)
    assert mails() == [("group_asked", settings.CONTACT_EMAIL)]


def test_member_cannot_ask(jobs, member):
    with pytest.raises(NotPossible, match="member of this group already"):
        joining.ask_to_join(group=jobs, user=member.user)


@pytest.mark.parametrize(
    "closing", [{"takes_requests": False}, {"ends_on": timezone.localdate() - datetime.timedelta(days=1)}]
)
def test_group_that_takes_nobody_is_not_asked(asker, closing):
    with pytest.raises(NotPossible):
        joining.ask_to_join(group=GroupFactory(**closing), user=asker)
    assert (mails(), GroupJoinRequest.objects.count()) == ([], 0)


@pytest.mark.parametrize(("days", "may"), [(0, False), (29, False), (30, True)])
def test_after_a_refusal_one_may_ask_again_in_a_month(jobs, asker, days, may):
    answered = timezone.now() - datetime.timedelta(days=days)
    GroupJoinRequestFactory(group=jobs, user=asker, state="refused", answered_at=answered, answered_by=ManagerFactory())
    if may:
        assert joining.ask_to_join(group=jobs, user=asker).state == "asked"
    else:
        with pytest.raises(NotPossible, match="You can ask again from"):
            joining.ask_to_join(group=jobs, user=asker)


# Answering ------------------------------------------------------------------------------------


@pytest.mark.parametrize("accept", [True, False])
def test_answer_is_told_and_stands(jobs, chair, asker, accept):
    asked = GroupJoinRequestFactory(group=jobs, user=asker)
    joining.answer_join_request(request=asked, accept=accept, actor=chair)
    state = "accepted" if accept else "refused"
    asked.refresh_from_db()
    assert (asked.state, asked.answered_by) == (state, chair)
    assert jobs.members.current().filter(user=asker, role=Role.MEMBER).exists() == accept
    assert mails() == [(f"group_join_{state}", "asker@example.org")]
    with pytest.raises(NotPossible, match=f"This was answered on .*: {state}"):
        joining.answer_join_request(request=asked, accept=not accept, actor=chair)
    assert AuditEvent.objects.filter(verb=f"groupjoinrequest.{state}", actor=chair).count() == 1


def test_accepting_somebody_who_is_a_member_by_now_makes_no_second_one(jobs, chair, member):
    asked = GroupJoinRequestFactory(group=jobs, user=member.user)
    joining.answer_join_request(request=asked, accept=True, actor=chair)
    assert jobs.members.filter(user=member.user).get() == member


def test_who_runs_it_no_more_cannot_answer(jobs, chair, asker):
    asked = GroupJoinRequestFactory(group=jobs, user=asker)
    jobs.members.update(role=Role.MEMBER)
    with pytest.raises(NotPossible, match="You do not run this group any more"):
        joining.answer_join_request(request=asked, accept=True, actor=chair)


# Inviting -------------------------------------------------------------------------------------


def test_mail_names_an_open_group_and_nothing_that_the_inviter_typed(jobs, chair):
    invitation = joining.invite(group=jobs, email="guest@example.org", role=Role.OFFICER, actor=chair)
    [mail] = OutgoingEmail.objects.all()
    assert (mail.to, mail.template, mail.unproven) == ("guest@example.org", "group_invited", True)
    assert "> Jobs for all" in mail.text
    assert f"/invitations/groups/{invitation.token}/" in mail.text
    assert "Cher" not in mail.text


def test_mail_and_page_do_not_name_a_closed_group_to_a_stranger(client, client_of, chair):
    group = GroupFactory(name="Zebra crossing", purpose="Zebras", is_closed=True, chair=chair)
    invitation = joining.invite(group=group, email="guest@example.org", role=Role.MEMBER, actor=chair)
    [mail] = OutgoingEmail.objects.all()
    assert "zebra" not in (mail.subject_line + mail.text).lower()
    address = f"/invitations/groups/{invitation.token}/"
    for visitor in (client, client_of(UserFactory())):
        html = visitor.get(address).content.decode()
        assert "closed to the public" in html
        assert "zebra" not in html.lower()
        assert "guest@example.org" not in html
    assert "Zebra crossing" in client_of(UserFactory(email="guest@example.org")).get(address).content.decode()


def test_invitation_is_accepted_by_the_invited_person_only(client_of, jobs, chair):
    invitation = GroupInvitationFactory(group=jobs, email="guest@example.org", invited_by=chair, role=Role.OFFICER)
    address = f"/invitations/groups/{invitation.token}/"
    client_of(UserFactory()).post(address, {"accept": "yes"})
    assert jobs.members.count() == 1
    guest = UserFactory(email="guest@example.org", name="")
    GroupJoinRequestFactory(group=jobs, user=guest)
    browser = client_of(guest)
    assert browser.post(address, {"accept": "yes"}).context["form"].errors["name"]
    answer = browser.post(address, {"accept": "yes", "name": "Guest Guestson"})
    assert answer["Location"] == "/working-groups/jobs/room/"
    member = jobs.members.get(user=guest)
    assert (member.role, str(member.user)) == (Role.OFFICER, "Guest Guestson")
    assert jobs.join_requests.get().state == "accepted"
    browser.post(address, {"accept": "yes"})
    assert jobs.members.filter(user=guest).count() == 1
    assert mails() == [("group_joined", "chair@example.org")]
    assert "> Guest Guestson" in OutgoingEmail.objects.get().text


def test_invited_person_who_is_a_member_by_now_keeps_their_role(jobs, chair):
    guest = UserFactory(email="guest@example.org")
    member = GroupMemberFactory(group=jobs, user=guest, role=Role.CO_CHAIR)
    invitation = GroupInvitationFactory(group=jobs, email=guest.email, invited_by=chair)
    assert joining.accept_invitation(invitation=invitation, user=guest) == member
    member.refresh_from_db()
    assert member.role == Role.CO_CHAIR
    assert mails() == []


def test_who_comes_in_is_invited_to_the_meetings_to_come(jobs, chair, asker):
    for trait in ({"called": True}, {}, {"cancelled": True}, {"past": True}):
        MeetingFactory(group=jobs, **trait)
    asked = GroupJoinRequestFactory(group=jobs, user=asker)
    joining.answer_join_request(request=asked, accept=True, actor=chair)
    assert [mail for mail in mails() if mail[1] == asker.email] == [
        ("group_join_accepted", asker.email),
        ("meeting_invitation", asker.email),
    ]


def test_invitation_to_a_group_that_has_ended_is_over(client, jobs):
    invitation = GroupInvitationFactory(group=jobs)
    jobs.ends_on = timezone.localdate() - datetime.timedelta(days=1)
    jobs.save()
    answer = client.get(f"/invitations/groups/{invitation.token}/")
    assert answer.status_code == 410
    assert "finished its work" in answer.content.decode()


def test_officer_invites_no_chair(jobs):
    officer = GroupMemberFactory(group=jobs, role=Role.OFFICER).user
    with pytest.raises(NotPossible, match="decides who chairs"):
        joining.invite(group=jobs, email="guest@example.org", role=Role.CHAIR, actor=officer)
    chairs = GroupInvitationFactory(group=jobs, role=Role.CHAIR)
    with pytest.raises(NotPossible):
        joining.take_back_invitation(invitation=chairs, actor=officer)
    assert not OutgoingEmail.objects.exists()


def test_member_and_invited_address_are_not_invited_again(client_of, jobs, chair, member):
    client = client_of(chair)
    for address, words in (
        ("Member@Example.org", "is a member of the group already"),
        ("guest@example.org", None),
        ("GUEST@example.org ", "invited already"),
        ("nonsense", "Enter an e-mail address"),
    ):
        answer = client.post("/working-groups/jobs/members/invite/", {"email": address, "role": "member"})
        assert answer.status_code == (200 if words else 302)
        assert words is None or words in answer.content.decode()
    assert [(row.email, row.state) for row in GroupInvitation.objects.all()] == [("guest@example.org", "open")]
    assert len(mails()) == 1


def test_invitation_is_sent_again_and_taken_back(client_of, jobs, chair):
    invitation = joining.invite(group=jobs, email="guest@example.org", role=Role.MEMBER, actor=chair)
    client, address = client_of(chair), f"/working-groups/jobs/members/invitations/{invitation.pk}/"
    assert client.get(address)["Location"] == "/working-groups/jobs/members/"
    client.post(address, {"again": "yes"})
    assert len(mails()) == 2
    client.post(address, {"take_back": "yes"})
    invitation.refresh_from_db()
    assert invitation.state == "taken_back"
    assert "guest@example.org" not in client.get("/working-groups/jobs/members/").content.decode()
    client.post(address, {"again": "yes"})
    assert len(mails()) == 2


# The pages ------------------------------------------------------------------------------------


def test_visitor_signs_in_first_and_comes_back(client):
    GroupFactory(slug="open")
    assert client.get("/working-groups/open/join/")["Location"] == "/accounts/login/?next=/working-groups/open/join/"


def test_asking_by_the_page_and_what_it_says_after(client_of, jobs, chair, asker):
    client, address = client_of(asker), "/working-groups/jobs/join/"
    assert client.post(address, {"words": "x" * 601}).context["form"].errors["words"]
    assert client.post(address, {"words": "I teach."})["Location"] == address
    waiting = client.get(address)
    assert waiting.context["form"] is None
    assert "You asked on" in waiting.content.decode()
    client.post(address, {"words": "Again."})
    assert GroupJoinRequest.objects.get().words == "I teach."

    request = GroupJoinRequest.objects.get()
    chairs = client_of(chair)
    assert "Ask Er asks to join Jobs for all" in chairs.get("/account/").content.decode()
    page = f"/working-groups/jobs/requests/{request.pk}/"
    assert "I teach." in chairs.get(page).content.decode()
    chairs.post(page, {"answer": "refuse"})
    assert "You can ask again from" in client.get(address).content.decode()
    assert client.post(address, {"words": "Again."}).status_code == 200
    assert "This was answered on" in chairs.get(page).content.decode()
    assert mails()[-1] == ("group_join_refused", "asker@example.org")


def test_somebody_without_a_name_gives_it_when_they_ask(client_of, jobs):
    user = UserFactory(name="")
    client = client_of(user)
    assert client.post("/working-groups/jobs/join/", {"words": ""}).context["form"].errors["name"]
    client.post("/working-groups/jobs/join/", {"name": "Nova Name"})
    assert str(GroupJoinRequest.objects.get().user) == "Nova Name"


@pytest.mark.parametrize("closing", [{"is_closed": True}, {"parent": True}])
def test_closed_group_is_not_there(client_of, asker, closing):
    if "parent" in closing:
        closing = {"parent": GroupFactory(is_closed=True)}
    GroupFactory(slug="closed", **closing)
    client = client_of(asker)
    for page in ("join", "room", "actions", "members", "updates"):
        assert client.get(f"/working-groups/closed/{page}/").status_code == 404
    assert client.post("/working-groups/closed/join/", {"words": "Me."}).status_code == 404
    assert not GroupJoinRequest.objects.exists()
