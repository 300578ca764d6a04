"""A partner's stories: offering one, also from what a review said; changing it; taking it down."""

from functools import wraps

from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render

from oiep.moderation import NotPossible, State
from pledges.actions import stories as actions
from pledges.forms.stories import StoryForm
from pledges.models import Answer, Pledge, Review, Story
from pledges.next_steps import status_of
from pledges.views.account.page import asked_for, back, done, of_partner


def _of_approved(view):
    """A view of a partner that we have approved: nobody else offers stories here."""

    @of_partner()
    @wraps(view)
    def of_one(request, partner, **kwargs):
        if partner.state != State.APPROVED:
            raise Http404
        return view(request, partner, **kwargs)

    return of_one


@_of_approved
def stories(request, partner):
    rows = list(partner.stories.originals().prefetch_related("consents"))
    shown = set(Story.objects.published().filter(partner=partner).values_list("pk", flat=True))
    changes = {change.replaces_id: change for change in partner.stories.open_changes()}
    for change in changes.values():
        change.partner = partner
    context = {
        "partner": partner,
        "rows": [
            {
                "story": story,
                "status": status_of(story),
                "is_shown": story.pk in shown,
                "change": changes.get(story.pk),
                "status_of_change": story.pk in changes and status_of(changes[story.pk]),
            }
            for story in rows
        ],
    }
    return render(request, "stories/account/stories.html", context)


@_of_approved
def offer(request, partner):
    """A new story. `?review=` begins it with what that review said, `?pledge=` with the pledge."""
    review, answer = _told_in(partner, request.GET)
    pledge = _pledge_of(partner, request.GET, answer)
    form = StoryForm(request.POST or None, request.FILES or None, partner=partner, pledge=pledge)
    if not form.is_bound:
        form.initial |= _begun_with(review, answer)
    elif form.is_valid():
        try:
            actions.offer_story(**form.values(), actor=request.user, partner=partner, review=review)
        except NotPossible as obstacle:
            return back(request, partner, obstacle, to="account-stories")
        except ValidationError as refusal:
            form.refuse(refusal)
        else:
            return done(request, partner, waits=True, to="account-stories")
    context = {"partner": partner, "form": form, "review": review}
    return render(request, "stories/account/offer.html", context)


def _number(query, name):
    value = query.get(name, "")
    return int(value) if value.isdecimal() and len(value) < 10 else None


def _told_in(partner, query):
    """The review that the address names, and what it says on the pledge named, or else the most telling answer."""
    review = Review.objects.filter(partner=partner, pk=_number(query, "review")).exclude(answered_at=None).first()
    if review is None:
        return None, None
    answers = review.answers.exclude(words="").select_related("pledge")
    wanted = answers.filter(pledge=_number(query, "pledge")).first() if "pledge" in query else None
    best = sorted(answers, key=lambda answer: (answer.progress == Answer.Progress.ACHIEVED, len(answer.words)))
    return review, wanted or (best[-1] if best else None)


def _pledge_of(partner, query, answer):
    keys = [_number(query, "pledge"), answer and answer.pledge_id]
    rows = {
        pledge.pk: pledge for pledge in Pledge.objects.published().filter(partner=partner, pk__in=filter(None, keys))
    }
    return next((rows[key] for key in keys if key in rows), None)


def _begun_with(review, answer):
    """What the form opens with: the review's own words, to be told as a story."""
    if review is None:
        return {}
    parts = [answer.words] if answer else []
    parts += [words for words in (review.recruitment, review.retention, review.diversity) if words]
    return {"body": "\n\n".join(parts), "kind": Story.Kind.CASE_STUDY}


def _own(partner, pk):
    return get_object_or_404(partner.stories.originals(), pk=pk)


@_of_approved
def change(request, partner, pk):
    story = _own(partner, pk)
    if not story.is_editable:
        return redirect("account-stories", partner.slug)
    shown = story.open_change or story
    form = StoryForm(request.POST or None, request.FILES or None, partner=partner, story=shown)
    if form.is_valid():
        try:
            actions.change_story(story=story, actor=request.user, **form.values())
        except NotPossible as obstacle:
            return back(request, partner, obstacle, to="account-stories")
        except ValidationError as refusal:
            form.refuse(refusal)
        else:
            return done(request, partner, waits=True, to="account-stories")
    context = {"partner": partner, "story": story, "form": form, "asked": asked_for([shown])}
    return render(request, "stories/account/offer.html", context)


@_of_approved
def take_down(request, partner, pk):
    story = get_object_or_404(partner.stories.select_related("replaces"), pk=pk)  # or a change to one
    if story.taken_down_at or story.state == State.DECLINED or story.is_old_text:
        return redirect("account-stories", partner.slug)
    if request.method == "POST":
        try:
            actions.take_down(story=story, actor=request.user)
        except NotPossible as obstacle:
            return back(request, partner, obstacle, to="account-stories")
        return done(request, partner, waits=False, to="account-stories")
    return render(request, "stories/account/take_down.html", {"partner": partner, "story": story})
