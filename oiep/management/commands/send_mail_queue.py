from django.core.management.base import BaseCommand

from oiep import email


class Command(BaseCommand):
    help = "Sends the mail that is due, as the worker does each minute: by hand, or from cron where the worker hangs."

    def handle(self, **options):
        self.stdout.write(f"{email.send_due()} sent.")
