"""A case in two or three sentences, for whoever opens it first. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from helpdesk.tickets.states import Status

WHOSE_TURN = {
    Status.NEW: "nobody has answered yet",
    Status.OPEN: "it is our turn",
    Status.WAITING_ON_USER: "we wait for the user",
    Status.ON_HOLD: "we wait for somebody outside",
    Status.SOLVED: "it is solved",
    Status.CLOSED: "it is closed",
    Status.MERGED: "it is a part of another ticket",
}


def summary(
    ticket: Mapping[str, Any],
    others: int,
    pieces: Sequence[Any],
    asked: Sequence[Any],
) -> str:
    """Whose turn it is, what is on the case, and what is still missing."""
    owner = ticket["assignee"] or "nobody"
    sentences = [
        f"{ticket['requester']} asked {ticket['group_name']}; "
        f"{WHOSE_TURN[Status(ticket['status'])]}, and {owner} owns it."
    ]
    on_case = [counted(others, "other ticket"), counted(len(pieces), "piece", " of evidence")]
    if told := " and ".join(part for part in on_case if part):
        sentences.append(f"On the case: {told}.")
    if ticket["contract"]:
        sentences.append(f"About contract {ticket['contract']}, {ticket['contract_title']}.")
    if asked:
        sentences.append("Still missing: " + ", ".join(need.label for need in asked) + ".")
    if ticket["follow_ups"]:
        sentences.append(f"Asked again {counted(ticket['follow_ups'], 'time')}.")
    return " ".join(sentences)


def counted(number: int, thing: str, of: str = "") -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}{of}" if number else ""
