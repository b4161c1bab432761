"""Promises as pages and programs show them."""

from datetime import datetime
from typing import Any

from helpdesk.calendars.queries import hours_of
from helpdesk.core.formats import iso
from helpdesk.desk import Desk

from .estimate import Basis, Estimate
from .queries import Given, expect, promise_of
from .words import Told, told


async def told_before(
    desk: Desk, group_key: str, department: str, severity: int, reader: str
) -> Told:
    """Of a request that is not sent yet. `reader`: their time zone."""
    expected = await expect(desk, group_key, severity)
    hours = await hours_of(desk, group_key)
    return told(expected, department, hours, reader, desk.clock.now())


async def told_of(desk: Desk, ticket_id: int, reader: str) -> Told:
    """What was promised last."""
    return await words_of(desk, await promise_of(desk, ticket_id), reader)


async def words_of(desk: Desk, given: Given, reader: str) -> Told:
    """As it was said; when that time has passed, what is likely from now on."""
    hours, now = await hours_of(desk, given.group_key), desk.clock.now()
    words = told(given.one, given.department, hours, reader, now)
    if not words.late:
        return words
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
    given = await promise_of(desk, ticket_id)
    return document(given.one, await words_of(desk, given, reader))


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
