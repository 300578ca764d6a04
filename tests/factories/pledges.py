import datetime

import factory
from django.conf import settings
from django.core.files.base import ContentFile
from django.utils import timezone

from oiep.moderation import State
from partners.models import Kind
from pledges.models import (
    Answer,
    Capacity,
    CharterVersion,
    Consent,
    DueDate,
    Evidence,
    HelpReply,
    HelpRequest,
    Pledge,
    PledgeIdea,
    Resource,
    Review,
    Signature,
    Signing,
    Story,
    StoryPicture,
    StoryPictureSize,
)
from pledges.models.charter import new_reference
from tests.factories.oiep import ModeratedFactory, UserFactory
from tests.factories.partners import PartnerFactory, PriorityAreaFactory, ReferenceFactory


class CharterVersionFactory(factory.django.DjangoModelFactory):
    """A published version, newer than those made before; `published_on=None` makes a draft of one."""

    class Meta:
        model = CharterVersion

    number = factory.Sequence(lambda n: n + 1)
    title = "The Oxfordshire Inclusive Economy Charter"
    summary = "We make the economy work for everyone."
    purpose = "To share what the economy makes."
    vision = "A county where nobody is left out."
    commitment = "We will pledge, act and report."
    published_on = datetime.date(2022, 6, 1)


class SignatureFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Signature

    partner = factory.SubFactory(PartnerFactory, submitted=True)
    charter = factory.SubFactory(CharterVersionFactory)
    signer = factory.SubFactory(UserFactory)
    signer_name = factory.LazyAttribute(lambda signature: signature.signer.name if signature.signer else "A. Signer")
    declared_at = factory.LazyFunction(timezone.now)
    confirmed_at = factory.SelfAttribute("declared_at")


class PledgeIdeaFactory(ReferenceFactory):
    class Meta:
        model = PledgeIdea

    area = factory.SubFactory(PriorityAreaFactory)
    capacity = Capacity.EMPLOYER
    kinds = factory.LazyFunction(lambda: [kind for kind in Kind.values if kind != Kind.RESIDENT])
    title = factory.Sequence("Idea {}".format)
    statement = factory.Sequence("We will take up idea {}.".format)
    why = "It helps people nearby."
    first_steps = "Ask your team.\nWrite it down."
    measure = "People helped"
    unit = "people"


class PledgeFactory(ModeratedFactory):
    """A pledge without figures. Its partner, unless given, has come as far as the pledge needs.

    A live pledge makes its partner active in its area, as `pledges.actions` does.
    """

    class Meta:
        model = Pledge
        skip_postgeneration_save = True

    class Params:
        submitted = factory.Trait(
            state=State.SUBMITTED,
            submitted_at=factory.LazyFunction(timezone.now),
            partner=factory.SubFactory(PartnerFactory, submitted=True),
        )
        approved = factory.Trait(
            decided=True,
            state=State.APPROVED,
            started_on=factory.LazyAttribute(lambda pledge: timezone.localdate(pledge.decided_at)),
            partner=factory.SubFactory(PartnerFactory, approved=True),
        )
        withdrawn = factory.Trait(
            submitted=True, ended_at=factory.LazyFunction(timezone.now), ending=Pledge.Ending.WITHDRAWN
        )
        stopped = factory.Trait(
            approved=True,
            ended_at=factory.LazyFunction(timezone.now),
            ending=Pledge.Ending.STOPPED,
            ending_reason="We moved out of the county.",
        )
        measured = factory.Trait(
            measure="Apprentices", unit="people", baseline=0, target=4, target_date=datetime.date(2030, 12, 31)
        )

    partner = factory.SubFactory(PartnerFactory)
    area = factory.SubFactory(PriorityAreaFactory)
    capacity = Capacity.EMPLOYER
    statement = factory.Sequence("We will do good thing number {}.".format)

    @factory.post_generation
    def partner_is_active_in_area(self, create, extracted, **kwargs):
        if create and self.is_live:
            self.partner.areas.add(self.area)


class SigningFactory(factory.django.DjangoModelFactory):
    """An organisation's signing that has just begun."""

    class Meta:
        model = Signing

    class Params:
        resident = factory.Trait(kind="resident")
        declared = factory.Trait(
            email=factory.Sequence("signer{}@example.org".format),
            charter=factory.SubFactory(CharterVersionFactory),
            declared_at=factory.LazyFunction(timezone.now),
        )
        confirmed = factory.Trait(
            declared=True,
            confirmed_at=factory.SelfAttribute("declared_at"),
            signature=factory.SubFactory(
                SignatureFactory,
                charter=factory.SelfAttribute("..charter"),
                declared_at=factory.SelfAttribute("..declared_at"),
                reference=factory.SelfAttribute("..reference"),
            ),
        )

    kind = "organisation"
    reference = factory.LazyFunction(new_reference)
    source = factory.Sequence("{:064x}".format)


class ReviewFactory(ModeratedFactory):
    """A review that opened 30 days before `due_on`, for an approved partner with a lead, and waits to be answered.

    Use the traits of what is moderated for one that was answered; `answered_at` is its sending-in then.
    """

    class Meta:
        model = Review
        skip_postgeneration_save = True

    class Params:
        missed = factory.Trait(closed_at=factory.LazyFunction(timezone.now), closing=Review.Closing.MISSED)

    partner = factory.SubFactory(PartnerFactory, approved=True, lead=True)
    round_on = factory.LazyFunction(timezone.localdate)
    due_on = factory.SelfAttribute("round_on")
    answered_at = factory.LazyAttribute(lambda review: getattr(review, "submitted_at", None))

    @factory.post_generation
    def known_from(self, create, extracted, **kwargs):
        if create:
            opened_on = self.due_on - datetime.timedelta(days=settings.REVIEW_OPENS_DAYS)
            DueDate.objects.create(review=self, due_on=self.due_on, known_from=extracted or opened_on)
            # Its round has been opened, so the partner waits for the next.
            if self.partner.next_round_on and self.partner.next_round_on <= self.round_on:
                self.partner.next_round_on = self.partner.round_after(self.round_on)
                self.partner.save(update_fields=["next_round_on"])


class AnswerFactory(factory.django.DjangoModelFactory):
    """A whole answer on a live pledge of the review's partner."""

    class Meta:
        model = Answer

    review = factory.SubFactory(ReviewFactory)
    pledge = factory.SubFactory(PledgeFactory, approved=True, partner=factory.SelfAttribute("..review.partner"))
    progress = Answer.Progress.ON_TRACK
    words = factory.Sequence("We did {} good things.".format)
    next = Answer.Next.RENEW


class EvidenceFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Evidence

    answer = factory.SubFactory(AnswerFactory)
    name = "Our year.pdf"
    file = factory.LazyFunction(lambda: ContentFile(b"%PDF-1.7 %%EOF", name="new.pdf"))
    size = factory.LazyAttribute(lambda evidence: evidence.file.size)


class StoryFactory(ModeratedFactory):
    """A story in which nobody can be recognised, offered by an approved partner; a draft unless a trait says more."""

    class Meta:
        model = Story
        skip_postgeneration_save = True

    class Params:
        approved = factory.Trait(
            decided=True, state=State.APPROVED, first_published_at=factory.SelfAttribute("decided_at")
        )
        visitors = factory.Trait(
            partner=None,
            offered_by=None,
            teller_name="Vera Visitor",
            teller_email=factory.Sequence("teller{}@example.org".format),
        )

    title = factory.Sequence("Story {}".format)
    summary = "A bakery took on somebody who had been out of work."
    body = "It began with *two* trial mornings."
    partner = factory.SubFactory(PartnerFactory, approved=True)
    offered_by = factory.SubFactory(UserFactory)
    shows_people = False
    confirmed_at = factory.LazyFunction(timezone.now)

    @factory.post_generation
    def areas(self, create, extracted, **kwargs):
        if create and extracted:
            self.areas.set(extracted)

    @factory.post_generation
    def districts(self, create, extracted, **kwargs):
        if create and extracted:
            self.districts.set(extracted)


class StoryPictureFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = StoryPicture

    story = factory.SubFactory(StoryFactory, approved=True)
    alt = "Loaves on a shelf"


class StoryPictureSizeFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = StoryPictureSize

    picture = factory.SubFactory(StoryPictureFactory)
    file = factory.LazyFunction(lambda: ContentFile(b"a picture", name="new.webp"))
    width, height = 400, 300


class ConsentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Consent

    story = factory.SubFactory(StoryFactory, approved=True, shows_people=True)
    name = "Leila Haddad"
    email = factory.Sequence("leila{}@example.org".format)
    uses = factory.LazyFunction(lambda: [Consent.Use.SITE])
    how = "Signed our form."
    until = factory.LazyFunction(lambda: timezone.localdate() + datetime.timedelta(days=365))


class ResourceFactory(ReferenceFactory):
    """A guide for everybody; `helper=True` makes it a local helper who has agreed."""

    class Meta:
        model = Resource
        skip_postgeneration_save = True

    class Params:
        helper = factory.Trait(
            kind=Resource.Kind.HELPER,
            agreed_by="The manager, by e-mail",
            agreed_on=factory.LazyFunction(timezone.localdate),
            agreed_until=factory.LazyFunction(lambda: timezone.localdate() + datetime.timedelta(days=365)),
        )

    kind = Resource.Kind.GUIDE
    title = factory.Sequence("Guide {}".format)
    slug = factory.Sequence("guide-{}".format)
    summary = "How to begin."
    body = "Begin with *one* thing."

    @factory.post_generation
    def areas(self, create, extracted, **kwargs):
        if create and extracted:
            self.areas.set(extracted)


class HelpRequestFactory(ModeratedFactory):
    class Meta:
        model = HelpRequest
        skip_postgeneration_save = True

    partner = factory.SubFactory(PartnerFactory, approved=True, lead=True)
    asked_by = factory.LazyAttribute(lambda row: row.partner.lead.user)
    direction = HelpRequest.Direction.WANTED
    need = "mentors"
    title = factory.Sequence("Mentors for {} people".format)
    text = "An hour a month."
    open_until = factory.LazyFunction(lambda: timezone.localdate() + datetime.timedelta(days=30))

    @factory.post_generation
    def areas(self, create, extracted, **kwargs):
        if create and extracted:
            self.areas.set(extracted)


class HelpReplyFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = HelpReply

    request = factory.SubFactory(HelpRequestFactory, approved=True)
    name = "Hal Helper"
    email = factory.Sequence("helper{}@example.org".format)
    message = "I can do that."
    source = factory.Sequence("{:064x}".format)
