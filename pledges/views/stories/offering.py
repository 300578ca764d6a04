"""Offering a story without an account, and the links that we send by e-mail."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from oiep.limits import source_of
from oiep.links import private
from oiep.moderation import NotPossible, State, answer_due
from oiep.rules import rules
from partners.actions import TooMany
from pledges.actions import stories as actions
from pledges.forms.stories import StoryForm, VisitorStoryForm
from pledges.models import Consent, Story
from pledges.next_steps import partners_of


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def offer(request):
    form = VisitorStoryForm(request.POST or None, request.FILES or None)
    status = 200
    if form.is_valid():
        try:
            actions.offer_story(**form.values(), teller=form.teller, source=source_of(request))
        except TooMany as refusal:
            form.refuse(refusal)
            status = 429
        except ValidationError as refusal:
            form.refuse(refusal)
        else:
            return redirect("story-sent")
    partners = list(partners_of(request.user)) if request.user.is_authenticated else []
    context = {"form": form, "partners": [p for p in partners if p.state == State.APPROVED and not p.withdrawn_at]}
    return render(request, "stories/offer.html", context, status=status)


@require_safe
def sent(request):
    """Check your e-mail; the same page for everybody."""
    return render(request, "stories/sent.html", {"rules": rules()})


def _unknown(request):
    return render(request, "stories/unknown.html", status=404)


@private
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request, token):
    """A visitor's own link: it sends the story in by a button, and later says where it stands."""
    try:
        story = Story.objects.select_related("partner").with_token(token)
    except Story.DoesNotExist:
        return _unknown(request)
    try:
        if request.method == "POST":
            if "take_back" in request.POST:
                actions.take_down(story=story, actor=None)
            elif "take_back_change" in request.POST:
                if change := story.open_change:
                    actions.take_down(story=change, actor=None)
            else:
                actions.confirm_story(story=story)
            return redirect(request.path)
        actions.require_confirmable(story)
    except NotPossible as obstacle:
        return render(request, "stories/over.html", {"words": obstacle.message}, status=410)
    context = {"story": story, "token": token, "is_public": Story.objects.published().filter(pk=story.pk).exists()}
    if story.state == State.SUBMITTED:
        context["answer_by"] = answer_due(story.submitted_at)
    if change := story.open_change:
        context |= {"change": change, "answer_by": answer_due(change.submitted_at)}
    return render(request, "stories/confirm.html", context)


@private
@require_http_methods(["GET", "HEAD", "POST"])
def change(request, token):
    """By the same link: what we asked to be changed, or a change to what is public, which waits beside it."""
    try:
        story = Story.objects.select_related("partner").with_token(token)
    except Story.DoesNotExist:
        return _unknown(request)
    if not story.is_editable or not story.confirmed_at:
        return redirect("story-confirm", token)
    shown = story.open_change or story
    form = StoryForm(request.POST or None, request.FILES or None, story=shown)
    if form.is_valid():
        try:
            actions.change_story(story=story, **form.values())
        except NotPossible as obstacle:
            messages.warning(request, obstacle.message)
            return redirect("story-confirm", token)
        except ValidationError as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("We have it, and will look at it."))
            return redirect("story-confirm", token)
    asked = [shown.decision_message] if shown.state == State.CHANGES_ASKED else []
    return render(request, "stories/change.html", {"story": story, "form": form, "asked": asked, "token": token})


@private
@require_http_methods(["GET", "HEAD", "POST"])
def consent(request, token):
    """A person's own link: what they agreed to, and a button that takes the story down at once."""
    try:
        consent = Consent.objects.select_related("story__partner").with_token(token)
    except Consent.DoesNotExist:
        return _unknown(request)
    if request.method == "POST":
        try:
            actions.withdraw_consent(consent=consent)
        except NotPossible:
            return _unknown(request)
        return redirect(request.path)
    is_public = Story.objects.published().filter(pk=consent.story_id).exists()
    return render(request, "stories/consent.html", {"consent": consent, "story": consent.story, "is_public": is_public})
