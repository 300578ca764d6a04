from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from oiep import audit
from oiep.locks import lock_on
from partners.models import PriorityArea
from pledges.management.commands.load_reference import LOADED, loaded_before, name_of, naming, read, save, stripped
from working_groups.models import Group, GroupMember, ProgressUpdate

GROUPS = Path(__file__).resolve().parents[2] / "reference" / "groups.toml"
# The report that names them, and how we know that those in it may be named.
REPORTED = {
    "starts_on": "2022-06-13",
    "agreed_on": "2022-06-13",
    "agreed_how": "Named in the partnership's public report of 13 June 2022.",
}


class Command(BaseCommand):
    help = (
        "Adds the partnership's working groups that are not there yet, after load_reference. What the manager has "
        "changed, ended or deleted stays as it is."
    )

    def add_arguments(self, parser):
        parser.add_argument("--file", type=Path, default=GROUPS, help="The TOML file that they are read from.")

    @transaction.atomic
    def handle(self, *, file, **options):
        lock_on("load_groups")  # of two servers that start together, one waits and finds it done
        once = loaded_before(Group)
        known, added = once | set(Group.objects.values_list("slug", flat=True)), 0
        for number, entry in enumerate(read(file, "group"), start=1):
            where = f"{file.name}, group {number} ({entry.get('slug')})"
            if entry.get("slug") not in known:
                added += self.add(entry, number, where, once)
        if options["verbosity"]:
            what = f"added {added} {name_of(Group, added)}" if added else "nothing to add"
            self.stdout.write(f"Working groups: {what}.")

    def add(self, entry, number, where, once):
        """Adds one group with its people and updates. Returns how many: none if the manager has done without its
        parent."""
        values = dict(entry)
        parent, areas = values.pop("part_of", None), values.pop("areas", [])
        members, updates = values.pop("members", []), values.pop("updates", [])
        if parent:
            values["parent"] = Group.objects.filter(slug=parent).first()
            if values["parent"] is None and parent in once:
                return 0
            if values["parent"] is None:
                raise CommandError(f"{where}: there is no group “{parent}” above it.")
        with naming(where):
            group = save(Group, order=number * 10, **stripped(values))  # room for what the manager puts in between
            group.areas.set(areas_of(areas))
            for member in members:
                save(GroupMember, group=group, **REPORTED, **member)
            for update in updates:
                save(ProgressUpdate, group=group, **dated(update))
        audit.record(verb=LOADED, subject=group, key=group.slug)
        return 1


def areas_of(slugs):
    """The priority areas of these addresses, but those that the manager has done without."""
    there = {area.slug: area for area in PriorityArea.objects.filter(slug__in=slugs)}
    if unknown := {*slugs} - {*there} - loaded_before(PriorityArea):
        raise KeyError(f"there is no priority area {', '.join(sorted(unknown))}")
    return there.values()


def dated(update):
    """The values of an update, of which a month or a day is given."""
    month, day = update.get("month"), update.get("day")
    return {"happened_on": day or month, "is_day_known": day is not None, "text": update["text"]}
