"""The pages behind e-mailed links. GET and HEAD change nothing, because mail scanners follow links."""

import datetime

from django.conf import settings
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from oiep.limits import source_of
from oiep.links import private
from oiep.moderation import answer_due
from partners.actions import may_ask_from
from partners.models import PriorityArea
from pledges.actions import signing as actions
from pledges.models import Signing
from pledges.models.signing import Forgotten
from pledges.toolkit import first_steps
from pledges.views.signing.drafts import browser_of, page_of, remember
from pledges.views.signing.summary import describe


@private
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request, token):
    try:
        signing = Signing.objects.with_confirmation_token(token)
        if request.method == "POST":
            return _confirm_or_ask(request, signing)
    except Forgotten:
        return _over(request)
    except Signing.DoesNotExist:
        return _unknown(request)
    if signing.has_expired():
        return _over(request, signing)
    if not signing.confirmed_at:
        return render(request, "pledges/signing/confirm.html", _shown(signing))
    context = {
        "signing": signing,
        "answer_by": answer_due(signing.confirmed_at),
        "forgotten_on": signing.confirmed_at + datetime.timedelta(days=settings.CONFIRMATION_DAYS),
    }
    if signing.signature:
        context["steps"] = first_steps(signing.signature.partner)
    if signing.signature is None and not signing.signed_before() and (namesake := signing.namesake()):
        signed_on = namesake.signatures.order_by("declared_at").values_list("declared_at", flat=True).first()
        context |= {"namesake": namesake, "signed_on": signed_on, "asked": signing.waits_to_join()}
        context["ask_from"] = may_ask_from(namesake, signing.email)
    return render(request, "pledges/signing/confirmed.html", context)


def _confirm_or_ask(request, signing):
    if "again" in request.POST and signing.has_expired() and not signing.is_from_list:
        again = actions.start_again(signing=signing, source=source_of(request), browser=browser_of(request))
        remember(request, again)
        return page_of(again, "check")
    try:
        if "join" in request.POST:
            actions.ask_to_join(signing=signing)
        else:
            actions.confirm(signing=signing)
    except actions.Expired:
        pass  # the page says so
    return redirect(request.path)


def _shown(signing):
    """What is confirmed. Of what came from a list all of it, as whoever confirms has not written it."""
    areas = PriorityArea.objects.in_bulk([pledge["area_id"] for pledge in signing.pledges])
    pledges = [(areas[pledge["area_id"]], describe(pledge)) for pledge in signing.pledges]
    return {
        "signing": signing,
        "areas": [areas[pk] for pk in sorted(areas, key=lambda pk: areas[pk].order)],
        "pledges": pledges if signing.is_from_list else [],
    }


def _over(request, signing=None):
    context = {
        "signing": None if signing and signing.is_from_list else signing,
        "confirmation_days": settings.CONFIRMATION_DAYS,
        "is_from_list": bool(signing and signing.is_from_list),
    }
    return render(request, "pledges/signing/link_over.html", context, status=410)


def _unknown(request):
    return render(request, "pledges/signing/link_unknown.html", status=404)


@private
@require_http_methods(["GET", "HEAD", "POST"])
def resume(request, token):
    try:
        signing = Signing.objects.with_resume_token(token)
    except Forgotten:
        return _over(request)
    except Signing.DoesNotExist:
        return _unknown(request)
    if signing.has_expired() and not signing.declared_at:
        return _over(request)
    if request.method == "POST":
        remember(request, signing)
        return redirect("sign-done", signing.pk) if signing.declared_at else page_of(signing, "check")
    return render(request, "pledges/signing/resume.html", {"signing": signing})
