"""Voting, without an account, in a category that everybody decides."""

from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from events.actions import votes as actions
from events.judging_forms import VoteForm
from events.models import AwardRound, Category, Nomination, VoteRequest
from oiep.limits import source_of
from oiep.links import private
from oiep.moderation import NotPossible
from oiep.rules import rules


def _category(year, slug):
    rounds = AwardRound.objects.published()
    categories = Category.objects.filter(is_peoples_choice=True, round__in=rounds).select_related("round")
    return get_object_or_404(categories, round__year=year, slug=slug)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def vote(request, year, slug):
    """The shortlist and a form. The answer is the same whether one has voted before or not."""
    category = _category(year, slug)
    if not category.round.takes_votes():
        return _closed(request, category)
    nominations = (
        Nomination.objects.shortlisted()
        .filter(category=category)
        .select_related("partner")
        .order_by("partner__sort_name")
    )
    form = VoteForm(request.POST or None, nominations=nominations)
    status = 200
    if form.is_valid():
        nomination, email = form.cleaned_data["nomination"], form.cleaned_data["email"]
        nomination.category = category
        try:
            actions.ask_to_vote(nomination=nomination, email=email, source=source_of(request))
        except actions.TooMany as refusal:
            form.add_error(None, refusal)
            status = 429
        except NotPossible as refusal:
            form.add_error(None, refusal)
        else:
            return redirect("award-voted", year, slug)
    context = {"category": category, "round": category.round, "form": form, "nominations": nominations}
    return render(request, "awards/vote.html", context, status=status)


def _closed(request, category):
    is_over = category.round.judged_until <= timezone.now()
    context = {"category": category, "round": category.round, "is_over": is_over}
    return render(request, "awards/vote_closed.html", context, status=410 if is_over else 200)


@require_safe
def voted(request, year, slug):
    """Check your e-mail; the same page for everybody."""
    category = _category(year, slug)
    context = {"category": category, "round": category.round, "rules": rules()}
    return render(request, "awards/vote_check_email.html", context)


@private
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request, token):
    """The link in the e-mail: it shows what is voted for, and the button makes the vote count."""
    try:
        asked = VoteRequest.objects.select_related("category__round", "nomination__partner").with_token(token)
    except VoteRequest.DoesNotExist:
        return render(request, "awards/vote_unknown.html", status=404)
    context = {"asked": asked, "category": asked.category, "round": asked.category.round}
    try:
        if request.method == "POST":
            actions.confirm_vote(request=asked)
            return redirect(request.path)
        if not asked.confirmed_at:
            actions.require_confirmable(asked)
    except NotPossible as obstacle:
        return render(request, "awards/vote_over.html", {**context, "words": obstacle.message}, status=410)
    return render(request, "awards/vote_confirm.html", context)
