"""Feeds of stories, the newest first."""

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from oiep.atom import ENTRIES, CharterFeed, site_address
from partners.models import District, PriorityArea
from pledges.models import Story


class StoryFeed(CharterFeed):
    def title(self, subject):
        return _("Stories: Oxfordshire Inclusive Economy Charter")

    def subtitle(self, subject):
        return _("What pledges changed, told by people whom they changed it for.")

    def link(self, subject):
        return site_address(reverse("stories"))

    def address(self, subject):
        return reverse("feed-stories")

    def items(self, subject):
        rows = self.stories(subject).select_related("partner").prefetch_related("areas", "partner__districts")
        return rows.newest()[:ENTRIES]

    def stories(self, subject):
        return Story.objects.published()

    def item_title(self, story):
        return story.title

    def paragraphs(self, story):
        return [story.summary]

    def item_categories(self, story):
        return [area.short_name for area in story.areas.all()]

    def item_pubdate(self, story):
        return story.first_published_at

    def item_updateddate(self, story):
        return max(filter(None, [story.first_published_at, story.decided_at, story.revised_at]))

    def item_author_name(self, story):
        return str(story.partner.public_name) if story.partner else _("Oxfordshire Inclusive Economy Charter")


class AreaStoryFeed(StoryFeed):
    def get_object(self, request, slug):
        return get_object_or_404(PriorityArea, slug=slug)

    def title(self, area):
        return _("Stories on %(subject)s: Oxfordshire Inclusive Economy Charter") % {"subject": area.short_name}

    def link(self, area):
        return site_address(area.get_absolute_url())

    def address(self, area):
        return reverse("feed-stories-area", args=[area.slug])

    def stories(self, area):
        return super().stories(area).in_area(area)


class PlaceStoryFeed(StoryFeed):
    def get_object(self, request, slug):
        return get_object_or_404(District, slug=slug)

    def title(self, place):
        return _("Stories from %(subject)s: Oxfordshire Inclusive Economy Charter") % {"subject": place.name}

    def link(self, place):
        return site_address(place.get_absolute_url())

    def address(self, place):
        return reverse("feed-stories-place", args=[place.slug])

    def stories(self, place):
        return super().stories(place).in_place(place)
