"""The manager's decisions on stories; taking one down, and putting it back."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from oiep import audit
from oiep.moderation import Move, NotPossible, State, move
from partners.actions.standing import lock_standing
from pledges.actions.stories import letters
from pledges.actions.stories.locking import lock_story
from pledges.actions.stories.offering import exchange
from pledges.models import Story


@transaction.atomic
def decide_story(*, story, decision, actor, message="", seen=None):
    """Approves a story or a change to one, asks for changes, declines it, or undoes that. Returns it as it is now.

    Who offered it is told each time; who is in it once it is public. message: what they read. seen: the story's
    `fingerprint` when it was read.

    Raises NotPossible when somebody moved first, it is not as it was seen or, to approve, when its partner has no page
    or somebody in it has not agreed; ValidationError when words are needed and there are none.
    """
    story = lock_story(story)
    if seen is not None and seen != story.fingerprint:
        raise NotPossible(_("This changed after you opened it. Look at it again, then decide."))
    before = story.state
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
    if story.replaces_id and State.APPROVED in (before, story.state):
        exchange(story)
        if obstacle := story.replaces.consent_obstacle():
            raise NotPossible(obstacle)
    if decision == Move.UNDO:
        letters.forget_unsent(story)
    else:
        letters.answered(story, decision)
        if decision == Move.APPROVE:
            letters.tell_people(story.replaces or story)
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
    for change in [] if story.replaces_id else story.changes.open_changes().select_for_update():
        change.taken_down_at, change.taken_down = story.taken_down_at, why
        change.save(update_fields=["taken_down_at", "taken_down"])
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
