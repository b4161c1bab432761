"""What each figure means, said once: the dashboard shows it, and docs/figures.md is made of it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Definition:
    title: str
    text: str
    kinds: tuple[str, ...] = ()  # of facts, in the list behind it
    better: str = ""  # more | less: which way is good


DEFINITIONS: Mapping[str, Definition] = {
    "arrived": Definition(
        "Arrived",
        "Tickets filed in the period, by form, by a program or from a chat. A ticket counts for "
        "the department and severity it began with, also when it was merged later.",
        ("arrived",),
    ),
    "answered": Definition(
        "First answer",
        "Time from filing to the first public answer of the desk, night and weekend included; "
        "half of the tickets were answered within the first value, nine of ten within the "
        "second. Of tickets first answered in the period, whenever they were filed. The values "
        "are exact to 2.5 %.",
        ("answered",),
        "less",
    ),
    "solved": Definition(
        "Solved",
        "How often a ticket became solved in the period, by the desk or by its requester. A "
        "ticket that was reopened and solved again counts twice.",
        ("solved",),
        "more",
    ),
    "resolution": Definition(
        "Time to solve",
        "Time from filing to each solution in the period, waiting for the requester included; "
        "half took at most the first value, nine of ten at most the second. The values are exact "
        "to 2.5 %.",
        ("solved",),
        "less",
    ),
    "sla": Definition(
        "Promises kept",
        "Of the promises that ended in the period (first and next answers, solutions, "
        "takeovers), the share that was kept in time. A promise is missed when its date passes, "
        "for the department that owed it then; a date that was moved and passes again is missed "
        "again. Updates in between are not counted.",
        ("sla_met", "sla_missed"),
        "more",
    ),
    "sla_missed": Definition(
        "Promises missed",
        "Promises whose date passed in the period before they were kept.",
        ("sla_missed",),
        "less",
    ),
    "reopened": Definition(
        "Reopened",
        "How often a solved ticket was opened again in the period, because its requester said "
        "it is not solved or wrote again.",
        ("reopened",),
        "less",
    ),
    "escalated": Definition(
        "Escalated",
        "Escalations raised in the period, each once, however often it was raised again or went "
        "to a higher level; by what raised it first.",
        ("escalated",),
        "less",
    ),
    "open": Definition(
        "Open now",
        "Tickets that are new, open, waiting for the user or on hold at this moment, whatever "
        "the period, by the time since they were filed.",
        ("open",),
        "less",
    ),
    "rated": Definition(
        "Satisfaction",
        "Of the answers to “Did this solve it?” given in the period, the share that says "
        "completely or mostly. An answer that was changed counts as it is now, when it was first "
        "given. Nothing is shown of fewer answers than the desk's minimum.",
        ("rated",),
        "more",
    ),
    "coverage": Definition(
        "Covered by articles",
        "Of the tickets solved in the period that still are, and that an agent marked, the share "
        "whose answer the help centre has.",
        ("settled",),
    ),
    "chat_asked": Definition(
        "Chats asked for",
        "Conversations opened in the period. One that was transferred counts for the department "
        "that has it.",
        ("chat_asked",),
    ),
    "chat_answered": Definition(
        "Chats answered",
        "Conversations an agent joined first in the period, and how long their visitors had "
        "waited: half of them at most the first value, nine of ten at most the second.",
        ("chat_answered",),
        "more",
    ),
    "chat_left": Definition(
        "Chats abandoned",
        "Conversations that ended in the period before anybody of the desk joined.",
        ("chat_left",),
        "less",
    ),
    "chat_waiting": Definition(
        "Chats waiting now",
        "Conversations in a waiting line at this moment, whatever the period, and the longest "
        "wait.",
        (),
        "less",
    ),
    "capacity": Definition(
        "Capacity",
        "Tickets the desk can solve in an hour of the day: its people at work in that hour, by "
        "the calendars of their departments and without those who are away, times what a person "
        "of the department solved in an hour at work over the four weeks before. The mean of the "
        "last seven days of the period. Somebody of several departments counts in parts.",
    ),
    "compared": Definition(
        "Compared with the week before",
        "The same weekdays of as many weeks before, until the same time of day, so that a day "
        "that is not over is compared fairly.",
    ),
}
LISTED = {key: one for key, one in DEFINITIONS.items() if one.kinds}


def document() -> str:
    """docs/figures.md."""
    parts = [
        "# Figures of the dashboard",
        "What each number of `/desk/dashboard` counts, as the page itself says it "
        "(`helpdesk/reports/dashboard/definitions.py`). Times are kept in buckets that grow by "
        "5 %, so that they can be added up; how is in `helpdesk/reports/counting/spread.py`. Days "
        "begin at midnight in the reader's time zone.",
    ]
    parts += [f"## {one.title}\n\n{one.text}" for one in DEFINITIONS.values()]
    return "\n\n".join(parts) + "\n"
