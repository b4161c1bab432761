"""What others keep about suggestions, added up. Only the last weeks, and only so many of a kind, so
that the page costs the same on a large desk."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from helpdesk.desk import Desk

from .reliability import Tally

WEEKS = 12
MOST = 20_000  # newest suggestions of a kind
MOST_SENT = 5_000
TRAININGS = 20

KINDS: Mapping[str, str] = {
    "duplicate": "Duplicates",
    "type": "Type",
    "severity": "Severity",
    "language": "Language",
    "incident": "Incidents",
    "routing": "Routing",
}
ABOUT: Mapping[str, str] = {
    "duplicate": "Pairs of tickets shown to agents. Right: what they merged, or left, as expected.",
    "type": "The type a text sounds like. Right: the type the ticket has in the end.",
    "severity": "What the rules suggest. Right: what the person chose, or an agent settled.",
    "language": "The language a text is in. “Not sure” is said when it is not.",
    "incident": "Bursts that were proposed. Right: those a manager confirmed.",
    "routing": "Where the rules sent a ticket. Right: the department it is still in.",
}

SUGGESTED = f"""
SELECT date_trunc('week', at, 'UTC')::date AS week,
    least(floor(probability * 10), 9)::int AS place, count(*)::int AS made,
    count(*) FILTER (WHERE value = '')::int AS unsure,
    count(accepted_value) FILTER (WHERE value <> '')::int AS answered,
    count(*) FILTER (WHERE value <> '' AND accepted_value = value)::int AS right,
    count(*) FILTER (WHERE value <> '' AND accepted_value = value)::int AS so,
    coalesce(sum(probability) FILTER (WHERE value <> '' AND accepted_value IS NOT NULL), 0)::float8
        AS said
FROM (SELECT at, probability, value, accepted_value FROM triage_suggestions
    WHERE kind = $1 AND at > $2 ORDER BY at DESC, id DESC LIMIT {MOST}) s
GROUP BY 1, 2
"""
PAIRS = f"""
SELECT date_trunc('week', at, 'UTC')::date AS week,
    least(floor(probability * 10), 9)::int AS place, count(*)::int AS made, 0 AS unsure,
    count(*)::int AS answered,
    count(*) FILTER (WHERE CASE WHEN probability IS NULL THEN same
        ELSE same = (probability >= 0.5) END)::int AS right,
    count(*) FILTER (WHERE same)::int AS so,
    coalesce(sum(probability), 0)::float8 AS said
FROM (SELECT at, probability, same FROM triage_verdicts
    WHERE at > $1 ORDER BY at DESC LIMIT {MOST}) v GROUP BY 1, 2
"""
BURSTS = f"""
SELECT date_trunc('week', proposed_at, 'UTC')::date AS week, NULL::int AS place,
    count(*)::int AS made, 0 AS unsure,
    count(*) FILTER (WHERE state <> 'proposed')::int AS answered,
    count(*) FILTER (WHERE state IN ('confirmed', 'resolved'))::int AS right,
    0 AS so, 0.0::float8 AS said
FROM (SELECT proposed_at, state FROM incidents WHERE proposed_at > $1
    ORDER BY id DESC LIMIT {MOST}) i GROUP BY 1
"""
SENT = f"""
SELECT date_trunc('week', r.at, 'UTC')::date AS week, NULL::int AS place, count(*)::int AS made,
    0 AS unsure, count(*)::int AS answered,
    count(*) FILTER (WHERE NOT EXISTS (SELECT FROM events e WHERE e.case_id = t.case_id
        AND e.ticket_id = t.id AND e.type = 'ticket.handed_over'))::int AS right,
    0 AS so, 0.0::float8 AS said
FROM (SELECT at, ticket_id FROM routing_runs
    WHERE at > $1 AND jsonb_array_length(effects->'matched') > 0
    ORDER BY at DESC LIMIT {MOST_SENT}) r
JOIN tickets t ON t.id = r.ticket_id GROUP BY 1
"""
TRAINED = """
SELECT * FROM (
    (SELECT kind, version, figures, trained_at FROM triage_models
        ORDER BY trained_at DESC LIMIT $1)
    UNION ALL
    (SELECT 'types' AS kind, id AS version, figures, made_at AS trained_at FROM type_models
        ORDER BY id DESC LIMIT $1)) m
ORDER BY trained_at DESC, kind, version DESC LIMIT $1
"""


async def tallies(desk: Desk) -> dict[str, list[Tally]]:
    since = desk.clock.now() - timedelta(weeks=WEEKS)
    found: dict[str, list[Tally]] = {}
    for kind in KINDS:
        found[kind] = [tally(kind, row) for row in await rows_of(desk, kind, since)]
    return found


async def rows_of(desk: Desk, kind: str, since: datetime) -> Sequence[Any]:
    own = {"duplicate": PAIRS, "incident": BURSTS, "routing": SENT}
    if kind in own:
        rows: Sequence[Any] = await desk.search_pool.fetch(own[kind], since)
    else:
        rows = await desk.search_pool.fetch(SUGGESTED, kind, since)
    return rows


def tally(kind: str, row: Any) -> Tally:
    return Tally(
        kind,
        row["week"],
        row["place"],
        row["made"],
        row["unsure"],
        row["answered"],
        row["right"],
        row["said"],
        row["so"],
    )


@dataclass(frozen=True, slots=True)
class Figure:
    """`before` is that of the version before, or of the moment before the training."""

    name: str
    before: float | None
    after: float

    @property
    def words(self) -> str:
        return re.sub(r"[_/]+", " ", self.name)


@dataclass(frozen=True, slots=True)
class Training:
    kind: str
    version: int
    trained_at: datetime
    figures: tuple[Figure, ...]


async def trainings(desk: Desk) -> list[Training]:
    """The newest first, each beside the one of its kind before it."""
    rows = await desk.pool.fetch(TRAINED, 2 * TRAININGS)
    told = []
    for number, row in enumerate(rows[:TRAININGS]):
        earlier = next((one for one in rows[number + 1 :] if one["kind"] == row["kind"]), None)
        figures = compared(plain(row["figures"]), plain(earlier["figures"]) if earlier else {})
        told.append(Training(row["kind"], row["version"], row["trained_at"], figures))
    return told


def plain(figures: Any, within: str = "") -> dict[str, float]:
    """Every number, by its name; those of a part under the name of the part."""
    found: dict[str, float] = {}
    for name, value in figures.items() if isinstance(figures, dict) else ():
        path = f"{within}/{name}" if within else str(name)
        if isinstance(value, dict):
            found |= plain(value, path)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found[path] = float(value)
    return found


def compared(now: Mapping[str, float], earlier: Mapping[str, float]) -> tuple[Figure, ...]:
    """`x_before` and `x_after` are one figure; others stand beside the version before."""
    figures = []
    for name, value in now.items():
        if name.endswith("_before") and f"{name.removesuffix('_before')}_after" in now:
            continue
        if name.endswith("_after"):
            base = name.removesuffix("_after")
            figures.append(Figure(base, now.get(f"{base}_before"), value))
        else:
            figures.append(Figure(name, earlier.get(name), value))
    return tuple(figures)
