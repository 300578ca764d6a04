"""Outgoing mail. PostgreSQL is the queue, Celery the engine (docs/decisions/0001).

`queue` writes a message in the transaction that causes it. After the commit a worker is nudged; if Redis is away, the
scheduler's tick finds the row within a minute. `send_due` claims one row at a time, sends it, and closes it only if the
attempt is still its own.
"""

from oiep.email.message import html_of, message_of
from oiep.email.queueing import compose, nudge, queue
from oiep.email.sending import claim, is_permanent, send_again, send_due
from oiep.email.settling import delete_codes, empty_old, forget, release, skip, withhold

__all__ = [
    "claim",
    "compose",
    "delete_codes",
    "empty_old",
    "forget",
    "html_of",
    "is_permanent",
    "message_of",
    "nudge",
    "queue",
    "release",
    "send_again",
    "send_due",
    "skip",
    "withhold",
]
