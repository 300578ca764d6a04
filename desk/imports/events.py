"""Lists of events. They come in as drafts, which nobody sees until they are published."""

import datetime

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from desk.imports import cells
from desk.imports.plan import Column, Kind
from desk.imports.used import delete_unused
from events.models import Event
from oiep import audit
from oiep.moderation import NotPossible
from oiep.text import fold
from partners.models import District, PriorityArea
from working_groups.models import Group

COLUMNS = (
    Column("title", _("Event"), cells.line(120), needed=True, also=("title", "name", "event name", "event title"),
           example="Inclusive Economy seminar"),
    Column(
        "kind", _("Kind"),
        cells.one_of(Event.Kind.choices, drop_in=("drop in", "dropin"), annual=("annual",), meeting=("meeting",),
                     seminar=("webinar", "talk"), workshop=("training",)),
        also=("type", "kind of event"), help=_("A seminar, unless you say otherwise."), example="Seminar",
        blank=Event.Kind.SEMINAR,
    ),
    Column("date", _("Date"), cells.date, needed=True, also=("day", "start date", "event date", "when"),
           example="4 May 2027", blank=None),
    Column("starts", _("Starts"), cells.clock, also=("start", "start time", "from", "time"),
           help=_("Left blank: only the day is known."), example="14:00", blank=None),
    Column("ends", _("Ends"), cells.clock, also=("end", "end time", "until", "to", "finish"),
           help=_("Left blank: an hour and a half later."), example="15:30", blank=None),
    Column("place", _("Place"), cells.line(250), also=("venue", "location", "where", "address"),
           example="Town Hall, Banbury"),
    Column("district", _("District"), cells.one_of(lambda known: [(one.pk, one.name) for one in known.districts]),
           example="Cherwell", blank=None),
    Column("online_url", _("Link to take part online"), cells.website, also=("online", "link", "zoom", "teams", "url"),
           help=_("Only people who have a place see it.")),
    Column("summary", _("In a sentence or two"), cells.line(300), needed=True,
           also=("summary", "short description", "in short", "description"), example="Where local firms find buyers."),
    Column("about", _("About"), cells.text(20_000), also=("details", "full description", "programme")),
    Column("group", _("Working group"), cells.line(120), also=("group", "organised by", "run by"),
           help=_("By its name, where a group holds it.")),
    Column("capacity", _("Places"), cells.number, also=("capacity", "seats", "max attendees"),
           help=_("Left blank for no limit."), example="60", blank=None),
    Column("areas", _("Priority areas"),
           cells.several_of(lambda known: [(area.pk, area.short_name) for area in known.areas]),
           also=("priority area", "area", "areas", "theme"), example="Local spend and procurement", blank=()),
)  # fmt: skip


class _Here:
    decimal_comma = False

    def __init__(self):
        self.areas = list(PriorityArea.objects.current())
        self.districts = list(District.objects.current())
        self.groups = {fold(group.name): group for group in Group.objects.all()}
        rows = Event.objects.values_list("title", "starts_at")
        self.events = {(fold(title), timezone.localdate(starts)) for title, starts in rows}


def _judge(rows, known, before=()):
    in_list = {}
    for row in before:
        if row.values.get("title") and row.values.get("date") and not row.same_as:
            in_list.setdefault((fold(row.values["title"]), row.values["date"]), row.number)
    for row in rows:
        values = row.values
        if not values.get("title") or not values.get("date"):
            continue
        said = (fold(values["title"]), values["date"])
        if said in known.events:
            row.same_as = str(_("an event of this name on that day"))
            continue
        first = in_list.setdefault(said, row.number)
        if first != row.number:
            row.wrong(_("Event"), _("The same event stands in row %(row)s. Keep one of them.") % {"row": first})
        _judge_times(row)
        if values["starts"] and not values["place"] and not values["online_url"]:
            row.wrong(_("Place"), _("Say where it is, or give the link to take part online."))
        if values["group"] and fold(values["group"]) not in known.groups:
            row.wrong(_("Working group"), _("There is no group of this name. Bring in the groups first."))
        elif values["group"]:
            values["group_key"] = known.groups[fold(values["group"])].pk
        if values["capacity"] is not None and (values["capacity"] < 1 or values["capacity"] % 1):
            row.wrong(_("Places"), _("Write a whole number, 1 or more."))


def _judge_times(row):
    values = row.values
    starts, ends = values["starts"], values["ends"]
    if ends and not starts:
        row.wrong(_("Starts"), _("It has an end, and no beginning."))
    elif starts and ends and ends <= starts:
        row.wrong(_("Ends"), _("It ends before it starts."))


def _shown(row):
    values = row.values
    day = values["date"].strftime("%-d %B %Y")
    return values["title"], f"{day}, {values['starts'].strftime('%H:%M')}" if values["starts"] else day


def write(row, actor):
    values = row.values
    zone = timezone.get_default_timezone()
    starts = datetime.datetime.combine(values["date"], values["starts"] or datetime.time(), zone)
    if not values["starts"]:
        ends, known = datetime.datetime.combine(values["date"], datetime.time(23, 59), zone), Event.Known.DAY
    else:
        ends, known = starts + datetime.timedelta(minutes=90), Event.Known.TIME
        if values["ends"]:
            ends = datetime.datetime.combine(values["date"], values["ends"], zone)
    is_over = ends < timezone.now()
    event = Event(
        starts_at=starts,
        ends_at=ends,
        known=known,
        slug=_free_slug(values["title"], values["date"]),
        group_id=values.get("group_key"),
        district_id=values["district"],
        capacity=None if values["capacity"] is None else int(values["capacity"]),
        takes_bookings=not is_over and known == Event.Known.TIME,
        **{name: values[name] for name in ("title", "kind", "summary", "about", "place", "online_url")},
    )
    try:
        event.full_clean()
    except ValidationError as refusal:
        raise ValidationError(f"{values['title']}: {' '.join(refusal.messages)}") from None
    event.save()
    event.areas.set(values["areas"])
    audit.record(verb="event.brought_in", subject=event, actor=actor)
    return "event", str(event.pk)


def _free_slug(title, day):
    base = f"{slugify(fold(title))[:60] or 'event'}-{day.year}"
    slug, number = base, 1
    while Event.objects.filter(slug=slug).exists():
        number += 1
        slug = f"{base}-{number}"
    return slug


def take_out(key, actor):
    """Deletes a draft. Raises NotPossible where it was published or worked with since."""
    event = Event.objects.select_for_update(of=("self",)).filter(pk=key).first()
    if event is None:
        return
    if event.published_at:
        raise NotPossible(_("It was published since."))
    delete_unused(event, actor=actor)


EVENTS = Kind("events", COLUMNS, _Here, _judge, _shown, can_be_long=True)
