"""What a person should do next, and where what they sent in stands: the words of their own place.

Another app joins in with a function that returns `Step`s; `oiep.views.account` puts them all in order.
"""

from pledges.next_steps.invitations import invitations_to_answer
from pledges.next_steps.partner import (
    answer_url,
    areas_without_pledge,
    key_of_ideas,
    leads,
    membership_of,
    next_steps,
    partners_of,
    things_of,
)
from pledges.next_steps.signing import signings_to_finish
from pledges.next_steps.status import Status, day, in_brief, status_of
from pledges.next_steps.step import Step, Urgency, in_order

__all__ = [
    "Status",
    "Step",
    "Urgency",
    "answer_url",
    "areas_without_pledge",
    "day",
    "in_brief",
    "in_order",
    "invitations_to_answer",
    "key_of_ideas",
    "leads",
    "membership_of",
    "next_steps",
    "partners_of",
    "signings_to_finish",
    "status_of",
    "things_of",
]
