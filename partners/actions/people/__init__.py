"""Who acts for a partner. A partner has one lead; what is here never leaves it without one while it has people.

All of it locks the partner's row first, so whoever comes second sees what the first did, and asks again who may.
"""

from partners.actions.people.by_manager import appoint_lead, invite_lead
from partners.actions.people.inviting import (
    accept_invitation,
    invite,
    send_first_invitations,
    send_invitation_again,
    take_back_invitation,
    take_back_invitations,
)
from partners.actions.people.joining import answer_join_request, ask_to_join, may_ask_from, refuse_join_requests
from partners.actions.people.roles import (
    change_role,
    hand_over,
    leave,
    take_off,
    why_cannot_leave,
)

__all__ = [
    "accept_invitation",
    "answer_join_request",
    "appoint_lead",
    "ask_to_join",
    "change_role",
    "hand_over",
    "invite",
    "invite_lead",
    "leave",
    "may_ask_from",
    "refuse_join_requests",
    "send_first_invitations",
    "send_invitation_again",
    "take_back_invitation",
    "take_back_invitations",
    "take_off",
    "why_cannot_leave",
]
