"""How tickets are put into words, for the people who filed them and for staff."""

from dataclasses import dataclass

from .states import Severity, Status

STAFF_STATUS = {
    Status.NEW: "New",
    Status.OPEN: "Open, with us",
    Status.WAITING_ON_USER: "Waiting for the user",
    Status.ON_HOLD: "Waiting for somebody outside",
    Status.SOLVED: "Solved",
    Status.CLOSED: "Closed",
    Status.MERGED: "Part of another",
}
OWN_STATUS = {
    Status.NEW: "Received",
    Status.OPEN: "We are working on it",
    Status.WAITING_ON_USER: "Waiting for you",
    Status.ON_HOLD: "Waiting for somebody outside",
    Status.SOLVED: "Solved",
    Status.CLOSED: "Closed",
    Status.MERGED: "Part of another",
}
SEVERITY_KEYS = {severity.value: severity.name.lower() for severity in Severity}


@dataclass(frozen=True)
class Turn:
    """Whose turn it is: `who` is us, you or done."""

    who: str
    now: str
    next: str


TURNS = {
    Status.NEW: Turn(
        "us",
        "We have your request. An agent of the {group} department will read it.",
        "Your turn: nothing. We tell you here and by e-mail as soon as there is an answer.",
    ),
    Status.OPEN: Turn(
        "us",
        "The {group} department is working on it.",
        "Your turn: nothing. You can add something at any time; a second request would not "
        "be faster.",
    ),
    Status.WAITING_ON_USER: Turn(
        "you",
        "We need something from you.",
        "Your turn: read the last message, answer it, or add the missing piece below. "
        "The clock is stopped until then.",
    ),
    Status.ON_HOLD: Turn(
        "us",
        "Somebody outside our desk has to answer first, for example a bank.",
        "Your turn: nothing. We follow it up and tell you.",
    ),
    Status.SOLVED: Turn(
        "done",
        "We believe this is solved.",
        "If it is not, say so within 14 days and we carry on where we stopped.",
    ),
    Status.CLOSED: Turn(
        "done",
        "This request is closed.",
        "For something new, file a new request and mention this reference.",
    ),
    Status.MERGED: Turn(
        "done",
        "This request is a part of another one now.",
        "Go on there: everything you wrote here is on it.",
    ),
}


def turn(status: Status, group: str) -> Turn:
    found = TURNS[status]
    return Turn(found.who, found.now.format(group=group), found.next)
