from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from oiep.backup import NotABackUp, back_up


class Command(BaseCommand):
    help = (
        "Writes the database and the files that people sent into one file, while everybody works on. BACKUP_KEY, if "
        "set, seals it."
    )

    def add_arguments(self, parser):
        parser.add_argument("path", type=Path, help="The file to write, or a folder for one with the time as its name.")

    def handle(self, *, path, **options):
        key = settings.BACKUP_KEY
        if path.is_dir():
            path /= f"charter-{timezone.now():%Y%m%dT%H%M%SZ}.{'backup' if key else 'tar.gz'}"
        try:
            manifest = back_up(path, key=key)
        except NotABackUp as error:
            raise CommandError(str(error)) from error
        rows = sum(count for count, _checksum in manifest["tables"].values())
        self.stdout.write(
            f"{path}: {len(manifest['tables'])} tables with {rows} rows, {len(manifest['files'])} files, "
            f"{path.stat().st_size} bytes, {'sealed' if key else 'not sealed: BACKUP_KEY is not set'}."
        )
        if manifest["unused"]:
            self.stdout.write(f"Files that no row names: {', '.join(manifest['unused'])}")
        if manifest["missing"]:
            raise CommandError(
                f"The back-up is made. Files that rows name and that are gone: {', '.join(manifest['missing'])}"
            )
