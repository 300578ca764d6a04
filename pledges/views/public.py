from django.conf import settings
from django.db.models import Prefetch
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from oiep.changes import remembered
from oiep.listing import Facet, Listing
from oiep.pages import keep
from oiep.rules import rules
from oiep.texts.nodes import in_use as wordings_in_use
from partners.models import District, Kind, Partner, PriorityArea, entries, entry_or_404
from pledges import benefits as figures
from pledges.figures import areas_with_figures, facts, places_with_figures
from pledges.history import show_standings
from pledges.models import Capacity, CharterVersion, HelpRequest, Pledge, PledgeIdea, Story
from pledges.progress import reports_on
from pledges.timetable import days_of, timetable
from pledges.toolkit import beside_ideas
from pledges.track_record import versions_of

ON_ONE_PAGE, STORIES = 6, 3

FACETS = (
    Facet(
        name="area",
        legend=gettext_lazy("Priority area"),
        choices=PriorityArea,
        label="short_name",
        narrow=lambda pledges, areas: pledges.filter(area__in=areas),
        path="area",
    ),
    Facet(
        name="place",
        legend=gettext_lazy("District"),
        choices=District,
        narrow=lambda pledges, districts: pledges.filter(partner__in=Partner.objects.in_place(*districts)),
        path="partner__districts",
        everywhere="partner__county_wide",
    ),
    Facet(
        name="capacity",
        legend=gettext_lazy("Capacity"),
        choices=Capacity,
        narrow=lambda pledges, capacities: pledges.filter(capacity__in=capacities),
        path="capacity",
    ),
    Facet(
        name="kind",
        legend=gettext_lazy("Kind of partner"),
        choices=Kind,
        narrow=lambda pledges, kinds: pledges.filter(partner__kind__in=kinds),
        path="partner__kind",
    ),
)
SORTS = {
    "newest": (gettext_lazy("Newest first"), lambda pledges: pledges.order_by("-started_on", "-pk")),
    "oldest": (gettext_lazy("Oldest first"), lambda pledges: pledges.order_by("started_on", "pk")),
}

# The Charter ----------------------------------------------------------------------------------


@require_safe
@keep()
def charter(request, number=None):
    """The current version, or an older one by its number; without a published one there is no such page."""
    published = list(CharterVersion.objects.published().order_by("-number"))
    current = published[0] if published else None
    version = current if number is None else next((v for v in published if v.number == number), None)
    if version is None and (number is not None or published):
        raise Http404
    others = [other for other in published if other != version]
    return render(request, "pledges/charter.html", {"version": version, "current": current, "others": others})


@require_safe
@keep()
def benefits(request):
    """What partners get, what they say of it in totals, and in words that they let us quote."""
    context = {"rules": rules(), "topics": figures.topics(), "as_of": figures.as_of(), "quotes": figures.quotes()}
    with wordings_in_use():
        return render(request, "pledges/benefits.html", context)


@require_safe
@keep()
def how_it_works(request):
    """How we decide: the rules of the scheme, each number from its setting."""
    months = get_text_list(settings.REVIEW_MONTHS, _("or"))
    action_days = days_of(settings.ACTION_STEPS)
    context = {"rules": rules(), "months": months, "timetable": timetable(), "action_days": action_days}
    with wordings_in_use():
        return render(request, "pledges/how_it_works.html", context)


# By priority area and by district -------------------------------------------------------------


@require_safe
@keep()
def areas(request):
    return render(request, "pledges/areas.html", {"areas": areas_with_figures()})


@require_safe
@keep()
def area(request, slug):
    """A priority area. The address of a retired one works on, for links that others have kept."""
    (area,) = areas_with_figures([entry_or_404(PriorityArea, slug)])
    partners = Partner.objects.listed().in_area(area)
    pledges = Pledge.objects.live().filter(area=area)
    context = {"area": area, **_newest(partners, pledges), **_on_area(area.pk)}
    context |= {"help_more": f"{reverse('help')}?area={slug}", "stories_more": f"{reverse('stories')}?area={slug}"}
    return render(request, "pledges/area.html", context)


@require_safe
@keep()
def places(request):
    return render(request, "pledges/places.html", {"places": [_on_the_map(place) for place in places_with_figures()]})


def _on_the_map(place):
    return {
        "district": place,
        "partners": place.partner_count,
        "pledges": place.pledge_count,
        "url": place.get_absolute_url(),
    }


@require_safe
@keep()
def place(request, slug):
    """A district. The address of a retired one works on."""
    found = facts()
    (place,) = places_with_figures([entry_or_404(District, slug)], found)
    partners = Partner.objects.listed().in_place(place)
    pledges = Pledge.objects.live().filter(partner__in=Partner.objects.in_place(place))
    in_areas = areas_with_figures(place=place, found=found)
    context = {"place": place, "areas": in_areas, **_newest(partners, pledges), **_on_place(place.pk)}
    context |= {"help_more": f"{reverse('help')}?place={slug}", "stories_more": f"{reverse('stories')}?place={slug}"}
    return render(request, "pledges/place.html", context)


def _newest(partners, pledges):
    """The newest few of each, with what their cards show."""
    with_partner = pledges.select_related("area").prefetch_related(Prefetch("partner", Partner.objects.with_cards()))
    return {
        "partners": partners.with_cards().order_by("-approved_at", "-pk")[:ON_ONE_PAGE],
        "pledges": with_partner.order_by("-started_on", "-pk")[:ON_ONE_PAGE],
    }


# What is the same for every visitor until something changes, and of which there is little.


@remembered(by_the_clock=True)
def _on_area(key):
    area = entries(PriorityArea)[key]
    return {
        "ideas": beside_ideas(PledgeIdea.objects.current().filter(area=area)),
        "groups": list(area.working_groups.published().current()),
        "coming": list(area.events.coming()),
        "open_help": list(HelpRequest.objects.published().in_area(area).with_cards().newest()[:STORIES]),
        "stories": list(Story.objects.published().in_area(area).with_cards().newest()[:STORIES]),
    }


@remembered(by_the_clock=True)
def _on_place(key):
    place = entries(District)[key]
    return {
        "coming": list(place.events.coming()),
        "open_help": list(HelpRequest.objects.published().in_place(place).with_cards().newest()[:STORIES]),
        "stories": list(Story.objects.published().in_place(place).with_cards().newest()[:STORIES]),
    }


# Pledges --------------------------------------------------------------------------------------


@require_safe
@keep("area", "place", "capacity", "kind", "sort", "page")
def pledges(request):
    live = Pledge.objects.live().select_related("area", "partner").prefetch_related("partner__districts")
    listing = Listing(request.GET, rows=live, facets=FACETS, sorts=SORTS)
    nothing = _("No pledge matches all of that") if listing.is_filtered else _("Nobody has pledged yet")
    return render(request, "pledges/pledges.html", {"listing": listing, "nothing": nothing})


@require_safe
@keep()
def pledge(request, pk):
    """One pledge, with what came of it, what it was before and what it became."""
    published = Pledge.objects.published().select_related("area", "partner")
    pledge = get_object_or_404(published.prefetch_related("partner__districts"), pk=pk)
    show_standings([pledge.partner])
    versions = versions_of(pledge, list(pledge.partner.pledges.published().select_related("area")))
    context = {"pledge": pledge, "versions": versions, "current": versions[-1], "reports": reports_on(versions)}
    context["stories"] = Story.objects.published().filter(pledge__in=versions).with_cards().newest()
    return render(request, "pledges/pledge.html", context)
