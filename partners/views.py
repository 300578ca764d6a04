from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from oiep.limits import source_of
from oiep.listing import Facet, Listing
from partners import actions
from partners.forms import ContactForm
from partners.models import District, Kind, Partner, PriorityArea, Sector, Size

FACETS = (
    Facet(
        name="area",
        legend=gettext_lazy("Priority area"),
        choices=PriorityArea,
        label="short_name",
        narrow=lambda partners, areas: partners.in_area(*areas),
        path="areas",
    ),
    Facet(
        name="place",
        legend=gettext_lazy("District"),
        choices=District,
        narrow=lambda partners, districts: partners.in_place(*districts),
        path="districts",
        everywhere="county_wide",
    ),
    Facet(
        name="kind",
        legend=gettext_lazy("Kind of partner"),
        choices=Kind,
        narrow=lambda partners, kinds: partners.filter(kind__in=kinds),
        path="kind",
    ),
    Facet(
        name="size",
        legend=gettext_lazy("Size"),
        choices=Size,
        narrow=lambda partners, sizes: partners.filter(size__in=sizes),
        path="size",
    ),
    Facet(
        name="sector",
        legend=gettext_lazy("Sector"),
        choices=Sector,
        narrow=lambda partners, sectors: partners.filter(sector__in=sectors),
        path="sector",
        brief=True,
    ),
)
SORTS = {
    "newest": (gettext_lazy("Newest first"), lambda partners: partners.order_by("-approved_at", "-pk")),
    "name": (gettext_lazy("By name"), lambda partners: partners.by_name()),
}


@require_safe
def directory(request):
    partners = Partner.objects.listed().prefetch_related("areas", "districts")
    listing = Listing(request.GET, rows=partners, facets=FACETS, sorts=SORTS)
    return render(request, "partners/directory.html", {"listing": listing, "nothing": _nothing_found(listing)})


def _nothing_found(listing):
    """What an empty directory says: where and on what nobody has pledged yet, when that is all that was asked."""
    chosen = {name: choices for name, choices in listing.chosen.items() if choices}
    if listing.words or any(len(choices) > 1 for choices in chosen.values()) or chosen.keys() - {"area", "place"}:
        return _("No partner matches all of that")
    names = {name: choices[0].label for name, choices in chosen.items()}
    if names.keys() == {"area", "place"}:
        return _("No partner in %(place)s has pledged on “%(area)s” yet") % names
    if "area" in names:
        return _("No partner has pledged on “%(area)s” yet") % names
    if "place" in names:
        return _("No partner in %(place)s has signed yet") % names
    return _("Nobody has signed yet")


@require_http_methods(["GET", "HEAD", "POST"])
def contact(request, slug):
    partner = get_object_or_404(Partner.objects.published().prefetch_related("districts"), slug=slug)
    if not (partner.takes_messages and partner.lead):
        return render(request, "partners/no_contact.html", {"partner": partner})
    form = ContactForm(request.POST or None, partner=partner)
    status = 200
    if form.is_valid():
        try:
            actions.pass_on_message(partner=partner, source=source_of(request), **_letter(form))
        except actions.TooMany as error:
            form.add_error(None, error)
            status = 429
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return redirect("partner-contact-sent", slug=slug)
    return render(request, "partners/contact.html", {"partner": partner, "form": form}, status=status)


def _letter(form):
    return {name: form.cleaned_data[name] for name in ("purpose", "name", "email", "message")}


@require_safe
def contact_sent(request, slug):
    partner = get_object_or_404(Partner.objects.published().prefetch_related("districts"), slug=slug)
    return render(request, "partners/contact_sent.html", {"partner": partner})
