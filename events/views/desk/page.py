"""What the pages of an event's desk share: who may open them, and their frame."""

from functools import wraps

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from events.models import Event


def of_event(view):
    """A view for those who run an event: `view(request, event, …)`. To others it does not exist."""

    @login_required
    @never_cache
    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def of_one(request, slug, **kwargs):
        events = Event.objects.managed_by(request.user).with_held()
        return view(request, get_object_or_404(events, slug=slug), **kwargs)

    return of_one


def show(request, event, template, *, tab, status=200, **context):
    """A page of a desk. tab: the name of the address of the tab under which it stands."""
    context = {"event": event, "tab": tab, **context}
    return render(request, f"events/desk/{template}.html", context, status=status)


def back(request, obstacle, *where):
    """After what could not be done, with the reason."""
    messages.warning(request, " ".join(obstacle.messages))
    return redirect(*where)


def done(request, *where, words=None):
    messages.success(request, words or _("That is saved."))
    return redirect(*where)
