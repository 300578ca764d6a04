from pledges.models.charter import CharterVersion, Signature
from pledges.models.ideas import Capacity, PledgeIdea
from pledges.models.moderation import Case
from pledges.models.pledges import Pledge
from pledges.models.reviews import Answer, DueDate, Evidence, Review
from pledges.models.signing import Signing
from pledges.models.steps import PutAside

__all__ = [
    "Answer",
    "Capacity",
    "Case",
    "CharterVersion",
    "DueDate",
    "Evidence",
    "Pledge",
    "PledgeIdea",
    "PutAside",
    "Review",
    "Signature",
    "Signing",
]
