import datetime

import factory
from django.core.files.base import ContentFile
from django.utils import timezone

from tests.factories.oiep import UserFactory
from working_groups.models import (
    Action,
    Attendance,
    CalendarAddress,
    Decision,
    Group,
    GroupInvitation,
    GroupJoinRequest,
    GroupMember,
    Meeting,
    Paper,
    ProgressUpdate,
)


class GroupFactory(factory.django.DjangoModelFactory):
    """A working group, open to the public, with nobody in it. areas: a list. chair: a user, or True to make one."""

    class Meta:
        model = Group
        skip_postgeneration_save = True

    kind = Group.Kind.WORKING
    name = factory.Sequence("Group {}".format)
    slug = factory.Sequence("group-{}".format)
    purpose = "Helps people who are far from work to find it."

    @factory.post_generation
    def areas(self, create, extracted, **kwargs):
        if create and extracted:
            self.areas.set(extracted)

    @factory.post_generation
    def chair(self, create, extracted, **kwargs):
        if create and extracted:
            user = UserFactory(**kwargs) if extracted is True else extracted
            GroupMemberFactory(group=self, user=user, role=GroupMember.Role.CHAIR)


class GroupMemberFactory(factory.django.DjangoModelFactory):
    """A member since a year ago, not shown to the public unless `shown`."""

    class Meta:
        model = GroupMember

    class Params:
        shown = factory.Trait(agreed_on=factory.LazyFunction(timezone.localdate), agreed_how="Said so on the site.")
        ended = factory.Trait(ends_on=factory.LazyFunction(timezone.localdate))
        named = factory.Trait(user=None, name=factory.Sequence("Person {}".format))

    group = factory.SubFactory(GroupFactory)
    user = factory.SubFactory(UserFactory)
    starts_on = factory.LazyFunction(lambda: timezone.localdate() - datetime.timedelta(days=365))


class GroupInvitationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = GroupInvitation

    group = factory.SubFactory(GroupFactory)
    email = factory.Sequence("invited{}@example.org".format)
    invited_by = factory.SubFactory(UserFactory)


class GroupJoinRequestFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = GroupJoinRequest

    group = factory.SubFactory(GroupFactory)
    user = factory.SubFactory(UserFactory)


class CalendarAddressFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = CalendarAddress

    user = factory.SubFactory(UserFactory)


class MeetingFactory(factory.django.DjangoModelFactory):
    """A meeting of two hours, tomorrow unless `past`; a draft unless it was `called`."""

    class Meta:
        model = Meeting

    class Params:
        called = factory.Trait(called_at=factory.LazyFunction(timezone.now))
        cancelled = factory.Trait(called=True, cancelled_at=factory.LazyFunction(timezone.now))
        past = factory.Trait(
            called=True, starts_at=factory.LazyFunction(lambda: timezone.now() - datetime.timedelta(days=30))
        )
        minuted = factory.Trait(past=True, minutes="We met.", minutes_published_at=factory.LazyFunction(timezone.now))

    group = factory.SubFactory(GroupFactory)
    title = factory.Sequence("Meeting {}".format)
    starts_at = factory.LazyFunction(lambda: timezone.now() + datetime.timedelta(days=1))
    ends_at = factory.LazyAttribute(lambda meeting: meeting.starts_at + datetime.timedelta(hours=2))
    place = "Town Hall, Oxford"


class AttendanceFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Attendance

    meeting = factory.SubFactory(MeetingFactory, past=True)
    member = factory.SubFactory(GroupMemberFactory, group=factory.SelfAttribute("..meeting.group"))
    answer = Attendance.Answer.PRESENT


class DecisionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Decision

    meeting = factory.SubFactory(MeetingFactory, past=True)
    text = "We write to all colleges."


class PaperFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Paper

    class Params:
        published = factory.Trait(published_at=factory.LazyFunction(timezone.now))

    group = factory.SubFactory(GroupFactory)
    title = factory.Sequence("Paper {}".format)
    file = factory.LazyFunction(lambda: ContentFile(b"%PDF-1.4\n%%EOF", name="paper.pdf"))
    name = "paper.pdf"
    size = 14


class ActionFactory(factory.django.DjangoModelFactory):
    """Due in 30 days, not started, with an owner in the group."""

    class Meta:
        model = Action

    class Params:
        achieved = factory.Trait(progress=Action.Progress.ACHIEVED, closed_on=factory.LazyFunction(timezone.localdate))

    group = factory.SubFactory(GroupFactory)
    what = "Write to all colleges about mentoring."
    owner = factory.SubFactory(GroupMemberFactory, group=factory.SelfAttribute("..group"))
    due_on = factory.LazyFunction(lambda: timezone.localdate() + datetime.timedelta(days=30))


class ProgressUpdateFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ProgressUpdate

    group = factory.SubFactory(GroupFactory)
    text = "Three sub-groups established."
