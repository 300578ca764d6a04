import factory
from django.utils import timezone

from oiep.reach.models import Follow, Follower
from tests.factories.partners import PriorityAreaFactory


class FollowerFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Follower
        django_get_or_create = ("email",)

    email = factory.Sequence("follower{}@example.org".format)


class FollowFactory(factory.django.DjangoModelFactory):
    """A request to follow, of an area unless another thing is given; confirmed: from today on."""

    class Meta:
        model = Follow

    class Params:
        confirmed = factory.Trait(
            confirmed_at=factory.LazyFunction(timezone.now), told_until=factory.LazyFunction(timezone.localdate)
        )

    follower = factory.SubFactory(FollowerFactory)
    place = partner = None
    area = factory.LazyAttribute(lambda follow: None if follow.place or follow.partner else PriorityAreaFactory())
    source = factory.Sequence("{:064x}".format)
