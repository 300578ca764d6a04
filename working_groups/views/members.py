"""Who is in a group: the list, and what those who run it do about one member."""

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from oiep.moderation import NotPossible
from working_groups.actions import members as deeds
from working_groups.actions.groups import HEADS
from working_groups.forms.people import EndForm, RoleForm
from working_groups.models import GroupMember
from working_groups.views.inner import back, done, show
from working_groups.views.page import of_group

PAST = 100


@of_group()
def members(request, group):
    people = group.members.select_related("user", "partner")
    return show(
        request,
        group,
        "room/members",
        tab="group-members",
        members=people.current(),
        past=people.past().order_by("-ends_on", "pk")[:PAST],
        requests=group.join_requests.filter(state="asked").select_related("user"),
        invitations=group.invitations.filter(state="open").order_by("invited_at", "pk"),
        heads=HEADS,
        may_appoint_heads=may_appoint_heads(request.user, group),
        own=people.current().filter(user=request.user).first(),
    )


def may_appoint_heads(user, group):
    """Whether it is for a person to say who chairs a group."""
    if user.has_perm("working_groups.change_group"):
        return True
    return group.members.current().filter(user=user, role__in=HEADS).exists()


@of_group(run=True)
def member(request, group, pk):
    """Another role for a member, or the end of their membership."""
    found = get_object_or_404(group.members.current().select_related("user", "partner"), pk=pk)
    is_head = may_appoint_heads(request.user, group)
    if found.role in HEADS and not is_head:
        raise Http404
    is_end = "end" in request.POST
    role_form = RoleForm(
        request.POST if request.method == "POST" and not is_end else None,
        initial={"role": found.role},
        may_appoint_heads=is_head,
    )
    end_form = EndForm(request.POST if is_end else None, member=found)
    try:
        if role_form.is_valid():
            deeds.appoint(member=found, role=role_form.cleaned_data["role"], actor=request.user)
            return _after(request, group)
        if end_form.is_valid():
            deeds.end_membership(member=found, on=end_form.cleaned_data["on"], actor=request.user)
            return _after(request, group)
    except NotPossible as obstacle:
        return back(request, obstacle, "group-members", group.slug)
    return show(
        request,
        group,
        "room/member",
        tab="group-members",
        member=found,
        role_form=role_form,
        end_form=end_form,
        form=end_form if is_end else role_form,
        open_actions=found.actions.open().count(),
    )


def _after(request, group):
    """Who has just put themselves out of charge cannot open the list of members with its tools any more."""
    still_in = GroupMember.objects.current().filter(group=group, user=request.user).exists()
    if still_in or request.user.has_perm("working_groups.change_group"):
        return done(request, "group-members", group.slug)
    return done(request, "account", words=_("You have left the group."))
