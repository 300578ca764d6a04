import datetime

import factory

from oiep.reports.models import Statement, UpdateReport
from oiep.reports.sections import Section


class StatementFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Statement

    title = factory.Sequence(lambda n: f"Statement {n}")
    section = Section.COMMUNITY
    text = "We talked with people."
    kind = Statement.Kind.HAPPENED
    starts_on = datetime.date(2027, 3, 10)


class UpdateReportFactory(factory.django.DjangoModelFactory):
    """A report for March 2027."""

    class Meta:
        model = UpdateReport

    name = factory.Sequence(lambda n: f"March 2027, {n}")
    slug = factory.Sequence(lambda n: f"march-2027-{n}")
    starts_on = datetime.date(2027, 3, 1)
    ends_on = datetime.date(2027, 3, 31)
    reported_on = datetime.date(2027, 4, 9)
    author = "The manager"
