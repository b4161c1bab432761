"""The weights a desk uses: its own, if it has trained any, or those shipped."""

import asyncio
from dataclasses import dataclass

import asyncpg

from helpdesk.desk import Desk
from triage.engine.recalibrating import Judged
from triage.engine.weights import Weights, decoded, shipped_weights

PART = "weights of twins"
FRESH = 60.0  # seconds until a web process looks for newer ones

NEWEST = """
SELECT weights FROM triage_models WHERE kind = $1 ORDER BY version DESC LIMIT 1
"""
VERDICTS = """
SELECT probability, same, engine FROM triage_verdicts
WHERE probability IS NOT NULL ORDER BY at, ticket_id, other_id
"""


@dataclass(frozen=True, slots=True)
class Read:
    weights: Weights
    at: float


def kind_of(level: str) -> str:
    return f"twins/{level}"


async def weights_in_use(desk: Desk, level: str) -> Weights:
    """`level`: that of the embedder whose vectors are compared, or "lexical"."""
    known: dict[str, Read] = desk.parts.setdefault(PART, {})
    now = asyncio.get_running_loop().time()
    if level not in known or now - known[level].at > FRESH:
        known[level] = Read(await newest_weights(desk.pool, level), now)
    return known[level].weights


async def newest_weights(pool: asyncpg.Pool, level: str) -> Weights:
    stored = await pool.fetchval(NEWEST, kind_of(level))
    return decoded(stored) if stored else shipped_weights(level)


async def verdicts_on_twins(pool: asyncpg.Pool) -> list[Judged]:
    rows = await pool.fetch(VERDICTS)
    return [Judged(row["probability"], row["same"], row["engine"]) for row in rows]
