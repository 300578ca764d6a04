"""What changes awards: nominations and decisions on them, the shortlist, the winners."""

from events.actions.awards.deciding import decide_nomination
from events.actions.awards.nominating import Closed, change_nomination, nominate, withdraw_nomination
from events.actions.awards.rounds import (
    copy_round,
    publish_round,
    publish_shortlist,
    save_round,
    set_places,
    set_shortlist,
)
from events.actions.awards.telling import tell_results

__all__ = [
    "Closed",
    "change_nomination",
    "copy_round",
    "decide_nomination",
    "nominate",
    "publish_round",
    "publish_shortlist",
    "save_round",
    "set_places",
    "set_shortlist",
    "tell_results",
    "withdraw_nomination",
]
