import datetime

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from oiep.locks import lock_on
from oiep.reports import actions
from oiep.reports.models import UpdateReport

# The report that the partnership's first one is: drafted from the data, and published.
REPORT = {
    "name": "May 2022",
    "slug": "may-2022",
    "starts_on": datetime.date(2021, 3, 1),
    "ends_on": datetime.date(2022, 5, 31),
    "reported_on": datetime.date(2022, 6, 13),
    "author": "Clayton Lavallin, Principal Regeneration and Economic Development Officer, Oxford City Council, for the "
    "OIEP",
}


class Command(BaseCommand):
    help = "Adds an update report for May 2022 to a local machine, drafted and published, after load_history."

    @transaction.atomic
    def handle(self, **options):
        if settings.PRODUCTION:
            raise CommandError("These are examples for a local machine; nothing was loaded with SITE=production.")
        lock_on("load_example_reports")
        if UpdateReport.objects.exists():
            self.stdout.write("Example reports: they are here already.")
            return
        manager = get_user_model().objects.filter(is_example=True, is_staff=True).order_by("pk").first()
        if manager is None:
            raise CommandError("There are no example accounts. Run first: load_examples")
        report = UpdateReport(is_example=True, **REPORT)
        report.full_clean()
        report.save()
        actions.draft(report=report, actor=manager)
        actions.review(report=report, actor=manager)
        actions.publish(report=report, actor=manager)
        self.stdout.write("Example reports: added the one for May 2022.")
