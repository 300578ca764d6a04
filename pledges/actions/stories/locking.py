"""The partner's row is locked first, where a story has one, then the story's, then that of a change to it."""

from django.utils.translation import gettext as _

from oiep.moderation import NotPossible
from partners.actions.standing import locked
from pledges.models import Story


def lock_story(story):
    """The story as it is now, locked until the transaction ends. Raises NotPossible when it is gone."""
    if story.partner_id:
        locked(story.partner)
    rows = Story.objects.select_for_update(of=("self",)).select_related("partner", "offered_by")
    original = rows.filter(pk=story.replaces_id).first() if story.replaces_id else None
    row = rows.filter(pk=story.pk)
    if (found := row.first()) is None:
        raise NotPossible(_("This story has been deleted, so there is nothing left to do."))
    if original:
        found.replaces = original
    return found
