"""Stories for everybody to read, and to offer one."""

from pledges.views.stories.offering import change, confirm, consent, offer, sent
from pledges.views.stories.public import picture, stories, story

__all__ = ["change", "confirm", "consent", "offer", "picture", "sent", "stories", "story"]
