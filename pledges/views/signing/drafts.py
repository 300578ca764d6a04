"""Whose signing it is: a browser may open those that its session lists."""

import functools
import secrets

from django.conf import settings
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from oiep.links import private
from pledges.models import Signing

_AT_MOST = 20

TITLES = {
    "who": _("Who you are"),
    "where": _("Where you live"),
    "organisation": _("Your organisation"),
    "areas": _("Your priority areas"),
    "pledges": _("Your pledges"),
    "contact": _("Contact and progress"),
    "check": _("Check your answers and sign"),
}


def with_draft(view):
    """Calls the view with the signing in place of its id. What was declared is done; a stranger's is not found."""

    @private
    @functools.wraps(view)
    def wrapper(request, pk, **kwargs):
        signing = own_signing(request, pk)
        if signing is None:
            return not_found(request)
        if signing.declared_at:
            return redirect("sign-done", pk)
        try:
            return view(request, signing, **kwargs)
        except Signing.DoesNotExist:  # declared meanwhile, in another tab
            return redirect("sign-done", pk)

    return wrapper


def own_signing(request, pk):
    if str(pk) not in request.session.get("signings", []):
        return None
    return Signing.objects.filter(pk=pk).first()


def own_drafts(request):
    """The signings that this browser has under way, the newest first."""
    return Signing.objects.under_way().filter(pk__in=request.session.get("signings", [])).order_by("-changed_at")


def not_found(request):
    context = {"confirmation_days": settings.CONFIRMATION_DAYS}
    return render(request, "pledges/signing/not_found.html", context, status=404)


def remember(request, signing):
    """Lets this browser open the signing."""
    others = [pk for pk in request.session.get("signings", []) if pk != str(signing.pk)]
    request.session["signings"] = [*others, str(signing.pk)][-_AT_MOST:]


def browser_of(request):
    """A random name for this browser, to count by."""
    return request.session.setdefault("browser", secrets.token_hex(16))


def is_robot(request):
    """Whether the field was filled that people cannot see (`_trap.html`)."""
    return bool(request.POST.get("comments"))


def url_of(signing, step):
    """The address of a step, or of the first step that is to be answered before it."""
    if not signing.may_open(step):
        step = signing.first_unfinished
    return (
        reverse("sign-check", args=[signing.pk]) if step == "check" else reverse("sign-step", args=[signing.pk, step])
    )


def page_of(signing, step):
    return redirect(url_of(signing, step))


def context_of(request, signing, step, **context):
    """What every step's page shows."""
    steps = signing.steps
    position = steps.index(step)
    if request.GET.get("from") == "check":
        back_url = url_of(signing, "check")
    elif position:
        back_url = url_of(signing, steps[position - 1])
    else:
        back_url = reverse("sign")
    return {
        "signing": signing,
        "number": position + 1,
        "total": len(steps),
        "title": TITLES[step],
        "back_url": back_url,
        **context,
    }
