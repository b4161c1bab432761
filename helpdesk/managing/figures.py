"""The figures above the queue; each is of a list that its link opens."""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from helpdesk.desk import Desk
from helpdesk.permissions import Actor

from .lists import BY_KEY
from .queue import COUNT_LIMIT, seen_by

SUMMED = 1_000  # the money of so many is added up

OWNED_SOON = f"""
SELECT count(*)::integer FROM (SELECT FROM escalations e WHERE {BY_KEY["hour"].where}
    AND e.owner_id IS NOT NULL LIMIT {COUNT_LIMIT}) x
WHERE $1::bigint[] IS NOT NULL AND $2::boolean IS NOT NULL AND $4::bigint IS NOT NULL"""
MONEY = f"""
SELECT currency, sum(amount_minor)::bigint AS minor, count(*)::integer AS many FROM (
    SELECT e.currency, e.amount_minor FROM escalations e
    WHERE {BY_KEY["all"].where} ORDER BY e.due_at, e.id LIMIT {SUMMED}) e
WHERE e.amount_minor IS NOT NULL GROUP BY currency ORDER BY many DESC, currency LIMIT 4"""
DECIDING = """
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM ended_at - raised_at))
    AS seconds, count(*)::integer AS many
FROM (SELECT e.ended_at, e.raised_at, e.state FROM escalations e
    WHERE e.ended_at > $1::timestamptz - interval '14 days' AND e.ended_at IS NOT NULL
    ORDER BY e.ended_at DESC, e.id DESC LIMIT 1000) e
WHERE e.state = 'decided'"""


@dataclass(frozen=True)
class Figures:
    owned_soon: int
    money: Sequence[asyncpg.Record]
    median: float | None  # seconds
    decided: int


async def figures(desk: Desk, actor: Actor) -> Figures:
    now = desk.clock.now()
    deciding = await desk.pool.fetchrow(DECIDING, now)
    return Figures(
        await desk.pool.fetchval(OWNED_SOON, *seen_by(actor, now)),
        await desk.pool.fetch(MONEY),
        deciding["seconds"],
        deciding["many"],
    )
