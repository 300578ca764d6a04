"""The sets of data: which rows, which fields, and what each field says.

Files, the data dictionary and the API's schemas are all made from the fields here, so that they cannot differ. What is
public is decided by `published()` alone; a resident who did not choose to be named has no name and no words of their
own about themselves. All is in English, whatever language a reader has chosen.
"""

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from events.models import Event
from partners.models import District, Kind, Partner, PriorityArea, Size
from pledges.figures import Measured, Outcome, Slice, facts
from pledges.figures.slices import by_year, of_slice
from pledges.history import show_standings
from pledges.models import Answer, Capacity, Pledge
from pledges.standing import Status

CHUNK = 500


@dataclass(frozen=True)
class Field:
    """kind: a Python type. choices: what it may say, value → words; a list of them for `list` fields."""

    name: str
    kind: type
    about: str
    choices: type | None = None
    optional: bool = False


@dataclass(frozen=True)
class Dataset:
    """rows: what is public, to be walked by key. show: rows → a dictionary for each, in a fixed number of queries."""

    name: str
    title: str
    about: str
    fields: tuple[Field, ...]
    rows: Callable[[], QuerySet]
    show: Callable[[list], list]

    @property
    def header(self):
        return [field.name for field in self.fields]

    def walk(self) -> Iterator[dict]:
        """All rows, by their keys, a few hundred at a time: memory stays flat, and no row comes twice."""
        last, rows = 0, self.rows().order_by("pk")
        while chunk := list(rows.filter(pk__gt=last)[:CHUNK]):
            last = chunk[-1].pk
            yield from self.show(chunk)


def _address(thing):
    return settings.SITE_URL + thing.get_absolute_url()


def _day(moment):
    return timezone.localdate(moment) if moment else None


def _number(value):
    return None if value is None else float(value)


def _slugs(entries):
    return sorted(entry.slug for entry in entries)


# Partners -------------------------------------------------------------------------------------

PARTNER_FIELDS = (
    Field("partner", str, _("A short name for this partner that never changes.")),
    Field("url", str, _("Its page on this site.")),
    Field("name", str, _("Its name; for a resident who is not named, where they live.")),
    Field("kind", str, _("What kind of partner it is."), Kind),
    Field("named", bool, _("Whether `name` is its own. Organisations always are; residents choose.")),
    Field("social_enterprise", bool, _("Whether it is a social enterprise.")),
    Field("cooperative", bool, _("Whether it is a co-operative.")),
    Field("size", str, _("How many people work there."), Size, optional=True),
    Field("sector", str, _("The sector in which it works."), optional=True),
    Field("description", str, _("What it does, in its own words."), optional=True),
    Field("website", str, _("Its website."), optional=True),
    Field("county_wide", bool, _("Whether it works across Oxfordshire; it counts in each district then.")),
    Field("districts", list, _("The districts in which it works.")),
    Field("areas", list, _("The priority areas in which it has a live pledge.")),
    Field("joined_on", datetime.date, _("The day on which it became a partner.")),
    Field("status", str, _("Its standing today; residents have none."), Status, optional=True),
    Field("status_since", datetime.date, _("The day since which that holds."), optional=True),
    Field("lapsed_on", datetime.date, _("The day on which it lapsed, if it has."), optional=True),
    Field("withdrawn_on", datetime.date, _("The day on which it left, if it has."), optional=True),
    Field("counted", bool, _("Whether it is one of those whom the totals count: neither lapsed nor gone.")),
    Field("example", bool, _("Whether it was invented to show what this site does.")),
)


def show_partners(partners):
    show_standings(partners)
    return [_partner(partner) for partner in partners]


def _partner(partner):
    standing = partner.standing
    return {
        "partner": partner.slug,
        "url": _address(partner),
        "name": str(partner.public_name),
        "kind": partner.kind,
        "named": partner.show_name,
        "social_enterprise": partner.is_social_enterprise,
        "cooperative": partner.is_cooperative,
        "size": partner.size or None,
        "sector": partner.sector.slug if partner.sector else None,
        "description": (partner.description if partner.show_name else "") or None,
        "website": (partner.website if partner.show_name else "") or None,
        "county_wide": partner.county_wide,
        "districts": _slugs(partner.districts.all()),
        "areas": _slugs(partner.areas.all()),
        "joined_on": _day(partner.approved_at),
        "status": standing.status.value if standing else None,
        "status_since": standing.since if standing else None,
        "lapsed_on": partner.lapsed_on,
        "withdrawn_on": _day(partner.withdrawn_at),
        "counted": not partner.withdrawn_at and not partner.lapsed_on,
        "example": partner.is_example,
    }


# Pledges --------------------------------------------------------------------------------------

PLEDGE_FIELDS = (
    Field("pledge", int, _("The number of this pledge.")),
    Field("url", str, _("Its page on this site.")),
    Field("partner", str, _("Who pledges: see the partners.")),
    Field("partner_name", str, _("Its name, as there.")),
    Field("area", str, _("The priority area.")),
    Field("capacity", str, _("As what it pledges."), Capacity),
    Field("statement", str, _("The pledge, in its own words.")),
    Field("measure", str, _("What it measures."), optional=True),
    Field("unit", str, _("In which unit."), optional=True),
    Field("baseline", float, _("Where that begins."), optional=True),
    Field("target", float, _("Where it is to get."), optional=True),
    Field("target_date", datetime.date, _("By when."), optional=True),
    Field("commitment", str, _("What it puts in."), Pledge.Commitment, optional=True),
    Field("commitment_amount", float, _("How much: hours, pounds, or a number of places."), optional=True),
    Field("commitment_note", str, _("More about that."), optional=True),
    Field("started_on", datetime.date, _("The day from which this version counts.")),
    Field("renewed_on", datetime.date, _("When it was last renewed."), optional=True),
    Field("replaces", int, _("The pledge of which it is a change."), optional=True),
    Field("live", bool, _("Whether it is a promise today.")),
    Field("ended_on", datetime.date, _("When it ended."), optional=True),
    Field("ending", str, _("How it ended."), Pledge.Ending, optional=True),
    Field("ending_reason", str, _("Why, in the partner's words."), optional=True),
    Field("counted", bool, _("Whether it is one of the live pledges that the totals count.")),
)


def show_pledges(pledges):
    return [_pledge(pledge) for pledge in pledges]


def _pledge(pledge):
    partner = pledge.partner
    return {
        "pledge": pledge.pk,
        "url": _address(pledge),
        "partner": partner.slug,
        "partner_name": str(partner.public_name),
        "area": pledge.area.slug,
        "capacity": pledge.capacity,
        "statement": pledge.statement,
        "measure": pledge.measure or None,
        "unit": pledge.unit or None,
        "baseline": _number(pledge.baseline),
        "target": _number(pledge.target),
        "target_date": pledge.target_date,
        "commitment": pledge.commitment or None,
        "commitment_amount": _number(pledge.commitment_amount),
        "commitment_note": pledge.commitment_note or None,
        "started_on": pledge.started_on,
        "renewed_on": pledge.renewed_on,
        "replaces": pledge.replaces_id,
        "live": pledge.is_live,
        "ended_on": _day(pledge.ended_at),
        "ending": pledge.ending or None,
        "ending_reason": pledge.ending_reason or None,
        "counted": pledge.is_live and not partner.withdrawn_at and not partner.lapsed_on,
    }


# Reviews --------------------------------------------------------------------------------------

REVIEW_FIELDS = (
    Field("answer", int, _("The number of this answer: what one review says of one pledge.")),
    Field("review", int, _("The number of the review; it may have several answers.")),
    Field("partner", str, _("Who reports: see the partners.")),
    Field("pledge", int, _("Which pledge it is about.")),
    Field("round_on", datetime.date, _("The anniversary that the review is for.")),
    Field("due_on", datetime.date, _("The day on which it was due; residents have none."), optional=True),
    Field("answered_on", datetime.date, _("The day on which the partner first sent it in.")),
    Field("progress", str, _("How the pledge goes."), Answer.Progress),
    Field("figure", float, _("The figure reached, in the unit of the pledge."), optional=True),
    Field("words", str, _("What happened, in the partner's words."), optional=True),
    Field("evidence_url", str, _("A link to what shows it."), optional=True),
    Field("next", str, _("What comes next for the pledge."), Answer.Next, optional=True),
    Field("reason", str, _("Why it was stopped or changed."), optional=True),
)


def show_answers(answers):
    return [_answer(answer) for answer in answers]


def _answer(answer):
    review = answer.review
    return {
        "answer": answer.pk,
        "review": review.pk,
        "partner": review.partner.slug,
        "pledge": answer.pledge_id or answer.new_pledge_id,
        "round_on": review.round_on,
        "due_on": None if review.partner.is_resident else review.due_on,
        "answered_on": _day(review.answered_at),
        "progress": answer.progress,
        "figure": _number(answer.figure),
        "words": answer.words or None,
        "evidence_url": answer.evidence_url or None,
        "next": answer.next or None,
        "reason": answer.reason or None,
    }


# Events ---------------------------------------------------------------------------------------

EVENT_FIELDS = (
    Field("event", str, _("A short name for this event that never changes.")),
    Field("url", str, _("Its page on this site.")),
    Field("title", str, _("Its title.")),
    Field("kind", str, _("What kind of event it is."), Event.Kind),
    Field("series", str, _("The series that it belongs to."), optional=True),
    Field("summary", str, _("In a sentence or two.")),
    Field("starts_at", datetime.datetime, _("When it begins.")),
    Field("ends_at", datetime.datetime, _("When it ends.")),
    Field("known", str, _("How exactly we know when."), Event.Known),
    Field("place", str, _("Where it is."), optional=True),
    Field("district", str, _("In which district."), optional=True),
    Field("online", bool, _("Whether one can take part online.")),
    Field("areas", list, _("The priority areas that it is about.")),
    Field("who_may_come", str, _("Who may come."), optional=True),
    Field("capacity", int, _("How many can come; blank for no limit."), optional=True),
    Field("cancelled", bool, _("Whether it was cancelled.")),
    Field("example", bool, _("Whether it was invented to show what this site does.")),
)


def show_events(events):
    return [_event(event) for event in events]


def _event(event):
    return {
        "event": event.slug,
        "url": _address(event),
        "title": event.title,
        "kind": event.kind,
        "series": event.series.slug if event.series else None,
        "summary": event.summary,
        "starts_at": timezone.localtime(event.starts_at),
        "ends_at": timezone.localtime(event.ends_at),
        "known": event.known,
        "place": event.place or None,
        "district": event.district.slug if event.district else None,
        "online": bool(event.online_url),
        "areas": _slugs(event.areas.all()),
        "who_may_come": event.who_may_come or None,
        "capacity": event.capacity,
        "cancelled": bool(event.cancelled_at),
        "example": event.is_example,
    }


# Totals ---------------------------------------------------------------------------------------

TOTAL_FIELDS = (
    Field("by", str, _("What the row is about: all, or one priority area (area), district (place), kind or year.")),
    Field("of", str, _("Which of them; blank for all."), optional=True),
    Field("organisations", int, _("Organisations that are partners.")),
    Field("residents", int, _("Residents who are partners.")),
    Field("live_pledges", int, _("Pledges that are promises today.")),
    Field("pledges_ever", int, _("All pledges that they ever made, each change of one counted once.")),
    *(
        Field(f"pledges_{outcome}", int, words)
        for outcome, words in (
            (Outcome.ACHIEVED, _("Of them achieved.")),
            (Outcome.ON_TRACK, _("Live, and on track by the latest review.")),
            (Outcome.BEHIND, _("Live, and behind.")),
            (Outcome.NOT_STARTED, _("Live, and not started.")),
            (Outcome.CHANGED, _("Live, and changed in the latest review.")),
            (Outcome.STOPPED, _("Stopped.")),
            (Outcome.UNREPORTED, _("Live, and no review has told of them yet.")),
        )
    ),
    Field("hours_promised", float, _("Volunteer hours that live and achieved pledges commit.")),
    Field("money_promised", float, _("Pounds that they commit.")),
    Field("premises_promised", float, _("Premises that they commit.")),
    Field("placements_promised", float, _("Apprenticeships and placements that they commit.")),
    Field("people_targeted", float, _("The sum of the targets of pledges that count people.")),
    Field("people_reached", float, _("The sum of the latest figures that reviews gave of them.")),
    Field("reviews_due", int, _("Reviews of organisations that fell due or were answered.")),
    Field("reviews_on_time", int, _("Of them answered by the day.")),
)


def totals(slice=None, on=None):
    """The totals of one slice, as a row without what it is about. on: as they were at the end of that day."""
    return _total(of_slice(facts(on), slice or Slice()))


def _total(found):
    return {
        "organisations": found.organisations,
        "residents": found.residents,
        "live_pledges": found.live,
        "pledges_ever": found.promised,
        **{f"pledges_{outcome}": found.outcomes[outcome] for outcome in Outcome},
        **{
            f"{kind}_promised": float(found.commitments[kind].amount)
            for kind in ("hours", "money", "premises", "placements")
        },
        "people_targeted": float(found.measures[Measured.PEOPLE].target),
        "people_reached": float(found.measures[Measured.PEOPLE].reached),
        "reviews_due": found.reviews_due,
        "reviews_on_time": found.on_time,
    }


def all_totals(on=None):
    """A row for all, each area, each district, each kind and each year. on: as they were at the end of that day."""
    found = facts(on)
    slices = [("all", None, Slice())]
    slices += [("area", area.slug, Slice(area=area.pk)) for area in PriorityArea.objects.current()]
    slices += [("place", place.slug, Slice(place=place.pk)) for place in District.objects.current()]
    slices += [("kind", kind.value, Slice(kind=kind.value)) for kind in Kind]
    slices += [("year", str(year), replace(Slice(), year=year)) for year, _figures in by_year(found=found)]
    return [{"by": by, "of": of, **_total(of_slice(found, slice))} for by, of, slice in slices]


class _Totals(Dataset):
    def walk(self):
        yield from all_totals()


DATASETS = {
    dataset.name: dataset
    for dataset in (
        Dataset(
            "partners",
            _("Partners"),
            _("Who has signed the Charter. Residents who did not choose to be named have no name here."),
            PARTNER_FIELDS,
            lambda: Partner.objects.published().select_related("sector").prefetch_related("districts", "areas"),
            show_partners,
        ),
        Dataset(
            "pledges",
            _("Pledges"),
            _("What they promise, also what has ended since, and each version of a pledge that was changed."),
            PLEDGE_FIELDS,
            lambda: Pledge.objects.published().select_related("partner", "area").prefetch_related("partner__districts"),
            show_pledges,
        ),
        Dataset(
            "reviews",
            _("Reviews"),
            _("What the partners' progress reviews say of each pledge, once we have approved them."),
            REVIEW_FIELDS,
            lambda: Answer.objects.published().select_related("review__partner"),
            show_answers,
        ),
        Dataset(
            "events",
            _("Events"),
            _("What takes place, to come and past."),
            EVENT_FIELDS,
            lambda: Event.objects.published().select_related("series", "district").prefetch_related("areas"),
            show_events,
        ),
        _Totals(
            "totals",
            _("Totals"),
            _(
                "How many signed, what they promised and what came of it: the figures of the page “Promised and "
                "delivered”."
            ),
            TOTAL_FIELDS,
            lambda: None,
            list,
        ),
    )
}
