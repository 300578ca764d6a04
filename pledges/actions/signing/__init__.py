"""Signing: from the first answer to the partner that it becomes (product.md, *Signing*).

What locks more than one thing locks in this order: the signing's row while it is being filled in, then the source, the
e-mail address, the right to make an organisation, and last the rows of signings that were declared.
"""

from pledges.actions.signing.confirming import Expired, ask_to_join, confirm
from pledges.actions.signing.declaring import NotReady, declare, send_again, start_again
from pledges.actions.signing.drafts import (
    TooSoon,
    forget,
    keep_typed,
    leave_short_route,
    remove_pledge,
    save_answers,
    save_pledge,
    save_pledges,
    send_resume_link,
    start,
)
from pledges.actions.signing.listed import (
    add_listed_pledge,
    ask_to_confirm,
    enter_from_list,
    take_out_listed,
    take_out_unasked_listed,
)

__all__ = [
    "Expired",
    "NotReady",
    "TooSoon",
    "add_listed_pledge",
    "ask_to_confirm",
    "ask_to_join",
    "confirm",
    "declare",
    "enter_from_list",
    "forget",
    "keep_typed",
    "leave_short_route",
    "remove_pledge",
    "save_answers",
    "save_pledge",
    "save_pledges",
    "send_again",
    "send_resume_link",
    "start",
    "start_again",
    "take_out_listed",
    "take_out_unasked_listed",
]
