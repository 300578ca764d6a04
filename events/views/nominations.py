"""Nominating, and what one's own nominations have come to: for people who have signed in."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from events.actions import awards as actions
from events.actions.awards.nominating import acts_for_nominee, why_not_withdraw
from events.award_forms import NominationForm
from events.eligibility import obstacles_of_partner, pledges_of, reviews_of, stories_of
from events.models import AwardRound, Nomination
from oiep.moderation import NotPossible, State
from partners.models import Kind, Partner
from pledges.progress import reports_on
from pledges.track_record import versions_of

FOUND = 12  # partners that a search for a nominee shows


def _own_page(view):
    return login_required(never_cache(require_http_methods(["GET", "HEAD", "POST"])(view)))


# Nominating -----------------------------------------------------------------------------------


@login_required
@never_cache
@require_safe
def choose(request, year):
    """Whom to nominate: a partner that one acts for, or any other that is listed, by its name."""
    award_round = get_object_or_404(AwardRound.objects.published(), year=year)
    words = request.GET.get("q", "").strip()[:100]
    listed = Partner.objects.listed().exclude(kind=Kind.RESIDENT)
    context = {
        "round": award_round,
        "is_open": award_round.takes_nominations(),
        "own": listed.filter(pk__in=Partner.objects.visible_to(request.user)).by_name(),
        "words": words,
        "found": listed.matching(words).by_name()[:FOUND] if words else None,
    }
    return render(request, "awards/choose.html", context)


@_own_page
def nominate(request, year, slug):
    """The form. Opened in time it may be sent in a little later; too late, the words stay on the page to be kept."""
    award_round = get_object_or_404(AwardRound.objects.published(), year=year)
    partner = get_object_or_404(Partner.objects.published().exclude(kind=Kind.RESIDENT), slug=slug)
    if request.method != "POST" and not award_round.takes_nominations():
        return redirect("award-nominate", year)
    form = NominationForm(
        request.POST or None, partner=partner, award_round=award_round, initial=_evidence(request.GET, partner)
    )
    if form.is_valid():
        try:
            actions.nominate(partner=partner, actor=request.user, **form.values())
        except ValidationError as refusal:
            _refuse(form, refusal)
        else:
            messages.success(request, _("We have your nomination. We write to you when we have looked at it."))
            return redirect("nominations")
    context = {
        "round": award_round,
        "partner": partner,
        "form": form,
        "obstacles": obstacles_of_partner(partner),
    }
    return render(request, "awards/nominate.html", context)


def _evidence(query, partner):
    """What the button was pressed on: `?pledge=`, `?review=` or `?story=` of the partner; else its latest review."""
    rows = {"pledge": pledges_of(partner), "review": reviews_of(partner), "story": stories_of(partner)}
    found = {
        name: query[name]
        for name, choices in rows.items()
        if query.get(name, "").isdecimal() and len(query[name]) < 10 and choices.filter(pk=query[name]).exists()
    }
    return found or {"review": rows["review"].first()}


def _refuse(form, refusal):
    if hasattr(refusal, "error_dict"):
        for name, errors in refusal.error_dict.items():
            form.add_error(name if name in form.fields else None, errors)
    else:
        form.add_error(None, refusal)


# One's own ------------------------------------------------------------------------------------


@login_required
@never_cache
@require_safe
def nominations(request):
    rows = Nomination.objects.visible_to(request.user).select_related("category__round", "partner")
    rows = list(rows.order_by("-nominated_at", "-pk"))
    context = {
        "made": [row for row in rows if row.nominated_by_id == request.user.pk],
        "received": [row for row in rows if row.nominated_by_id != request.user.pk],
        "open": AwardRound.objects.taking_nominations().first(),
    }
    return render(request, "awards/nominations.html", context)


def _of(user, pk):
    rows = Nomination.objects.visible_to(user).select_related(
        "category__round", "category__area", "partner", "pledge", "review"
    )
    return get_object_or_404(rows, pk=pk)


@login_required
@never_cache
@require_safe
def nomination(request, pk):
    nomination = _of(request.user, pk)
    context = {
        "nomination": nomination,
        "is_own": nomination.nominated_by_id == request.user.pk,
        "is_nominee": acts_for_nominee(nomination, request.user),
        "can_change": _can_change(nomination, request.user),
        "can_withdraw": not nomination.withdrawn_at and not why_not_withdraw(nomination, request.user),
        "reports": reports_of(nomination),
    }
    return render(request, "awards/nomination.html", context)


def reports_of(nomination):
    """What approved reviews reported on its pledge, as it is, the newest first; with only a review, all it says."""
    if nomination.pledge:
        published = list(nomination.partner.pledges.published().select_related("area"))
        return reports_on(versions_of(nomination.pledge, published))
    if nomination.review:
        reports = reports_on(nomination.partner.pledges.published().select_related("area"))
        return [report for report in reports if report.review.pk == nomination.review_id]
    return []


def _can_change(nomination, user):
    return (
        nomination.nominated_by_id == user.pk
        and not nomination.withdrawn_at
        and nomination.state in (State.SUBMITTED, State.CHANGES_ASKED)
    )


@_own_page
def change(request, pk):
    nomination = _of(request.user, pk)
    if nomination.nominated_by_id != request.user.pk:
        raise Http404
    if not _can_change(nomination, request.user):
        return redirect(nomination)
    partner, award_round = nomination.partner, nomination.category.round
    asked = nomination.decision_message if nomination.state == State.CHANGES_ASKED else ""
    form = NominationForm(request.POST or None, instance=nomination, partner=partner, award_round=award_round)
    if form.is_valid():
        try:
            actions.change_nomination(nomination=nomination, actor=request.user, **form.values())
        except ValidationError as refusal:
            _refuse(form, refusal)
        else:
            messages.success(request, _("We have it, and will look at it."))
            return redirect("nomination", pk)
    context = {"round": award_round, "partner": partner, "form": form, "nomination": nomination, "asked": asked}
    return render(request, "awards/nominate.html", context)


@_own_page
def withdraw(request, pk):
    nomination = _of(request.user, pk)
    obstacle = _("It is taken back already.") if nomination.withdrawn_at else why_not_withdraw(nomination, request.user)
    if obstacle:
        messages.info(request, obstacle)
        return redirect(nomination)
    if request.method == "POST":
        try:
            actions.withdraw_nomination(nomination=nomination, actor=request.user)
        except NotPossible as obstacle:
            messages.warning(request, obstacle.message)
        else:
            messages.success(request, _("The nomination is taken back."))
        return redirect(nomination)
    context = {"nomination": nomination, "is_nominee": acts_for_nominee(nomination, request.user)}
    return render(request, "awards/withdraw.html", context)
