from tests.factories.oiep import ManagerFactory, OutgoingEmailFactory, UserFactory
from tests.factories.partners import (
    ContactMessageFactory,
    DeclineReasonFactory,
    DistrictFactory,
    JoinRequestFactory,
    MembershipFactory,
    PartnerFactory,
    PriorityAreaFactory,
    ProfileChangeFactory,
    ResidentFactory,
    SectorFactory,
)
from tests.factories.pledges import (
    CharterVersionFactory,
    PledgeFactory,
    PledgeIdeaFactory,
    ReviewFactory,
    SignatureFactory,
    SigningFactory,
)

__all__ = [
    "CharterVersionFactory",
    "ContactMessageFactory",
    "DeclineReasonFactory",
    "DistrictFactory",
    "JoinRequestFactory",
    "ManagerFactory",
    "MembershipFactory",
    "OutgoingEmailFactory",
    "PartnerFactory",
    "PledgeFactory",
    "PledgeIdeaFactory",
    "PriorityAreaFactory",
    "ProfileChangeFactory",
    "ResidentFactory",
    "ReviewFactory",
    "SectorFactory",
    "SignatureFactory",
    "SigningFactory",
    "UserFactory",
]
