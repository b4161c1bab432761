"""The ticket's life, as a table."""

from enum import IntEnum, StrEnum


class Status(StrEnum):
    NEW = "new"  # filed, nobody has answered
    OPEN = "open"  # with the desk
    WAITING_ON_USER = "waiting_on_user"  # the requester must do something
    ON_HOLD = "on_hold"  # somebody outside the desk must do something
    SOLVED = "solved"  # answered; can be reopened within REOPEN_DAYS
    CLOSED = "closed"  # final
    MERGED = "merged"  # a part of another ticket, and no work of its own


MOVES: dict[Status, set[Status]] = {
    Status.NEW: {Status.OPEN, Status.WAITING_ON_USER, Status.ON_HOLD, Status.SOLVED},
    Status.OPEN: {Status.WAITING_ON_USER, Status.ON_HOLD, Status.SOLVED},
    Status.WAITING_ON_USER: {Status.OPEN, Status.ON_HOLD, Status.SOLVED},
    Status.ON_HOLD: {Status.OPEN, Status.WAITING_ON_USER, Status.SOLVED},
    Status.SOLVED: {Status.OPEN, Status.CLOSED},
    Status.CLOSED: set(),
    Status.MERGED: set(),  # reached by merging and left by undoing it: tickets/merging.py
}
UNSOLVED = (Status.NEW, Status.OPEN, Status.WAITING_ON_USER, Status.ON_HOLD)
REOPEN_DAYS = 14


class Coverage(StrEnum):
    """Whether the help centre had the answer: marked by the agent who closes."""

    UNIQUE = "unique"
    COVERED = "covered"


class Severity(IntEnum):
    """How urgent. The catalogue holds the words people read."""

    LOW = 1
    NORMAL = 2
    HIGH = 3
    URGENT = 4


class NotAllowed(Exception):
    """The sentence says why this cannot be done now."""


class WrongMove(Exception):
    def __init__(self, old: Status, new: Status) -> None:
        super().__init__(f"A ticket that is {old} cannot become {new}.")
        self.old, self.new = old, new
