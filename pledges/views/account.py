"""A partner's own place. Each view works on a partner that the person acts for; to a stranger it does not exist."""

from functools import wraps

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from oiep.moderation import NotPossible, State
from partners import actions as partner_actions
from partners.models import JoinRequest, Partner, PriorityArea
from pledges.actions import pledges as pledge_actions
from pledges.forms.account import (
    ContactForm,
    OwnApprovalForm,
    PledgeChangeForm,
    ProfileForm,
    StopForm,
    profile_rows,
)
from pledges.forms.pledges import PledgeForm
from pledges.history import explanation_of, history_from, standing_from, with_due_dates
from pledges.ledger import ledgers_of
from pledges.models import Pledge, PledgeIdea
from pledges.next_steps import leads, next_steps, partners_of, signings_to_finish, status_of
from pledges.standing import due_of, opens_on


def _page(view):
    return login_required(never_cache(require_http_methods(["GET", "HEAD", "POST"])(view)))


def of_partner(*, open_only=True, lead_only=False):
    """A view of a partner that the person acts for: `view(request, partner, …)`.

    open_only: a partner that withdrew or was declined has nothing to change; its own page says so. lead_only: other
    members get 404.
    """

    def decorate(view):
        @_page
        @wraps(view)
        def of_one(request, slug, **kwargs):
            partner = get_object_or_404(partners_of(request.user), slug=slug)
            if lead_only and not leads(request.user, partner):
                raise Http404
            if open_only and (partner.withdrawn_at or partner.state == State.DECLINED):
                messages.info(request, _("There is nothing to change here any more."))
                return redirect("account-partner", partner.slug)
            return view(request, partner, **kwargs)

        return of_one

    return decorate


@_page
def home(request):
    partners = list(partners_of(request.user))
    steps = signings_to_finish(request.user)
    for partner in partners:
        steps += next_steps(request.user, partner)
    return render(
        request,
        "pledges/account/home.html",
        {"steps": steps, "partners": [{"partner": partner, "status": status_of(partner)} for partner in partners]},
    )


@of_partner(open_only=False)
def partner(request, partner):
    waiting = next((change for change in partner.profile_changes.all() if change.is_open and change.values), None)
    standing, past = _pledges_of(partner)
    return render(
        request,
        "pledges/account/partner.html",
        {
            "partner": partner,
            "status": status_of(partner),
            "is_open": not partner.withdrawn_at and partner.state != State.DECLINED,
            "is_lead": leads(request.user, partner),
            "steps": next_steps(request.user, partner),
            "profile": profile_rows(partner, partner_actions.profile_of(partner)),
            "change": {"status": status_of(waiting), "rows": profile_rows(partner, waiting.values)}
            if waiting
            else None,
            "pledges": standing,
            "past": past,
            **_reviews_of(partner),
            "members": [member for member in partner.memberships.all() if not member.ended_at],
            "signatures": partner.signatures.all(),
            "purposes": [label for value, label in partner.Purpose.choices if value in partner.contact_purposes],
        },
    )


def _reviews_of(partner):
    """Its reviews, the newest first, with what we wrote about each; its public standing; when the next review comes."""
    reviews, pauses = list(with_due_dates(partner.reviews).select_related("partner")), partner.pauses.all()
    ledgers = ledgers_of(reviews)
    context = {
        "reviews": [
            {"review": row, "status": status_of(row), "ledger": [entry for entry in ledgers[row.pk] if entry.row]}
            for row in reversed(reviews)
        ],
        "standing": standing_from(partner, reviews, pauses) if partner.state == State.APPROVED else None,
        "explanation": explanation_of(reviews),
    }
    if partner.next_round_on and not partner.withdrawn_at:
        known_pauses = history_from(partner, reviews, pauses).pauses
        next_due = due_of(partner.next_round_on, known_pauses, timezone.localdate())
        context |= {"next_due": next_due, "next_opens": opens_on(next_due)}
    return context


def _pledges_of(partner):
    """Those that stand or wait, each with the change to it that waits, and those that are over."""
    standing, past = [], []
    for pledge in partner.pledges.all():
        if pledge.ended_at or pledge.state == State.DECLINED:
            past.append({"pledge": pledge, "status": status_of(pledge)})
        elif pledge.state == State.APPROVED or not pledge.replaces_id:
            change = pledge.replacement
            row = {"pledge": pledge, "status": status_of(pledge), "change": change}
            standing.append(row | ({"change_status": status_of(change)} if change else {}))
    return standing, past


@of_partner()
def profile(request, partner):
    proposed = _proposed_now(partner)
    form = ProfileForm(request.POST or None, partner=partner, values=proposed)
    context = {"partner": partner, "form": form, "asked": _asked([partner, *partner.profile_changes.all()])}
    if form.is_valid():
        try:
            change = partner_actions.propose_profile_change(
                partner=partner,
                values=form.values(),
                actor=request.user,
                message=form.cleaned_data["message"],
                seen=form.cleaned_data["seen"],
            )
        except partner_actions.Conflict as conflict:
            proposed = _proposed_now(partner)
            theirs = {name: proposed[name] for name, value in form.values().items() if proposed[name] != value}
            context |= {"conflict": conflict.message, "differences": profile_rows(partner, theirs)}
            form.see(partner_actions.version_of(proposed))
        except NotPossible as obstacle:
            return _back(request, partner, obstacle)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _done(request, partner, waits=change or partner.state != State.APPROVED)
    return render(request, "pledges/account/profile.html", context)


def _proposed_now(partner):
    return partner_actions.proposed_profile_of(Partner.objects.get(pk=partner.pk))


def _asked(things):
    """What the manager wrote, where changes were asked for."""
    return [thing.decision_message for thing in things if thing.state == State.CHANGES_ASKED]


def _back(request, partner, obstacle):
    messages.warning(request, obstacle.message)
    return redirect("account-partner", partner.slug)


def _done(request, partner, *, waits):
    if not waits:
        messages.success(request, _("That is saved."))
    elif partner.state == State.APPROVED:
        messages.success(request, _("We have it. What is public stays as it is until we have looked at it."))
    else:
        messages.success(request, _("We have it, and will look at it."))
    return redirect("account-partner", partner.slug)


@of_partner()
def contact(request, partner):
    if partner.is_resident:
        raise Http404
    form = ContactForm(
        request.POST or None,
        initial={
            "purposes": partner.contact_purposes,
            "paused": bool(partner.contact_paused_at),
            "review_months": partner.review_months,
        },
    )
    if form.is_valid():
        try:
            partner_actions.update_contact_settings(partner=partner, actor=request.user, **form.cleaned_data)
        except NotPossible as obstacle:
            return _back(request, partner, obstacle)
        return _done(request, partner, waits=False)
    return render(request, "pledges/account/contact.html", {"partner": partner, "form": form})


# Pledges --------------------------------------------------------------------------------------


@of_partner()
def add_pledge(request, partner):
    idea = _idea_of(request, partner)
    form = PledgeForm(request.POST or None, kind=partner.kind, initial=_beginning(request, idea))
    if form.is_valid():
        try:
            pledge_actions.add_pledge(partner=partner, values={**form.cleaned_data, "idea": idea}, actor=request.user)
        except NotPossible as obstacle:
            form.add_error(None, obstacle)
        else:
            return _done(request, partner, waits=True)
    return render(request, "pledges/account/pledge_add.html", {"partner": partner, "form": form, "idea": idea})


def _idea_of(request, partner):
    number = request.GET.get("idea", "")
    ideas = PledgeIdea.objects.current().for_kind(partner.kind)
    return ideas.filter(pk=number).first() if number.isdecimal() else None


def _beginning(request, idea):
    if idea is None:
        area = PriorityArea.objects.current().filter(slug=request.GET.get("area", "")).first()
        return {"area": area and area.pk}
    names = ("capacity", "statement", "measure", "unit")
    return {"area": idea.area_id, **{name: getattr(idea, name) for name in names}}


@of_partner()
def change_pledge(request, partner, pk):
    pledge = get_object_or_404(partner.pledges, pk=pk)
    if pledge.is_live and pledge.replacement:
        return redirect("account-pledge", partner.slug, pledge.replacement.pk)
    opened = {"seen": pledge_actions.version_of(pledge)}
    form = PledgeChangeForm(request.POST or None, instance=pledge, kind=partner.kind, initial=opened)
    context = {"partner": partner, "pledge": pledge, "form": form, "asked": _asked([pledge])}
    if pledge.ended_at or pledge.state == State.DECLINED:
        return redirect("account-partner", partner.slug)
    if form.is_valid():
        try:
            pledge_actions.change_pledge(
                pledge=pledge,
                values={name: form.cleaned_data[name] for name in form._meta.fields},
                actor=request.user,
                message=form.cleaned_data["message"],
                seen=form.cleaned_data["seen"],
            )
        except partner_actions.Conflict as conflict:
            current = Pledge.objects.get(pk=pledge.pk)
            context |= {"conflict": conflict.message, "differences": form.differences(current)}
            form.see(pledge_actions.version_of(current))
        except NotPossible as obstacle:
            form.add_error(None, obstacle)
        else:
            return _done(request, partner, waits=True)
    return render(request, "pledges/account/pledge.html", context)


@of_partner()
def stop_pledge(request, partner, pk):
    pledge = get_object_or_404(partner.pledges, pk=pk)
    if request.method != "POST" and (pledge.ended_at or pledge.state == State.DECLINED):
        return redirect("account-partner", partner.slug)
    form = StopForm(request.POST if request.method == "POST" else None)
    form.fields["reason"].required = pledge.is_live
    if form.is_valid():
        try:
            pledge_actions.stop_pledge(pledge=pledge, reason=form.cleaned_data["reason"], actor=request.user)
        except NotPossible as obstacle:
            return _back(request, partner, obstacle)
        return _done(request, partner, waits=False)
    return render(request, "pledges/account/pledge_stop.html", {"partner": partner, "pledge": pledge, "form": form})


# People, and leaving --------------------------------------------------------------------------


@of_partner(lead_only=True)
def join_request(request, partner, pk):
    asked = get_object_or_404(partner.join_requests.select_related("user"), pk=pk)
    if request.method == "POST" and request.POST.get("answer") in ("accept", "refuse"):
        accept = request.POST["answer"] == "accept"
        try:
            partner_actions.answer_join_request(request=asked, accept=accept, actor=request.user)
        except NotPossible as obstacle:
            return _back(request, partner, obstacle)
        return _done(request, partner, waits=False)
    waits = asked.state == JoinRequest.State.ASKED
    return render(request, "pledges/account/join_request.html", {"partner": partner, "asked": asked, "waits": waits})


@of_partner()
def own_approval(request, partner, pk):
    signature = get_object_or_404(partner.signatures.exclude(awaits_approval_of=""), pk=pk)
    form = OwnApprovalForm(request.POST or None, initial={"url": signature.approval_url})
    if form.is_valid():
        try:
            pledge_actions.record_own_approval(signature=signature, url=form.cleaned_data["url"], actor=request.user)
        except NotPossible as obstacle:
            return _back(request, partner, obstacle)
        return _done(request, partner, waits=False)
    context = {"partner": partner, "signature": signature, "form": form}
    return render(request, "pledges/account/own_approval.html", context)


@of_partner(lead_only=True)
def withdraw(request, partner):
    if request.method == "POST":
        try:
            pledge_actions.withdraw_partner(partner=partner, actor=request.user)
        except NotPossible as obstacle:
            return _back(request, partner, obstacle)
        messages.success(request, _("You have left the Charter. Thank you for having been part of it."))
        return redirect("account-partner", partner.slug)
    return render(request, "pledges/account/withdraw.html", {"partner": partner})
