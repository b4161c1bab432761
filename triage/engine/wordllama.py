"""WordLlama, 256 dimensions: the mean of a vector for each piece of a word. Fast, and less able.

The package is used as data: importing it would configure logging and bring an HTTP client."""

import json
from collections.abc import Sequence

import numpy as np

from triage.engine.embedders import DIMENSIONS, CannotLoad, Embedder, filled_up
from triage.engine.modelfiles import verified_file
from triage.engine.report import Vectors

NAME = "wordllama-l2-256"
WEIGHTS = ("wordllama", "wordllama/weights/l2_supercat_256.safetensors")
WEIGHTS_SHA256 = "64b47a2dc493cb8e85944076601189739852d7b64e0e1eedcb1937a251cd9fd5"
TOKENIZER = ("wordllama", "wordllama/tokenizers/l2_supercat_tokenizer_config.json")
TOKENIZER_SHA256 = "93248f2a9ec36c7b35f700a033d5f36228aae48db61aee31007fa49062cdeb68"
CHARACTERS_AT_MOST = 2_000


def load_wordllama() -> Embedder:
    weights = verified_file(*WEIGHTS, WEIGHTS_SHA256)
    tokenizer = verified_file(*TOKENIZER, TOKENIZER_SHA256)
    try:
        return WordLlama(weights, tokenizer)
    except Exception as fault:  # tokenizers raises plain Exception
        raise CannotLoad(f"WordLlama cannot be started: {fault}") from fault


class WordLlama:
    name = NAME
    level = "wordllama"
    dimensions = DIMENSIONS

    def __init__(self, weights: bytes, tokenizer: bytes) -> None:
        from tokenizers import Tokenizer

        self._table = read_safetensors(weights, "embedding.weight")
        self._tokenizer = Tokenizer.from_buffer(tokenizer)
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    def embed(self, texts: Sequence[str]) -> Vectors:
        rows = np.zeros((len(texts), self._table.shape[1]), np.float32)
        for row, text in zip(rows, texts, strict=True):
            ids = self._tokenizer.encode(text[:CHARACTERS_AT_MOST], add_special_tokens=False).ids
            if ids:
                row[:] = self._table[ids].mean(axis=0, dtype=np.float32)
        return filled_up(rows)


def read_safetensors(file: bytes, tensor: str) -> Vectors:
    """One 16-bit tensor: eight bytes with the length of a JSON header, the header, the numbers."""
    length = int.from_bytes(file[:8], "little")
    about = json.loads(file[8 : 8 + length])[tensor]
    start, end = about["data_offsets"]
    numbers = np.frombuffer(file[8 + length + start : 8 + length + end], np.float16)
    table: Vectors = numbers.reshape(about["shape"]).astype(np.float32)
    return table
