"""The manager's decisions on stories; taking one down, and putting it back."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from oiep import audit
from oiep.moderation import Move, NotPossible, State, move
from partners.actions.standing import lock_standing
from pledges.actions.stories import letters
from pledges.actions.stories.locking import lock_story
from pledges.models import Story


@transaction.atomic
def decide_story(*, story, decision, actor, message=""):
    """Approves a story, asks for changes, declines it, or undoes that. Returns it as it is now.

    Who offered it is told each time; who is in it once it is public. message: what they read.

    Raises NotPossible when somebody moved first or, to approve, when its partner has no page or somebody in it has not
    agreed; ValidationError when words are needed and there are none.
    """
    story = lock_story(story)
    if decision == Move.APPROVE:
        if story.partner:
            lock_standing(story.partner)
            if not story.partner.is_published:
                raise NotPossible(_("Its partner has no public page, so the story cannot have one."))
        if obstacle := story.why_not(decision):
            raise NotPossible(obstacle)
        story.first_published_at = story.first_published_at or timezone.now()
        story.save(update_fields=["first_published_at"])
    move(story, decision, actor=actor, message=message, partner=story.partner_id)
    if decision == Move.UNDO:
        letters.forget_unsent(story)
    else:
        letters.answered(story, decision)
        if decision == Move.APPROVE:
            letters.tell_people(story)
    return story


@transaction.atomic
def take_down(*, story, actor, why=Story.TakenDown.OFFERER):
    """Takes a story off everything at once, or takes an offered one back. Doing it twice does it once."""
    story = lock_story(story)
    if story.taken_down_at or story.state == State.DECLINED:
        return story
    story.taken_down_at, story.taken_down = timezone.now(), why
    story.save(update_fields=["taken_down_at", "taken_down"])
    audit.record(verb="story.taken_down", subject=story, actor=actor, why=str(why))
    letters.forget_unsent(story)
    return story


@transaction.atomic
def put_back(*, story, actor):
    """Shows a story again that was taken down, at the manager's decision. Raises NotPossible when a consent lacks."""
    story = lock_story(story)
    if not story.taken_down_at:
        return story
    if obstacle := story.consent_obstacle():
        raise NotPossible(obstacle)
    story.taken_down_at, story.taken_down = None, ""
    story.save(update_fields=["taken_down_at", "taken_down"])
    audit.record(verb="story.put_back", subject=story, actor=actor)
    return story
