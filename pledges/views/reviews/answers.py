"""The pages on which a review says how each pledge goes."""

from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from oiep.moderation import NotPossible
from partners.actions import Conflict
from pledges.actions import answers as actions
from pledges.actions.pledges import values_of
from pledges.forms.reviews import AnswerForm, PledgeAsChangedForm, StopReasonForm
from pledges.models import Answer, Evidence, Pledge
from pledges.toolkit import for_pledge
from pledges.views.reviews.links import back_url, back_with, go_on, of_review, url_of, with_check


def _row_of(review, pk):
    """The pledge's place among those to answer: (number, total, pledge, answer), or None when it is not one of them."""
    rows = actions.pledges_to_answer(review)
    for number, (pledge, answer) in enumerate(rows, start=1):
        if pledge.pk == pk:
            return number, len(rows), pledge, answer
    return None


def _gone(request, review):
    return back_with(request, review, NotPossible(_("This pledge has ended, so nothing more is asked about it.")))


@of_review
def pledge(request, review, pk):
    row = _row_of(review, pk)
    if row is None or review.partner.is_resident:
        return _gone(request, review)
    number, total, pledge, answer = row
    removes = request.method == "POST" and request.POST.get("remove", "").isdecimal()
    if removes:
        try:
            actions.remove_evidence(review=review, evidence=Evidence(pk=int(request.POST["remove"][:12])))
        except NotPossible as obstacle:
            return back_with(request, review, obstacle)
    last = actions.last_answers(review).get(pledge.pk)
    files = list(answer.evidence.all()) if answer else []
    posts = request.method == "POST" and not removes
    form = AnswerForm(
        request.POST if posts else None,
        request.FILES if posts else None,
        pledge=pledge,
        last=last,
        files=files,
        # Who removes a file finds what they had typed beside it.
        initial=request.POST.dict() if removes else _initial(answer, last),
    )
    context = {
        "review": review,
        "pledge": pledge,
        "form": form,
        "number": number,
        "total": total,
        "files": files,
        "last": last if last and last.words and not (answer and answer.words) else None,
        "back_url": back_url(request, review),
        "resources": for_pledge(pledge),
    }
    if form.is_valid() and (saved := _save(request, review, pledge, form, context)):
        if "more" in request.POST:
            return redirect(request.get_full_path() + "#evidence")
        if not saved.is_complete or _asks_anew(request, saved):
            name = "review-pledge-stop" if saved.progress == Answer.Progress.STOPPED else "review-pledge-change"
            return redirect(url_of(review, name, pledge.pk) + with_check(request))
        return go_on(request, review, after=pledge)
    return render(request, "pledges/reviews/pledge.html", context)


def _initial(answer, last):
    if answer is None:
        return {"words": last.words if last else "", "seen": actions.version_of(None)}
    names = ("progress", "figure", "words", "next", "evidence_url")
    return {**{name: getattr(answer, name) for name in names}, "seen": actions.version_of(answer)}


def _asks_anew(request, answer):
    """Who comes from the check page to change what comes next sees the page that asks about it again."""
    return answer.next == Answer.Next.CHANGE or answer.progress == Answer.Progress.STOPPED


def _save(request, review, pledge, form, context, values=None):
    """Saves a valid form. Returns the answer; None when the page is to be shown again, with why."""
    try:
        return actions.save_answer(
            review=review,
            pledge=pledge,
            values=form.values() if values is None else values,
            seen=form.cleaned_data["seen"],
            file=form.cleaned_data.get("file"),
        )
    except Conflict as conflict:
        current = review.answers.filter(pledge=pledge).first()
        context |= {"conflict": conflict.message, "differences": form.differences(current)}
        form.see(actions.version_of(current))
    except NotPossible as obstacle:
        form.add_error(None, obstacle)
    except ValidationError as error:
        add_errors(form, error)
    return None


def add_errors(form, error):
    """Errors of the model on the fields that the form has, or else above it."""
    for field, problems in getattr(error, "error_dict", {None: error.error_list}).items():
        form.add_error(field if field in form.fields else None, problems)


@of_review
def stop(request, review, pk):
    row = _row_of(review, pk)
    answer = row and row[3]
    if not answer or answer.progress != Answer.Progress.STOPPED:
        return redirect(url_of(review, "review-pledge", pk) if row else url_of(review))
    pledge = row[2]
    form = StopReasonForm(
        request.POST if request.method == "POST" else None,
        initial={"reason": answer.reason, "seen": actions.version_of(answer)},
    )
    context = {"review": review, "pledge": pledge, "form": form}
    context["back_url"] = url_of(review, "review-pledge", pledge.pk) + with_check(request)
    if form.is_valid():
        values = {"reason": form.cleaned_data["reason"]}
        if _save(request, review, pledge, form, context, values):
            return go_on(request, review, after=pledge)
    return render(request, "pledges/reviews/stop.html", context)


@of_review
def change(request, review, pk):
    row = _row_of(review, pk)
    answer = row and row[3]
    if not answer or answer.next != Answer.Next.CHANGE:
        return redirect(url_of(review, "review-pledge", pk) if row else url_of(review))
    pledge = row[2]
    instance = actions.pledge_from_json(answer.new_values) if answer.new_values else Pledge(**values_of(pledge))
    instance.partner = review.partner
    form = PledgeAsChangedForm(
        request.POST if request.method == "POST" else None,
        kind=review.partner.kind,
        instance=instance,
        pledge=pledge,
        answer=answer,
        initial={"reason": answer.reason, "seen": actions.version_of(answer)},
    )
    context = {"review": review, "pledge": pledge, "form": form}
    context["back_url"] = url_of(review, "review-pledge", pledge.pk) + with_check(request)
    if form.is_valid():
        values = {
            "new_values": actions.pledge_to_json(form.pledge_values()),
            "reason": form.cleaned_data["reason"],
        }
        if _save(request, review, pledge, form, context, values):
            return go_on(request, review, after=pledge)
    return render(request, "pledges/reviews/change.html", context)
