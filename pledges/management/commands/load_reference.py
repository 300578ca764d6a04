import contextlib
import tomllib
from pathlib import Path

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from oiep import audit
from oiep.locks import lock_on
from oiep.models import AuditEvent
from partners.models import DeclineReason, District, PriorityArea, RecognitionKind, Sector
from pledges.models import CharterVersion, PledgeIdea, Resource

REFERENCE = Path(__file__).resolve().parents[2] / "reference"
# File, the name of its tables, what they become, and the field by which an entry is known.
LISTS = [
    ("charter.toml", "version", CharterVersion, "number"),
    ("areas.toml", "area", PriorityArea, "slug"),
    ("districts.toml", "district", District, "slug"),
    ("sectors.toml", "sector", Sector, "slug"),
    ("decline_reasons.toml", "reason", DeclineReason, "title"),
    ("recognitions.toml", "recognition", RecognitionKind, "slug"),
    ("resources.toml", "resource", Resource, "slug"),
]
LOADED = "reference.load"


class Command(BaseCommand):
    help = (
        "Adds the scheme's reference data that is not there yet: the Charter, priority areas, districts, sectors, "
        "reasons to decline, kinds of recognition, pledge ideas and the toolkit. "
        "What the manager has changed, retired or deleted "
        "stays as it is."
    )

    def add_arguments(self, parser):
        parser.add_argument("--directory", type=Path, default=REFERENCE, help="Where the TOML files are.")

    @transaction.atomic
    def handle(self, *, directory, **options):
        lock_on("load_reference")  # of two servers that start together, one waits and finds it done
        added = [(model, self.load(directory / file, table, model, key)) for file, table, model, key in LISTS]
        ideas = [self.load_ideas(path) for path in sorted((directory / "ideas").glob("*.toml"))]
        added.append((PledgeIdea, sum(ideas)))
        words = [f"{count} {name_of(model, count)}" for model, count in added if count]
        if options["verbosity"]:
            self.stdout.write(f"Reference data: {'added ' + ', '.join(words) if words else 'nothing to add'}.")

    def load_ideas(self, path):
        """Loads the ideas of one priority area, which the file is named after. Returns how many were new."""
        area = PriorityArea.objects.filter(slug=path.stem).first()
        if area is None:
            if path.stem in loaded_before(PriorityArea):
                return 0  # the manager has taken the area away
            raise CommandError(f"{path.name}: areas.toml has no priority area “{path.stem}”.")
        return self.load(path, "idea", PledgeIdea, "title", area=area)

    def load(self, path, table, model, key, **fixed):
        """Adds the entries of one file that are new. Returns how many.

        An entry that was loaded once is never loaded again: the manager may have renamed it, or done without it.
        """
        known = loaded_before(model) | set(model.objects.values_list(key, flat=True))
        seen = set()
        for number, entry in enumerate(read(path, table), start=1):
            name = entry.get(key)
            where = f"{path.name}, {table} {number} ({name})"
            if not name or name in seen:
                raise CommandError(f"{where}: each {table} needs a {key} of its own.")
            seen.add(name)
            if name not in known:
                self.add(model, {**entry, **fixed}, number, name, where)
        return len(seen - known)

    def add(self, model, values, number, name, where):
        if model is CharterVersion:
            values.setdefault("published_on", timezone.localdate())
        if hasattr(model, "order"):
            values.setdefault("order", number * 10)  # room for what the manager puts in between
        with naming(where):
            slugs = values.pop("areas", [])  # of a Resource
            obj = save(model, **stripped(values))
            if slugs:
                obj.areas.set([PriorityArea.objects.get(slug=slug) for slug in slugs])
        audit.record(verb=LOADED, subject=obj, key=name)


@contextlib.contextmanager
def naming(where):
    """Says of what cannot be loaded where it stands, and what is wrong with it."""
    try:
        yield
    except (TypeError, KeyError, ObjectDoesNotExist) as error:
        raise CommandError(f"{where}: {error}") from error
    except ValidationError as error:
        problems = [f"{field}: {' '.join(messages)}" for field, messages in error.message_dict.items()]
        raise CommandError(f"{where}: {'; '.join(problems)}") from error


def save(model, **values):
    obj = model(**values)
    obj.full_clean()
    obj.save(force_insert=True)
    return obj


def stripped(values):
    return {field: value.strip() if isinstance(value, str) else value for field, value in values.items()}


def read(path, table):
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError(f"{path.name}: {error}") from error
    entries = data.get(table)
    if set(data) != {table} or not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise CommandError(f"{path.name}: it should hold nothing but [[{table}]] tables.")
    return entries


def loaded_before(model):
    events = AuditEvent.objects.filter(verb=LOADED, subject_type__app_label=model._meta.app_label)
    return set(events.filter(subject_type__model=model._meta.model_name).values_list("data__key", flat=True))


def name_of(model, count):
    return model._meta.verbose_name if count == 1 else model._meta.verbose_name_plural
