"""What the pages of a partner's own place share: who may open them, and where one goes after."""

from functools import wraps

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from oiep.moderation import State
from pledges.next_steps import leads, partners_of


def account_page(view):
    return login_required(never_cache(require_http_methods(["GET", "HEAD", "POST"])(view)))


def of_partner(*, open_only=True, lead_only=False):
    """A view of a partner that the person acts for: `view(request, partner, …)`.

    open_only: a partner that withdrew or was declined has nothing to change; its own page says so. lead_only: other
    members get 404.
    """

    def decorate(view):
        @account_page
        @wraps(view)
        def of_one(request, slug, **kwargs):
            partner = get_object_or_404(partners_of(request.user), slug=slug)
            if lead_only and not leads(request.user, partner):
                raise Http404
            if open_only and (partner.withdrawn_at or partner.state == State.DECLINED):
                messages.info(request, _("There is nothing to change here any more."))
                return redirect("account-partner", partner.slug)
            return view(request, partner, **kwargs)

        return of_one

    return decorate


def asked_for(things):
    """What the manager wrote, where changes were asked for."""
    return [thing.decision_message for thing in things if thing.state == State.CHANGES_ASKED]


def back(request, partner, obstacle, *, to="account-partner"):
    """To a page of the partner, which says what stood in the way."""
    messages.warning(request, obstacle.message)
    return redirect(to, partner.slug)


def done(request, partner, *, waits, to="account-partner"):
    """To a page of the partner, which says that it is saved or, where it waits for the manager, that we have it."""
    if not waits:
        messages.success(request, _("That is saved."))
    elif partner.state == State.APPROVED:
        messages.success(request, _("We have it. What is public stays as it is until we have looked at it."))
    else:
        messages.success(request, _("We have it, and will look at it."))
    return redirect(to, partner.slug)
