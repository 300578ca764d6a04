"""Feeds of the organisations that signed, the newest first."""

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from oiep.atom import ENTRIES, CharterFeed, site_address
from partners.models import District, Kind, Partner, PriorityArea


class PartnerFeed(CharterFeed):
    def title(self, subject):
        return _("Partners: Oxfordshire Inclusive Economy Charter")

    def subtitle(self, subject):
        return _("Organisations that have signed the Charter, the newest first.")

    def link(self, subject):
        return site_address(reverse("partners"))

    def address(self, subject):
        return reverse("feed-partners")

    def items(self, subject):
        newest = self.partners(subject).order_by("-approved_at", "-pk").prefetch_related("areas", "districts")
        return newest[:ENTRIES]

    def partners(self, subject):
        """Residents have no place in a feed: some are shown without a name, and nobody follows one."""
        return Partner.objects.listed().exclude(kind=Kind.RESIDENT)

    def item_title(self, partner):
        return str(partner.public_name)

    def paragraphs(self, partner):
        return [partner.get_kind_display(), partner.description]

    def item_categories(self, partner):
        return [area.short_name for area in partner.areas.all()]

    def item_pubdate(self, partner):
        return partner.approved_at

    def item_updateddate(self, partner):
        return max(partner.approved_at, partner.decided_at or partner.approved_at)


class AreaPartnerFeed(PartnerFeed):
    def get_object(self, request, slug):
        return get_object_or_404(PriorityArea, slug=slug)

    def title(self, area):
        return _("Partners on %(subject)s: Oxfordshire Inclusive Economy Charter") % {"subject": area.short_name}

    def link(self, area):
        return site_address(area.get_absolute_url())

    def address(self, area):
        return reverse("feed-partners-area", args=[area.slug])

    def partners(self, area):
        return super().partners(area).in_area(area)


class PlacePartnerFeed(PartnerFeed):
    def get_object(self, request, slug):
        return get_object_or_404(District, slug=slug)

    def title(self, place):
        return _("Partners in %(subject)s: Oxfordshire Inclusive Economy Charter") % {"subject": place.name}

    def link(self, place):
        return site_address(place.get_absolute_url())

    def address(self, place):
        return reverse("feed-partners-place", args=[place.slug])

    def partners(self, place):
        return super().partners(place).in_place(place)
