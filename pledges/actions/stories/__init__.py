"""What changes stories: offering, changing and deciding on them, taking them down, and people's consent."""

from pledges.actions.stories.consents import (
    consents_ending,
    consents_to_renew,
    renew_consent,
    warn_of_ending,
    withdraw_consent,
)
from pledges.actions.stories.deciding import decide_story, put_back, take_down
from pledges.actions.stories.offering import change_story, confirm_story, offer_story, require_confirmable, send_in

__all__ = [
    "change_story",
    "confirm_story",
    "consents_ending",
    "consents_to_renew",
    "decide_story",
    "offer_story",
    "put_back",
    "renew_consent",
    "require_confirmable",
    "send_in",
    "take_down",
    "warn_of_ending",
    "withdraw_consent",
]
