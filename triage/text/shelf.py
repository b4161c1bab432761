"""The classifier a process uses: the newest that was trained, or one made of what we ship."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import asyncpg

from helpdesk.desk import Desk
from triage.engine.embedders import Embedder, choose_embedder, load_embedder

from .kernel import from_stored
from .types import Classifier, Guess, digest_of, train, written_examples

log = logging.getLogger(__name__)

PATIENCE = 1.5  # seconds
FRESH = 60.0  # seconds until a process asks for a newer model
SHIPPED = "shipped"
MADE = Path(__file__).with_name("types.npz")
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
    later: set[asyncio.Task[None]] = field(default_factory=set)


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


def is_ready(desk: Desk) -> bool:
    return _shelf(desk).classifier is not None


def when_ready(desk: Desk, act: Callable[[], Awaitable[None]]) -> None:
    """As soon as there is a classifier; never, if the process ends before."""

    async def soon() -> None:
        if await classifier_of(desk) is not None:
            await act()

    later = _shelf(desk).later
    task = asyncio.create_task(soon())
    later.add(task)
    task.add_done_callback(later.discard)


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
            shelf.number = row["id"]  # one that cannot be read is not asked for again
            shelf.classifier = await asyncio.to_thread(_stored, row, embedder) or shelf.classifier
        if shelf.classifier is None:
            shelf.classifier = await asyncio.to_thread(shipped, desk.settings.triage_embedder)
    except (ValueError, OSError, KeyError):  # a model that cannot be read is as good as none
        log.exception("triage.types")
    shelf.looked_at = time.monotonic()


def _stored(row: asyncpg.Record, embedder: Embedder | None) -> Classifier | None:
    try:
        return Classifier(from_stored(row["weights"]), embedder, f"types {row['id']}")
    except (ValueError, OSError, KeyError) as fault:
        log.warning("triage.types: model %s cannot be read (%r); train anew", row["id"], fault)
        return None


@cache
def shipped(wanted: str) -> Classifier:
    """Of the examples we ship. `wanted` is the encoder of the settings; for the usual one the
    model is a file, for others it is made, which takes some seconds."""
    embedder = choose_embedder(wanted).embedder
    if embedder is not None and MADE.is_file():
        trained = from_stored(MADE.read_bytes())
        if trained.embedder == embedder.name and trained.digest == digest_of(written_examples()):
            return Classifier(trained, embedder, SHIPPED)
    return train(written_examples(), embedder, SHIPPED)[0]


def make_shipped() -> None:
    """Writes the file; run by whoever changes the examples."""
    embedder = choose_embedder().embedder
    MADE.write_bytes(train(written_examples(), embedder, SHIPPED)[0].trained.stored())


def _shelf(desk: Desk) -> _Shelf:
    shelf: _Shelf = desk.parts.setdefault("types", _Shelf())
    return shelf
