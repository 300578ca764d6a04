"""What search engines may list: published things only."""

from django.contrib.sitemaps import Sitemap
from django.urls import reverse

from events.models import AwardRound, Event
from oiep.reports.models import UpdateReport
from partners.models import District, Partner, PriorityArea
from pledges.models import CharterVersion, HelpRequest, Pledge, Resource, Story
from working_groups.models import Group, Meeting

PAGES = (
    "home",
    "charter",
    "benefits",
    "how-it-works",
    "sign",
    "sign-questions",
    "partners",
    "areas",
    "places",
    "pledges",
    "impact",
    "data",
    "stories",
    "resources",
    "help",
    "working-groups",
    "events",
    "awards",
    "embed",
    "posters",
    "reports",
    "accessibility",
    "privacy",
    "terms",
    "contact",
)


class PageSitemap(Sitemap):
    def items(self):
        return [
            *map(reverse, PAGES),
            *(
                entry.get_absolute_url()
                for entries in (
                    CharterVersion.objects.published(),
                    PriorityArea.objects.current(),
                    District.objects.current(),
                )
                for entry in entries
            ),
        ]

    def location(self, address):
        return address


class PartnerSitemap(Sitemap):
    def items(self):
        return Partner.objects.published().only("slug").order_by("pk")


class PledgeSitemap(Sitemap):
    def items(self):
        return Pledge.objects.published().only("pk").order_by("pk")


class StorySitemap(Sitemap):
    def items(self):
        return Story.objects.published().only("slug").order_by("pk")


class ResourceSitemap(Sitemap):
    def items(self):
        return Resource.objects.published().only("slug").order_by("pk")


class HelpSitemap(Sitemap):
    def items(self):
        return HelpRequest.objects.published().only("pk").order_by("pk")


class GroupSitemap(Sitemap):
    def items(self):
        return Group.objects.published().only("slug").order_by("pk")


class MinutesSitemap(Sitemap):
    def items(self):
        return Meeting.objects.published().select_related("group").order_by("pk")


class EventSitemap(Sitemap):
    def items(self):
        return Event.objects.published().only("slug").order_by("pk")


class AwardSitemap(Sitemap):
    def items(self):
        return AwardRound.objects.published().only("year").order_by("pk")


class ReportSitemap(Sitemap):
    def items(self):
        return UpdateReport.objects.published().only("slug").order_by("pk")


SITEMAPS = {
    "pages": PageSitemap,
    "partners": PartnerSitemap,
    "pledges": PledgeSitemap,
    "stories": StorySitemap,
    "resources": ResourceSitemap,
    "help": HelpSitemap,
    "groups": GroupSitemap,
    "minutes": MinutesSitemap,
    "events": EventSitemap,
    "awards": AwardSitemap,
    "reports": ReportSitemap,
}
