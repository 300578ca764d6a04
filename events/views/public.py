from django.conf import settings
from django.db.models import Prefetch
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from events import calendars
from events.listing import listing_of, months_of
from events.models import Contributor, Event, Feedback, Material, Photograph
from events.structured import structured
from oiep.calendars import addresses_of, answer
from oiep.pages import keep
from oiep.uploads import attachment, shown
from partners.models import Partner
from working_groups.models import Action

QUOTES = 6
# How long a calendar may be kept; then its program asks whether it has changed.
_KEPT = "public, max-age=900"


@require_safe
@keep("area", "place", "kind", "month", "when", "sort", "page")
def events(request):
    """Events to come, or with `?when=past` those of the past; by area, district, kind and month."""
    past = request.GET.get("when") == "past"
    published = Event.objects.published()
    listing, month = listing_of(request.GET, published, past=past)
    months = months_of(published.past() if past else published.upcoming())
    return render(
        request,
        "events/events.html",
        {
            "listing": listing,
            "past": past,
            "month": month,
            "months": sorted(months, reverse=past),
            "nothing": _nothing(listing, past=past, month=month),
            **addresses_of(settings.SITE_URL + reverse("events-calendar")),
        },
    )


def _nothing(listing, *, past, month):
    if listing.is_filtered or month:
        return _("No event matches all of that")
    return _("There are no past events yet") if past else _("No event is planned at the moment")


@require_safe
@keep()
def event(request, slug):
    event = get_object_or_404(
        Event.objects.published()
        .with_held()
        .select_related("series", "group", "district")
        .prefetch_related("areas", "programme"),
        slug=slug,
    )
    contributors = list(event.contributors.select_related("partner"))
    context = {
        "event": event,
        "contributors": [
            {"role": label, "names": [row for row in contributors if row.role == role]}
            for role, label in Contributor.Role.choices
            if any(row.role == role for row in contributors)
        ],
        "published_partners": set(
            Partner.objects.published()
            .filter(pk__in=[row.partner_id for row in contributors if row.partner_id])
            .values_list("pk", flat=True)
        ),
        "is_over": event.is_over(),
        "is_open": event.is_open_for_bookings(),
        "others": event.series and Event.objects.published().filter(series=event.series).exclude(pk=event.pk),
        "runs_it": Event.objects.managed_by(request.user).filter(pk=event.pk).exists(),
    }
    if context["is_over"]:
        context |= {
            "learning": event.learning.prefetch_related(
                Prefetch("action", Action.objects.published().select_related("group"), to_attr="public_action")
            ),
            "photographs": event.photographs.filter(is_public=True),
            "materials": event.materials.filter(is_public=True),
            "quotes": Feedback.objects.quotable(event)[:QUOTES],
        }
    context["structured"] = structured(event, contributors, context.get("photographs", ()))
    return render(request, "events/event.html", context)


# Calendars ------------------------------------------------------------------------------------


@require_safe
def calendar(request):
    """All published events, to subscribe to."""
    return answer(request, calendars.feed(Event.objects.published()), name="events.ics", cache_control=_KEPT)


@require_safe
def event_calendar(request, slug):
    event = get_object_or_404(Event.objects.published().exclude(known=Event.Known.MONTH), slug=slug)
    return answer(request, calendars.file_of(event), name=f"{event.slug}.ics", cache_control=_KEPT)


# Files ----------------------------------------------------------------------------------------


@require_safe
def photograph(request, pk):
    """A picture that is public; to who runs its event, any. Kept for an hour only, as consent may be withdrawn."""
    photograph = get_object_or_404(Photograph.objects.select_related("event"), pk=pk)
    is_public = photograph.is_public and Event.objects.published().filter(pk=photograph.event_id).exists()
    if not is_public:
        get_object_or_404(Event.objects.managed_by(request.user), pk=photograph.event_id)
    response = shown(photograph.file)
    response["Cache-Control"] = "public, max-age=3600" if is_public else "private, no-store"
    return response


@require_safe
def material(request, pk):
    material = get_object_or_404(Material, pk=pk)
    if not (material.is_public and Event.objects.published().filter(pk=material.event_id).exists()):
        get_object_or_404(Event.objects.managed_by(request.user), pk=material.event_id)
    return attachment(material.file, name=material.name)
