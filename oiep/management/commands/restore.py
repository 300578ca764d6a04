from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from oiep.backup import NotABackUp, restore


class Command(BaseCommand):
    help = (
        "Puts back what `back_up` wrote, compares every table and file with it, and erases again who was erased since. "
        "Only into an empty database, unless told otherwise."
    )

    def add_arguments(self, parser):
        parser.add_argument("path", type=Path, help="The file that `back_up` wrote.")
        parser.add_argument("--replace", action="store_true", help="Lose what is in the database and the files now.")

    def handle(self, *, path, replace, **options):
        try:
            manifest, erased = restore(path, key=settings.BACKUP_KEY, replace=replace)
        except NotABackUp as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"Restored as it was at {manifest['made_at']}: {len(manifest['tables'])} tables and "
            f"{len(manifest['files'])} files, each the same as in the back-up. Erased again: {erased}."
        )
