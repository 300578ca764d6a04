"""A person's calendar of meetings, at a secret address that a calendar program reads without signing in."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from oiep.calendars import addresses_of, answer
from working_groups import calendars
from working_groups.actions.calendars import renew_calendar_address
from working_groups.models import CalendarAddress

_SECONDS = 300  # for which a program may keep what it got


@require_safe
def feed(request, key):
    """What the key's owner may see at this moment.

    There is no Last-Modified: when somebody leaves a group the newest change may be an older one than before, and a
    program that asks by date alone would keep the meetings.
    """
    address = CalendarAddress.objects.select_related("user").filter(key=key, user__is_active=True).first()
    if address is None:
        raise Http404
    content = calendars.feed(address.user, now=timezone.now())
    response = answer(request, content, name="meetings.ics", cache_control=f"private, max-age={_SECONDS}")
    response["Referrer-Policy"] = "no-referrer"
    return response


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def calendar(request):
    """Shows the address, with how to use it; makes it, or a new one."""
    if request.method == "POST":
        renewed = CalendarAddress.objects.filter(user=request.user).exists()
        renew_calendar_address(user=request.user)
        if renewed:
            messages.success(request, _("Here is your new address. The old one does not work any more."))
        return redirect("calendar")
    address = CalendarAddress.objects.filter(user=request.user).first()
    context = {"address": address}
    if address:
        context |= addresses_of(settings.SITE_URL + reverse("calendar-feed", args=[address.key]))
    return render(request, "working_groups/meetings/calendar.html", context)
