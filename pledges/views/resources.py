"""The toolkit that helps partners to deliver what they pledged."""

from django.db.models import BooleanField, CharField, Exists, ExpressionWrapper, Func, OuterRef, Q
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from oiep.listing import Facet, Listing
from oiep.pages import keep
from oiep.uploads import attachment
from partners.models import Kind, Partner, PriorityArea, Size
from pledges.models import Capacity, Resource


class _Each(Func):
    """Each entry of a list, with a row of its own."""

    function = "unnest"
    output_field = CharField()


def _of_list(name, legend, choices, field):
    """A filter over a list of choices, where an empty list is for all of them."""
    return Facet(
        name=name,
        legend=legend,
        choices=choices,
        narrow=lambda rows, values: rows.for_one_of(field, values),
        path=f"{field}_each",
        everywhere=f"{field}_for_all",
        counted=lambda rows: rows.annotate(**{f"{field}_each": _Each(field)}),
    )


FACETS = (
    Facet(
        name="area",
        legend=gettext_lazy("Priority area"),
        choices=PriorityArea,
        label="short_name",
        narrow=lambda rows, areas: rows.in_area(*areas),
        path="areas",
        everywhere="is_for_all_areas",
    ),
    _of_list("capacity", gettext_lazy("For those who act"), Capacity, "capacities"),
    Facet(
        name="what",
        legend=gettext_lazy("What it is"),
        choices=Resource.Kind,
        narrow=lambda rows, kinds: rows.filter(kind__in=kinds),
        path="kind",
    ),
    _of_list("kind", gettext_lazy("Kind of partner"), Kind, "partner_kinds"),
    _of_list("size", gettext_lazy("Size of organisation"), Size, "sizes"),
)
SORTS = {
    "order": (gettext_lazy("As we would read them"), lambda rows: rows.order_by("order", "pk")),
    "title": (gettext_lazy("By title"), lambda rows: rows.order_by("title")),
}


def _shelf():
    some = Resource.areas.through.objects.filter(resource=OuterRef("pk"))
    rows = Resource.objects.published().annotate(is_for_all_areas=~Exists(some))
    for field in ("capacities", "partner_kinds", "sizes"):
        rows = rows.annotate(**{f"{field}_for_all": ExpressionWrapper(Q(**{field: []}), BooleanField())})
    return rows.select_related("partner").prefetch_related("areas")


@require_safe
@keep("area", "capacity", "what", "kind", "size", "sort", "page")
def resources(request):
    listing = Listing(request.GET, rows=_shelf(), facets=FACETS, sorts=SORTS)
    nothing = _("Nothing matches all of that") if listing.is_filtered else _("The toolkit is empty")
    return render(request, "resources/resources.html", {"listing": listing, "nothing": nothing})


@require_safe
@keep()
def resource(request, slug):
    row = get_object_or_404(_shelf(), slug=slug)
    partner = row.partner if row.partner and Partner.objects.published().filter(pk=row.partner_id).exists() else None
    return render(request, "resources/resource.html", {"resource": row, "partner": partner})


@require_safe
def resource_file(request, slug):
    row = get_object_or_404(Resource.objects.published().exclude(file=""), slug=slug)
    try:
        return attachment(row.file, name=row.file_name)
    except FileNotFoundError:
        raise Http404 from None
