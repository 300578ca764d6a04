"""A judge's own place: their rounds, their interests, and the entries that they may judge."""

from functools import wraps

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from events.actions import judges
from events.actions import judging as actions
from events.judging_forms import InterestForm, ScoreForm
from events.models import Judge, JudgeInvitation, Nomination
from events.views.nominations import reports_of
from oiep.invitations.views import Reception
from oiep.moderation import NotPossible
from partners.models import Kind, Partner

FOUND_AT_MOST = 20


def _judges(user):
    return Judge.objects.active().filter(user=user).select_related("round", "user").order_by("-round__year")


def of_judge(view):
    """A page for who judges a year's awards: `view(request, judge, …)`. Nobody else learns that there is one."""

    @login_required
    @never_cache
    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def of_one(request, year, **kwargs):
        return view(request, get_object_or_404(_judges(request.user), round__year=year), **kwargs)

    return of_one


@login_required
@never_cache
@require_http_methods(["GET", "HEAD"])
def rounds(request):
    own = list(_judges(request.user))
    if not own:
        raise Http404
    return render(request, "awards/judging/rounds.html", {"judges": own})


@of_judge
def round_page(request, judge):
    """What a judge has to do and how far they are."""
    if not judge.declared_at:
        return redirect("judging-interests", judge.round.year)
    now = timezone.now()
    context = {"judge": judge, "round": judge.round, "is_judged": judge.round.is_judged(now)}
    if judge.round.closes_at <= now:
        entries = list(_entries(judge))
        done = actions.scored(judge) & {entry.pk for entry in entries}
        for entry in entries:
            entry.is_scored = entry.pk in done
        context |= {"entries": entries, "done": len(done), "total": len(entries)}
    return render(request, "awards/judging/round.html", context)


def _entries(judge):
    return (
        Nomination.objects.for_judge(judge)
        .select_related("category", "partner")
        .order_by("category__order", "category_id", "partner__sort_name", "pk")
    )


@of_judge
def interests(request, judge):
    """Which partners a judge has to do with, before they see any entry, and whenever one comes to mind later."""
    words = request.GET.get("q", "").strip()[:100]
    found = _organisations().matching(words).order_by("sort_name") if words else Partner.objects.none()
    form = InterestForm(request.POST if "declare" in request.POST else None, partners=_organisations())
    try:
        if "declare" in request.POST and form.is_valid():
            actions.declare_interest(judge=judge, **form.cleaned_data)
            messages.success(request, _("We have noted it. You will not see anything of theirs."))
            return redirect("judging-interests", judge.round.year)
        if "all" in request.POST:
            actions.finish_declaring(judge=judge)
            return redirect("judging-round", judge.round.year)
    except NotPossible as obstacle:
        messages.warning(request, obstacle.message)
        return redirect("judging-interests", judge.round.year)
    context = {
        "judge": judge,
        "round": judge.round,
        "own": Partner.objects.filter(memberships__user=judge.user).distinct().order_by("sort_name"),
        "declared": judge.interests.select_related("partner").order_by("declared_at"),
        "words": words,
        "found": found[:FOUND_AT_MOST],
        "more": found.count() > FOUND_AT_MOST,
        "form": form,
    }
    return render(request, "awards/judging/interests.html", context)


def _organisations():
    return Partner.objects.published().exclude(kind=Kind.RESIDENT)


@of_judge
def entry(request, judge, pk):
    """One entry: what it is, and the judge's scores."""
    if judge.round.closes_at > timezone.now():
        raise Http404
    nomination = get_object_or_404(
        Nomination.objects.for_judge(judge).select_related("category", "partner", "pledge__area", "review"), pk=pk
    )
    criteria = list(judge.round.criteria.all())
    own = {row.criterion_id: row for row in judge.scores.filter(nomination=nomination)}
    form = ScoreForm(request.POST or None, criteria=criteria, own=own, version=actions.version_of(judge, nomination))
    status, trouble, changed = 200, "", False
    if request.method == "POST" and form.is_valid():
        try:
            actions.score(judge=judge, nomination=nomination, scores=form.scores(), seen=form.cleaned_data["seen"])
        except actions.Changed as obstacle:
            # What was typed stays; pressing once more saves it over what the page shows as saved.
            status, trouble, changed = 409, obstacle.message, True
            form = form.with_version(actions.version_of(judge, nomination))
        except NotPossible as obstacle:
            status, trouble = 409, obstacle.message
        else:
            messages.success(request, _("Your scores are saved. You can change them until judging ends."))
            return redirect(_next(judge, nomination))
    context = {
        "judge": judge,
        "round": judge.round,
        "nomination": nomination,
        "form": form,
        "own": [(criterion, own[criterion.pk]) for criterion in criteria if criterion.pk in own],
        "is_judged": judge.round.is_judged(),
        "trouble": trouble,
        "changed": changed,
        "reports": reports_of(nomination),
    }
    return render(request, "awards/judging/entry.html", context, status=status)


def _next(judge, nomination):
    return f"{reverse('judging-round', args=[judge.round.year])}#entry-{nomination.pk}"


def _why_nobody_can(invitation):
    return _("Judging has ended.") if invitation.round.judged_until <= timezone.now() else ""


RECEPTION = Reception(
    model=JudgeInvitation,
    template="awards/judging/invitation.html",
    accept=judges.accept_judge_invitation,
    home=lambda invitation: reverse("judging-round", args=[invitation.round.year]),
    obstacle=_why_nobody_can,
)
