"""Whether what the public may see is still what it was, for whoever keeps something that was made from it.

The database notes each statement that changes a table, in a row of `DataChange`: the triggers of migrations 0008 and
0010, and `watch_tables` for each table that comes later (docs/decisions/0037 and 0061).
"""

import contextlib
import contextvars
import datetime
import threading
import time
from dataclasses import dataclass
from functools import partial, wraps

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.models import Min, Q
from django.utils import timezone

# What no public page is made from, so that writing it changes none: whole apps, and models. Any other table is watched.
# A test reads the queries of the public pages and finds one that is here by mistake.
UNSEEN_APPS = {"admin", "auth", "contenttypes", "sessions", "account", "mfa", "usersessions", "desk", "reach"}
UNSEEN = {
    "oiep.AddressChange", "oiep.AtWork", "oiep.AuditEvent", "oiep.DataChange", "oiep.Erasure", "oiep.NewsWish",
    "oiep.OutgoingEmail", "oiep.RequestCount", "oiep.User_groups", "oiep.User_user_permissions", "texts.Revision",
    "partners.BlockedSender", "partners.ContactMessage", "partners.DeclineReason", "partners.JoinRequest",
    "partners.Membership", "partners.PartnerInvitation", "partners.ProfileChange", "pledges.HelpReply",
    "pledges.PutAside", "pledges.Signing", "working_groups.Attendance", "working_groups.CalendarAddress",
    "working_groups.GroupInvitation", "working_groups.GroupJoinRequest", "events.Criterion", "events.Interest",
    "events.Judge", "events.Judge_categories", "events.JudgeInvitation", "events.JudgeInvitation_categories",
    "events.Score", "events.Vote", "events.VoteRequest",
}  # fmt: skip
# Of some tables a page shows little, and the rest changes often: an account is written when its owner signs in.
COLUMNS = {"oiep.User": ("name", "is_active")}


_held = contextvars.ContextVar("version", default=None)


def version():
    """A mark that differs after each committed change of the data, in one query of a few hundred rows at most.

    The number of rows, and their sum, tell of a change that was committed after a later one: it has a smaller key.
    """
    held = _held.get()
    if held:
        return held[0]
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0), count(*), coalesce(sum(id), 0) FROM oiep_datachange")
        found = ".".join(map(str, cursor.fetchone()))
    if held is not None:
        held.append(found)
    return found


@contextlib.contextmanager
def held():
    """Within it the mark is asked once. For what only reads: whoever asks twice would get what they had before."""
    token = _held.set([])
    try:
        yield
    finally:
        _held.reset(token)


# What takes longer than so many seconds to make is not made again before that time has passed so many times, but after
# FIGURES_REST_AT_MOST seconds.
_QUICK, _REST = 0.25, 20


def remembered(make=None, *, by_the_clock=False, may_rest=False):
    """Keeps what a function returns, by its arguments, for as long as the data and the day are the same.

    by_the_clock: it may be another at one of the `public_moments`. may_rest: where making it takes long, it may be some
    seconds old; whoever uses it asks the database for what must not be. Nobody may change what is returned: it is
    everybody's.
    """
    if make is None:
        return partial(remembered, by_the_clock=by_the_clock, may_rest=may_rest)
    kept, lock = {}, threading.Lock()

    def is_good(found, state, now):
        if found is None or found.state[1] != state[1] or (found.until and now >= found.until):
            return False
        if found.state == state:
            return True
        if found.rests_until <= time.monotonic():
            return False
        from oiep import pages

        pages.good_until(now + datetime.timedelta(seconds=found.rests_until - time.monotonic()))
        return True

    @wraps(make)
    def wrapped(*arguments):
        now = timezone.now()
        state = (version(), timezone.localdate(now))
        found = kept.get(arguments)
        if is_good(found, state, now):
            return found.value
        # Where it takes long, one thread makes it for all.
        with lock if may_rest else contextlib.nullcontext():
            if kept.get(arguments) is not found and is_good(kept.get(arguments), state, now):
                return kept[arguments].value
            started = time.monotonic()
            value = make(*arguments)
            took = time.monotonic() - started
            rest = min(_REST * took, settings.FIGURES_REST_AT_MOST) if may_rest and took > _QUICK else 0
            until = moment_after(now, state[0]) if by_the_clock else None
            kept[arguments] = _Kept(state, until, value, time.monotonic() + rest)
        return value

    return wrapped


@dataclass(frozen=True)
class _Kept:
    state: tuple
    until: datetime.datetime | None
    value: object
    rests_until: float


@remembered
def entries(model):
    """All entries of a list of reference data by their key, in its order, retired ones too."""
    return {row.pk: row for row in model.objects.all()}


_moment = (None, None, None)  # of which version, from when on, and when


def moment_after(now, version):
    """As `next_moment`, in no query where it is known of this version already."""
    global _moment
    of, since, moment = _moment
    if of != version or now < since or (moment and moment <= now):
        moment = next_moment(now)
        _moment = (version, now, moment)
    return moment


def next_moment(now):
    """When a page may next be another by the clock alone, the data being what they are; None if never.

    Models say by which of their times: `public_moments`. Whole days are not among them.
    """
    found = []
    for model in apps.get_models():
        if names := getattr(model, "public_moments", ()):
            times = {name: Min(name, filter=Q(**{f"{name}__gt": now})) for name in names}
            found += model.objects.aggregate(**times).values()
    return min(filter(None, found), default=None)


def watched_models():
    for model in apps.get_models(include_auto_created=True):
        options = model._meta
        is_ours = options.managed and not options.proxy
        if is_ours and options.app_label not in UNSEEN_APPS and options.label not in UNSEEN:
            yield model


# The function comes with migration 0010: where that has been taken back, nothing is watched anew.
_UNWATCHED = """
SELECT class.relname FROM pg_class class
WHERE class.relnamespace = current_schema()::regnamespace AND class.relkind = 'r' AND class.relname = ANY(%s)
      AND to_regproc('oiep_note_public_change') IS NOT NULL
      AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = class.oid
                      AND tgname IN ('oiep_note_change', 'oiep_note_public_change'))
"""


def watch_tables(**kwargs):
    """Has the database note the changes of each table that is not watched yet; called after each `migrate`."""
    tables = {model._meta.db_table: COLUMNS.get(model._meta.label, ()) for model in watched_models()}
    with connection.cursor() as cursor:
        cursor.execute(_UNWATCHED, [list(tables)])
        for (table,) in cursor.fetchall():
            of = f" OF {', '.join(tables[table])}" if tables[table] else ""
            cursor.execute(
                f'CREATE TRIGGER oiep_note_public_change AFTER INSERT OR UPDATE{of} OR DELETE OR TRUNCATE ON "{table}" '
                "FOR EACH STATEMENT EXECUTE FUNCTION oiep_note_public_change()"
            )
