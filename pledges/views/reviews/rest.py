"""What else a review asks: pledges not taken yet, what came of it for the partner's people, help, and a reply."""

from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from oiep.moderation import NotPossible
from partners.actions import Conflict
from pledges import standing
from pledges.actions import answers as actions
from pledges.actions.pledges import values_of
from pledges.forms.reviews import AdoptForm, ExplanationForm, HelpForm, OutcomesForm
from pledges.models import Pledge, PledgeIdea
from pledges.toolkit import beside_ideas
from pledges.views.reviews.answers import add_errors
from pledges.views.reviews.links import actor_of, back_url, back_with, go_on, of_review, url_of


@of_review
def ideas(request, review):
    """Ideas that fit the partner and that it has not taken yet, by area, and what was taken up in this review."""
    partner = review.partner
    if request.method == "POST" or partner.is_resident:
        return redirect(url_of(review, "review-outcomes"))
    taken = set(partner.pledges.open().exclude(idea=None).values_list("idea", flat=True))
    adopted = list(review.answers.filter(pledge=None))
    taken |= {answer.new_values.get("idea") for answer in adopted}
    areas = {}
    for idea in beside_ideas(PledgeIdea.objects.current().for_kind(partner.kind).exclude(pk__in=taken - {None})):
        areas.setdefault(idea.area_id, []).append(idea)
    groups = PledgeIdea.area.field.related_model.objects.in_bulk(areas)
    mine = set(partner.areas.values_list("pk", flat=True))
    shown = [{"area": groups[pk], "ideas": areas[pk], "is_mine": pk in mine} for pk in areas]
    # The areas in which the partner is active come first, and stand open.
    shown.sort(key=lambda group: not group["is_mine"])
    context = {"review": review, "groups": shown, "adopted": [(a, a.new_values["statement"]) for a in adopted]}
    context["back_url"] = back_url(request, review)
    return render(request, "pledges/reviews/ideas.html", context)


@of_review
def adopt(request, review):
    number = request.GET.get("idea", "")
    idea = None
    if number:
        if not (number.isdecimal() and len(number) < 10):
            raise Http404
        idea = get_object_or_404(PledgeIdea.objects.current().for_kind(review.partner.kind), pk=number)
    pledge = Pledge(partner=review.partner)
    if idea:
        for name in ("area", "capacity", "statement", "measure", "unit"):
            setattr(pledge, name, getattr(idea, name))
        pledge.idea = idea
    return _adopt_page(request, review, pledge, idea=idea)


@of_review
def adopted(request, review, pk):
    answer = get_object_or_404(review.answers, pledge=None, pk=pk)
    if request.method == "POST" and "remove" in request.POST:
        try:
            actions.drop_adoption(review=review, answer=answer)
        except NotPossible as obstacle:
            return back_with(request, review, obstacle)
        return redirect(url_of(review, "review-ideas"))
    pledge = actions.pledge_from_json(answer.new_values, partner=review.partner)
    return _adopt_page(request, review, pledge, answer=answer)


def _adopt_page(request, review, pledge, *, idea=None, answer=None):
    initial = {"seen": actions.version_of(answer)} if answer else {}
    if answer:
        initial |= {"how": AdoptForm.how_of(answer), "words": answer.words}
    posted = request.POST if request.method == "POST" else None
    form = AdoptForm(posted, kind=review.partner.kind, instance=pledge, initial=initial)
    if form.is_valid():
        try:
            actions.adopt(
                review=review,
                pledge_values=values_of(form.instance),
                values=form.values(),
                answer=answer,
                seen=form.cleaned_data["seen"] or None,
            )
        except NotPossible as obstacle:
            form.add_error(None, obstacle)
        except ValidationError as error:
            add_errors(form, error)
        else:
            return go_on(request, review, default=url_of(review, "review-ideas"))
    context = {"review": review, "form": form, "idea": idea, "answer": answer, "pledge": pledge}
    context["back_url"] = url_of(review, "review-ideas")
    return render(request, "pledges/reviews/adopt.html", context)


@of_review
def outcomes(request, review):
    if review.partner.is_resident:
        return redirect("review", review.token)
    return _words_page(request, review, OutcomesForm, "outcomes", url_of(review, "review-help"))


@of_review
def help_wanted(request, review):
    if review.partner.is_resident:
        return redirect("review", review.token)
    return _words_page(request, review, HelpForm, "help", url_of(review, "review-check"))


def _words_page(request, review, form_class, name, next_url):
    names = [name for name in form_class.base_fields if name != "seen"]
    initial = {name: getattr(review, name) for name in names} | {"seen": actions.version_of(review)}
    form = form_class(request.POST if request.method == "POST" else None, initial=initial)
    context = {"review": review, "form": form, "back_url": back_url(request, review)}
    if form.is_valid():
        values = {name: form.cleaned_data[name] for name in names}
        try:
            actions.save_words(review=review, values=values, seen=form.cleaned_data["seen"])
        except Conflict as conflict:
            review.refresh_from_db()
            context |= {"conflict": conflict.message, "differences": form.differences(review)}
            form.see(actions.version_of(review))
        except NotPossible as obstacle:
            form.add_error(None, obstacle)
        except ValidationError as error:
            add_errors(form, error)
        else:
            return go_on(request, review, default=next_url)
    return render(request, f"pledges/reviews/{name}.html", context)


@of_review
def explanation(request, review):
    """The right of reply: the partner's own words beside “Review overdue”."""
    if request.method != "POST" and (not review.is_awaited or review.partner.is_resident):
        return redirect("review", review.token)
    form = ExplanationForm(
        request.POST if request.method == "POST" else None, initial={"explanation": review.explanation}
    )
    if form.is_valid():
        try:
            actions.explain(
                review=review, explanation=form.cleaned_data["explanation"], actor=actor_of(request, review)
            )
        except NotPossible as obstacle:
            return back_with(request, review, obstacle)
        except ValidationError as error:
            add_errors(form, error)
        else:
            return redirect(url_of(review, "review-explanation") + "?saved")
    overdue_from = standing.overdue_from(review.due_on)
    context = {
        "review": review,
        "form": form,
        "saved": "saved" in request.GET and not form.is_bound,
        "overdue_from": overdue_from,
        "is_overdue": overdue_from <= timezone.localdate(),
        "overdue_page": standing.statement(standing.Standing(standing.Status.REVIEW_OVERDUE), review.explanation),
        "back_url": url_of(review),
    }
    return render(request, "pledges/reviews/explanation.html", context)
