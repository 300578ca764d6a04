"""Who acts for a partner: the lead invites and decides, and everybody can leave."""

from functools import wraps

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from oiep.invitations.views import Reception
from oiep.moderation import NotPossible, State
from partners import actions as partner_actions
from partners.models import JoinRequest, Membership, PartnerInvitation
from pledges.forms.people import AcceptInvitationForm, InviteForm
from pledges.next_steps import leads
from pledges.views.account.page import back, done, of_partner

Role = Membership.Role
_ORDER = (Role.LEAD, Role.SECOND, Role.MEMBER)


def of_organisation(*, lead_only=False):
    """As `of_partner`, of one that several people can act for: a resident acts alone."""

    def decorate(view):
        @of_partner(lead_only=lead_only)
        @wraps(view)
        def of_one(request, partner, **kwargs):
            if partner.is_resident:
                raise Http404
            return view(request, partner, **kwargs)

        return of_one

    return decorate


def people_of(partner):
    """Those who act for it now, the lead first. partner: one of `partners_of`."""
    members = [member for member in partner.memberships.all() if not member.ended_at]
    return sorted(members, key=lambda member: (_ORDER.index(member.role), member.started_at, member.pk))


@of_organisation()
def people(request, partner):
    is_lead = leads(request.user, partner)
    if request.method == "POST":
        if not is_lead:
            raise Http404
        return _with_invitation(request, partner)
    waiting = partner.invitations.filter(state=PartnerInvitation.State.OPEN).order_by("invited_at", "pk")
    context = {
        "partner": partner,
        "people": people_of(partner),
        "is_lead": is_lead,
        "has_lead": partner.lead is not None,
        "is_approved": partner.state == State.APPROVED,
        "invitations": waiting if is_lead else [],
        "requests": [row for row in partner.join_requests.all() if row.state == JoinRequest.State.ASKED],
    }
    return render(request, "pledges/account/people.html", context)


def _with_invitation(request, partner):
    """Sends an invitation again, or takes it back."""
    deeds = {"again": partner_actions.send_invitation_again, "take_back": partner_actions.take_back_invitation}
    words = {"again": _("We have sent the invitation again."), "take_back": _("The invitation is taken back.")}
    for name, deed in deeds.items():
        if (number := request.POST.get(name, "")).isdecimal():
            invitation = get_object_or_404(partner.invitations, pk=number)
            return _do(request, partner, words[name], deed, invitation=invitation, actor=request.user)
    return redirect("account-people", partner.slug)


def _do(request, partner, words, deed, **arguments):
    """Does what was pressed and goes back to the list, which says what was done or why it was not."""
    try:
        deed(**arguments)
    except NotPossible as obstacle:
        messages.warning(request, obstacle.message)
    else:
        messages.success(request, words)
    return redirect("account-people", partner.slug)


@of_organisation(lead_only=True)
def invite(request, partner):
    form = InviteForm(request.POST or None)
    if form.is_valid():
        try:
            invitation = partner_actions.invite(partner=partner, actor=request.user, **form.cleaned_data)
        except NotPossible as obstacle:
            form.add_error(None, obstacle)
        else:
            words = _("We write to %(address)s now. They can accept until %(date)s.")
            until = date_format(timezone.localdate(invitation.expires_at))
            messages.success(request, words % {"address": invitation.email, "date": until})
            return redirect("account-people", partner.slug)
    return render(request, "pledges/account/invite.html", {"partner": partner, "form": form})


@of_organisation(lead_only=True)
def person(request, partner, pk):
    """One of the others, and what the lead can do about them."""
    others = partner.memberships.current().exclude(user=request.user).select_related("user")
    membership = get_object_or_404(others, pk=pk)
    if request.method == "POST":
        about = {"membership": membership, "actor": request.user}
        name = {"person": membership.user}
        match request.POST.get("act"):
            case "lead":
                words = _("%(person)s is the lead now. You are a member.") % name
                return _do(request, partner, words, partner_actions.hand_over, **about)
            case Role.SECOND:
                words = _("%(person)s is the second contact now.") % name
                return _do(request, partner, words, partner_actions.change_role, role=Role.SECOND, **about)
            case Role.MEMBER:
                words = _("%(person)s is a member now.") % name
                return _do(request, partner, words, partner_actions.change_role, role=Role.MEMBER, **about)
            case "take_off":
                words = _("%(person)s no longer acts for you. We have told them.") % name
                return _do(request, partner, words, partner_actions.take_off, **about)
    second = next((row for row in people_of(partner) if row.role == Role.SECOND), None)
    context = {"partner": partner, "membership": membership, "second": second}
    return render(request, "pledges/account/person.html", context)


@of_organisation()
def leave(request, partner):
    everybody = people_of(partner)
    own = next(member for member in everybody if member.user_id == request.user.pk)
    if request.method == "POST":
        try:
            partner_actions.leave(membership=own)
        except NotPossible as obstacle:
            messages.warning(request, obstacle.message)
            return redirect("account-leave", partner.slug)
        messages.success(request, _("You no longer act for %(partner)s.") % {"partner": partner.name})
        return redirect("account")
    context = {
        "partner": partner,
        "obstacle": partner_actions.why_cannot_leave(own, everybody),
        "is_alone": len(everybody) == 1,
        "is_approved": partner.state == State.APPROVED,
    }
    return render(request, "pledges/account/leave.html", context)


@of_partner(lead_only=True)
def join_request(request, partner, pk):
    asked = get_object_or_404(partner.join_requests.select_related("user"), pk=pk)
    if request.method == "POST" and request.POST.get("answer") in ("accept", "refuse"):
        accept = request.POST["answer"] == "accept"
        try:
            partner_actions.answer_join_request(request=asked, accept=accept, actor=request.user)
        except NotPossible as obstacle:
            return back(request, partner, obstacle)
        return done(request, partner, waits=False)
    waits = asked.state == JoinRequest.State.ASKED
    return render(request, "pledges/account/join_request.html", {"partner": partner, "asked": asked, "waits": waits})


# The page behind the link of an invitation ----------------------------------------------------


def _why_nobody_can(invitation):
    partner = invitation.partner
    if partner.withdrawn_at:
        date = date_format(timezone.localdate(partner.withdrawn_at))
        return _("This partner left the Charter on %(date)s.") % {"date": date}
    if partner.state == State.DECLINED:
        return _("This partner takes no part in the Charter.")
    return ""


RECEPTION = Reception(
    model=PartnerInvitation,
    template="pledges/account/invitation.html",
    accept=partner_actions.accept_invitation,
    home=lambda invitation: reverse("account-partner", args=[invitation.partner.slug]),
    obstacle=_why_nobody_can,
    ask=lambda invitation, user: partner_actions.ask_to_join(partner=invitation.partner, user=user),
    form=AcceptInvitationForm,
)
