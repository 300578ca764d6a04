from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Makes the database ready to serve from: tables, reference data and, if asked for, examples. Safe to repeat."

    def add_arguments(self, parser):
        parser.add_argument("--examples", action="store_true", help="Also load example partners and accounts.")

    def handle(self, *, examples, **options):
        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
        call_command("load_reference", stdout=self.stdout)
        call_command("load_groups", stdout=self.stdout)
        call_command("load_events", stdout=self.stdout)
        call_command("load_history", stdout=self.stdout)
        if examples:
            call_command("load_examples", stdout=self.stdout)
            call_command("load_example_stories", stdout=self.stdout)
            call_command("load_example_followers", stdout=self.stdout)
            call_command("load_example_groups", stdout=self.stdout)
            call_command("load_example_events", stdout=self.stdout)
            call_command("load_example_awards", stdout=self.stdout)
            call_command("load_example_reports", stdout=self.stdout)
            call_command("load_example_desk", stdout=self.stdout)
        else:
            self.say_who_may_use_admin()
        if settings.EMAIL_BACKEND == "oiep.mail_files.EmailBackend":
            self.stdout.write(f"E-mails are written as files to {_short(settings.EMAIL_FILE_PATH)}/")

    def say_who_may_use_admin(self):
        staff = get_user_model().objects.filter(is_staff=True, is_active=True).values_list("email", flat=True)
        if staff:
            self.stdout.write(f"Accounts that may use admin: {', '.join(staff.order_by('email'))}.")
        else:
            self.stdout.write("Nobody may use admin yet. Make the first account: python manage.py createsuperuser")


def _short(path):
    """The path as seen from where the command was given, where that is shorter."""
    path = Path(path)
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
