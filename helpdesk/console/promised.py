"""What the requester was told last about when they hear, beside the deadline it goes with."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from helpdesk.cases.timeline import Entry
from helpdesk.desk import Desk
from helpdesk.sla.policy import Kind
from helpdesk.sla.promises.promised import Clocks, Promised, by_date, promised_from
from helpdesk.tickets.next_step import STEP

TOLD = {"escalation.extended": "A later date for the decision", STEP: "Next step"}
OF_A_DATE = {"sla.extended", *TOLD}


LATEST = """
SELECT DISTINCT ON (e.ticket_id) e.ticket_id, e.type, e.data, e.occurred_at, m.body
FROM events e JOIN messages m ON m.id = e.message_id
WHERE e.case_id = ANY($1) AND e.ticket_id = ANY($2) AND e.type = ANY($3)
ORDER BY e.ticket_id, e.seq DESC
"""


async def promised_of(
    desk: Desk, chat: Any, tickets: Iterable[Any], own: str
) -> dict[int, Promised]:
    """Of the visitor's open tickets that the agent was found to see, by their numbers."""
    on = Clocks(chat["time_zone"], own)
    opened = [row for row in tickets if row["is_open"]]
    cases, ids = [row["case_id"] for row in opened], [row["id"] for row in opened]
    dated = await desk.pool.fetch(LATEST, cases, ids, sorted(OF_A_DATE)) if opened else ()
    moved = {row["ticket_id"]: of_a_date(row, on) for row in dated}
    found = {}
    for row in opened:
        kept = await promised_from(desk, row["promised"], on)
        if last := later(kept, moved.get(row["id"])):
            found[row["id"]] = last
    return found


def later(kept: Promised | None, moved: Promised | None) -> Promised | None:
    if kept is None or moved is None:
        return moved or kept
    return moved if moved.at >= kept.at else kept


async def promised_last(
    desk: Desk, row: Any, entries: Iterable[Entry], own: str
) -> Promised | None:
    """Of a row with `promised` and `time_zone`. `own`: the time zone of the reader."""
    on = Clocks(row["time_zone"], own)
    kept = await promised_from(desk, row["promised"], on)
    moved = [one for one in entries if one.row["type"] in OF_A_DATE]
    return later(kept, of_a_date(moved[-1].row, on) if moved else None)


def of_a_date(event: Any, on: Clocks) -> Promised | None:
    """A date somebody gave with a reason, or with what they do next."""
    data, type = event["data"], event["type"]
    until = read(data.get("until"))
    if until is None:
        return None
    theirs, own = by_date(until, on)
    what = TOLD.get(type) or f"A later date for the {data.get('what', 'answer')}"
    return Promised(
        event["occurred_at"], what, theirs, own, event["body"] or "", until,
        by_answer=data.get("kind") == Kind.FIRST_RESPONSE,
    )  # fmt: skip


def read(given: Any) -> datetime | None:
    return datetime.fromisoformat(given) if isinstance(given, str) and given else None
