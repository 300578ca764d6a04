import base64
import datetime

import factory
from django.core.files.base import ContentFile
from django.utils import timezone

from oiep.moderation import State
from oiep.rounds import next_round
from partners.models import (
    BlockedSender,
    ContactMessage,
    DeclineReason,
    District,
    JoinRequest,
    Kind,
    Logo,
    Membership,
    Partner,
    PartnerInvitation,
    Pause,
    PriorityArea,
    ProfileChange,
    Purpose,
    Recognition,
    RecognitionKind,
    Sector,
    Size,
)
from tests.factories.oiep import ManagerFactory, ModeratedFactory, UserFactory

# One white pixel.
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mP4//8/AAX+Av4N70a4AAAAAElFTkSuQmCC"
)


class ReferenceFactory(factory.django.DjangoModelFactory):
    class Meta:
        abstract = True

    class Params:
        retired = factory.Trait(retired_at=factory.LazyFunction(timezone.now))

    order = factory.Sequence(lambda n: n)


class DistrictFactory(ReferenceFactory):
    class Meta:
        model = District

    name = factory.Sequence("District {}".format)
    slug = factory.Sequence("district-{}".format)


class PriorityAreaFactory(ReferenceFactory):
    class Meta:
        model = PriorityArea

    name = factory.Sequence("Priority area number {} in the Charter's words".format)
    short_name = factory.Sequence("Area {}".format)
    slug = factory.Sequence("area-{}".format)
    summary = "Money spent here stays here."
    meaning = "Buy from firms nearby."
    colour = PriorityArea.Colour.GREEN
    icon = "home"


class SectorFactory(ReferenceFactory):
    class Meta:
        model = Sector

    name = factory.Sequence("Sector {}".format)
    slug = factory.Sequence("sector-{}".format)


class DeclineReasonFactory(ReferenceFactory):
    class Meta:
        model = DeclineReason

    title = factory.Sequence("Reason {}".format)
    message = "The Charter is for people who work in Oxfordshire."


def _first_round_of(partner):
    signed_on = timezone.localdate(partner.approved_at)
    return next_round(signed_on, partner.review_months, signed_on)


class PartnerFactory(ModeratedFactory):
    """An organisation, a draft with nobody in it and no district, unless traits and arguments say more.

    districts: a list. areas: a list; pledges fill it otherwise. lead: a user, or True to make one.
    """

    class Meta:
        model = Partner
        skip_postgeneration_save = True

    class Params:
        approved = factory.Trait(
            decided=True,
            state=State.APPROVED,
            approved_at=factory.SelfAttribute("decided_at"),
            next_round_on=factory.LazyAttribute(_first_round_of),
        )
        withdrawn = factory.Trait(
            approved=True,
            withdrawn_at=factory.LazyFunction(timezone.now),
            withdrawn_by=factory.SubFactory(UserFactory),
        )

    kind = Kind.BUSINESS
    name = factory.Sequence("Firm {}".format)
    size = Size.SMALL
    review_months = 12

    @factory.post_generation
    def districts(self, create, extracted, **kwargs):
        if create and extracted:
            self.districts.set(extracted)

    @factory.post_generation
    def areas(self, create, extracted, **kwargs):
        if create and extracted:
            self.areas.set(extracted)

    @factory.post_generation
    def lead(self, create, extracted, **kwargs):
        if create and extracted:
            user = UserFactory(**kwargs) if extracted is True else extracted
            MembershipFactory(partner=self, user=user)


class ResidentFactory(PartnerFactory):
    """A resident who keeps their name private, as residents do unless they choose otherwise."""

    kind = Kind.RESIDENT
    name = factory.Sequence("Resident {}".format)
    show_name = False
    size = ""


class PauseFactory(factory.django.DjangoModelFactory):
    """A pause of thirty days that begins today."""

    class Meta:
        model = Pause

    partner = factory.SubFactory(PartnerFactory, approved=True)
    starts_on = factory.LazyFunction(timezone.localdate)
    until = factory.LazyAttribute(lambda pause: pause.starts_on + datetime.timedelta(days=30))
    set_by = factory.SubFactory(ManagerFactory)


class MembershipFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Membership

    class Params:
        ended = factory.Trait(ended_at=factory.LazyFunction(timezone.now))

    partner = factory.SubFactory(PartnerFactory, approved=True)
    user = factory.SubFactory(UserFactory)
    role = Membership.Role.LEAD


class JoinRequestFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = JoinRequest

    class Params:
        answered = factory.Trait(
            answered_at=factory.LazyFunction(timezone.now), answered_by=factory.SubFactory(UserFactory)
        )
        accepted = factory.Trait(answered=True, state=JoinRequest.State.ACCEPTED)
        refused = factory.Trait(answered=True, state=JoinRequest.State.REFUSED)

    partner = factory.SubFactory(PartnerFactory, approved=True, lead=True)
    user = factory.SubFactory(UserFactory)


class ProfileChangeFactory(ModeratedFactory):
    class Meta:
        model = ProfileChange

    partner = factory.SubFactory(PartnerFactory, approved=True)
    proposed_by = factory.SubFactory(UserFactory)
    values = factory.LazyFunction(lambda: {"description": "We bake and teach baking."})
    before = factory.LazyAttribute(lambda change: {name: getattr(change.partner, name) for name in change.values})


class ContactMessageFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ContactMessage

    partner = factory.SubFactory(PartnerFactory, approved=True, contact_purposes=[Purpose.BUY])
    purpose = Purpose.BUY
    name = factory.Sequence("Visitor {}".format)
    email = factory.Sequence("visitor{}@example.com".format)
    message = "Could you cater for forty people in June?"
    source = factory.Sequence("{:064x}".format)


class BlockedSenderFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = BlockedSender

    key = factory.Sequence("{:064x}".format)
    blocked_by = factory.SubFactory(ManagerFactory)


class PartnerInvitationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = PartnerInvitation

    partner = factory.SubFactory(PartnerFactory, approved=True, lead=True)
    email = factory.Sequence("colleague{}@example.org".format)
    invited_by = factory.SubFactory(UserFactory)


class RecognitionKindFactory(ReferenceFactory):
    class Meta:
        model = RecognitionKind

    name = factory.Sequence("Recognition {}".format)
    slug = factory.Sequence("recognition-{}".format)
    about = "Pays everybody a wage to live on."
    given_by = "A foundation"


class RecognitionFactory(ModeratedFactory):
    """A claim, a draft unless traits say more, valid for a year from today, shown by a link or (`file`) a file."""

    class Meta:
        model = Recognition

    class Params:
        file = factory.Trait(
            evidence_url="",
            evidence_file=factory.LazyFunction(lambda: ContentFile(PICTURE, name="certificate.png")),
            evidence_name="certificate.png",
        )

    partner = factory.SubFactory(PartnerFactory, approved=True)
    kind = factory.SubFactory(RecognitionKindFactory)
    expires_on = factory.LazyFunction(lambda: timezone.localdate() + datetime.timedelta(days=365))
    evidence_url = "https://example.org/accredited"
    claimed_by = factory.SubFactory(UserFactory)


class LogoFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Logo

    partner = factory.SubFactory(PartnerFactory, approved=True)
    file = factory.LazyFunction(lambda: ContentFile(PICTURE, name="logo.png"))
    width = height = 1
    added_by = factory.SubFactory(UserFactory)
