import datetime
from pathlib import Path

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from events.models import Contributor, Event, LearningPoint, Series
from oiep import audit
from oiep.locks import lock_on
from partners.models import District
from pledges.management.commands.load_reference import LOADED, loaded_before, name_of, naming, read, save, stripped

REFERENCE = Path(__file__).resolve().parents[2] / "reference"
ROLES = {
    "hosts": Contributor.Role.HOST,
    "partners": Contributor.Role.PARTNER,
    "sponsors": Contributor.Role.SPONSOR,
}


class Command(BaseCommand):
    help = (
        "Adds the events of the partnership's two reports that are not there yet, after load_reference. What the "
        "manager has changed or deleted stays as it is."
    )

    def add_arguments(self, parser):
        parser.add_argument("--directory", type=Path, default=REFERENCE, help="Where the TOML files are.")

    @transaction.atomic
    def handle(self, *, directory, **options):
        lock_on("load_events")  # of two servers that start together, one waits and finds it done
        self.load(directory / "series.toml", "series", Series, self.add_series)
        added = self.load(directory / "events.toml", "event", Event, self.add_event)
        if options["verbosity"]:
            what = f"added {added} {name_of(Event, added)}" if added else "nothing to add"
            self.stdout.write(f"Events: {what}.")

    def load(self, path, table, model, add):
        """Adds the entries of a file that are new, by their slugs. Returns how many."""
        known, added = loaded_before(model) | set(model.objects.values_list("slug", flat=True)), 0
        for number, entry in enumerate(read(path, table), start=1):
            if entry.get("slug") in known:
                continue
            where = f"{path.name}, {table} {number} ({entry.get('slug')})"
            with naming(where):
                obj = add(stripped(entry))
            audit.record(verb=LOADED, subject=obj, key=obj.slug)
            added += 1
        return added

    def add_series(self, values):
        return save(Series, **values)

    def add_event(self, values):
        names = {role: values.pop(table, []) for table, role in ROLES.items()}
        learning, series, district = (
            values.pop("learning", []),
            values.pop("series", None),
            values.pop("district", None),
        )
        day = values.pop("day")
        event = save(
            Event,
            starts_at=_at(day, 0),
            ends_at=_at(day, 23),
            published_at=timezone.now(),
            takes_bookings=False,
            series=series and Series.objects.get(slug=series),
            district=district and District.objects.get(slug=district),
            **values,
        )
        for role, organisations in names.items():
            for number, name in enumerate(organisations):
                save(Contributor, event=event, role=role, name=name, order=number)
        for number, text in enumerate(learning):
            save(LearningPoint, event=event, text=text, order=number)
        return event


def _at(day, hour):
    """An hour of a day in Oxfordshire."""
    return datetime.datetime.combine(day, datetime.time(hour), timezone.get_default_timezone())
