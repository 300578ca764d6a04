"""A partner's live badge, as a picture and as a page for frames, and where a partner gets the line to copy."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _

from oiep import languages
from oiep.moderation import State
from oiep.reach.answers import Refused, address_of, asked_of, framed_elsewhere, language_in, shown_elsewhere
from oiep.reach.badges import HEIGHT, WIDTH, badge
from oiep.reach.lines import frame_line, picture_line
from partners.models import Kind, Partner
from pledges.history import standing_of
from pledges.views.account.page import of_partner


def _organisation(slug):
    """One that has a page. A resident has no public standing, so no badge."""
    return get_object_or_404(Partner.objects.published().exclude(kind=Kind.RESIDENT), slug=slug)


@shown_elsewhere
def picture(request, slug):
    """The badge as SVG; `?language=pl` for another language than English."""
    partner = _organisation(slug)
    try:
        language = language_in(asked_of(request.GET, "language"))
    except Refused as refusal:
        return HttpResponse(f"{refusal}\n", content_type="text/plain; charset=utf-8", status=400)
    return HttpResponse(badge(partner, standing_of(partner), language), content_type="image/svg+xml; charset=utf-8")


@framed_elsewhere
def framed(request, slug):
    """The badge as HTML, whose words any screen reader reads and any browser enlarges."""
    partner = _organisation(slug)
    asked_of(request.GET, "language")
    return render(request, "embed/badge.html", {"partner": partner, "standing": standing_of(partner)})


@of_partner()
def own(request, partner):
    """The lines of HTML for the partner's own website."""
    if partner.is_resident or partner.state != State.APPROVED:
        raise Http404
    # What the picture says changes; the words beside it, on a site that nobody may look at for years, hold for good.
    alt = _("%(name)s under the Oxfordshire Inclusive Economy Charter: our standing today") % {
        "name": partner.public_name
    }
    page = address_of(partner.get_absolute_url())
    picture, frame = (address_of(reverse(name, args=[partner.slug])) for name in ("partner-badge", "embed-badge"))
    context = {
        "partner": partner,
        "standing": standing_of(partner),
        "alt": alt,
        "picture_line": picture_line(page, picture, alt, WIDTH, HEIGHT),
        "frame_line": frame_line(frame, alt, 190),
        "width": WIDTH,
        "height": HEIGHT,
        "has_certificate": not partner.lapsed_on and partner.signatures.exists(),
        "languages": languages.choices(),
        "codes": [code for code in languages.CODES if code != languages.ENGLISH],
    }
    return render(request, "reach/own_badge.html", context)
