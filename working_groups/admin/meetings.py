"""Meetings and papers, for finding them. They change on the site, where the manager may do all that a chair may:

what is moved or cancelled there reaches the members and their calendars.
"""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from oiep.admin import ReadOnlyAdmin, ReadOnlyInline, filled_or_not
from working_groups.models import Attendance, Decision, Meeting, Paper


class DecisionInline(ReadOnlyInline):
    model = Decision
    fields = readonly_fields = ["text"]
    verbose_name_plural = _("what was agreed")


class AttendanceInline(ReadOnlyInline):
    model = Attendance
    fields = readonly_fields = ["who", "answer"]
    verbose_name_plural = _("who was there")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("member__user")

    @admin.display(description=_("who"))
    def who(self, attendance):
        return attendance.member.display_name


@admin.register(Meeting)
class MeetingAdmin(ReadOnlyAdmin):
    list_display = ["title", "group", "starts_at", "state"]
    list_filter = [
        "starts_at",
        ("called_at", filled_or_not(_("members invited"), empty=_("Draft"), filled=_("Called"))),
        ("cancelled_at", filled_or_not(_("cancelled"), empty=_("Not cancelled"), filled=_("Cancelled"))),
        (
            "minutes_published_at",
            filled_or_not(_("minutes"), empty=_("Not published"), filled=_("Published")),
        ),
        "group",
    ]
    list_select_related = ["group"]
    search_fields = ["title", "place", "group__name"]
    fieldsets = [
        (None, {"fields": ["group", "title", "when", "place", "online_url", "state"]}),
        (_("What is talked about"), {"fields": ["agenda", "minutes"]}),
        (_("Where it stands"), {"fields": ["called_at", "cancelled_at", "cancelled_why", "minutes_published_at"]}),
    ]
    inlines = [DecisionInline, AttendanceInline]

    @admin.display(description=_("when"))
    def when(self, meeting):
        return meeting.when

    @admin.display(description=_("state"))
    def state(self, meeting):
        if meeting.cancelled_at:
            return _("cancelled")
        if meeting.is_draft:
            return _("draft")
        return _("minutes published") if meeting.minutes_published_at else _("called")

    def view_on_site(self, meeting):
        return meeting.get_absolute_url()


@admin.register(Paper)
class PaperAdmin(ReadOnlyAdmin):
    list_display = ["title", "group", "added_at", "published_at"]
    list_filter = [
        ("published_at", filled_or_not(_("published"), empty=_("Members only"), filled=_("Published"))),
        "group",
    ]
    list_select_related = ["group"]
    search_fields = ["title", "name", "group__name"]
    fields = ["group", "meeting", "title", "name", "size", "added_by", "added_at", "published_at"]

    def view_on_site(self, paper):
        return paper.get_absolute_url()
