"""What an agent says of themselves: available, away and why, or no new chats."""

from datetime import timedelta
from enum import StrEnum

AWAY_AFTER = timedelta(seconds=45)  # an agent whose socket has been gone this long is not there
CAPACITY = 4  # chats at once, of whom nobody has said otherwise
MOST = 50


class State(StrEnum):
    AVAILABLE = "available"
    NO_NEW = "no_new"  # finishes what they have
    AWAY = "away"
    GONE = "gone"  # said available, but no page of theirs is open


NO_NEW = "no_new"
MISSED = "missed"  # the desk itself: two offers were not answered
REASONS = {
    "": "Away",
    NO_NEW: "No new chats",
    "break": "On a break",
    "meal": "At a meal",
    "meeting": "In a meeting",
    "training": "In training",
    "tickets": "Working on tickets",
    MISSED: "Missed two offers",
}
CHOICES = {key: words for key, words in REASONS.items() if key != MISSED}


def state_of(available: bool, reason: str, connected: bool = True) -> State:
    if available:
        return State.AVAILABLE if connected else State.GONE
    return State.NO_NEW if reason == NO_NEW else State.AWAY
