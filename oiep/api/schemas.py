"""What the API's questions and answers look like, made from the sets of data that the files have."""

import datetime
import re
from typing import Annotated, Literal

from django.utils import translation
from ninja import Schema
from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints, create_model

from events.models import Event
from oiep.data import datasets
from partners.models import Kind, Size
from pledges.models import Answer, Capacity
from pledges.standing import Status

PAGE, PAGE_AT_MOST = 50, 100

Slug = Annotated[str, StringConstraints(pattern=r"^[-a-zA-Z0-9_]{1,80}$")]
Words = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
Key = Annotated[int, Field(ge=1, le=2**63 - 1)]


def _written_as_a_day(value):
    """Only 2026-03-31. A number alone would be read as seconds since 1970, and answered about that year."""
    if not (isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII)):
        raise ValueError("Write a day as 2026-03-31.")
    return value


Day = Annotated[datetime.date, BeforeValidator(_written_as_a_day)]


def _one_of(choices):
    return Literal[tuple(choices.values)]


def _schema(name, fields):
    """An answer's schema from the fields of a set of data."""
    types = {list: list[str]}
    columns = {}
    with translation.override("en-gb"):
        for field in fields:
            kind = _one_of(field.choices) if field.choices else types.get(field.kind, field.kind)
            columns[field.name] = (kind | None if field.optional else kind, Field(description=str(field.about)))
    return create_model(name, __base__=Schema, **columns)


Partner = _schema("Partner", datasets.PARTNER_FIELDS)
Pledge = _schema("Pledge", datasets.PLEDGE_FIELDS)
AnswerOnPledge = _schema("Answer", datasets.REVIEW_FIELDS)
EventOut = _schema("Event", datasets.EVENT_FIELDS)
Totals = _schema("Totals", datasets.TOTAL_FIELDS[2:])
TotalsOf = _schema("TotalsOf", datasets.TOTAL_FIELDS)


class Page(Schema):
    next_cursor: str | None = Field(description="What to send as `cursor` for the next page; null on the last.")
    next: str | None = Field(description="The address of the next page; null on the last.")


def _page(name, of):
    return create_model(name, __base__=Page, items=(list[of], ...))


Partners, Pledges = _page("PartnerPage", Partner), _page("PledgePage", Pledge)
Answers, Events = _page("AnswerPage", AnswerOnPledge), _page("EventPage", EventOut)


class Entry(Schema):
    slug: str = Field(description="The short name that filters and other answers use.")
    name: str
    url: str
    partners: int = Field(description="Partners that take part, as the totals count them.")
    live_pledges: int


class Entries(Schema):
    items: list[Entry]


class AllTotals(Schema):
    items: list[TotalsOf]


class Recognition(Schema):
    name: str
    given_by: str
    verified_on: datetime.date
    valid_until: datetime.date | None


class Standing(Schema):
    """What the public may say of an organisation on a day."""

    partner: str
    slug: str
    url: str
    day: datetime.date
    status: _one_of(Status)
    words: str
    good: bool = Field(
        description="Whether it keeps its word to report: signed, up to date, review due, or paused by agreement."
    )
    why: str
    since: datetime.date | None
    until: datetime.date | None
    explanation: str = Field(description="What the partner says of an overdue review.")
    recognitions: list[Recognition]
    if_nothing_changes: bool = Field(description="Whether the day is to come.")


class Error(Schema):
    parameter: str
    message: str


class Problem(Schema):
    """A problem after RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[Error] = []


class Index(Schema):
    title: str
    licence: str
    licence_url: str
    documentation: str
    openapi: str
    addresses: list[str]


# Questions ------------------------------------------------------------------------------------


class Asked(Schema):
    model_config = ConfigDict(extra="forbid")


class Paged(Asked):
    cursor: Annotated[str, StringConstraints(min_length=1, max_length=300)] | None = Field(
        None, description="The `next_cursor` of the page before."
    )
    limit: int = Field(PAGE, ge=1, le=PAGE_AT_MOST, description="How many on a page.")


class OfSlice(Asked):
    area: Slug | None = Field(None, description="A priority area.")
    place: Slug | None = Field(None, description="A district; what is county-wide is in each.")
    kind: _one_of(Kind) | None = Field(None, description="A kind of partner.")
    year: int | None = Field(None, ge=2000, le=2200, description="When partners joined and pledges were first made.")
    on: Day | None = Field(
        None,
        description="As things stood when this day was over; as they are now if left out.",
        examples=["2026-03-31"],
    )


class AsOf(Asked):
    on: Day | None = Field(
        None,
        description="As things stood when this day was over; as they are now if left out.",
        examples=["2026-03-31"],
    )


class OfPartners(Paged):
    area: Slug | None = Field(None, description="With a live pledge in this priority area.")
    place: Slug | None = Field(None, description="That work in this district, or across the county.")
    kind: _one_of(Kind) | None = None
    size: _one_of(Size) | None = None
    q: Words | None = Field(None, description="Whose name or description has words that begin so.")
    counted: bool | None = Field(None, description="Only those that the totals count, or only others.")


class OfPledges(Paged):
    partner: Slug | None = None
    area: Slug | None = None
    place: Slug | None = None
    kind: _one_of(Kind) | None = None
    capacity: _one_of(Capacity) | None = None
    q: Words | None = None
    live: bool | None = Field(None, description="Only those that are promises today, or only others.")


class OfAnswers(Paged):
    partner: Slug | None = None
    pledge: Key | None = Field(None, description="On this pledge.")
    progress: _one_of(Answer.Progress) | None = None


class OfEvents(Paged):
    when: Literal["upcoming", "past"] | None = None
    area: Slug | None = None
    place: Slug | None = None
    kind: _one_of(Event.Kind) | None = None


class OnDay(Asked):
    on: Day | None = Field(None, description="The day, past or to come; today if left out.", examples=["2026-03-03"])
