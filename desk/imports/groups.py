"""Lists of working groups, each with the one above it."""

from django.core.exceptions import ValidationError
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from desk.imports import cells
from desk.imports.plan import Column, Kind
from desk.imports.used import delete_unused
from oiep import audit
from oiep.text import fold
from partners.models import PriorityArea
from working_groups.models import Group, GroupMember
from working_groups.models.groups import LEVELS_AT_MOST, RESERVED

COLUMNS = (
    Column("name", _("Group"), cells.line(120), needed=True, also=("name", "group name", "working group", "title"),
           example="Inclusive procurement"),
    Column(
        "kind", _("Kind"),
        cells.one_of(Group.Kind.choices, steering=("steering",), working=("working",), sub=("subgroup", "sub group"),
                     task=("task and finish", "task and finish group"), strand=("strand", "work strand")),
        also=("type", "kind of group"), help=_("A working group, unless you say otherwise."), example="Working group",
        blank=Group.Kind.WORKING,
    ),
    Column("parent", _("Part of"), cells.line(120), also=("parent", "parent group", "reports to", "under"),
           help=_("The group above it, by name: one that is here or in this list."), example="Steering Group"),
    Column("purpose", _("What it is for"), cells.line(400), needed=True, also=("purpose", "aim", "aims", "remit"),
           example="Helps public bodies to buy from firms in the county."),
    Column("about", _("About"), cells.text(20_000), also=("description", "notes")),
    Column("chair", _("Chair"), cells.line(150), also=("chair name", "chaired by"),
           help=_("A name. The public does not see it unless the person agrees."), example="Kim Carter"),
    Column("areas", _("Priority areas"),
           cells.several_of(lambda known: [(area.pk, area.short_name) for area in known.areas]),
           also=("priority area", "area", "areas"), example="Local spend and procurement", blank=()),
    Column("starts_on", _("Established"), cells.date, also=("start", "start date", "since", "from"),
        example="4 May 2022",
           blank=None),
    Column("ends_on", _("Ends"), cells.date, also=("end", "end date", "until", "to"),
           help=_("A task and finish group needs one."), blank=None),
    Column("is_closed", _("Closed to the public"), cells.yes_or_no, also=("closed", "private"), example="No",
           blank=False),
)  # fmt: skip


class _Here:
    decimal_comma = False

    def __init__(self):
        self.areas = list(PriorityArea.objects.current())
        self.groups = {fold(group.name): group for group in Group.objects.select_related("parent")}


def _judge(rows, known):
    in_list = {}
    for row in rows:
        name = fold(row.values.get("name") or "")
        if not name:
            continue
        if name in known.groups:
            row.same_as = str(_("a group of this name"))
        elif name in in_list:
            row.wrong(
                _("Group"), _("The same group stands in row %(row)s. Keep one of them.") % {"row": in_list[name].number}
            )
        else:
            in_list[name] = row
    for row in rows:
        _judge_place(row, in_list, known)
        starts, ends = row.values.get("starts_on"), row.values.get("ends_on")
        if row.values.get("kind") == Group.Kind.TASK and not ends:
            row.wrong(_("Ends"), _("A task and finish group has a day on which it ends."))
        if starts and ends and ends < starts:
            row.wrong(_("Ends"), _("It ends before it starts."))


def _judge_place(row, in_list, known):
    """Whether the group above it is known, and it does not stand below itself."""
    above, levels = fold(row.values.get("parent") or ""), 0
    while above:
        levels += 1
        if above == fold(row.values.get("name") or "") or levels >= LEVELS_AT_MOST:
            words = _("A group cannot be part of itself, and groups can stand at most %(number)s levels deep.")
            return row.wrong(_("Part of"), words % {"number": LEVELS_AT_MOST})
        if above in in_list:
            above = fold(in_list[above].values.get("parent") or "")
        elif above in known.groups:
            parent = known.groups[above].parent
            above = fold(parent.name) if parent else ""
        elif levels == 1:
            return row.wrong(_("Part of"), _("There is no group of this name, here or in this list."))
        else:
            return None  # that row says it
    return None


def _shown(row):
    return row.values["name"], row.values["parent"]


def in_order(rows):
    """Groups after those that they are part of."""
    by_name = {fold(row.values["name"]): row for row in rows}

    def depth(row):
        deep, above = 0, fold(row.values["parent"])
        while above in by_name and deep <= LEVELS_AT_MOST:
            deep, above = deep + 1, fold(by_name[above].values["parent"])
        return deep

    return sorted(rows, key=depth)


def write(row, actor):
    values = row.values
    parent = Group.objects.filter(name__iexact=values["parent"]).order_by("pk").first() if values["parent"] else None
    fields = ("kind", "name", "purpose", "about", "starts_on", "ends_on", "is_closed")
    group = Group(parent=parent, slug=_free_slug(values["name"]), **{name: values[name] for name in fields})
    try:
        group.full_clean()
    except ValidationError as refusal:
        raise ValidationError(f"{values['name']}: {' '.join(refusal.messages)}") from None
    group.save()
    group.areas.set(values["areas"])
    audit.record(verb="group.brought_in", subject=group, actor=actor)
    if values["chair"]:
        GroupMember.objects.create(group=group, name=values["chair"], role=GroupMember.Role.CHAIR)
    return "group", str(group.pk)


def _free_slug(name):
    base = slugify(fold(name))[:70] or "group"
    slug, number = base, 1
    while slug in RESERVED or Group.objects.filter(slug=slug).exists():
        number += 1
        slug = f"{base}-{number}"
    return slug


def take_out(key, actor):
    """Deletes a group, with the chair that came with it. Raises NotPossible where it has been worked with since."""
    if group := Group.objects.filter(pk=key).first():
        own = group.members.filter(user=None, role=GroupMember.Role.CHAIR)
        delete_unused(group, besides={"members": own if own.count() == 1 else own.none()}, actor=actor)


GROUPS = Kind("groups", COLUMNS, _Here, _judge, _shown)
