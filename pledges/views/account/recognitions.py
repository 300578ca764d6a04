"""A partner's recognitions: claiming, renewing and changing them, taking them off, and the files that show them."""

from functools import wraps

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from oiep.moderation import NotPossible, State
from oiep.uploads import attachment
from partners import actions as partner_actions
from partners.ledger import ledgers_of
from partners.models import Partner, Recognition, RecognitionKind
from pledges.forms.recognitions import ClaimForm
from pledges.next_steps import status_of
from pledges.views.account.page import asked_for, back, done, of_partner


def _of_organisation(view):
    """A view of an approved organisation that the person acts for: nobody else claims recognitions."""

    @of_partner()
    @wraps(view)
    def of_one(request, partner, **kwargs):
        if partner.is_resident or partner.state != State.APPROVED:
            raise Http404
        return view(request, partner, **kwargs)

    return of_one


@_of_organisation
def recognitions(request, partner):
    rows = list(partner.recognitions.all())
    current = [row for row in rows if row.is_open or row.stands]
    ledgers = ledgers_of(current)
    context = {
        "partner": partner,
        "rows": [{"recognition": row, "status": status_of(row), "ledger": ledgers[row.pk]} for row in current],
        "past": [{"recognition": row, "status": status_of(row)} for row in rows if row not in current],
        "waiting_kinds": {row.kind_id for row in rows if row.is_open},
        "kinds": RecognitionKind.objects.current().exclude(pk__in=[row.kind_id for row in current]),
    }
    return render(request, "pledges/account/recognitions.html", context)


@_of_organisation
def claim(request, partner, kind):
    kind = get_object_or_404(RecognitionKind.objects.current(), slug=kind)
    mine = [row for row in partner.recognitions.all() if row.kind_id == kind.pk and (row.is_open or row.stands)]
    if mine and request.method != "POST":
        return redirect("account-recognition", partner.slug, mine[0].pk)
    return _claim(request, partner, kind)


def _claim(request, partner, kind, renewed=None):
    form = ClaimForm(request.POST or None, request.FILES or None, kind=kind, recognition=renewed, is_new=True)
    if form.is_valid():
        try:
            partner_actions.claim_recognition(
                partner=partner, kind=kind, values=form.values(), actor=request.user, file=form.cleaned_data["file"]
            )
        except NotPossible as obstacle:
            return back(request, partner, obstacle)
        except ValidationError as error:
            form.refuse(error)
        else:
            return done(request, partner, waits=True)
    context = {"partner": partner, "kind": kind, "form": form, "renewed": renewed}
    return render(request, "pledges/account/recognition.html", context)


@_of_organisation
def change(request, partner, pk):
    """Changes a claim that we have not verified yet, or renews one that stands."""
    recognition = get_object_or_404(partner.recognitions.select_related("kind"), pk=pk)
    if recognition.stands:
        return _renew(request, partner, recognition)
    if not recognition.is_open:
        return redirect("account-recognitions", partner.slug)
    form = ClaimForm(request.POST or None, request.FILES or None, kind=recognition.kind, recognition=recognition)
    context = {"partner": partner, "kind": recognition.kind, "form": form, "recognition": recognition}
    context["asked"] = asked_for([recognition])
    if form.is_valid():
        try:
            partner_actions.change_claim(
                recognition=recognition,
                values=form.values(),
                actor=request.user,
                file=form.cleaned_data["file"],
                keep_file=not form.cleaned_data.get("drop_file"),
                seen=form.cleaned_data["seen"],
            )
        except partner_actions.Conflict as conflict:
            current = Recognition.objects.get(pk=recognition.pk)
            context |= {"conflict": conflict.message, "differences": form.differences(current)}
            form.see(partner_actions.version_of_claim(current))
        except NotPossible as obstacle:
            return back(request, partner, obstacle)
        except ValidationError as error:
            form.refuse(error)
        else:
            return done(request, partner, waits=True)
    return render(request, "pledges/account/recognition.html", context)


def _renew(request, partner, recognition):
    waiting = partner.recognitions.open().filter(kind=recognition.kind_id).first()
    if waiting and request.method != "POST":
        return redirect("account-recognition", partner.slug, waiting.pk)
    if not recognition.kind.expires or recognition.kind.retired_at:
        return redirect("account-recognitions", partner.slug)
    return _claim(request, partner, recognition.kind, renewed=recognition)


@_of_organisation
def take_off(request, partner, pk):
    recognition = get_object_or_404(partner.recognitions.select_related("kind"), pk=pk)
    if not (recognition.is_open or recognition.stands):
        return redirect("account-recognitions", partner.slug)
    if request.method == "POST":
        try:
            partner_actions.take_off_recognition(recognition=recognition, actor=request.user)
        except NotPossible as obstacle:
            return back(request, partner, obstacle)
        return done(request, partner, waits=False)
    context = {"partner": partner, "recognition": recognition}
    return render(request, "pledges/account/recognition_take_off.html", context)


@login_required
@never_cache
@require_safe
def evidence(request, slug, pk):
    """The file that shows a claim: to the partner's people and the manager, never to the public."""
    recognition = get_object_or_404(Recognition.objects.exclude(evidence_file=""), partner__slug=slug, pk=pk)
    own = Partner.objects.visible_to(request.user).filter(pk=recognition.partner_id)
    if not (request.user.has_perm("pledges.view_case") or own.exists()):
        raise Http404
    try:
        return attachment(recognition.evidence_file, name=recognition.evidence_name)
    except FileNotFoundError:
        raise Http404 from None
