"""How people come into a group, and what each says of their own part in it."""

from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from oiep.invitations.views import Reception
from oiep.moderation import NotPossible
from working_groups.actions import joining
from working_groups.actions import members as deeds
from working_groups.forms.people import InviteForm, JoinForm, OwnEntryForm
from working_groups.models import Group, GroupInvitation, GroupJoinRequest, GroupMember
from working_groups.views.inner import back, done, show
from working_groups.views.members import may_appoint_heads
from working_groups.views.page import of_group


def signed_in(view):
    return login_required(never_cache(require_http_methods(["GET", "HEAD", "POST"])(view)))


@signed_in
def join(request, slug):
    """Asks to be let into a group that the public sees."""
    group = get_object_or_404(Group.objects.published(), slug=slug)
    if group.members.current().filter(user=request.user).exists():
        return redirect("group-room", slug)
    waiting = group.join_requests.filter(user=request.user, state=GroupJoinRequest.State.ASKED).first()
    again_on = joining.may_ask_again_on(group, request.user)
    is_open = group.takes_requests and not group.has_ended() and not waiting and not again_on
    form = JoinForm(request.POST or None, user=request.user) if is_open else None
    if form and form.is_valid():
        try:
            joining.ask_to_join(group=group, user=request.user, **form.cleaned_data)
        except NotPossible as obstacle:
            return back(request, obstacle, "group-join", slug)
        return redirect("group-join", slug)
    context = {"group": group, "form": form, "waiting": waiting, "again_on": again_on}
    return render(request, "working_groups/join.html", context)


@of_group(run=True)
def join_request(request, group, pk):
    """Somebody asks to join: accept or refuse."""
    asked = get_object_or_404(group.join_requests.select_related("user"), pk=pk)
    if request.method == "POST" and request.POST.get("answer") in ("accept", "refuse"):
        try:
            joining.answer_join_request(request=asked, accept=request.POST["answer"] == "accept", actor=request.user)
        except NotPossible as obstacle:
            return back(request, obstacle, "group-members", group.slug)
        return done(request, "group-members", group.slug)
    return show(
        request,
        group,
        "room/join_request",
        tab="group-members",
        asked=asked,
        waits=asked.state == GroupJoinRequest.State.ASKED,
    )


@of_group(run=True)
def invite(request, group):
    form = InviteForm(
        request.POST or None,
        initial={"role": GroupMember.Role.MEMBER},
        may_appoint_heads=may_appoint_heads(request.user, group),
    )
    if form.is_valid():
        try:
            invitation = joining.invite(group=group, actor=request.user, **form.cleaned_data)
        except NotPossible as obstacle:
            form.add_error(None, obstacle)
        else:
            words = _("We write to %(address)s now. They can accept until %(date)s.")
            until = date_format(timezone.localdate(invitation.expires_at))
            return done(
                request, "group-members", group.slug, words=words % {"address": invitation.email, "date": until}
            )
    return show(request, group, "room/invite", tab="group-members", form=form)


@of_group(run=True)
def invitation(request, group, pk):
    """Sends an invitation again, or takes it back."""
    found = get_object_or_404(group.invitations, pk=pk)
    deeds_of = {
        "again": (joining.send_invitation_again, _("We have sent the invitation again.")),
        "take_back": (joining.take_back_invitation, _("The invitation is taken back.")),
    }
    for name, (deed, words) in deeds_of.items():
        if request.method == "POST" and name in request.POST:
            try:
                deed(invitation=found, actor=request.user)
            except NotPossible as obstacle:
                return back(request, obstacle, "group-members", group.slug)
            return done(request, "group-members", group.slug, words=words)
    return redirect("group-members", group.slug)


def _home_of_invited(invitation):
    is_member = invitation.group.members.current().filter(user__email=invitation.email).exists()
    return reverse("group-room", args=[invitation.group.slug]) if is_member else reverse("account")


def _why_nobody_can(invitation):
    group = invitation.group
    if group.has_ended():
        return _("The group finished its work on %(date)s.") % {"date": date_format(group.ends_on)}
    return ""


RECEPTION = Reception(
    model=GroupInvitation,
    template="working_groups/invitation.html",
    accept=joining.accept_invitation,
    home=_home_of_invited,
    obstacle=_why_nobody_can,
)


@signed_in
def own_entry(request, pk):
    """What a person says of their own part in a group, also after they have left it."""
    member = _own(request, pk)
    form = OwnEntryForm(
        request.POST or None,
        user=request.user,
        initial={"partner": member.partner_id, "organisation": member.organisation, "shown": bool(member.agreed_on)},
    )
    if form.is_valid():
        deeds.describe(member=member, actor=request.user, **{"partner": None, **form.cleaned_data})
        return done(request, "account-group", pk)
    return render(request, "working_groups/own_entry.html", {"member": member, "group": member.group, "form": form})


@signed_in
def leave(request, pk):
    member = _own(request, pk)
    if not member.is_current():
        raise Http404
    if request.method == "POST":
        try:
            deeds.end_membership(member=member, actor=request.user)
        except NotPossible as obstacle:
            return back(request, obstacle, "account")
        return done(request, "account", words=_("You have left the group."))
    others = member.group.members.current().running().exclude(pk=member.pk).exclude(user=None)
    context = {
        "member": member,
        "group": member.group,
        "open_actions": member.actions.open().count(),
        "is_last": member.runs_it and not others.exists(),
    }
    return render(request, "working_groups/leave.html", context)


def _own(request, pk):
    return get_object_or_404(GroupMember.objects.select_related("group", "user"), pk=pk, user=request.user)
