"""Vectors: made in a thread of their own, and how PostgreSQL takes and gives them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import numpy as np

from helpdesk.desk import Desk
from triage.engine.embedders import DIMENSIONS, Embedder, choose_embedder, embed_aside
from triage.engine.report import Vector, Vectors

KNOWN = "vectors"  # whether there is a table for them
LOADED = "embedder"
LOADING = "embedder, while it is loaded"
LOOK_AGAIN = 60.0  # seconds


async def load(desk: Desk) -> Embedder | None:
    """Aside: a file of some megabytes is read the first time. None: words are compared alone."""
    wanted = desk.settings.triage_embedder
    desk.parts[LOADED] = (await asyncio.to_thread(choose_embedder, wanted)).embedder
    embedder: Embedder | None = desk.parts[LOADED]
    return embedder


async def place(desk: Desk) -> bool:
    """Whether there is a table for vectors."""
    now = asyncio.get_running_loop().time()
    there, asked_at = desk.parts.get(KNOWN, (False, float("-inf")))
    if not there and now - asked_at > LOOK_AGAIN:
        there = bool(await desk.pool.fetchval("SELECT to_regclass('ticket_vectors') IS NOT NULL"))
        desk.parts[KNOWN] = (there, now)
    return bool(there)


async def usable(desk: Desk) -> Embedder | None:
    """The embedder, where there is also a place for vectors."""
    if not await place(desk):
        return None
    found: Embedder | None = desk.parts[LOADED] if LOADED in desk.parts else await load(desk)
    return found


async def ready(desk: Desk) -> Embedder | None:
    """As `usable`, without waiting: until it is loaded, whoever types is helped by words alone."""
    if LOADED in desk.parts:
        return await usable(desk)
    if LOADING not in desk.parts:
        desk.parts[LOADING] = asyncio.create_task(load(desk))
    return None


@asynccontextmanager
async def vectors_ready(desk: Desk) -> AsyncIterator[None]:
    """For a web process: loaded while nobody has asked yet."""
    await ready(desk)
    try:
        yield
    finally:
        loading: asyncio.Task[object] | None = desk.parts.get(LOADING)
        if loading is not None:
            await asyncio.gather(loading, return_exceptions=True)


async def embedded(desk: Desk, texts: Sequence[str]) -> tuple[str, Vectors] | None:
    """With the name of the embedder that made them."""
    embedder = await ready(desk)
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
