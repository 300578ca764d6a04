"""Actions, progress updates, and who is asked or asks to join, for finding them.

They change on the site, where the manager may do all that a chair may: who is concerned is told there.
"""

from django.contrib import admin
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from oiep.admin import ReadOnlyAdmin, filled_or_not
from working_groups.models import Action, GroupInvitation, GroupJoinRequest, ProgressUpdate


@admin.register(Action)
class ActionAdmin(ReadOnlyAdmin):
    list_display = ["what", "group", "who", "due_on", "progress", "closed_on"]
    list_filter = [
        ("closed_on", filled_or_not(_("open"), empty=_("Open"), filled=_("Done or stopped"))),
        "progress",
        "due_on",
        "is_public",
        "group",
    ]
    list_select_related = ["group", "owner__user"]
    search_fields = ["what", "note", "group__name"]
    fields = ["group", "meeting", "what", "who", "due_on", "progress", "note", "closed_on", "is_public", "created_at"]

    @admin.display(description=_("who does it"))
    def who(self, action):
        return action.owner and action.owner.display_name

    def view_on_site(self, action):
        return reverse("group-action", args=[action.group.slug, action.pk])


@admin.register(ProgressUpdate)
class ProgressUpdateAdmin(ReadOnlyAdmin):
    list_display = ["text", "group", "happened_on", "is_public"]
    list_filter = ["is_public", "happened_on", "group"]
    list_select_related = ["group"]
    search_fields = ["text", "group__name"]
    fields = ["group", "happened_on", "text", "is_public", "written_at"]

    def view_on_site(self, update):
        return reverse("group-update", args=[update.group.slug, update.pk])


class JoiningAdmin(ReadOnlyAdmin):
    list_select_related = ["group"]

    def view_on_site(self, row):
        return reverse("group-members", args=[row.group.slug])


@admin.register(GroupInvitation)
class GroupInvitationAdmin(JoiningAdmin):
    list_display = ["email", "group", "role", "state", "invited_at"]
    list_filter = ["state", "group"]
    search_fields = ["email", "group__name"]
    fields = ["group", "email", "role", "state", "invited_by", "invited_at", "answered_at"]


@admin.register(GroupJoinRequest)
class GroupJoinRequestAdmin(JoiningAdmin):
    list_display = ["user", "group", "state", "asked_at"]
    list_filter = ["state", "group"]
    list_select_related = ["group", "user"]
    search_fields = ["user__name", "user__email", "group__name"]
    fields = ["group", "user", "words", "state", "asked_at", "answered_at", "answered_by"]
