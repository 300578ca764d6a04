"""What changes a partner after it has signed."""

from partners.actions.leaving import set_active_areas, withdraw
from partners.actions.messages import pass_on_message
from partners.actions.people import (
    accept_invitation,
    answer_join_request,
    appoint_lead,
    ask_to_join,
    change_role,
    hand_over,
    invite,
    invite_lead,
    leave,
    may_ask_from,
    send_invitation_again,
    take_back_invitation,
    take_off,
    why_cannot_leave,
)
from partners.actions.profile import (
    PROFILE_FIELDS,
    apply_profile_change,
    open_change_of,
    profile_of,
    propose_profile_change,
    proposed_profile_of,
    revert_profile_change,
    update_contact_settings,
    version_of,
)
from partners.actions.standing import Conflict, TooMany, lock_standing

__all__ = [
    "PROFILE_FIELDS",
    "Conflict",
    "TooMany",
    "accept_invitation",
    "answer_join_request",
    "apply_profile_change",
    "appoint_lead",
    "ask_to_join",
    "change_role",
    "hand_over",
    "invite",
    "invite_lead",
    "leave",
    "lock_standing",
    "may_ask_from",
    "open_change_of",
    "pass_on_message",
    "profile_of",
    "propose_profile_change",
    "proposed_profile_of",
    "revert_profile_change",
    "send_invitation_again",
    "set_active_areas",
    "take_back_invitation",
    "take_off",
    "update_contact_settings",
    "version_of",
    "why_cannot_leave",
    "withdraw",
]
