from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from working_groups.models import Group
from working_groups.tree import tree_of


@require_safe
def groups(request):
    """All groups as a tree, and those that have finished their work."""
    tree, ended = tree_of(Group.objects.published())
    return render(request, "working_groups/groups.html", {"tree": tree, "ended": ended})


@require_safe
def group(request, slug):
    group = get_object_or_404(Group.objects.published().select_related("parent"), slug=slug)
    return render(request, "working_groups/group.html", {"group": group})
