"""Vectors: made in a thread of their own, and how PostgreSQL takes and gives them."""

import asyncio
from collections.abc import Sequence

import numpy as np

from helpdesk.desk import Desk
from triage.engine.embedders import DIMENSIONS, Embedder, choose_embedder, embed_aside
from triage.engine.report import Vector, Vectors

KNOWN = "vectors"  # whether there is a table for them
LOOK_AGAIN = 60.0  # seconds


async def embedder_of(desk: Desk) -> Embedder | None:
    """The first time, a file of some megabytes is read, aside. None: words are compared alone."""
    wanted = desk.settings.triage_embedder
    return (await asyncio.to_thread(choose_embedder, wanted)).embedder


async def usable(desk: Desk) -> Embedder | None:
    """The embedder, where there is also a place for vectors."""
    now = asyncio.get_running_loop().time()
    there, asked_at = desk.parts.get(KNOWN, (False, float("-inf")))
    if not there and now - asked_at > LOOK_AGAIN:
        there = bool(await desk.pool.fetchval("SELECT to_regclass('ticket_vectors') IS NOT NULL"))
        desk.parts[KNOWN] = (there, now)
    return await embedder_of(desk) if there else None


async def embedded(desk: Desk, texts: Sequence[str]) -> tuple[str, Vectors] | None:
    """With the name of the embedder that made them."""
    embedder = await usable(desk)
    return None if embedder is None else (embedder.name, await embed_aside(embedder, texts))


def as_text(vector: Vector) -> str:
    """For a parameter that is cast: `$1::text::halfvec`."""
    return "[" + ",".join(f"{number:.5g}" for number in vector.tolist()) + "]"


def from_bytes(sent: bytes | None) -> Vector | None:
    """What `halfvec_send` gives: two 16-bit numbers, then half-precision numbers, big end first."""
    if sent is None:
        return None
    found: Vector = np.frombuffer(sent, ">f2", DIMENSIONS, 4).astype(np.float32)
    return found
