"""What changes a partner after it has signed."""

from partners.actions.leaving import set_active_areas, withdraw
from partners.actions.messages import pass_on_message
from partners.actions.people import answer_join_request, appoint_lead, ask_to_join
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
    "answer_join_request",
    "apply_profile_change",
    "appoint_lead",
    "ask_to_join",
    "lock_standing",
    "open_change_of",
    "pass_on_message",
    "profile_of",
    "propose_profile_change",
    "proposed_profile_of",
    "revert_profile_change",
    "set_active_areas",
    "update_contact_settings",
    "version_of",
    "withdraw",
]
