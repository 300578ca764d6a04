"""Pages that show several apps at once, and those of none."""

import datetime
import errno
import sys

from django.conf import settings
from django.contrib import admin
from django.contrib.sitemaps import views as sitemap_views
from django.core.exceptions import ValidationError
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from desk.overview import desk_of
from events.honours import as_history, honours_of
from events.models import Event, Judge
from oiep import health, metrics
from oiep.changes import remembered
from oiep.day import last_day
from oiep.limits import source_of
from oiep.pages import keep
from oiep.rules import rules
from oiep.sitemaps import SITEMAPS
from oiep.texts.nodes import in_use as wordings_in_use
from partners.actions import pass_on_message
from partners.directory import directory_of, nothing_found
from partners.forms import FOR_VISITORS, MessageForm
from partners.models import Kind, Partner
from pledges.figures import areas_with_figures, facts, places_with_figures, totals
from pledges.history import explanation_of, show_standings, standing_from
from pledges.models import Story
from pledges.next_steps import (
    in_brief,
    in_order,
    invitations_to_answer,
    next_steps,
    partners_of,
    signings_to_finish,
    status_of,
)
from pledges.of_partner import later_charter_of, partner_in_full, stories_of
from pledges.track_record import track_record
from pledges.views.account.page import account_page
from working_groups.yours import groups_of, steps_in_groups

NEWEST, STORIES = 6, 3

# Public pages ---------------------------------------------------------------------------------


@require_safe
@keep()
def home(request):
    organisations = Partner.objects.listed().exclude(kind=Kind.RESIDENT)
    newest = organisations.with_cards().order_by("-approved_at", "-pk")
    found = facts()
    return render(
        request,
        "home.html",
        {
            "totals": totals(found),
            "areas": areas_with_figures(found=found),
            "places": [
                {"district": place, "partners": place.partner_count, "url": place.get_absolute_url()}
                for place in places_with_figures(found=found)
            ],
            "newest": newest[:NEWEST],
            "stories": _newest_stories(),
            "events": _next_events(),
            "rules": rules(),
        },
    )


@remembered
def _newest_stories():
    return list(Story.objects.published().with_cards().newest()[:STORIES])


@remembered(by_the_clock=True)
def _next_events():
    return list(Event.objects.coming())


@require_safe
@keep("area", "place", "kind", "size", "sector", "recognition", "sort", "page", "lapsed")
def directory(request):
    """The partners that are listed or, where that is asked for, those that have lapsed, each with its standing."""
    is_lapsed = "lapsed" in request.GET
    listing = directory_of(request.GET, Partner.objects.lapsed() if is_lapsed else None)
    show_standings(listing.page)
    nothing = _("No partner has lapsed") if is_lapsed else nothing_found(listing)
    context = {"listing": listing, "is_lapsed": is_lapsed, "nothing": nothing}
    return render(request, "partners/directory.html", context)


@require_safe
@keep()
def partner(request, slug):
    partner = partner_in_full(slug)
    if partner is None:
        raise Http404
    pledges, reviews, pauses = partner.pledged, partner.reviewed, partner.paused
    signatures, recognitions = partner.signed, partner.recognised
    honours = honours_of(partner)
    return render(
        request,
        "partners/partner.html",
        {
            "partner": partner,
            "standing": standing_from(partner, reviews, pauses),
            "explanation": explanation_of(reviews),
            "live": [pledge for pledge in pledges if pledge.is_live and not partner.withdrawn_at],
            "achieved": [pledge for pledge in pledges if pledge.ending == pledge.Ending.ACHIEVED],
            "ended": [pledge for pledge in pledges if pledge.ending == pledge.Ending.STOPPED],
            "signature": signatures[-1] if signatures else None,
            "later_charter": later_charter_of(partner),
            "recognitions": [row for row in recognitions if row.is_shown and not partner.withdrawn_at],
            "honours": honours,
            "stories": stories_of(partner),
            "events": track_record(
                partner, signatures, pledges, reviews, pauses, recognitions, more=as_history(honours)
            ),
            "purposes": [words for purpose, words in FOR_VISITORS.items() if purpose in partner.contact_purposes],
            "rules": rules(),
        },
    )


@require_safe
@keep()
def page(request, name):
    """A page of prose: accessibility, privacy, terms."""
    with wordings_in_use():
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
    with wordings_in_use():
        return render(request, "contact.html", {"form": form}, status=status)


@require_safe
def contact_sent(request):
    return render(request, "contact_sent.html")


# A person's own place -------------------------------------------------------------------------


@account_page
def account(request):
    """What waits for a person, and all that they take part in."""
    partners = list(partners_of(request.user))
    steps = [
        *signings_to_finish(request.user),
        *invitations_to_answer(request.user),
        *next_steps(request.user, *partners),
        *steps_in_groups(request.user),
    ]
    rows = [{"partner": partner, "status": status_of(partner), "brief": in_brief(partner)} for partner in partners]
    context = {
        "steps": in_order(steps),
        "partners": rows,
        "groups": groups_of(request.user),
        "events": Event.objects.run_by(request.user).not_long_over(),
        "judges": Judge.objects.filter(user=request.user, stood_down_at=None).exists(),
    }
    return render(request, "account.html", context)


# For machines ---------------------------------------------------------------------------------


@require_safe
def sitemap(request, section=None):
    """The list of sitemaps, or one of them."""
    if section is None:
        return sitemap_views.index(request, SITEMAPS, sitemap_url_name="sitemap-section")
    return sitemap_views.sitemap(request, SITEMAPS, section=section)


# Nothing personal to anybody, and no end of addresses that differ in their filters only.
_NOT_FOR_ROBOTS = (
    "/admin/",
    "/account/",
    "/accounts/",
    "/sign/confirm/",
    "/sign/resume/",
    "/invitations/",
    "/news/stop/",
    "/judging/",
    "/awards/vote/",
    "/follow/",
    "/following/",
    "/working-groups/calendar/",
    "/api/",
    "/*/contact/",
    "/stories/confirm/",
    "/stories/consent/",
    "/*?",
)


@require_safe
def robots(request):
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in _NOT_FOR_ROBOTS), ""]
    lines.append(f"Sitemap: {settings.SITE_URL}{reverse('sitemap')}")
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@require_safe
def security_txt(request):
    """Whom to tell of a weakness (RFC 9116). It stays good for half a year from today."""
    until = (timezone.now() + datetime.timedelta(days=180)).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = [
        f"Contact: mailto:{settings.SECURITY_EMAIL}",
        f"Expires: {until.astimezone(datetime.UTC):%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: en",
        f"Canonical: {settings.SITE_URL}{reverse('security-txt')}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


# For operators --------------------------------------------------------------------------------


@require_safe
def metrics_page(request):
    if not metrics.may_read(request, settings.METRICS_TOKEN):
        raise Http404
    return HttpResponse(metrics.text(), content_type="text/plain; version=0.0.4; charset=utf-8")


@require_safe
def health_live(request):
    return JsonResponse(health.live())


@require_safe
def health_ready(request):
    """The body says what `oiep.health.ready` says; the status is for machines that route visitors."""
    state = health.ready()
    return JsonResponse(state, status=200 if state["ready"] else 503)


# The manager's first page ---------------------------------------------------------------------


def desk(request):
    """What waits for the manager. Each figure leads to the list that it counts."""
    return admin.site.admin_view(_desk)(request)


def _desk(request):
    figures = desk_of(request.user)
    if "reviews" in figures:
        figures["last_day"] = last_day()
    return admin.site.index(request, figures)


# When something is wrong ----------------------------------------------------------------------


def not_found(request, exception):
    return render(request, "404.html", status=404)


def server_error(request):
    """Drawn without a request, so that neither a session nor a database is needed for it."""
    error = sys.exc_info()[1]
    is_full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    if is_full or isinstance(error, OperationalError | InterfaceError):
        return HttpResponse(render_to_string("503.html"), status=503, headers={"Retry-After": "60"})
    return HttpResponse(render_to_string("500.html"), status=500)


def csrf_failure(request, reason=""):
    return render(request, "403_csrf.html", status=403)
