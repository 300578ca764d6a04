import datetime
from pathlib import Path

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from oiep import audit
from oiep.locks import lock_on
from oiep.reports.models import Statement
from pledges.management.commands.load_reference import LOADED, loaded_before, name_of, naming, read, save, stripped
from working_groups.models import Group, Meeting

REFERENCE = Path(__file__).resolve().parents[2] / "reference"


class Command(BaseCommand):
    help = (
        "Adds what the partnership's first update report tells of its history and is not there yet, after load_groups "
        "and load_events: statements for reports, and meetings. What the manager has changed or deleted stays as it is."
    )

    def add_arguments(self, parser):
        parser.add_argument("--directory", type=Path, default=REFERENCE, help="Where the TOML files are.")

    @transaction.atomic
    def handle(self, *, directory, **options):
        lock_on("load_history")  # of two servers that start together, one waits and finds it done
        added = [
            (Statement, self.load(directory / "statements.toml", "statement", Statement, "title", self.add_statement)),
            (Meeting, self.load(directory / "meetings.toml", "meeting", Meeting, "key", self.add_meeting)),
        ]
        words = [f"{count} {name_of(model, count)}" for model, count in added if count]
        if options["verbosity"]:
            self.stdout.write(f"History: {'added ' + ', '.join(words) if words else 'nothing to add'}.")

    def load(self, path, table, model, key, add):
        """Adds the entries of a file that were never loaded. Returns how many."""
        known, added = loaded_before(model), 0
        if model is Statement:
            known |= set(Statement.objects.values_list("title", flat=True))
        for number, entry in enumerate(read(path, table), start=1):
            if entry.get(key) in known:
                continue
            with naming(f"{path.name}, {table} {number} ({entry.get(key)})"):
                obj = add(stripped(entry), number)
            if obj:
                audit.record(verb=LOADED, subject=obj, key=entry[key])
                added += 1
        return added

    def add_statement(self, values, number):
        day, month = values.pop("day", None), values.pop("month", None)
        values.setdefault("order", number * 10)
        until = values.pop("until", None)
        return save(Statement, starts_on=day or month, is_day_known=day is not None, ends_on=until, **values)

    def add_meeting(self, values, number):
        """A meeting of which no more than the month is known; none where the manager has done without the group."""
        group = Group.objects.filter(slug=values["group"]).first()
        if group is None and values["group"] in loaded_before(Group):
            return None
        first = datetime.datetime.combine(values["month"], datetime.time(), timezone.get_default_timezone())
        return save(
            Meeting,
            group=group or Group.objects.get(slug=values["group"]),
            title=values["title"],
            starts_at=first,
            ends_at=first + datetime.timedelta(hours=1),
            is_day_known=False,
            called_at=timezone.now(),
        )
