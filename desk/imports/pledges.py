"""Lists of pledges, of partners and of organisations that came from a list."""

from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from desk.imports import cells
from desk.imports.alike import Known
from desk.imports.known import Here
from desk.imports.plan import Column, Kind
from oiep import audit
from oiep.moderation import NotPossible, State
from partners.models import Partner
from pledges.actions.pledges import FIELDS, add_pledge
from pledges.actions.signing import add_listed_pledge, take_out_listed
from pledges.forms.pledges import PledgeForm
from pledges.models import Capacity, Pledge, Signing

_CAPACITIES = [(value, capfirst(words)) for value, words in Capacity.choices if value != Capacity.RESIDENT]

COLUMNS = (
    Column(
        "organisation", _("Organisation"), cells.line(150), needed=True,
        also=("partner", "partner name", "organisation name", "organization", "company", "business name", "name"),
        help=_("A partner, or an organisation from a list that you brought in before."),
        example="Bicester Bakery Co-operative",
    ),
    Column(
        "area", _("Priority area"),
        cells.one_of(lambda known: [(area.pk, area.short_name) for area in known.areas]),
        needed=True, also=("area", "theme", "priority", "priority theme"), help=_("By its short name."),
        example="Local spend and procurement",
    ),
    Column(
        "statement", _("Pledge"), cells.text(300), needed=True,
        also=("pledge statement", "statement", "commitment made", "what", "promise", "pledge text"),
        help=_("In up to 300 characters. Everybody will be able to read it."),
               example="We buy our flour in Oxfordshire.",
    ),
    Column(
        "capacity", _("Capacity"),
        cells.one_of(
            _CAPACITIES,
            **{value: (words.removeprefix("As an ").removeprefix("As a "),) for value, words in
               ((value, str(words)) for value, words in _CAPACITIES)},
        ),
        also=("as", "in the capacity of", "role"), help=_("As an employer, unless you say otherwise."),
        example="As a buyer", blank=Capacity.EMPLOYER,
    ),
    Column("measure", _("What is measured"), cells.line(150), also=("measure", "indicator", "kpi"),
           example="Flour bought in the county"),
    Column("unit", _("Unit"), cells.line(30), example="%"),
    Column("baseline", _("Where it starts"), cells.number, also=("baseline", "start"), example="40", blank=None),
    Column("target", _("Target"), cells.number, also=("goal",), example="80", blank=None),
    Column("target_date", _("Target date"), cells.date, also=("by when", "by", "deadline", "due"),
           help=_("A day to come, and only with a target."), example="", blank=None),
    Column("commitment", _("Resource"),
           cells.one_of([(value, capfirst(words)) for value, words in Pledge.Commitment.choices]),
           also=("resource commitment", "commitment", "kind of resource"), example=""),
    Column("commitment_amount", _("How much"), cells.number, also=("amount", "commitment amount"), example="",
           blank=None),
    Column("commitment_note", _("About the resource"), cells.line(200), also=("note", "commitment note"), example=""),
)  # fmt: skip


class _Here(Here):
    def __init__(self):
        super().__init__()
        pledges = Pledge.objects.open().values_list("partner_id", "area_id", "capacity", "statement")
        self.pledged = {tuple(row) for row in pledges}


def _judge(rows, known, before=()):
    in_list = {}
    for row in before:
        there = known.organisations.same(row.values.get("organisation") or "")
        if there and not row.problems and not row.same_as:
            said = tuple(row.values[field] for field in ("area", "capacity", "statement"))
            in_list.setdefault((there.key.pk, *said), row.number)
    for row in rows:
        name = row.values.get("organisation")
        if not name:
            continue
        there = known.organisations.same(name)
        if there is None:
            _ask_which(row, known, name)
            continue
        row.values["of"] = (type(there.key)._meta.model_name, str(there.key.pk))
        if row.problems:
            continue
        said = tuple(row.values[field] for field in ("area", "capacity", "statement"))
        if _is_here(there.key, said, known):
            row.same_as = str(_("this pledge, of the same partner"))
        elif first := in_list.setdefault((there.key.pk, *said), row.number):
            if first != row.number:
                row.wrong(_("Pledge"), _("The same pledge stands in row %(row)s. Keep one of them.") % {"row": first})
            else:
                _check_form(row, there.key)


def _ask_which(row, known, name):
    """A name that is not quite that of a partner: which is meant is for the manager to write, in the list."""
    like = [other.name for other, _why in known.organisations.like(Known(name))]
    if like:
        words = _(
            "There is no partner of exactly this name. Perhaps you mean: %(names)s. Write the name as it is here."
        )
        row.wrong(_("Organisation"), words % {"names": ", ".join(f"“{other}”" for other in like[:3])})
    else:
        row.wrong(_("Organisation"), _("There is no partner of this name. Bring in the partners first."))


def _is_here(partner, said, known):
    if isinstance(partner, Partner):
        return (partner.pk, *said) in known.pledged
    keys = ("area_id", "capacity", "statement")
    return any(tuple(pledge[key] for key in keys) == said for pledge in partner.pledges)


def _check_form(row, partner):
    """The rules of the form in which partners write a pledge hold for lists as well."""
    values = {name: row.values[name] for name in FIELDS if name in row.values and row.values[name] is not None}
    kind = partner.kind if isinstance(partner, Partner) else partner.partner_kind
    form = PledgeForm({name: str(value) for name, value in values.items()}, kind=kind)
    if form.is_valid():
        row.values["pledge"] = form.cleaned_data
        return
    for name, errors in form.errors.items():
        column = next((column.heading for column in COLUMNS if column.name == name), "")
        for words in errors:
            row.wrong(column, words)


def _shown(row):
    return row.values["organisation"], row.values["statement"]


def write(row, actor):
    model, key = row.values["of"]
    pledge = row.values["pledge"]
    if model == "partner":
        added = add_pledge(partner=Partner.objects.get(pk=key), values={"idea": None, **pledge}, actor=actor)
        return "pledge", str(added.pk)
    entry = {"area_id": pledge["area"].pk, "idea_id": None}
    entry |= {name: _as_json(value) for name, value in pledge.items() if name != "area"}
    number = add_listed_pledge(signing=Signing(pk=key), pledge=entry)
    return "listed", f"{key}/{number}"


def _as_json(value):
    return value if value is None or isinstance(value, str) else str(value)


def take_out(key, actor):
    """Deletes a pledge that waits still. Raises NotPossible where it was decided on or confirmed since."""
    if "/" in key:
        signing, _slash, number = key.partition("/")
        if there := Signing.objects.filter(pk=signing).first():
            take_out_listed(signing=there, actor=actor, numbers={int(number)})
        return
    pledge = Pledge.objects.select_for_update(of=("self",)).filter(pk=key).first()
    if pledge is None:
        return
    if pledge.state != State.SUBMITTED or pledge.ended_at or pledge.replacements.exists():
        raise NotPossible(_("It was decided on since."))
    audit.record(verb="pledge.taken_out", subject=pledge, actor=actor)
    pledge.delete()


PLEDGES = Kind("pledges", COLUMNS, _Here, _judge, _shown, can_be_long=True)
