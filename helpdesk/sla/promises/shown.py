"""Promises as pages and programs show them."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from helpdesk.calendars.queries import hours_of
from helpdesk.core.formats import iso
from helpdesk.desk import Desk

from .estimate import Basis, Estimate
from .queries import Given, expect, promise_of
from .words import Told, moment, told

# A date for the first answer that was moved, as the requester was told.
MOVED = """
SELECT e.occurred_at, e.data->>'until' AS until, m.body
FROM tickets t JOIN events e ON e.case_id = t.case_id AND e.ticket_id = t.id
LEFT JOIN messages m ON m.id = e.message_id
WHERE t.id = $1 AND e.type = 'sla.extended' AND e.data->>'kind' = 'first_response'
ORDER BY e.seq DESC LIMIT 1
"""


async def told_before(
    desk: Desk, group_key: str, department: str, severity: int, reader: str
) -> Told:
    """Of a request that is not sent yet. `reader`: their time zone."""
    expected = await expect(desk, group_key, severity)
    hours = await hours_of(desk, group_key)
    return told(expected, department, hours, reader, desk.clock.now())


async def told_of(desk: Desk, ticket_id: int, reader: str) -> Told:
    """What was promised last."""
    return (await stands(desk, ticket_id, reader))[1]


async def stands(desk: Desk, ticket_id: int, reader: str) -> tuple[Estimate, Told]:
    """A date that somebody gave with a reason goes before what was likely until then."""
    given, now = await promise_of(desk, ticket_id), desk.clock.now()
    one = given.one
    row = await desk.pool.fetchrow(MOVED, ticket_id)
    if row is not None and row["occurred_at"] >= one.at:
        until = datetime.fromisoformat(row["until"])
        one = replace(one, basis=Basis.AIM, half=None, most=None, aim_at=until)
        said = f"We moved the date. The reason: “{row['body']}”" if row["body"] else ""
        words = Told(f"By {moment(until, reader, now)}", said, "", late=until < now)
    else:
        words = told(one, given.department, await hours_of(desk, given.group_key), reader, now)
    return one, await admitted(desk, given, words, reader) if words.late else words


async def admitted(desk: Desk, given: Given, words: Told, reader: str) -> Told:
    """That time has passed: what is likely from now on."""
    anew = await told_before(desk, given.group_key, given.department, given.severity, reader)
    return Told(
        f"Now {anew.when[0].lower()}{anew.when[1:]}",
        f"This is later than we said: {words.when[0].lower()}{words.when[1:]}. We are sorry. "
        "You keep your place; “Ask for news” reminds whoever has it.",
        anew.why,
        late=True,
    )


async def promise_shown(desk: Desk, ticket_id: int, reader: str) -> dict[str, Any]:
    """For programs: the ranges, and the same words that people read."""
    return document(*await stands(desk, ticket_id, reader))


async def expected_shown(
    desk: Desk, group_key: str, department: str, severity: int, reader: str
) -> dict[str, Any]:
    """The same, of a request that is not sent yet."""
    one, hours = await expect(desk, group_key, severity), await hours_of(desk, group_key)
    return document(one, told(one, department, hours, reader, desk.clock.now()))


def document(one: Estimate, words: Told) -> dict[str, Any]:
    # As JSONB orders keys: an answer that is kept and sent again is the same, byte for byte.
    return {
        "aim": iso(one.aim_at) if one.aim_at else None,
        "known": one.basis == Basis.PAST,
        "words": words.when,
        "likely": span(one.half),
        "reason": words.why,
        "given_at": iso(one.at),
        "nine_of_ten": span(one.most),
        "work_begins": iso(one.starts_at) if one.starts_at else None,
    }


def span(pair: tuple[datetime, datetime] | None) -> dict[str, str] | None:
    return {"from": iso(pair[0]), "until": iso(pair[1])} if pair else None
