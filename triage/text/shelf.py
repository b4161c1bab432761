"""The classifier a process uses: the newest that was trained, or one made of what we ship."""

import asyncio
import logging
import time
from dataclasses import dataclass, field
from functools import cache

import asyncpg

from helpdesk.desk import Desk
from triage.engine.embedders import Embedder, choose_embedder, load_embedder

from .kernel import from_stored
from .types import Classifier, Guess, train, written_examples

log = logging.getLogger(__name__)

PATIENCE = 1.5  # seconds
FRESH = 60.0  # seconds until a process asks for a newer model
SHIPPED = "shipped"
NEWEST = """
SELECT id, embedder, weights FROM type_models WHERE embedder = $1 AND id > $2
ORDER BY id DESC LIMIT 1
"""


@dataclass
class _Shelf:
    classifier: Classifier | None = None
    number: int = 0
    looked_at: float = float("-inf")
    looking: asyncio.Task[Classifier | None] | None = None
    waiting: asyncio.Lock = field(default_factory=asyncio.Lock)


async def ranked_soon(desk: Desk, text: str) -> list[Guess]:
    """The likeliest first. For a page, which does not wait long for the first model."""
    shelf = _shelf(desk)
    if shelf.classifier is None:
        if shelf.looking is None or shelf.looking.done():
            shelf.looking = asyncio.create_task(classifier_of(desk))
        await asyncio.wait({shelf.looking}, timeout=PATIENCE)
    if (classifier := shelf.classifier) is None:
        return []
    return await asyncio.to_thread(classifier.ranked, text)


async def classifier_of(desk: Desk) -> Classifier | None:
    shelf = _shelf(desk)
    if shelf.classifier is not None and time.monotonic() - shelf.looked_at < FRESH:
        return shelf.classifier
    async with shelf.waiting:
        if time.monotonic() - shelf.looked_at >= FRESH:
            await _look(desk, shelf)
    return shelf.classifier


async def _look(desk: Desk, shelf: _Shelf) -> None:
    try:
        embedder = await asyncio.to_thread(load_embedder, desk.settings)
        name = embedder.name if embedder else ""
        row = await desk.pool.fetchrow(NEWEST, name, shelf.number)
        if row is not None:
            shelf.classifier = await asyncio.to_thread(_stored, row, embedder)
            shelf.number = row["id"]
        elif shelf.classifier is None:
            shelf.classifier = await asyncio.to_thread(shipped, desk.settings.triage_embedder)
    except (ValueError, OSError, KeyError):  # a model that cannot be read is as good as none
        log.exception("triage.types")
    shelf.looked_at = time.monotonic()


def _stored(row: asyncpg.Record, embedder: Embedder | None) -> Classifier:
    return Classifier(from_stored(row["weights"]), embedder, f"types {row['id']}")


@cache
def shipped(wanted: str) -> Classifier:
    """Of the examples we ship, in a second or two. `wanted` is the encoder of the settings."""
    return train(written_examples(), choose_embedder(wanted).embedder, SHIPPED)[0]


def _shelf(desk: Desk) -> _Shelf:
    shelf: _Shelf = desk.parts.setdefault("types", _Shelf())
    return shelf
