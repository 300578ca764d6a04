import datetime

import pytest
from django.core.management import call_command

from oiep.reports.models import UpdateReport


@pytest.fixture
def history(db):
    """The scheme's own data and the partnership's history, as `prepare` loads them."""
    for command in ("load_reference", "load_groups", "load_events", "load_history"):
        call_command(command, verbosity=0)


@pytest.fixture
def report(db):
    """A report for May 2022 of which nothing is drafted yet."""
    return UpdateReport.objects.create(
        name="May 2022",
        slug="may-2022",
        starts_on=datetime.date(2021, 3, 1),
        ends_on=datetime.date(2022, 5, 31),
        reported_on=datetime.date(2022, 6, 13),
        author="Clayton Lavallin, Principal Regeneration and Economic Development Officer, Oxford City Council/OIEP",
    )
