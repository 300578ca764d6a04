"""Asking for the news and stopping it: in one's account, and from the link in each e-mail of news."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from oiep import news
from oiep.links import private
from oiep.models import NewsWish
from oiep.sign_in.confirming import own_page


@csrf_exempt  # a mail program posts here for its reader (RFC 8058): the address itself says whose it is
@private
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request, token):
    """GET and HEAD change nothing, as mail scanners follow links. One press stops it, with no signing in."""
    try:
        wish = NewsWish.objects.select_related("user").with_token(token)
    except NewsWish.DoesNotExist:
        return render(request, "news/unknown.html", status=404)
    if request.method == "POST":
        if "again" in request.POST:
            news.ask(user=wish.user, how=NewsWish.How.ACCOUNT)
        else:
            news.stop(user=wish.user)
        wish.refresh_from_db()  # and no redirect, which mail programs do not follow
    return render(request, "news/stop.html", {"is_stopped": wish.stopped_at is not None})


@own_page
def own(request):
    """Whether somebody gets the news; a button changes it."""
    if request.method == "POST":
        if "ask" in request.POST:
            news.ask(user=request.user, how=NewsWish.How.ACCOUNT)
            messages.success(request, _("You get our news from now on."))
        elif "stop" in request.POST:
            news.stop(user=request.user)
            messages.success(request, _("You get no more news from us."))
        return redirect("account-news")
    return render(request, "news/own.html", {"wants_it": news.wants_it(request.user)})
