"""Pages that show several apps at once, and those of none."""

import sys

from django.conf import settings
from django.contrib.sitemaps import views as sitemap_views
from django.core.exceptions import ValidationError
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from oiep.limits import source_of
from oiep.rules import rules
from oiep.sitemaps import SITEMAPS
from partners.actions import pass_on_message
from partners.forms import FOR_VISITORS, MessageForm
from partners.models import Kind, Partner
from pledges.figures import areas_with_figures, places_with_figures, totals
from pledges.track_record import track_record

NEWEST = 6

# Public pages ---------------------------------------------------------------------------------


@require_safe
def home(request):
    organisations = Partner.objects.listed().exclude(kind=Kind.RESIDENT)
    newest = organisations.order_by("-approved_at", "-pk").prefetch_related("areas", "districts")
    return render(
        request,
        "home.html",
        {
            "totals": totals(),
            "areas": areas_with_figures(),
            "places": [
                {"district": place, "partners": place.partner_count, "url": place.get_absolute_url()}
                for place in places_with_figures()
            ],
            "newest": newest[:NEWEST],
            "rules": rules(),
        },
    )


@require_safe
def partner(request, slug):
    partners = Partner.objects.published().select_related("sector").prefetch_related("areas", "districts")
    partner = get_object_or_404(partners, slug=slug)
    pledges = list(partner.pledges.published().select_related("area"))
    signatures = list(partner.signatures.select_related("charter").order_by("declared_at"))
    return render(
        request,
        "partners/partner.html",
        {
            "partner": partner,
            "live": [pledge for pledge in pledges if pledge.is_live and not partner.withdrawn_at],
            "ended": [pledge for pledge in pledges if pledge.ending == pledge.Ending.STOPPED],
            "signature": signatures[-1] if signatures else None,
            "events": track_record(partner, signatures, pledges),
            "purposes": [words for purpose, words in FOR_VISITORS.items() if purpose in partner.contact_purposes],
        },
    )


@require_safe
def page(request, name):
    """A page of prose: accessibility, privacy, terms."""
    return render(request, f"pages/{name}.html", {"rules": rules()})


@require_http_methods(["GET", "HEAD", "POST"])
def contact(request):
    """A question to the partnership itself."""
    form = MessageForm(request.POST or None)
    status = 200
    if form.is_valid():
        letter = {name: form.cleaned_data[name] for name in ("name", "email", "message")}
        try:
            pass_on_message(partner=None, source=source_of(request), **letter)
        except ValidationError as error:
            form.add_error(None, error)
            status = 429
        else:
            return redirect("contact-sent")
    return render(request, "contact.html", {"form": form}, status=status)


@require_safe
def contact_sent(request):
    return render(request, "contact_sent.html")


# For machines ---------------------------------------------------------------------------------


@require_safe
def sitemap(request, section=None):
    """The list of sitemaps, or one of them."""
    if section is None:
        return sitemap_views.index(request, SITEMAPS, sitemap_url_name="sitemap-section")
    return sitemap_views.sitemap(request, SITEMAPS, section=section)


# Nothing personal to anybody, and no end of addresses that differ in their filters only.
_NOT_FOR_ROBOTS = ("/admin/", "/account/", "/accounts/", "/sign/confirm/", "/sign/resume/", "/*/contact/", "/*?")


@require_safe
def robots(request):
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in _NOT_FOR_ROBOTS), ""]
    lines.append(f"Sitemap: {settings.SITE_URL}{reverse('sitemap')}")
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


def health_live(request): ...
def health_ready(request): ...


# The manager's first page ---------------------------------------------------------------------


def desk(request): ...


# When something is wrong ----------------------------------------------------------------------


def not_found(request, exception):
    return render(request, "404.html", status=404)


def server_error(request):
    """Drawn without a request, so that neither a session nor a database is needed for it."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return HttpResponse(render_to_string("503.html"), status=503, headers={"Retry-After": "60"})
    return HttpResponse(render_to_string("500.html"), status=500)


def csrf_failure(request, reason=""):
    return render(request, "403_csrf.html", status=403)
