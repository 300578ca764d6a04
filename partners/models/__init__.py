"""Who signed, where, and in which areas."""

from partners.models.messages import BlockedSender, ContactMessage
from partners.models.partners import Kind, Partner, PartnerQuerySet, Pause, Purpose, Size
from partners.models.people import JoinRequest, Membership, PartnerInvitation
from partners.models.profile import Logo, ProfileChange
from partners.models.recognitions import Recognition, RecognitionKind
from partners.models.reference import (
    DeclineReason,
    District,
    PriorityArea,
    ReferenceData,
    ReferenceQuerySet,
    Sector,
    entries,
    entry_or_404,
)

__all__ = [
    "BlockedSender",
    "ContactMessage",
    "DeclineReason",
    "District",
    "JoinRequest",
    "Kind",
    "Logo",
    "Membership",
    "Partner",
    "PartnerInvitation",
    "PartnerQuerySet",
    "Pause",
    "PriorityArea",
    "ProfileChange",
    "Purpose",
    "Recognition",
    "RecognitionKind",
    "ReferenceData",
    "ReferenceQuerySet",
    "Sector",
    "Size",
    "entries",
    "entry_or_404",
]
