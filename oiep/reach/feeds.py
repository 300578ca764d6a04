"""A feed of what one organisation did: its track record, the newest first."""

import datetime
import hashlib

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from oiep.atom import ENTRIES, CharterFeed, site_address
from oiep.reach.digests import record_of
from partners.models import Kind, Partner


class RecordFeed(CharterFeed):
    def get_object(self, request, slug):
        return get_object_or_404(Partner.objects.published().exclude(kind=Kind.RESIDENT), slug=slug)

    def title(self, partner):
        return _("%(name)s: Oxfordshire Inclusive Economy Charter") % {"name": partner.public_name}

    def subtitle(self, partner):
        return _("What it signed, pledged, changed and reported, the newest first.")

    def link(self, partner):
        return site_address(partner.get_absolute_url())

    def address(self, partner):
        return reverse("feed-partner", args=[partner.slug])

    def items(self, partner):
        return [{**row, "page": partner.get_absolute_url()} for row in record_of(partner)[:ENTRIES]]

    def item_title(self, row):
        return row["title"]

    def paragraphs(self, row):
        return [row["text"]]

    def item_link(self, row):
        return site_address(row["url"] or row["page"])

    def item_guid(self, row):
        """Several things can have happened on one page; each is itself for good."""
        what = hashlib.sha256(f"{row['date']} {row['url']} {row['title']}".encode()).hexdigest()[:16]
        return site_address(f"{row['page']}#{row['date']}-{what}")

    def item_pubdate(self, row):
        return datetime.datetime.combine(row["date"], datetime.time(), timezone.get_default_timezone())

    def item_updateddate(self, row):
        return self.item_pubdate(row)
