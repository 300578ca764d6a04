from pledges.models.charter import CharterVersion, Signature
from pledges.models.help import HelpReply, HelpRequest, Outcome
from pledges.models.ideas import Capacity, PledgeIdea
from pledges.models.moderation import Case
from pledges.models.pledges import Pledge
from pledges.models.resources import Need, Resource
from pledges.models.reviews import Answer, DueDate, Evidence, Review
from pledges.models.signing import Signing
from pledges.models.steps import PutAside
from pledges.models.stories import Consent, Story, StoryPicture, StoryPictureSize

__all__ = [
    "Answer",
    "Capacity",
    "Case",
    "CharterVersion",
    "Consent",
    "DueDate",
    "Evidence",
    "HelpReply",
    "HelpRequest",
    "Need",
    "Outcome",
    "Pledge",
    "PledgeIdea",
    "PutAside",
    "Resource",
    "Review",
    "Signature",
    "Signing",
    "Story",
    "StoryPicture",
    "StoryPictureSize",
]
