"""Who may open a group's inner pages."""

from functools import wraps

from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from working_groups.models import Group


def of_group(*, run=False):
    """A view of a group that the person is a member of: `view(request, group, …)`. To others it does not exist.

    run: only for those who run the group. The manager may open all.
    """

    def decorate(view):
        @login_required
        @never_cache
        @require_http_methods(["GET", "HEAD", "POST"])
        @wraps(view)
        def of_one(request, slug, **kwargs):
            groups = Group.objects.managed_by(request.user) if run else Group.objects.visible_to(request.user)
            return view(request, get_object_or_404(groups.select_related("parent"), slug=slug), **kwargs)

        return of_one

    return decorate
