"""How many signed and what they pledged, for the public: only what is `counted()`."""

from django.db.models import CharField, Count, IntegerField, OuterRef, Q, Subquery, Value

from partners.models import District, Kind, Partner, PriorityArea
from pledges.models import Pledge


class RowCount(Subquery):
    """The number of different rows that a queryset finds."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) rows)"
    output_field = IntegerField()

    def __init__(self, rows):
        super().__init__(rows.order_by().values("pk").distinct())


def areas_with_figures(areas=None, place=None):
    """Priority areas, those in use unless others are given, with `partner_count` and `pledge_count`, in a place or all
    over the county."""
    areas = PriorityArea.objects.current() if areas is None else areas
    partners, pledges = Partner.objects.counted(), Pledge.objects.counted()
    if place:
        partners = partners.in_place(place)
        pledges = pledges.filter(partner__in=Partner.objects.in_place(place))
    return areas.annotate(
        partner_count=RowCount(partners.filter(areas=OuterRef("pk"))),
        pledge_count=RowCount(pledges.filter(area=OuterRef("pk"))),
    )


def places_with_figures(places=None):
    """Districts, those in use unless others are given, with `partner_count` and `pledge_count`; partners that work
    county-wide count in each."""
    places = District.objects.current() if places is None else places
    here = Q(county_wide=True) | Q(districts=OuterRef("pk"))
    pledged_here = Q(partner__county_wide=True) | Q(partner__districts=OuterRef("pk"))
    return places.annotate(
        partner_count=RowCount(Partner.objects.counted().filter(here)),
        pledge_count=RowCount(Pledge.objects.counted().filter(pledged_here)),
    )


def totals():
    """How many organisations and residents have signed, and how many pledges are live."""
    partners = Partner.objects.counted().order_by().values_list("kind").annotate(count=Count("pk"))
    pledges = Pledge.objects.counted().order_by().annotate(what=Value("pledges", CharField())).values_list("what")
    counts = dict(partners.union(pledges.annotate(count=Count("pk")), all=True))
    return {
        "pledges": counts.pop("pledges", 0),
        "residents": counts.pop(Kind.RESIDENT, 0),
        "organisations": sum(counts.values()),
    }
