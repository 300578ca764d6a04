"""A review that a partner tells us by telephone: the manager fills in the same pages, as themselves."""

from django.shortcuts import redirect

_SESSION = "telephone_review"


def begin_telephone_review(request, review):
    """From now on, what this manager's browser does in this review is recorded as taken by telephone."""
    request.session[_SESSION] = review.pk
    return redirect("review", review.token)


def is_by_telephone(request, review):
    return request.session.get(_SESSION) == review.pk and request.user.has_perm("pledges.change_review")


def end_telephone_review(request, review):
    """Goes to where the manager decides on it."""
    del request.session[_SESSION]
    return redirect("admin:pledges_case_change", review.partner_id)
