import datetime

import factory
from django.core.files.base import ContentFile
from django.utils import timezone

from events.models import (
    AwardRound,
    Category,
    Contributor,
    Criterion,
    Event,
    Feedback,
    Interest,
    Judge,
    JudgeInvitation,
    LearningPoint,
    Material,
    Nomination,
    Photograph,
    ProgrammeItem,
    Registration,
    Score,
    Series,
    Vote,
    VoteRequest,
)
from tests.factories.oiep import ModeratedFactory, UserFactory
from tests.factories.partners import PICTURE, PartnerFactory


def _in_days(number):
    return timezone.now() + datetime.timedelta(days=number)


class SeriesFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Series

    name = factory.Sequence("Series {}".format)
    slug = factory.Sequence("series-{}".format)


class EventFactory(factory.django.DjangoModelFactory):
    """A workshop of two hours in 30 days, with room for everybody; a draft unless `published`, `past` or `cancelled`.

    areas: a list.
    """

    class Meta:
        model = Event
        skip_postgeneration_save = True

    class Params:
        published = factory.Trait(published_at=factory.LazyFunction(lambda: _in_days(-60)))
        cancelled = factory.Trait(published=True, cancelled_at=factory.LazyFunction(timezone.now))
        past = factory.Trait(published=True, starts_at=factory.LazyFunction(lambda: _in_days(-30)))

    kind = Event.Kind.WORKSHOP
    title = factory.Sequence("Workshop {}".format)
    slug = factory.Sequence("workshop-{}".format)
    summary = "How to buy more from firms nearby."
    starts_at = factory.LazyFunction(lambda: _in_days(30))
    ends_at = factory.LazyAttribute(lambda event: event.starts_at + datetime.timedelta(hours=2))
    place = "Town Hall, Oxford"

    @factory.post_generation
    def areas(self, create, extracted, **kwargs):
        if create and extracted:
            self.areas.set(extracted)


class ContributorFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Contributor

    event = factory.SubFactory(EventFactory)
    role = Contributor.Role.HOST
    name = factory.Sequence("Host {}".format)


class ProgrammeItemFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ProgrammeItem

    event = factory.SubFactory(EventFactory)
    starts_at = datetime.time(10)
    title = "Welcome"


class LearningPointFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = LearningPoint

    event = factory.SubFactory(EventFactory, past=True)
    text = "Small firms need to hear of tenders earlier."


class PhotographFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Photograph

    class Params:
        public = factory.Trait(is_public=True, consent="Everybody in it said yes on the day.")

    event = factory.SubFactory(EventFactory, past=True)
    file = factory.LazyFunction(lambda: ContentFile(PICTURE, name="photograph.png"))
    alt = "Twelve people round a table, laughing."
    width = height = 1


class MaterialFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Material

    event = factory.SubFactory(EventFactory, past=True)
    title = "Slides"
    file = factory.LazyFunction(lambda: ContentFile(b"%PDF-1.4\n%%EOF", name="slides.pdf"))
    name = "slides.pdf"
    size = 14


class RegistrationFactory(factory.django.DjangoModelFactory):
    """One place; not confirmed unless `booked`, `waiting`, `offered`, `cancelled` or `lapsed`."""

    class Meta:
        model = Registration

    class Params:
        booked = factory.Trait(state=Registration.State.BOOKED, confirmed_at=factory.LazyFunction(timezone.now))
        queued = factory.Trait(
            confirmed_at=factory.LazyFunction(timezone.now), queued_at=factory.LazyFunction(timezone.now)
        )
        waiting = factory.Trait(queued=True, state=Registration.State.WAITING)
        offered = factory.Trait(
            queued=True, state=Registration.State.OFFERED, offered_until=factory.LazyFunction(lambda: _in_days(2))
        )
        cancelled = factory.Trait(state=Registration.State.CANCELLED, ended_at=factory.LazyFunction(timezone.now))
        lapsed = factory.Trait(
            queued=True, state=Registration.State.LAPSED, ended_at=factory.LazyFunction(timezone.now)
        )

    event = factory.SubFactory(EventFactory, published=True)
    name = factory.Sequence("Visitor {}".format)
    email = factory.Sequence("guest{}@example.com".format)


class FeedbackFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Feedback

    event = factory.SelfAttribute("registration.event")
    registration = factory.SubFactory(RegistrationFactory, event__past=True, booked=True)
    rating = 4


class AwardRoundFactory(factory.django.DjangoModelFactory):
    """Awards that take nominations now. Published; `judging` and `over` move their times into the past."""

    class Meta:
        model = AwardRound

    class Params:
        judging = factory.Trait(
            opens_at=factory.LazyFunction(lambda: _in_days(-60)), closes_at=factory.LazyFunction(lambda: _in_days(-10))
        )
        over = factory.Trait(
            judging=True,
            judged_until=factory.LazyFunction(lambda: _in_days(-5)),
            announced_at=factory.LazyFunction(lambda: _in_days(-1)),
            shortlisted_at=factory.LazyFunction(lambda: _in_days(-4)),
        )

    year = factory.Sequence(lambda n: 2027 + n % 170)
    title = "Inclusive Economy Awards"
    opens_at = factory.LazyFunction(lambda: _in_days(-10))
    closes_at = factory.LazyFunction(lambda: _in_days(20))
    judged_until = factory.LazyFunction(lambda: _in_days(40))
    announced_at = factory.LazyFunction(lambda: _in_days(60))
    published_at = factory.LazyFunction(lambda: _in_days(-61))


class CategoryFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Category

    round = factory.SubFactory(AwardRoundFactory)
    name = factory.Sequence("Category {}".format)
    slug = factory.Sequence("category-{}".format)


class CriterionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Criterion

    round = factory.SubFactory(AwardRoundFactory)
    name = factory.Sequence("Criterion {}".format)


class NominationFactory(ModeratedFactory):
    """A draft unless traits say more."""

    class Meta:
        model = Nomination

    class Params:
        shortlisted = factory.Trait(approved=True, is_shortlisted=True)
        winner = factory.Trait(shortlisted=True, place=1)

    category = factory.SubFactory(CategoryFactory)
    partner = factory.SubFactory(PartnerFactory, approved=True, lead=True)
    nominated_by = factory.SubFactory(UserFactory)
    why = "They hired twelve people who had been out of work for years."


class JudgeFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Judge

    round = factory.SubFactory(AwardRoundFactory)
    user = factory.SubFactory(UserFactory)


class JudgeInvitationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = JudgeInvitation

    round = factory.SubFactory(AwardRoundFactory)
    email = factory.Sequence("judge{}@example.com".format)
    invited_by = factory.SubFactory(UserFactory)


class InterestFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Interest

    judge = factory.SubFactory(JudgeFactory)
    partner = factory.SubFactory(PartnerFactory, approved=True)


class ScoreFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Score

    judge = factory.SubFactory(JudgeFactory)
    nomination = factory.SubFactory(NominationFactory, approved=True)
    criterion = factory.SubFactory(CriterionFactory)
    points = 3


class VoteFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Vote

    category = factory.SelfAttribute("nomination.category")
    nomination = factory.SubFactory(NominationFactory, shortlisted=True)
    voter = factory.Sequence("{:064x}".format)


class VoteRequestFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = VoteRequest

    category = factory.SelfAttribute("nomination.category")
    nomination = factory.SubFactory(NominationFactory, shortlisted=True)
    voter = factory.Sequence("{:064x}".format)
    source = factory.Sequence("{:064x}".format)
