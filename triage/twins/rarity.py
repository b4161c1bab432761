"""How common words are among all tickets: exactly for what is asked, roughly for the rest."""

import asyncio
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from helpdesk.desk import Desk
from triage.engine.report import Rarity

PART = "rarity of words"
FRESH = 600.0  # seconds until the common words are read again
COMMON = 20_000  # words kept in memory: the most common; any other is rare
BUDGET = 300  # tickets that the rare keys of a report may be in together
MOST_KEYS = 16

TOP = "SELECT term, documents FROM term_counts ORDER BY documents DESC LIMIT $1"
COUNTS = "SELECT term, documents FROM term_counts WHERE term = ANY($1::text[])"


@dataclass
class Known:
    rarity: Rarity = field(default_factory=Rarity)
    read_at: float = float("-inf")
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)


async def rarity_of(desk: Desk) -> Rarity:
    """Of the common words; a word that is missing counts as new."""
    known: Known = desk.parts.setdefault(PART, Known())
    if time.monotonic() - known.read_at < FRESH:
        return known.rarity
    async with known.reading:
        if time.monotonic() - known.read_at >= FRESH:
            rows = await desk.pool.fetch(TOP, COMMON)
            counts = {row["term"]: row["documents"] for row in rows}
            known.rarity = Rarity(counts.pop("", 0), counts)
            # A young desk learns quickly what is common in it.
            age = FRESH if known.rarity.documents > COMMON else 5.0
            known.read_at = time.monotonic() - FRESH + age
    return known.rarity


async def counts_of(desk: Desk, keys: Collection[str]) -> dict[str, int]:
    rows = await desk.pool.fetch(COUNTS, list(keys))
    return {row["term"]: row["documents"] for row in rows}


def rarest(counts: dict[str, int], keys: Iterable[str]) -> list[str]:
    """Those that lead somewhere, the rarest first, within the budget. Identifiers come first."""
    found: list[str] = []
    spent = 0
    for key in sorted(counts.keys() & set(keys), key=lambda key: (key[0] != "#", counts[key], key)):
        spent += counts[key]
        if spent > BUDGET or len(found) == MOST_KEYS:
            break
        found.append(key)
    return found
