"""A feed of the events to come, the latest announced first."""

from django.urls import reverse
from django.utils.translation import gettext as _

from events.models import Event
from oiep.atom import ENTRIES, CharterFeed, site_address


class EventFeed(CharterFeed):
    def title(self, subject):
        return _("Events: Oxfordshire Inclusive Economy Charter")

    def subtitle(self, subject):
        return _("Events to come, the latest announced first.")

    def link(self, subject):
        return site_address(reverse("events"))

    def address(self, subject):
        return reverse("feed-events")

    def items(self, subject):
        return Event.objects.published().upcoming().prefetch_related("areas").order_by("-published_at", "-pk")[:ENTRIES]

    def item_title(self, event):
        return _("Cancelled: %(title)s") % {"title": event.title} if event.cancelled_at else event.title

    def paragraphs(self, event):
        return [event.when, event.place or _("Online"), event.summary]

    def item_categories(self, event):
        return [area.short_name for area in event.areas.all()]

    def item_pubdate(self, event):
        return event.published_at

    def item_updateddate(self, event):
        return max(event.published_at, event.changed_at)
