from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import condition, require_safe

from oiep.listing import Facet, Listing
from oiep.pages import keep
from oiep.uploads import shown
from partners.models import District, PriorityArea
from pledges.models import Pledge, Story, StoryPictureSize

OTHERS = 3
FACETS = (
    Facet(
        name="area",
        legend=gettext_lazy("Priority area"),
        choices=PriorityArea,
        label="short_name",
        narrow=lambda stories, areas: stories.in_area(*areas),
        path="areas",
    ),
    Facet(
        name="place",
        legend=gettext_lazy("District"),
        choices=District,
        narrow=lambda stories, districts: stories.in_place(*districts),
        path="districts",
    ),
    Facet(
        name="kind",
        legend=gettext_lazy("Kind"),
        choices=Story.Kind,
        narrow=lambda stories, kinds: stories.filter(kind__in=kinds),
        path="kind",
    ),
)
SORTS = {
    "newest": (gettext_lazy("Newest first"), lambda stories: stories.newest()),
    "oldest": (gettext_lazy("Oldest first"), lambda stories: stories.order_by("first_published_at", "pk")),
}


@require_safe
@keep("area", "place", "kind", "sort", "page")
def stories(request):
    listing = Listing(request.GET, rows=Story.objects.published().with_cards(), facets=FACETS, sorts=SORTS, per_page=12)
    nothing = _("No story matches all of that") if listing.is_filtered else _("There is no story yet")
    return render(request, "stories/stories.html", {"listing": listing, "nothing": nothing})


@require_safe
@keep()
def story(request, slug):
    """One story, with others on the same areas. Shown to nobody once somebody in it has withdrawn."""
    story = get_object_or_404(Story.objects.published().with_cards().prefetch_related("districts"), slug=slug)
    others = Story.objects.published().filter(areas__in=story.areas.all()).exclude(pk=story.pk).distinct()
    pledge = Pledge.objects.published().select_related("area", "partner").filter(pk=story.pledge_id).first()
    context = {"story": story, "pledge": pledge, "others": others.with_cards().newest()[:OTHERS]}
    return render(request, "stories/story.html", context)


def _picture(request, pk):
    rows = StoryPictureSize.objects.select_related("picture")
    row = rows.filter(pk=pk).first()
    if row and (_is_public(row) or request.user.has_perm("pledges.view_story")):
        return row
    return None


def _is_public(row):
    return Story.objects.published().filter(pk=row.picture.story_id).exists()


def _name_of(request, pk):
    row = request.picture = _picture(request, pk)
    return f'"{row.pk}-{row.width}"' if row else None


@require_safe
@condition(etag_func=_name_of)
def picture(request, pk):
    """One width of a picture. Browsers keep it and ask each time whether they may show it: consent may be withdrawn."""
    if request.picture is None:
        raise Http404
    try:
        response = shown(request.picture.file)
    except FileNotFoundError:
        raise Http404 from None
    response["Cache-Control"] = "public, no-cache" if _is_public(request.picture) else "private, no-store"
    return response
