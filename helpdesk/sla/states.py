"""The life of an obligation and of a notice."""

from enum import StrEnum


class State(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"  # it is not the desk's turn
    MET = "met"
    LATE = "late"  # done, after it was due
    DROPPED = "dropped"  # nobody waits for it any more


LIVE = (State.RUNNING, State.PAUSED)


class NoticeKind(StrEnum):
    WARNING = "warning"
    BREACH = "breach"
