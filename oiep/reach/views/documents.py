"""Certificates, posters and share images."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from oiep import languages
from oiep.reach import documents
from oiep.reach.answers import Refused, asked_of, language_in, shown_elsewhere
from partners.models import District, Kind, Partner
from pledges.models import Story

ALL_OF_IT = "oxfordshire"


@shown_elsewhere
def certificate(request, slug):
    """Of an organisation that takes part: neither withdrawn nor lapsed, and with a signature of its own.

    In English, or in the `?language=` of the address.
    """
    partners = Partner.objects.listed().exclude(kind=Kind.RESIDENT).prefetch_related("areas")
    partner = get_object_or_404(partners, slug=slug)
    signature = partner.signatures.select_related("charter").order_by("declared_at").last()
    if signature is None:
        raise Http404
    try:
        language = language_in(asked_of(request.GET, "language"))
    except Refused as refusal:
        return _refused(refusal)
    with translation.override(language):
        return _pdf(documents.certificate_of(partner, signature), f"certificate-{partner.slug}")


@require_safe
def posters(request):
    """All posters, by district and language."""
    offered = [(code, languages.NAMES[code]) for code in documents.poster_languages()]
    places = [(ALL_OF_IT, _("All of Oxfordshire")), *District.objects.current().values_list("slug", "name")]
    return render(request, "reach/posters.html", {"places": places, "offered": offered})


@shown_elsewhere
def poster(request, slug, language):
    if language not in documents.poster_languages():
        raise Http404
    place = None if slug == ALL_OF_IT else get_object_or_404(District.objects.current(), slug=slug)
    try:
        asked_of(request.GET)
    except Refused as refusal:
        return _refused(refusal)
    with translation.override(language):
        return _pdf(documents.poster_of(place), f"poster-{slug}-{language}")


@shown_elsewhere
def share(request):
    """The picture for pages that have none of their own."""
    words = [
        "Businesses, organisations and residents pledge what they will do",
        "for an economy that everybody shares in.",
    ]
    return _png(documents.share_image("Sign. Pledge. Show what came of it.", words))


@shown_elsewhere
def share_partner(request, slug):
    """What it says holds for good, as those who show it keep it: no standing."""
    partner = get_object_or_404(Partner.objects.published().exclude(kind=Kind.RESIDENT), slug=slug)
    with translation.override(languages.ENGLISH):
        since = date_format(timezone.localdate(partner.approved_at), "F Y")
        lines = [str(partner.get_kind_display()), f"What it pledges, and what came of it, since {since}"]
        return _png(documents.share_image(str(partner.public_name), lines))


@shown_elsewhere
def share_story(request, slug):
    """Of a story that is public at this moment: neither we nor caches keep it for when somebody in it withdraws."""
    story = get_object_or_404(Story.objects.published(), slug=slug)
    with translation.override(languages.ENGLISH):
        response = _png(documents.share_image(story.title, [str(story.get_kind_display())], keep=False))
    response["Cache-Control"] = "public, no-cache"
    return response


def _png(picture):
    return HttpResponse(picture, content_type="image/png")


def _pdf(document, name):
    response = HttpResponse(document, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return response


def _refused(refusal):
    return HttpResponse(f"{refusal}\n", content_type="text/plain; charset=utf-8", status=400)
