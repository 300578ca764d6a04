"""Help wanted and help offered: what is open, and answering to it."""

from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from oiep.limits import source_of
from oiep.listing import Facet, Listing
from oiep.moderation import State
from oiep.pages import keep
from partners.actions import TooMany
from partners.models import District, Partner, PriorityArea
from pledges.actions import help_wanted as actions
from pledges.forms.help_wanted import HelpReplyForm
from pledges.models import HelpRequest, Need, Resource
from pledges.next_steps import partners_of

FACETS = (
    Facet(
        name="direction",
        legend=gettext_lazy("Wanted or offered"),
        choices=HelpRequest.Direction,
        narrow=lambda rows, values: rows.filter(direction__in=values),
        path="direction",
    ),
    Facet(
        name="need",
        legend=gettext_lazy("What"),
        choices=Need,
        narrow=lambda rows, values: rows.filter(need__in=values),
        path="need",
    ),
    Facet(
        name="area",
        legend=gettext_lazy("Priority area"),
        choices=PriorityArea,
        label="short_name",
        narrow=lambda rows, areas: rows.in_area(*areas),
        path="areas",
    ),
    Facet(
        name="place",
        legend=gettext_lazy("District"),
        choices=District,
        narrow=lambda rows, districts: rows.filter(partner__in=Partner.objects.in_place(*districts)),
        path="partner__districts",
        everywhere="partner__county_wide",
    ),
)
SORTS = {
    "newest": (gettext_lazy("Newest first"), lambda rows: rows.newest()),
    "ending": (gettext_lazy("Closing soonest"), lambda rows: rows.order_by("open_until", "pk")),
}


def services():
    """Where somebody runs a service already: (what, entries of the toolkit)."""
    rows = list(Resource.objects.published().exclude(needs=[]))
    by_need = [(label, [row for row in rows if value in row.needs]) for value, label in Need.choices]
    return [(label, found) for label, found in by_need if found]


@require_safe
@keep("direction", "need", "area", "place", "sort", "page")
def requests(request):
    listing = Listing(request.GET, rows=HelpRequest.objects.published().with_cards(), facets=FACETS, sorts=SORTS)
    nothing = _("Nothing open matches all of that") if listing.is_filtered else _("Nothing is open at the moment")
    partners = partners_of(request.user) if request.user.is_authenticated else ()
    context = {
        "listing": listing,
        "nothing": nothing,
        "services": services(),
        "partners": [row for row in partners if row.state == State.APPROVED and not row.withdrawn_at],
    }
    return render(request, "help/requests.html", context)


def _published(pk):
    return get_object_or_404(HelpRequest.objects.published().with_cards(), pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
def request(request, pk):
    """One, with the form to answer. The manager reads each answer before anybody is introduced."""
    row = _published(pk)
    form = HelpReplyForm(request.POST or None)
    status = 200
    if form.is_valid():
        values = {name: form.cleaned_data[name] for name in ("name", "organisation", "email", "message")}
        try:
            actions.reply(request=row, source=source_of(request), **values)
        except TooMany as refusal:
            form.add_error(None, refusal)
            status = 429
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            return redirect("help-sent", pk)
    context = {"row": row, "form": form, "services": Resource.objects.published().services_for(row.need)}
    return render(request, "help/request.html", context, status=status)


@require_safe
def sent(request, pk):
    return render(request, "help/sent.html", {"row": _published(pk)})
