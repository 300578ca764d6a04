import datetime

from django.conf import settings
from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from oiep.limits import source_of
from oiep.links import private
from pledges.actions import signing as actions
from pledges.forms.signing import form_of
from pledges.models import CharterVersion
from pledges.views.signing.drafts import (
    browser_of,
    context_of,
    is_robot,
    not_found,
    own_signing,
    page_of,
    remember,
    with_draft,
)
from pledges.views.signing.steps import too_soon
from pledges.views.signing.summary import summary_of


@with_draft
def check(request, signing):
    """All answers, to be checked and changed, and the declaration."""
    if signing.first_unfinished != "check":
        return page_of(signing, "check")
    charter = get_object_or_404(CharterVersion.objects.published()[:1])
    initial = signing.answers.get("typed", {}).get("check") or _publicity(signing)
    form = form_of(signing, "check")(
        request.POST if request.method == "POST" else None, signing=signing, initial=initial
    )
    stranded = signing.stranded_pledges()
    context = context_of(
        request,
        signing,
        "check",
        form=form,
        charter=charter,
        rows=summary_of(signing),
        stranded=stranded,
        trouble=bool(stranded),
        minimum_age=settings.MINIMUM_AGE,
    )
    if request.method == "POST":
        if "later" in request.POST:
            actions.keep_typed(signing=signing, step="check", typed=form.typed())
            return redirect("sign-save", signing.pk)
        if is_robot(request):
            request.session["trapped"] = [*request.session.get("trapped", []), str(signing.pk)][-20:]
            return redirect("sign-done", signing.pk)
        if form.is_valid() and not stranded:
            return _declare(request, signing, form, context)
    return render(request, "pledges/signing/check.html", context)


def _publicity(signing):
    publicity = signing.answers.get("publicity", {})
    return {"show_name": "yes" if publicity.get("show_name") else "no", "news": signing.answers.get("news", False)}


def _declare(request, signing, form, context):
    try:
        actions.declare(
            signing=signing,
            source=source_of(request),
            browser=browser_of(request),
            show_name=form.cleaned_data.get("show_name", False),
            news=form.cleaned_data.get("news", False),
        )
    except actions.TooSoon as error:
        return too_soon(request, "pledges/signing/check.html", context, error)
    except actions.NotReady:  # changed meanwhile, in another tab or by the manager
        return redirect("sign-check", signing.pk)
    return redirect("sign-done", signing.pk)


@private
def done(request, pk):
    """What happens next: the same page for everybody, whoever has signed before and whatever came of it."""
    signing = own_signing(request, pk)
    if signing is None:
        return not_found(request)
    if not signing.declared_at and str(pk) not in request.session.get("trapped", []):
        return page_of(signing, "check")
    if request.method == "POST" and "correct" in request.POST:
        again = actions.start_again(signing=signing, source=source_of(request), browser=browser_of(request))
        remember(request, again)
        return page_of(again, "check")
    if request.method == "POST":
        if signing.declared_at and actions.send_again(signing=signing):
            messages.success(request, _("We have sent the link again."))
        return redirect("sign-done", pk)
    soon = timezone.now() + datetime.timedelta(minutes=settings.CONFIRMATION_RESEND_MINUTES)
    context = {
        "signing": signing,
        "confirm_by": signing.expires_at,
        # A robot that declared nothing reads the same.
        "resend_at": signing.may_be_sent_again_at if signing.declared_at else soon,
        "can_resend": signing.may_be_sent_again(),
        "working_days": settings.DECISION_WORKING_DAYS,
        "mails_a_day": settings.UNPROVEN_ADDRESS_MAILS_A_DAY,
    }
    return render(request, "pledges/signing/done.html", context)
