"""Leaving the Charter."""

from django.conf import settings
from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from oiep.moderation import NotPossible
from pledges.actions import pledges as pledge_actions
from pledges.views.account.page import back, of_partner


@of_partner(lead_only=True)
def withdraw(request, partner):
    if request.method == "POST":
        try:
            pledge_actions.withdraw_partner(partner=partner, actor=request.user)
        except NotPossible as obstacle:
            return back(request, partner, obstacle)
        messages.success(request, _("You have left the Charter. Thank you for having been part of it."))
        return redirect("account-partner", partner.slug)
    context = {"partner": partner, "kept_days": settings.WITHDRAWN_KEPT_DAYS}
    return render(request, "pledges/account/withdraw.html", context)
