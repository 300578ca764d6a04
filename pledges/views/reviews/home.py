"""The review's first page, which says what is done and what is not, its last, and a resident's only one."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from oiep.moderation import NotPossible, State, answer_due
from partners.actions import Conflict
from pledges import standing
from pledges.actions import answers as actions
from pledges.forms.reviews import OutcomesForm, ResidentAnswerForm, ResidentForms
from pledges.models import Answer, Review
from pledges.views.reviews.answers import add_errors
from pledges.views.reviews.links import actor_of, back_with, of_review, url_of
from pledges.views.reviews.summary import summary_of
from pledges.views.reviews.telephone import end_telephone_review

OUTCOMES = [name for name in OutcomesForm.base_fields if name not in ("seen", "may_quote")]


@never_cache
@login_required
@require_safe
def account_review(request, pk):
    """The same pages, for the partner's people, from their own place."""
    review = get_object_or_404(Review.objects.visible_to(request.user), pk=pk)
    return redirect("review", review.token)


@of_review(editable=False)
def review(request, review):
    if not review.is_editable and request.method != "POST":
        return _where_it_stands(request, review)
    if review.partner.is_resident:
        return _resident(request, review)
    if request.method == "POST":
        return redirect("review", review.token)
    rows = actions.pledges_to_answer(review)
    done = sum(bool(answer and answer.is_complete) for _pledge, answer in rows)
    adopted = review.answers.filter(pledge=None).count()
    context = {
        **_times(review),
        "review": review,
        "rows": [{"pledge": pledge, "answer": answer, "is_done": _is_done(answer)} for pledge, answer in rows],
        "done": done,
        "next": next((pledge for pledge, answer in rows if not _is_done(answer)), None),
        "adopted": adopted,
        "has_outcomes": any(getattr(review, name) for name in OUTCOMES),
        "asked": [review.decision_message] if review.state == State.CHANGES_ASKED else [],
    }
    return render(request, "pledges/reviews/home.html", context)


def _is_done(answer):
    return bool(answer and answer.is_complete)


def _times(review):
    today = timezone.localdate()
    pause = review.partner.pauses.current(today).first()
    overdue_from = standing.overdue_from(review.due_on)
    return {
        "paused_until": pause and pause.until,
        "is_past": review.due_on < today,
        "overdue_from": overdue_from,
        "is_overdue": overdue_from <= today and review.is_awaited,
        "may_explain": review.is_awaited and review.due_on < today,
    }


def _where_it_stands(request, review):
    context = {"review": review}
    if review.state == State.SUBMITTED:
        due = answer_due(review.submitted_at)
        context |= {"answer_by": due, "is_late": due < timezone.localdate()}
    if review.state == State.SUBMITTED:
        context["parts"] = summary_of(review)
    return render(request, "pledges/reviews/where_it_stands.html", context)


@of_review
def check(request, review):
    if request.method == "POST":
        try:
            actions.send_in(review=review, actor=actor_of(request, review), by_telephone=request.by_telephone)
        except (actions.NotComplete, NotPossible) as obstacle:
            return back_with(request, review, obstacle)
        return _after_sending(request, review)
    if review.partner.is_resident or actions.missing(review):
        return redirect("review", review.token)
    context = {"review": review, "parts": summary_of(review, links=True), "back_url": url_of(review)}
    return render(request, "pledges/reviews/check.html", context)


def _after_sending(request, review):
    return end_telephone_review(request, review) if request.by_telephone else redirect("review", review.token)


# Residents ------------------------------------------------------------------------------------


def _resident(request, review):
    """All on one page: how each pledge went, and whether it is kept."""
    posted = request.POST if request.method == "POST" else None
    forms = ResidentForms(
        ResidentAnswerForm(posted, pledge=pledge, answer=answer, initial=_initial(answer))
        for pledge, answer in actions.pledges_to_answer(review)
    )
    context = {
        "review": review,
        "forms": forms,
        **_times(review),
        "asked": [review.decision_message] if review.state == State.CHANGES_ASKED else [],
    }
    if posted is not None and forms.are_valid() and _save_all(request, review, forms, context):
        try:
            actions.send_in(review=review, actor=actor_of(request, review), by_telephone=request.by_telephone)
        except (actions.NotComplete, NotPossible) as obstacle:
            messages.warning(request, obstacle.message)
            return redirect("review", review.token)
        return _after_sending(request, review)
    return render(request, "pledges/reviews/resident.html", context)


def _initial(answer):
    if answer is None:
        return {"seen": actions.version_of(None)}
    stopped = answer.progress == Answer.Progress.STOPPED
    return {
        "progress": "" if stopped else answer.progress,
        "words": answer.words,
        "keep": ResidentAnswerForm.YES if answer.next == Answer.Next.RENEW else ResidentAnswerForm.NO,
        "seen": actions.version_of(answer),
    }


def _save_all(request, review, forms, context):
    for form in forms:
        try:
            actions.save_answer(review=review, pledge=form.pledge, values=form.values(), seen=form.cleaned_data["seen"])
        except Conflict as conflict:
            current = review.answers.filter(pledge=form.pledge).first()
            context |= {"conflict": conflict.message, "differences": form.differences(current)}
            form.see(actions.version_of(current))
            return False
        except NotPossible as obstacle:
            form.add_error(None, obstacle)
            return False
        except ValidationError as error:
            add_errors(form, error)
            return False
    return True
