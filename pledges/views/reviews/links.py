"""Whose review it is: whoever has its link may see and fill in that review, and nothing else of the partner."""

import functools

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from oiep.links import private
from pledges.actions.answers import pledges_to_answer
from pledges.models import Review
from pledges.views.reviews.telephone import is_by_telephone


def of_review(view=None, *, editable=True):
    """Calls the view with the review in place of its token. A link that is unknown or over says so, kindly.

    editable: the page is for writing. Where nobody can write any more, GET goes to the review's first page, which says
    why; what a POST brings is left to the action, so that the page can show it again.
    """
    if view is None:
        return functools.partial(of_review, editable=editable)

    @private
    @require_http_methods(["GET", "HEAD", "POST"])
    @functools.wraps(view)
    def wrapper(request, token, **kwargs):
        try:
            review = Review.objects.select_related("partner").with_token(token)
        except Review.DoesNotExist:
            return render(request, "pledges/reviews/link_unknown.html", status=404)
        if review.closed_at or review.partner.withdrawn_at:
            return render(request, "pledges/reviews/link_over.html", {"review": review}, status=410)
        if editable and request.method != "POST" and not review.is_editable:
            return redirect("review", token)
        request.by_telephone = is_by_telephone(request, review)
        return view(request, review, **kwargs)

    return wrapper


def actor_of(request, review):
    """The person, where they are signed in and act for the partner, or write down what it tells by telephone."""
    user = request.user
    if request.by_telephone:
        return user
    acts = user.is_authenticated and review.partner.memberships.current().filter(user=user).exists()
    return user if acts else None


def url_of(review, name="review", *args):
    return reverse(name, args=[review.token, *args])


def back_url(request, review):
    return url_of(review, "review-check") if _from_check(request) else url_of(review)


def go_on(request, review, *, after=None, default=None):
    """The page after one that was saved: the check page for who came from there, or the next pledge to answer."""
    if _from_check(request):
        return redirect(url_of(review, "review-check"))
    if default:
        return redirect(default)
    rows = pledges_to_answer(review)
    keys = [pledge.pk for pledge, _answer in rows]
    start = keys.index(after.pk) + 1 if after and after.pk in keys else 0
    for pledge, answer in rows[start:] + rows[:start]:
        if not (answer and answer.is_complete):
            return redirect(url_of(review, "review-pledge", pledge.pk))
    return redirect(url_of(review, "review-ideas"))


def _from_check(request):
    return request.GET.get("from") == "check"


def with_check(request):
    """What keeps "from=check" in an address."""
    return "?from=check" if _from_check(request) else ""


def back_with(request, review, obstacle):
    messages.warning(request, obstacle.message)
    return redirect("review", review.token)
