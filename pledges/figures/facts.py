"""What all figures are added up from: a few thousand facts, each a number of rows that are alike in all that matters.

They are asked of the database by three queries, kept in memory, and asked anew when the data or the day has changed
(docs/decisions/0037). Those of a day that is over follow from the dates that rows carry (docs/decisions/0070).
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

from oiep import changes, pages
from oiep.moderation import State
from oiep.moments import end_of
from pledges.figures.rows import organisations_on, partners_on, past, promised_on

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
    """day: today, or the day at whose end things stood so."""

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
# The same for a day that is over: the areas of the pledges that were live then.
_AREAS_THEN = """
    LEFT JOIN (SELECT partner_id, array_agg(DISTINCT area_id ORDER BY area_id) AS ids FROM pledges_pledge
               WHERE state = %s AND started_on <= %s AND (ended_at IS NULL OR ended_at >= %s)
               GROUP BY partner_id) area ON area.partner_id = partner.id
"""
_PLACES = "CASE WHEN partner.county_wide THEN NULL ELSE coalesce(place.ids, '{}') END"


def _areas(on):
    return (_AREAS, []) if on is None else (_AREAS_THEN, [State.APPROVED, on, _over(on)])


def _over(on):
    """The moment before which things had happened; what is true now is before any."""
    return "infinity" if on is None else end_of(on)


def _partners(on):
    counted, parameters = _part(partners_on(on))
    areas, of_areas = _areas(on)
    return _ask(
        f"""
        SELECT partner.kind, {_PLACES}, area.ids,
               date_trunc('month', partner.approved_at AT TIME ZONE %s)::date, count(*)
        FROM partners_partner partner {_WHERE} {areas}
        WHERE partner.id IN ({counted})
        GROUP BY 1, 2, 3, 4
        """,  # noqa: S608 - put together from our own words; what is asked goes as parameters
        [timezone.get_default_timezone_name(), *of_areas, *parameters],
    )


def _pledges(on):
    counted, parameters = _part(partners_on(on))
    promised, more = _part(promised_on(on))
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
            WHERE review.state = %s AND review.decided_at < %s GROUP BY 1
        ), one AS (
            SELECT partner.kind, {_PLACES} AS places, pledge.area_id,
                   date_trunc('month', coalesce(beginning.day, pledge.started_on))::date AS month,
                   pledge.ended_at IS NULL OR pledge.ended_at >= %s AS is_live, said.progress, pledge.ending,
                   pledge.commitment, pledge.commitment_amount AS amount,
                   CASE WHEN lower(pledge.unit) = ANY(%s) THEN 'people' WHEN lower(pledge.unit) = ANY(%s) THEN 'hours'
                        WHEN lower(pledge.unit) = ANY(%s) THEN 'money' ELSE '' END AS measured,
                   pledge.target, said.figure
            FROM pledges_pledge pledge
            JOIN partners_partner partner ON partner.id = pledge.partner_id {_WHERE}
            LEFT JOIN beginning ON beginning.latest = pledge.id
            LEFT JOIN said ON said.pledge_id = pledge.id
            WHERE pledge.id IN ({promised}) AND partner.id IN ({counted})
        )
        SELECT kind, places, area_id, month, count(*),
               CASE WHEN is_live THEN coalesce(progress, %s) ELSE ending END AS outcome,
               is_live, commitment, count(amount),
               coalesce(sum(amount), 0), measured, count(target), coalesce(sum(target), 0), count(figure),
               coalesce(sum(figure), 0)
        FROM one GROUP BY kind, places, area_id, month, outcome, is_live, commitment, measured
        """,  # noqa: S608
        [
            State.APPROVED, _over(on), _over(on), *(list(UNITS[measured]) for measured in Measured), *more,
            *parameters, Outcome.UNREPORTED,
        ],
    )  # fmt: skip


# When each review is due as things stand, or was as they stood at the end of a day.
_DUE = "SELECT id, due_on FROM pledges_review"
_DUE_THEN = """
    SELECT DISTINCT ON (review_id) review_id AS id, due_on FROM pledges_duedate WHERE known_from <= %s
    ORDER BY review_id, known_from DESC, id DESC
"""


def _reviews(today, on):
    """Those of organisations that fell due before today, or by the end of a day, or were answered."""
    organisations, parameters = _part(organisations_on(on))
    areas, of_areas = _areas(on)
    due, of_due = (_DUE, []) if on is None else (_DUE_THEN, [on])
    return _ask(
        f"""
        WITH one AS (
            SELECT review.partner_id, due.due_on, review.closing = %s AND review.closed_at < %s AS has_left,
                   CASE WHEN review.answered_at < %s AND NOT (review.state = %s AND review.decided_at < %s)
                        THEN (review.answered_at AT TIME ZONE %s)::date END AS answered_on
            FROM pledges_review review JOIN ({due}) due ON due.id = review.id
        )
        SELECT partner.kind, {_PLACES}, area.ids, date_trunc('month', one.due_on)::date, count(*),
               CASE WHEN one.answered_on IS NULL THEN %s WHEN one.answered_on <= one.due_on THEN %s ELSE %s END
        FROM one JOIN partners_partner partner ON partner.id = one.partner_id {_WHERE} {areas}
        WHERE (one.due_on < %s OR one.answered_on IS NOT NULL) AND NOT (coalesce(one.has_left, FALSE)
              AND one.answered_on IS NULL) AND partner.id IN ({organisations})
        GROUP BY 1, 2, 3, 4, 6
        """,  # noqa: S608
        [
            "withdrawn", _over(on), _over(on), State.DECLINED, _over(on), timezone.get_default_timezone_name(), *of_due,
            Timing.UNANSWERED, Timing.ON_TIME, Timing.LATE, *of_areas,
            today if on is None else on + datetime.timedelta(days=1), *parameters,
        ],
    )  # fmt: skip


def _ask(query, parameters):
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchall()


def gather(day, on=None):
    """The facts as they are now; day: today. on: a day that is over, for the facts as they were at its end."""
    on = past(on)
    sets = {}  # the same few sets stand in thousands of facts

    def shared(keys):
        keys = tuple(keys or ())
        return sets.setdefault(keys, frozenset(keys))

    def whose(kind, places, areas, *rest):
        return (kind, None if places is None else shared(places), shared(areas), *rest)

    return Facts(
        day=on or day,
        partners=[Fact(*whose(*row)) for row in _partners(on)],
        pledges=[PledgeFact(*whose(kind, places, [area], *rest)) for kind, places, area, *rest in _pledges(on)],
        reviews=[ReviewFact(*whose(*row)) for row in _reviews(day, on)],
    )


# Kept until something changes -----------------------------------------------------------------


@dataclass(frozen=True)
class Kept:
    version: str
    facts: Facts
    at: float
    took: float
    asked_on: datetime.date

    @property
    def rest(self):
        """For how many seconds it is shown although something has changed."""
        return min(_REST * self.took, settings.FIGURES_REST_AT_MOST) if self.took > _QUICK else 0

    def is_good(self, version, day):
        if day != self.asked_on:
            return False
        return version == self.version or self.rests_for > 0

    @property
    def rests_for(self):
        """How many seconds are left of that."""
        return self.at + self.rest - time.monotonic()


_DAYS_KEPT = 12

_kept = {}  # None, or a day that is over → what is kept of it
_asking = threading.Lock()


def facts(on=None):
    """The facts, from memory where neither the data nor the day has changed: one query then.

    on: a day; they are as they were at its end, where it is over. Where the scheme has grown so large that asking takes
    more than a quarter of a second, they may be a few seconds old.
    """
    on = past(on)
    version, day = changes.version(), timezone.localdate()
    kept = _kept.get(on)
    if kept and kept.is_good(version, day):
        if version != kept.version:
            _say_how_long(kept.rests_for)
        return kept.facts
    # One thread asks. The others show what was true a moment ago, rather than ask the same all at once.
    mine = _asking.acquire(timeout=_PATIENCE if kept is None else 0)
    try:
        if not mine and kept and kept.asked_on == day and kept.rest:
            _say_how_long(0)
            return kept.facts
        started = time.monotonic()
        found = gather(day, on)
        _keep(on, Kept(version, found, time.monotonic(), time.monotonic() - started, day))
        return found
    finally:
        if mine:
            _asking.release()


def _keep(on, kept):
    """Of days that are over, the few that were asked for last."""
    _kept.pop(on, None)
    _kept[on] = kept
    for day in [day for day in list(_kept) if day is not None][:-_DAYS_KEPT]:
        _kept.pop(day, None)


def _say_how_long(seconds):
    """To the page that is made from facts that are old already, so that it is not kept for longer."""
    pages.good_until(timezone.now() + datetime.timedelta(seconds=seconds))
