"""What the engine is given and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]  # of unit length
Vectors = NDArray[np.float32]  # a row for each text


class IdentifierKind(StrEnum):
    CONTRACT = "contract"
    TRANSACTION = "transaction"
    ERROR_CODE = "error_code"
    TICKET = "ticket"


Identifier = tuple[str, str]  # (IdentifierKind, value in capitals)


@dataclass(frozen=True, slots=True)
class Report:
    """A problem as somebody put it. `identifiers` are those known from fields of the form;
    those written in the text are found by `read_report`."""

    title: str
    body: str
    opened_at: datetime
    identifiers: frozenset[Identifier] = frozenset()


@dataclass(frozen=True, slots=True)
class Terms:
    """The words of a report and how often they occur. Prepared once, `pack`ed for storage."""

    title: Mapping[str, int]
    body: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A report made ready for comparing; the one searched for is made ready in the same way.
    Without an embedder, or before the worker came to it, there are no vectors."""

    report: Report
    terms: Terms
    title_vector: Vector | None = None
    whole_vector: Vector | None = None


@dataclass(frozen=True, slots=True)
class Rarity:
    """How common words are among all reports: in how many of them each occurs."""

    documents: int = 0
    frequencies: Mapping[str, int] = field(default_factory=dict)


class ReasonKind(StrEnum):
    RARE_WORDS = "rare_words"
    TITLE = "title"
    MEANING = "meaning"
    CONTRACT = "contract"
    TRANSACTION = "transaction"
    ERROR_CODE = "error_code"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Reason:
    """`weight` is what it added to the score; `values` are the words or identifiers shared."""

    kind: ReasonKind
    weight: float
    values: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return SENTENCES[self.kind].format(", ".join(self.values))


SENTENCES: dict[ReasonKind, str] = {
    ReasonKind.RARE_WORDS: "shared rare words: {}",
    ReasonKind.TITLE: "similar subject",
    ReasonKind.MEANING: "similar meaning",
    ReasonKind.CONTRACT: "same contract {}",
    ReasonKind.TRANSACTION: "same transaction {}",
    ReasonKind.ERROR_CODE: "same error code {}",
    ReasonKind.TIME: "close in time",
}


@dataclass(frozen=True, slots=True)
class Match:
    """`index` into the candidates; `probability` that both tell of the same problem."""

    index: int
    probability: float
    reasons: tuple[Reason, ...] = ()
