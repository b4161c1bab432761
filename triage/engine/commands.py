"""Keeping what was trained."""

from dataclasses import replace
from typing import Any

from sqlmodel import col, desc, select

from helpdesk.desk import Transaction
from triage.engine.models import TriageModel
from triage.engine.queries import kind_of
from triage.engine.recalibrating import Judged, recalibrate
from triage.engine.weights import Weights, decoded, encoded, shipped_weights


async def keep_weights(tx: Transaction, weights: Weights, figures: dict[str, Any]) -> Weights:
    """As the version that is used from now on."""
    kind = kind_of(weights.level)
    version = 1 + max((model.version for model in await versions(tx, kind)), default=0)
    kept = replace(weights, version=str(version))
    tx.db.add(
        TriageModel(
            kind=kind,
            version=version,
            weights=encoded(kept),
            figures=figures,
            trained_at=tx.now,
        )
    )
    return kept


async def learn_from_verdicts(
    tx: Transaction, level: str, judged: list[Judged]
) -> tuple[Weights, dict[str, float]]:
    """Calibrate what is in use anew; raises TooFew. All verdicts count, also those on earlier
    calibrations of the same weights."""
    models = [decoded(model.weights) for model in await versions(tx, kind_of(level))]
    newest = models[0] if models else shipped_weights(level)
    family = newest.base or newest.version
    relatives = [one for one in models if family in (one.base, one.version)]
    lines = {one.name: one.line for one in relatives}
    base = next((one for one in models if one.version == family), shipped_weights(level))
    lines[base.name] = base.line
    learned, figures = recalibrate(base, lines, judged)
    return await keep_weights(tx, replace(learned, base=family), figures), figures


async def versions(tx: Transaction, kind: str) -> list[TriageModel]:
    """The newest first."""
    query = select(TriageModel).where(TriageModel.kind == kind)
    return list(await tx.db.exec(query.order_by(desc(col(TriageModel.version)))))
