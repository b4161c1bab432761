"""`helpdesk triage train`: the ranking of similar reports, from labelled sets of reports, or made
surer by what the agents of this desk decided."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import helpdesk.schema  # noqa: F401 - every table must be known before one is written
from helpdesk.core.services import services
from helpdesk.core.settings import Settings
from helpdesk.desk import open_desk
from helpdesk.permissions import SYSTEM
from triage.engine.commands import keep_weights, learn_from_verdicts
from triage.engine.embedders import choose_embedder
from triage.engine.labelled import BadData, read_sets
from triage.engine.learning import learn
from triage.engine.queries import verdicts_on_twins
from triage.engine.recalibrating import TooFew
from triage.engine.weights import Weights, encoded
from triage.text.training import train_types


def train_on_data(settings: Settings, path: Path, out: Path | None) -> int:
    """With `out` into a file there; otherwise for this desk, from now on."""
    choice = choose_embedder(settings.triage_embedder)
    for reason in choice.steps_back:
        print(f"Stepped back: {reason}.")
    try:
        sets = read_sets(path)
        learned = learn(choice.level, sets, choice.embedder, lambda text: print(text, flush=True))
    except BadData as fault:
        print(f"helpdesk: {fault}", file=sys.stderr)
        return 1
    if out is None:
        with services(settings) as running:
            learned = asyncio.run(kept(running, learned))
        print(f"In use from now on: {learned.name}.")
    else:
        file = out / f"{learned.level}.json"
        file.write_text(json.dumps(encoded(learned), indent=1) + "\n")
        print(f"Written to {file}.")
    for name, figures in learned.figures["sets"].items():
        print(f"  {name:12} " + "  ".join(f"{key} {value}" for key, value in figures.items()))
    return 0


async def kept(settings: Settings, learned: Weights) -> Weights:
    async with open_desk(settings) as desk, desk.transaction(SYSTEM) as tx:
        return await keep_weights(tx, learned, dict(learned.figures))


def train_on_desk(settings: Settings) -> int:
    level = choose_embedder(settings.triage_embedder).level
    with services(settings) as running:
        reached = asyncio.run(types_learned(running))
        print("Types: " + "  ".join(f"{key} {value}" for key, value in reached.items()))
        try:
            learned, figures = asyncio.run(recalibrated(running, level))
        except TooFew as fault:
            print(f"Twins: as before, {fault}")
            return 0
    print(f"Twins: in use from now on: {learned.name}.")
    print("  " + "  ".join(f"{key} {value:g}" for key, value in figures.items()))
    return 0


async def types_learned(settings: Settings) -> dict[str, Any]:
    """What ticket types sound like: from our examples and what the desk has settled."""
    async with open_desk(settings) as desk:
        return await train_types(desk)


async def recalibrated(settings: Settings, level: str) -> tuple[Weights, dict[str, float]]:
    async with open_desk(settings) as desk:
        judged = await verdicts_on_twins(desk.pool)
        async with desk.transaction(SYSTEM) as tx:
            return await learn_from_verdicts(tx, level, judged)
