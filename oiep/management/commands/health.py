import json

from django.core.management.base import BaseCommand, CommandError

from oiep import health


class Command(BaseCommand):
    help = "Says how late the work behind the pages is, as /health/ready does. Fails when something is."

    def handle(self, **options):
        state = health.ready()
        self.stdout.write(json.dumps(state))
        if not state["ready"]:
            raise CommandError("The database does not answer.")
        if state["late"]:
            raise CommandError(f"Late: {', '.join(state['late'])}.")
