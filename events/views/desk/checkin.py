"""Checking people in at the door, on a telephone."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from events.actions.checkin import check_in as act
from events.desk_forms import CheckInForm
from events.models import Event, Registration
from events.views.desk.page import back, of_event, show
from events.views.desk.people import figures_of
from oiep.moderation import NotPossible


@of_event
def check_in(request, event):
    """Everybody who has a place, to search and to check in with one press."""
    words = request.GET.get("q", "").strip()
    rows = event.registrations.booked().filter(forgotten_at=None).select_related("partner").by_name()
    return show(
        request,
        event,
        "check_in",
        tab="event-check-in",
        words=words,
        bookings=rows.matching(words),
        figures=figures_of(event),
    )


@of_event
def check_in_one(request, event, pk):
    """One person, as their code shows them. A press goes here: `arrived`, and `key` from a browser that keeps it."""
    booking = get_object_or_404(event.registrations.select_related("partner").filter(forgotten_at=None), pk=pk)
    booking.event = event
    if request.method != "POST":
        return show(request, event, "check_in_one", tab="event-check-in", booking=booking, figures=figures_of(event))
    wants_json = request.headers.get("Accept") == "application/json"
    form = CheckInForm(request.POST)
    if not form.is_valid():
        raise Http404
    try:
        key = form.cleaned_data["key"]
        act(booking=booking, arrived=form.cleaned_data["arrived"], actor=request.user, key=str(key) if key else "")
    except NotPossible as obstacle:
        if wants_json:
            return JsonResponse({"words": obstacle.message}, status=409)
        return back(request, obstacle, "event-check-in-one", event.slug, pk)
    if wants_json:
        booking.refresh_from_db(fields=["arrived", "checked_in_at"])
        row = render_to_string("events/desk/_arrival.html", {"booking": booking, "event": event}, request)
        return JsonResponse({"row": row, "came": figures_of(event)["came"]})
    return redirect("event-check-in-one", event.slug, pk)


@login_required
@never_cache
@require_safe
def code(request, code):
    """What a code on a badge leads to: the page to check them in, for who runs the event; to others it does not exist.

    It shows nothing and changes nothing.
    """
    try:
        booking = Registration.objects.with_code(code)
    except Registration.DoesNotExist:
        raise Http404 from None
    event = get_object_or_404(Event.objects.managed_by(request.user), pk=booking.event_id)
    return redirect("event-check-in-one", event.slug, booking.pk)
