"""The e-mails that we wrote to the address of the person who is signed in."""

from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, render

from oiep.ledger import what_became_of
from oiep.letters import text_for_reader
from oiep.models import OutgoingEmail
from pledges.views.account.page import account_page

PER_PAGE = 25


def _mail_to(user):
    return OutgoingEmail.objects.filter(to=user.email)


@account_page
def mail(request):
    rows = _mail_to(request.user).defer("text", "calendar").order_by("-created_at", "-pk")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    rows = [{"letter": row, "what": what_became_of(row)} for row in page]
    return render(request, "pledges/account/mail.html", {"page_obj": page, "rows": rows})


@account_page
def letter(request, pk):
    letter = get_object_or_404(_mail_to(request.user), pk=pk)
    context = {"letter": letter, "what": what_became_of(letter), "text": text_for_reader(letter)}
    return render(request, "pledges/account/letter.html", context)
