import factory
from django.contrib.auth.models import Group
from django.utils import timezone

from oiep.models import NewsWish, OutgoingEmail, User
from oiep.moderation import State
from oiep.roles import MANAGER


class UserFactory(factory.django.DjangoModelFactory):
    """A person who signs in by a code; `password="…"` gives them one."""

    class Meta:
        model = User

    email = factory.Sequence("person{}@example.org".format)
    name = factory.Sequence("Person {}".format)

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        return model_class.objects.create_user(*args, **kwargs)


class ManagerFactory(UserFactory):
    """A member of the group that runs the scheme in admin."""

    class Meta:
        skip_postgeneration_save = True

    email = factory.Sequence("manager{}@example.org".format)
    name = factory.Sequence("Manager {}".format)
    is_staff = True

    @factory.post_generation
    def in_group(self, create, extracted, **kwargs):
        if create:
            self.groups.add(Group.objects.get(name=MANAGER))


class ModeratedFactory(factory.django.DjangoModelFactory):
    """A draft, unless a trait says how far it has come."""

    class Meta:
        abstract = True

    class Params:
        submitted = factory.Trait(state=State.SUBMITTED, submitted_at=factory.LazyFunction(timezone.now))
        decided = factory.Trait(
            submitted_at=factory.LazyFunction(timezone.now),
            decided_at=factory.LazyFunction(timezone.now),
            decided_by=factory.SubFactory(ManagerFactory),
        )
        approved = factory.Trait(decided=True, state=State.APPROVED)
        changes_asked = factory.Trait(
            decided=True, state=State.CHANGES_ASKED, decision_message="Say more about what you do."
        )
        declined = factory.Trait(
            decided=True, state=State.DECLINED, decision_message="The Charter is for people who work in Oxfordshire."
        )


class OutgoingEmailFactory(factory.django.DjangoModelFactory):
    """A message that waits to be sent; `oiep.email.queue` is how the site writes one."""

    class Meta:
        model = OutgoingEmail

    class Params:
        sent = factory.Trait(state=OutgoingEmail.State.SENT, attempts=1, sent_at=factory.LazyFunction(timezone.now))
        failed = factory.Trait(state=OutgoingEmail.State.FAILED, attempts=1, reason="550 No such mailbox")

    template = "test"
    to = factory.Sequence("reader{}@example.org".format)
    subject_line = factory.Sequence("Message {}".format)
    text = "Hello.\n"


class NewsWishFactory(factory.django.DjangoModelFactory):
    """Somebody who asked for the news."""

    class Meta:
        model = NewsWish

    user = factory.SubFactory(UserFactory)
    how = NewsWish.How.ACCOUNT
