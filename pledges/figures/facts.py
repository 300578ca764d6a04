"""What all figures are added up from: a few thousand facts, each a number of rows that are alike in all that matters.

They are asked of the database by three queries, kept in memory, and asked anew when the data or the day has changed
(docs/decisions/0037).
"""

import datetime
import threading
import time
from dataclasses import dataclass, field
from decimal import Decimal

from django.conf import settings
from django.db import connection, models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from oiep import changes
from oiep.moderation import State
from partners.models import Kind, Partner
from pledges.models import Pledge

# Where asking takes longer than so many seconds, it is not asked again before that time has passed so many times, but
# after FIGURES_REST_AT_MOST seconds.
_QUICK, _REST = 0.25, 20
_PATIENCE = 30  # seconds that a first asker waits for another


class Outcome(models.TextChoices):
    """What has come of a pledge: how it ended or, while it is live, what the latest approved review says of it."""

    ACHIEVED = "achieved", _("Achieved")
    ON_TRACK = "on_track", _("On track")
    BEHIND = "behind", _("Behind")
    NOT_STARTED = "not_started", _("Not started")
    CHANGED = "changed", _("Changed")
    STOPPED = "stopped", _("Stopped")
    UNREPORTED = "unreported", _("No review yet")


class Timing(models.TextChoices):
    """When the answer to a review came."""

    ON_TIME = "on_time", _("By the day on which it was due")
    LATE = "late", _("Later")
    UNANSWERED = "unanswered", _("Not yet, or never")


class Measured(models.TextChoices):
    """What many pledges measure, and what can be added up for that reason."""

    PEOPLE = "people", _("People")
    HOURS = "hours", _("Hours")
    MONEY = "money", _("Money")


# The units, as partners write them, that count as each. People write many more; those of the pledge ideas are here.
UNITS = {
    Measured.PEOPLE: (
        "people", "person", "persons", "apprentices", "young people", "students", "pupils", "learners", "trainees",
        "volunteers", "employees", "staff", "residents", "jobs", "tenants", "members",
    ),
    Measured.HOURS: ("hours", "hour", "volunteer hours"),
    Measured.MONEY: ("£", "pounds", "gbp"),
}  # fmt: skip


@dataclass(frozen=True)
class Fact:
    """How many rows there are of one kind of partner, in the same districts and areas, from the same month.

    places: keys of districts; None for partners that work county-wide. month: its first day.
    """

    kind: str
    places: frozenset | None
    areas: frozenset
    month: datetime.date
    number: int


@dataclass(frozen=True)
class PledgeFact(Fact):
    """Pledges. month: of the first version, as a change is no new promise. amounts: of the commitment."""

    outcome: str
    is_live: bool
    commitment: str
    stated: int  # how many say how much they commit
    amount: Decimal
    measured: str
    targets: int  # how many have a target
    target: Decimal
    reported: int  # how many have a figure from an approved review
    reached: Decimal


@dataclass(frozen=True)
class ReviewFact(Fact):
    timing: str


@dataclass
class Facts:
    day: datetime.date
    partners: list[Fact]
    pledges: list[PledgeFact]
    reviews: list[ReviewFact]
    kept: dict = field(default_factory=dict)  # Slice → Figures, for `slices`


def _set(keys):
    return frozenset(keys or ())


def _part(rows):
    """A queryset of rows as a subquery of their keys: its SQL and its parameters."""
    return rows.order_by().values("pk").query.sql_with_params()


# The districts and areas of each partner, by one pass over each table.
_WHERE = """
    LEFT JOIN (SELECT partner_id, array_agg(district_id ORDER BY district_id) AS ids
               FROM partners_partner_districts GROUP BY partner_id) place ON place.partner_id = partner.id
"""
_AREAS = """
    LEFT JOIN (SELECT partner_id, array_agg(priorityarea_id ORDER BY priorityarea_id) AS ids
               FROM partners_partner_areas GROUP BY partner_id) area ON area.partner_id = partner.id
"""
_PLACES = "CASE WHEN partner.county_wide THEN NULL ELSE coalesce(place.ids, '{}') END"


def _partners():
    counted, parameters = _part(Partner.objects.counted())
    return _ask(
        f"""
        SELECT partner.kind, {_PLACES}, area.ids,
               date_trunc('month', partner.approved_at AT TIME ZONE %s)::date, count(*)
        FROM partners_partner partner {_WHERE} {_AREAS}
        WHERE partner.id IN ({counted})
        GROUP BY 1, 2, 3, 4
        """,  # noqa: S608 - put together from our own words; what is asked goes as parameters
        [timezone.get_default_timezone_name(), *parameters],
    )


def _pledges():
    counted, parameters = _part(Partner.objects.counted())
    promised, more = _part(Pledge.objects.promised())
    return _ask(
        f"""
        WITH RECURSIVE version AS (
            -- Pledges that came in another's place, and what each was before.
            SELECT id AS latest, replaces_id, started_on FROM pledges_pledge WHERE replaces_id IS NOT NULL
            UNION ALL
            SELECT version.latest, older.replaces_id, older.started_on
            FROM version JOIN pledges_pledge older ON older.id = version.replaces_id
        ), beginning AS (
            SELECT latest, min(started_on) AS day FROM version GROUP BY latest
        ), said AS (
            -- What approved reviews said, the newest first. A figure is that of a pledge as it was, not of its change.
            SELECT coalesce(answer.new_pledge_id, answer.pledge_id) AS pledge_id,
                   (array_agg(answer.progress ORDER BY review.round_on DESC))[1] AS progress,
                   (array_agg(answer.figure ORDER BY review.round_on DESC)
                       FILTER (WHERE answer.figure IS NOT NULL
                               AND (answer.pledge_id IS NULL OR answer.new_pledge_id IS NULL)))[1] AS figure
            FROM pledges_answer answer JOIN pledges_review review ON review.id = answer.review_id
            WHERE review.state = %s GROUP BY 1
        ), one AS (
            SELECT partner.kind, {_PLACES} AS places, pledge.area_id,
                   date_trunc('month', coalesce(beginning.day, pledge.started_on))::date AS month,
                   CASE WHEN pledge.ended_at IS NULL THEN coalesce(said.progress, %s) ELSE pledge.ending END AS outcome,
                   pledge.ended_at IS NULL AS is_live, pledge.commitment, pledge.commitment_amount AS amount,
                   CASE WHEN lower(pledge.unit) = ANY(%s) THEN 'people' WHEN lower(pledge.unit) = ANY(%s) THEN 'hours'
                        WHEN lower(pledge.unit) = ANY(%s) THEN 'money' ELSE '' END AS measured,
                   pledge.target, said.figure
            FROM pledges_pledge pledge
            JOIN partners_partner partner ON partner.id = pledge.partner_id {_WHERE}
            LEFT JOIN beginning ON beginning.latest = pledge.id
            LEFT JOIN said ON said.pledge_id = pledge.id
            WHERE pledge.id IN ({promised}) AND partner.id IN ({counted})
        )
        SELECT kind, places, area_id, month, count(*), outcome, is_live, commitment, count(amount),
               coalesce(sum(amount), 0), measured, count(target), coalesce(sum(target), 0), count(figure),
               coalesce(sum(figure), 0)
        FROM one GROUP BY kind, places, area_id, month, outcome, is_live, commitment, measured
        """,  # noqa: S608
        [State.APPROVED, Outcome.UNREPORTED, *(list(UNITS[measured]) for measured in Measured), *more, *parameters],
    )


def _reviews(day):
    """Those of organisations that fell due before a day, or were answered: also of partners that lapsed or left since,
    as leaving them out would make the rest look better than it was."""
    organisations, parameters = _part(Partner.objects.published().exclude(kind=Kind.RESIDENT))
    return _ask(
        f"""
        WITH one AS (
            SELECT review.*, CASE WHEN review.state = %s THEN NULL
                                  ELSE (review.answered_at AT TIME ZONE %s)::date END AS answered_on
            FROM pledges_review review
        )
        SELECT partner.kind, {_PLACES}, area.ids, date_trunc('month', one.due_on)::date, count(*),
               CASE WHEN one.answered_on IS NULL THEN %s WHEN one.answered_on <= one.due_on THEN %s ELSE %s END
        FROM one JOIN partners_partner partner ON partner.id = one.partner_id {_WHERE} {_AREAS}
        WHERE (one.due_on < %s OR one.answered_on IS NOT NULL) AND NOT (one.closing = %s AND one.answered_on IS NULL)
              AND partner.id IN ({organisations})
        GROUP BY 1, 2, 3, 4, 6
        """,  # noqa: S608
        [
            State.DECLINED, timezone.get_default_timezone_name(), Timing.UNANSWERED, Timing.ON_TIME, Timing.LATE, day,
            "withdrawn", *parameters,
        ],
    )  # fmt: skip


def _ask(query, parameters):
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchall()


def gather(day):
    """The facts as they are now."""
    sets = {}  # the same few sets stand in thousands of facts

    def shared(keys):
        keys = tuple(keys or ())
        return sets.setdefault(keys, frozenset(keys))

    def whose(kind, places, areas, *rest):
        return (kind, None if places is None else shared(places), shared(areas), *rest)

    return Facts(
        day=day,
        partners=[Fact(*whose(*row)) for row in _partners()],
        pledges=[PledgeFact(*whose(kind, places, [area], *rest)) for kind, places, area, *rest in _pledges()],
        reviews=[ReviewFact(*whose(*row)) for row in _reviews(day)],
    )


# Kept until something changes -----------------------------------------------------------------


@dataclass(frozen=True)
class Kept:
    version: str
    facts: Facts
    at: float
    took: float

    @property
    def rest(self):
        """For how many seconds it is shown although something has changed."""
        return min(_REST * self.took, settings.FIGURES_REST_AT_MOST) if self.took > _QUICK else 0

    def is_good(self, version, day):
        if day != self.facts.day:
            return False
        return version == self.version or time.monotonic() < self.at + self.rest


_kept = None
_asking = threading.Lock()


def facts():
    """The facts, from memory where neither the data nor the day has changed: one query then.

    Where the scheme has grown so large that asking takes more than a quarter of a second, it may be a few seconds old.
    """
    global _kept
    version, day = changes.version(), timezone.localdate()
    kept = _kept
    if kept and kept.is_good(version, day):
        return kept.facts
    # One thread asks. The others show what was true a moment ago, rather than ask the same all at once.
    mine = _asking.acquire(timeout=_PATIENCE if kept is None else 0)
    try:
        if not mine and kept and kept.facts.day == day and kept.rest:
            return kept.facts
        started = time.monotonic()
        found = gather(day)
        _kept = Kept(version, found, time.monotonic(), time.monotonic() - started)
        return found
    finally:
        if mine:
            _asking.release()
