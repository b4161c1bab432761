"""Learning from labelled reports, and from what agents decided."""

import json
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from helpdesk.__main__ import main
from helpdesk.permissions import SYSTEM
from tests.people import Cast
from triage.engine.commands import keep_weights, learn_from_verdicts
from triage.engine.labelled import BadData, made_ready, read_sets, walk
from triage.engine.learning import learn
from triage.engine.queries import newest_weights, verdicts_on_twins, weights_in_use
from triage.engine.ranker import rank
from triage.engine.recalibrating import (
    Judged,
    TooFew,
    calibration_error,
    on_base,
    recalibrate,
)
from triage.engine.shelf import Shelf
from triage.engine.training import fit_order, recalls
from triage.engine.weights import LEVELS, Weights, decoded, encoded, shipped_weights

WRITTEN = tomllib.loads((Path(__file__).parent / "sample.toml").read_text())["report"]
BEGUN = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The written sample as a labelled set."""
    docs, queries = [], []
    for n, one in enumerate(WRITTEN):
        at = BEGUN + timedelta(hours=n)
        docs.append({"id": f"r{n}", "seq": n, **one, "created": at.isoformat(), "meta": {}})
        problem = one.get("problem")
        earlier = [f"r{m}" for m in range(n) if problem and WRITTEN[m].get("problem") == problem]
        queries.append({"id": f"r{n}", "relevant": earlier})
    for name, rows in (("docs", docs), ("queries", queries)):
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / f"dup_sample.{name}.jsonl").write_text(lines)
    return tmp_path


def test_only_earlier_reports_are_searched(data):
    [labelled] = read_sets(data)
    ready = made_ready(labelled.reports, None, print)
    shelf = Shelf()
    for number, (one, twins) in enumerate(zip(ready, labelled.twins, strict=True)):
        assert all(near < number for near in shelf.near(one))
        assert all(twin < number for twin in twins)
        shelf.add(one)


def test_training_puts_twins_first(data):
    [labelled] = read_sets(data)
    examples = list(walk(labelled, made_ready(labelled.reports, None, print)))
    weights, _ = fit_order(examples)
    assert recalls(examples, weights)["R@1"] >= 90
    assert recalls(examples, weights)["queries"] == 32


def test_training_is_repeatable_and_its_result_survives_storage(data):
    sets = read_sets(data)
    learned = learn("lexical", sets, None, lambda _: None)
    assert encoded(learned) == encoded(learn("lexical", sets, None, lambda _: None))
    again = decoded(json.loads(json.dumps(encoded(learned))))
    assert again.whole == learned.whole
    assert again.title == learned.title
    assert set(learned.figures["sets"]["sample"]) == {"queries", "R@1", "R@5", "R@10"}


@pytest.mark.parametrize("level", LEVELS)
def test_shipped_weights_carry_the_figures_they_reached(level):
    weights = shipped_weights(level)
    assert weights.level == level
    assert all(figures["R@10"] > 80 for figures in weights.figures["sets"].values())


def test_the_multilingual_encoder_has_weights_too():
    assert shipped_weights("multilingual").level == "multilingual"


def test_data_that_are_none_are_refused(tmp_path):
    with pytest.raises(BadData, match=r"holds no dup_\*"):
        read_sets(tmp_path)
    (tmp_path / "dup_x.docs.jsonl").write_text('{"id": 1, "title"')
    with pytest.raises(BadData, match="dup_x"):
        read_sets(tmp_path)


def test_the_command_writes_weights(data, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HELPDESK_TRIAGE_EMBEDDER", "none")
    assert main(["triage", "train", "--data", str(data), "--out", str(tmp_path)]) == 0
    assert decoded(json.loads((tmp_path / "lexical.json").read_text())).level == "lexical"
    assert "sample" in capsys.readouterr().out


def test_the_command_says_what_is_wrong_with_the_data(tmp_path, capsys):
    assert main(["triage", "train", "--data", str(tmp_path)]) == 1
    assert "holds no dup_" in capsys.readouterr().err


# What agents decided


def judged(engine: str, many: int, true_share: float = 0.5) -> list[Judged]:
    """Everything was shown with 80 to 95 %; only a part of it was so."""
    chance = np.random.default_rng(7)
    return [
        Judged(float(chance.uniform(0.8, 0.95)), bool(chance.random() < true_share), engine)
        for _ in range(many)
    ]


def test_verdicts_put_probabilities_right():
    base = shipped_weights("lexical")
    learned, figures = recalibrate(base, {base.name: base.line}, judged(base.name, 400))
    assert figures["ece_before"] > 0.3
    assert figures["ece_after"] < 0.06
    slope, shift = learned.line
    assert slope > 0
    assert learned.whole.order == base.whole.order
    assert learned.whole.constant == pytest.approx(slope * base.whole.constant + shift)


def test_few_verdicts_change_nothing():
    base = shipped_weights("lexical")
    lines = {base.name: base.line}
    with pytest.raises(TooFew, match="29 verdicts"):
        recalibrate(base, lines, judged(base.name, 29))
    with pytest.raises(TooFew):
        recalibrate(base, lines, judged(base.name, 100, true_share=1))
    with pytest.raises(TooFew, match="0 verdicts"):
        recalibrate(base, lines, judged("another engine", 100))


@pytest.mark.parametrize("line", [(1.0, 0.0), (0.5, -2.0), (2.0, 1.0)])
def test_a_calibrated_probability_leads_back_to_the_base(line):
    slope, shift = line
    odds = slope * 0.7 + shift
    assert on_base(1 / (1 + np.exp(-odds)), line) == pytest.approx(0.7)


def test_calibration_error_is_the_distance_from_what_was_so():
    assert calibration_error(np.array([0.9] * 10), np.array([1.0] * 9 + [0.0])) == 0
    assert calibration_error(np.array([0.9] * 10), np.zeros(10)) == 0.9


async def test_a_desk_uses_what_it_trained_last(cast: Cast):
    desk = cast.desk
    assert (await newest_weights(desk.pool, "lexical")).name == "lexical shipped"
    async with desk.transaction(SYSTEM) as tx:
        first = await keep_weights(tx, shipped_weights("lexical"), {"R@1": 60})
    async with desk.transaction(SYSTEM) as tx:
        second = await keep_weights(tx, shipped_weights("lexical"), {"R@1": 61})
    assert (first.name, second.name) == ("lexical 1", "lexical 2")
    assert (await weights_in_use(desk, "lexical")).name == "lexical 2"
    assert (await newest_weights(desk.pool, "minilm")).name == "minilm shipped"


async def test_verdicts_on_earlier_calibrations_count_too(cast: Cast):
    desk = cast.desk
    level = "wordllama"
    first = await learned_from(cast, level, judged(f"{level} shipped", 200))
    assert (first.version, first.base) == ("1", "shipped")
    # What is shown now is lower, and right: little changes when it is learned as well.
    slope, shift = first.line
    chance = np.random.default_rng(8)
    shown = [
        Judged(
            float(1 / (1 + np.exp(-(slope * odds + shift)))),
            bool(chance.random() < 0.5),
            first.name,
        )
        for odds in chance.uniform(1.4, 2.9, 200)
    ]
    second = await learned_from(cast, level, [*judged(f"{level} shipped", 200), *shown])
    assert (second.version, second.base) == ("2", "shipped")
    middle = np.array(second.line) @ [2.1, 1] - np.array(first.line) @ [2.1, 1]
    assert abs(middle) < 0.3
    stored = await desk.pool.fetchval(
        "SELECT figures FROM triage_models WHERE kind = 'twins/wordllama' AND version = 2"
    )
    assert stored["verdicts"] == 400


async def learned_from(cast: Cast, level: str, verdicts: list[Judged]) -> Weights:
    async with cast.desk.transaction(SYSTEM) as tx:
        weights, _ = await learn_from_verdicts(tx, level, verdicts)
    return weights


async def test_verdicts_are_read_from_the_desk(cast: Cast):
    await cast.desk.pool.execute(
        "INSERT INTO triage_verdicts (ticket_id, other_id, same, at, probability, engine)"
        " VALUES (1, 2, true, now(), 0.8, 'minilm shipped'), (1, 3, false, now(), NULL, '')"
    )
    assert await verdicts_on_twins(cast.desk.pool) == [Judged(0.8, True, "minilm shipped")]


def test_refused_suggestions_make_less_sure_and_keep_the_order(data):
    base = shipped_weights("lexical")
    learned, _ = recalibrate(base, {base.name: base.line}, judged(base.name, 400, 0.2))
    [labelled] = read_sets(data)
    [asked, *others] = made_ready(labelled.reports, None, print)[::-1]
    others.insert(5, asked)
    before, after = (rank(asked, others, weights=weights) for weights in (base, learned))
    assert before[0].probability > 0.8
    assert [match.index for match in before] == [match.index for match in after]
    assert after[0].probability < before[0].probability
