"""Messages from visitors that we passed on to a partner."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from partners import actions as partner_actions
from pledges.forms.account import ReportForm
from pledges.views.account.page import of_partner

PER_PAGE = 20


@of_partner(open_only=False)
def passed_on(request, partner):
    if partner.is_resident:
        raise Http404
    page = Paginator(partner.contact_messages.order_by("-sent_at", "-pk"), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "pledges/account/messages.html", {"partner": partner, "page_obj": page})


@of_partner(open_only=False)
def report(request, partner, pk):
    message = get_object_or_404(partner.contact_messages, pk=pk)
    if message.reported_at and request.method != "POST":
        return redirect("account-messages", partner.slug)
    form = ReportForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        partner_actions.report_message(message=message, actor=request.user, **form.cleaned_data)
        messages.success(request, _("Thank you for telling us. We look at it."))
        return redirect("account-messages", partner.slug)
    return render(request, "pledges/account/report.html", {"partner": partner, "message": message, "form": form})
