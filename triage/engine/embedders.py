"""Which sentence encoder is in use. The best that loads; None when none does."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np

from helpdesk.core.settings import Settings
from triage.engine.report import Vectors

log = logging.getLogger(__name__)

WANTED = ("multilingual", "minilm", "wordllama")
LEVELS = {
    "minilm-l6-v2-int8": "minilm",
    "wordllama-l2-256": "wordllama",
    "use-multilingual-3": "multilingual",
}
DIMENSIONS = 384  # of every embedder: shorter vectors are filled up with zeros


class Embedder(Protocol):
    """Vectors of two embedders cannot be compared; `name` tells them apart in storage."""

    @property
    def name(self) -> str: ...

    @property
    def level(self) -> str:
        """Which weights belong to it."""

    @property
    def dimensions(self) -> int: ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """A row of unit length for each text."""


class CannotLoad(Exception):
    """An encoder's package or file is missing, or the file is another one."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What was loaded, and why not the better ones."""

    embedder: Embedder | None
    steps_back: tuple[str, ...] = ()

    @property
    def level(self) -> str:
        return self.embedder.level if self.embedder else "lexical"


def level_named(embedder: str) -> str:
    """Whose weights belong to the vectors of the embedder of that name; "" is none."""
    return LEVELS.get(embedder, "lexical")


def load_embedder(settings: Settings | None = None) -> Embedder | None:
    return choose_embedder(settings.triage_embedder if settings else "minilm").embedder


@cache
def choose_embedder(wanted: str = "minilm") -> Choice:
    """Loaded once in a process. `wanted`: minilm, wordllama, multilingual or none."""
    if wanted == "none":
        return Choice(None, ("switched off by HELPDESK_TRIAGE_EMBEDDER",))
    reasons: list[str] = []
    if wanted not in WANTED:
        reasons.append(f"HELPDESK_TRIAGE_EMBEDDER names no encoder: {wanted!r}")
        wanted = "minilm"
    for load in loaders(wanted):
        try:
            embedder = load()
        except CannotLoad as fault:
            reasons.append(str(fault))
            log.warning("triage.step_back %s", fault)
        else:
            return Choice(embedder, tuple(reasons))
    return Choice(None, tuple(reasons))


def loaders(wanted: str) -> list[Callable[[], Embedder]]:
    """In the order in which they are tried: the wanted one, then the lesser ones."""
    from triage.engine.minilm import load_minilm
    from triage.engine.multilingual import load_multilingual
    from triage.engine.wordllama import load_wordllama

    known: dict[str, Callable[[], Embedder]] = {
        "multilingual": load_multilingual,
        "minilm": load_minilm,
        "wordllama": load_wordllama,
    }
    names = list(known)
    return [known[name] for name in names[names.index(wanted) :]]


@cache
def _thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="embedding")


async def embed_aside(embedder: Embedder, texts: Sequence[str]) -> Vectors:
    """In a thread of its own: the event loop goes on meanwhile."""
    return await asyncio.get_running_loop().run_in_executor(_thread(), embedder.embed, list(texts))


def filled_up(vectors: Vectors) -> Vectors:
    """To DIMENSIONS columns and unit length; a text without a known word is all zeros."""
    wide = np.zeros((len(vectors), DIMENSIONS), np.float32)
    wide[:, : vectors.shape[1]] = vectors
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    unit: Vectors = wide / np.maximum(lengths, 1e-12)
    return unit
