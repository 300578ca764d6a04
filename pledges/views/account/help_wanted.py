"""What a partner wants or offers: asking, changing, closing with what came of it."""

from functools import wraps

from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render

from oiep.moderation import NotPossible, State
from pledges.actions import help_wanted as actions
from pledges.forms.help_wanted import HelpRequestForm, OutcomeForm
from pledges.models import HelpRequest
from pledges.next_steps import status_of
from pledges.views.account.page import asked_for, back, done, of_partner
from pledges.views.help_wanted import services

LIST = "account-help"


def _of_approved(view):
    @of_partner()
    @wraps(view)
    def of_one(request, partner, **kwargs):
        if partner.state != State.APPROVED:
            raise Http404
        return view(request, partner, **kwargs)

    return of_one


@_of_approved
def requests(request, partner):
    rows = list(partner.help_requests.all())
    shown = set(HelpRequest.objects.published().filter(partner=partner).values_list("pk", flat=True))
    context = {
        "partner": partner,
        "rows": [{"row": row, "status": status_of(row), "is_shown": row.pk in shown} for row in rows],
    }
    return render(request, "help/account/requests.html", context)


def _entered(form):
    return {"values": form.cleaned_data, "areas": form.cleaned_data["areas"]}


@_of_approved
def ask(request, partner):
    initial = {name: request.GET[name] for name in ("direction", "need") if name in request.GET}
    form = HelpRequestForm(request.POST or None, initial=initial)
    if form.is_valid():
        try:
            actions.ask(partner=partner, actor=request.user, **_entered(form))
        except NotPossible as obstacle:
            return back(request, partner, obstacle, to=LIST)
        except ValidationError as refusal:
            form.refuse(refusal)
        else:
            return done(request, partner, waits=True, to=LIST)
    return render(request, "help/account/ask.html", {"partner": partner, "form": form, "services": services()})


def _own(partner, pk):
    return get_object_or_404(HelpRequest.objects.filter(partner=partner).select_related("partner"), pk=pk)


@_of_approved
def change(request, partner, pk):
    row = _own(partner, pk)
    if not row.is_editable:
        return redirect(LIST, partner.slug)
    form = HelpRequestForm(request.POST or None, request=row)
    if form.is_valid():
        try:
            actions.change(request=row, actor=request.user, **_entered(form))
        except NotPossible as obstacle:
            return back(request, partner, obstacle, to=LIST)
        except ValidationError as refusal:
            form.refuse(refusal)
        else:
            return done(request, partner, waits=True, to=LIST)
    context = {"partner": partner, "form": form, "row": row, "asked": asked_for([row])}
    return render(request, "help/account/ask.html", context)


@_of_approved
def close(request, partner, pk):
    row = _own(partner, pk)
    if not row.is_open:
        return redirect(LIST, partner.slug)
    form = OutcomeForm(request.POST or None)
    if form.is_valid():
        try:
            actions.close(request=row, actor=request.user, **form.cleaned_data)
        except NotPossible as obstacle:
            return back(request, partner, obstacle, to=LIST)
        return done(request, partner, waits=False, to=LIST)
    return render(request, "help/account/close.html", {"partner": partner, "row": row, "form": form})
