"""What everybody may see of the groups."""

from itertools import chain
from urllib.parse import urlencode

from django.db.models import Prefetch
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from oiep.pages import keep
from partners.models import Kind, Partner
from working_groups.chart import chart_of
from working_groups.models import Group
from working_groups.tree import tree_of

LATEST = 8  # of what a group has done
ACTIONS = 30  # still to do, the first due ones
DONE_ACTIONS = 5
PAPERS = 20
PARTNERS = 6  # who pledged in its areas, the newest


@require_safe
@keep()
def groups(request):
    """All groups as a tree, and those that have finished their work."""
    tree, ended = tree_of(Group.objects.published().prefetch_related("areas"))
    context = {"tree": tree, "chart": chart_of(tree), "ended": ended}
    return render(request, "working_groups/groups.html", context)


@require_safe
@keep()
def group(request, slug):
    """A group: what it is for, who is in it, what it has done and will do."""
    group = get_object_or_404(Group.objects.published().prefetch_related("areas"), slug=slug)
    areas, actions = group.areas.all(), group.actions.published().select_related("owner__user")
    return render(
        request,
        "working_groups/group.html",
        {
            "group": group,
            **_place_of(group),
            **_people_of(group),
            "lately": _lately(group),
            "meeting": group.meetings.upcoming().first(),
            "actions": actions.open()[:ACTIONS],
            "done": actions.exclude(closed_on=None).order_by("-closed_on", "-pk")[:DONE_ACTIONS],
            "papers": group.papers.published()[:PAPERS],
            **_partners_of(areas),
            "is_inside": Group.objects.visible_to(request.user).filter(pk=group.pk).exists(),
        },
    )


def _place_of(group):
    """The groups above it, the highest first, and those right below it."""
    published = {other.pk: other for other in Group.objects.published().defer("about", "terms")}
    above, parent = [], group.parent_id
    while parent:
        above.insert(0, published[parent])  # above a published group stand published ones
        parent = published[parent].parent_id
    below = [other for other in published.values() if other.parent_id == group.pk]
    return {
        "above": above,
        "below": [other for other in below if not other.has_ended()],
        "ended_below": [other for other in below if other.has_ended()],
    }


def _partners_of(areas):
    """Who pledged in these areas: how many, as the directory counts them, and the newest organisations among them."""
    if not areas:
        return {}
    partners = Partner.objects.listed().in_area(*areas)
    return {
        "partner_count": partners.count(),
        "partners": partners.exclude(kind=Kind.RESIDENT).order_by("-approved_at", "-pk")[:PARTNERS],
        "partners_query": urlencode([("area", area.slug) for area in areas]),
    }


def _people_of(group):
    """Its members who agreed to be shown, each with the organisation that they come from; the others as a number.

    An organisation is named as a partner only where the public may see that it is one.
    """
    organisations = Partner.objects.published().exclude(kind=Kind.RESIDENT)
    members = group.members.shown().select_related("user").prefetch_related(Prefetch("partner", organisations))
    shown = [member for member in members if member.is_current()]
    return {
        "members": shown,
        "others": group.members.current().count() - len(shown),
        "past": [member for member in members if member.ends_on and not member.is_current()],
    }


def _lately(group):
    """What it has told of its work, and the minutes that it has published, the newest first."""
    updates = group.updates.published()[:LATEST]
    minutes = group.meetings.published()[:LATEST]
    events = chain(
        ({"day": update.happened_on, "is_day_known": update.is_day_known, "text": update.text} for update in updates),
        (
            {
                "day": meeting.day,
                "is_day_known": meeting.is_day_known,
                "title": _("Minutes: %(meeting)s") % {"meeting": meeting.title},
                "meeting": meeting,
            }
            for meeting in minutes
        ),
    )
    return sorted(events, key=lambda event: event["day"], reverse=True)[:LATEST]
