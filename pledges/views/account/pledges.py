"""A partner's pledges: those it has, ideas for more, adding, changing and stopping them."""

from django.conf import settings
from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from oiep.moderation import NotPossible, State
from partners import actions as partner_actions
from partners.models import PriorityArea
from pledges.actions import pledges as pledge_actions
from pledges.actions.steps import put_aside
from pledges.forms.account import PledgeChangeForm, StopForm
from pledges.forms.pledges import PledgeForm
from pledges.models import Pledge, PledgeIdea
from pledges.next_steps import areas_without_pledge, key_of_ideas, status_of
from pledges.toolkit import beside_ideas
from pledges.views.account.page import asked_for, back, done, of_partner


@of_partner(open_only=False)
def pledges(request, partner):
    standing, past = _pledges_of(partner)
    is_open = not partner.withdrawn_at and partner.state != State.DECLINED
    context = {"partner": partner, "pledges": standing, "past": past, "is_open": is_open}
    return render(request, "pledges/account/pledges.html", context)


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
def ideas(request, partner):
    """Ideas that fit a partner, in areas where it has no pledge yet. A POST puts them aside."""
    if request.method == "POST":
        put_aside(user=request.user, key=key_of_ideas(partner))
        messages.success(request, _("We will not suggest more pledges to you for a while."))
        return redirect("account")
    areas = areas_without_pledge(partner, PledgeIdea.objects.current().select_related("area"))
    beside_ideas(idea for ideas in areas.values() for idea in ideas)
    context = {"partner": partner, "areas": list(areas.items()), "months": settings.PUT_ASIDE_MONTHS}
    return render(request, "pledges/account/ideas.html", context)


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
            return done(request, partner, waits=True, to="account-pledges")
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
    context = {"partner": partner, "pledge": pledge, "form": form, "asked": asked_for([pledge])}
    if pledge.ended_at or pledge.state == State.DECLINED:
        return redirect("account-pledges", partner.slug)
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
            return done(request, partner, waits=True, to="account-pledges")
    return render(request, "pledges/account/pledge.html", context)


@of_partner()
def stop_pledge(request, partner, pk):
    pledge = get_object_or_404(partner.pledges, pk=pk)
    if request.method != "POST" and (pledge.ended_at or pledge.state == State.DECLINED):
        return redirect("account-pledges", partner.slug)
    form = StopForm(request.POST if request.method == "POST" else None)
    form.fields["reason"].required = pledge.is_live
    if form.is_valid():
        try:
            pledge_actions.stop_pledge(pledge=pledge, reason=form.cleaned_data["reason"], actor=request.user)
        except NotPossible as obstacle:
            return back(request, partner, obstacle, to="account-pledges")
        return done(request, partner, waits=False, to="account-pledges")
    return render(request, "pledges/account/pledge_stop.html", {"partner": partner, "pledge": pledge, "form": form})
