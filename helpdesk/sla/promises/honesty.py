"""Whether answers came when they were promised: measured by the worker, shown to everybody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from helpdesk.desk import Desk

EVERY = timedelta(minutes=1)
AT_ONCE = 500
SHOWN = 12  # months
FEWEST_SHOWN = 10  # promises, below which a share says nothing

MONTH = "date_trunc('month', p.given_at AT TIME ZONE 'UTC')::date AS month"
SUMS = ("given", "unknown", "measured", "in_half", "in_most", "early")
ADDED = ", ".join(f"{name} = m.{name} + excluded.{name}" for name in SUMS)
# An answer that is not there when the wide range ends has missed both, whenever it comes.
MEASURE = f"""
WITH due AS (
    SELECT p.id, t.first_answered_at AS answered_at FROM promises p
    JOIN tickets t ON t.id = p.ticket_id
    WHERE p.measured_at IS NULL AND p.because_of = 0 AND p.basis = 'past'
        AND (t.first_answered_at IS NOT NULL OR p.most_until < $1)
    ORDER BY p.given_at LIMIT {AT_ONCE} FOR UPDATE OF p SKIP LOCKED
), done AS (
    UPDATE promises p SET measured_at = $1, answered_at = due.answered_at,
        in_half = coalesce(due.answered_at BETWEEN p.half_from AND p.half_until, false),
        in_most = coalesce(due.answered_at BETWEEN p.most_from AND p.most_until, false)
    FROM due WHERE p.id = due.id
    RETURNING p.group_id, {MONTH}, p.in_half, p.in_most, p.answered_at < p.most_from AS early
)
INSERT INTO promise_months AS m (group_id, month, {", ".join(SUMS)})
SELECT group_id, month, 0, 0, count(*), count(*) FILTER (WHERE in_half),
    count(*) FILTER (WHERE in_most), count(*) FILTER (WHERE early)
FROM done GROUP BY group_id, month
ON CONFLICT (group_id, month) DO UPDATE SET {ADDED} RETURNING measured
"""
COUNT = f"""
WITH new AS (
    SELECT id FROM promises WHERE NOT counted_in AND because_of = 0
    ORDER BY id LIMIT {AT_ONCE} FOR UPDATE SKIP LOCKED
), done AS (
    UPDATE promises p SET counted_in = true FROM new WHERE p.id = new.id
    RETURNING p.group_id, {MONTH}, p.basis
)
INSERT INTO promise_months AS m (group_id, month, {", ".join(SUMS)})
SELECT group_id, month, count(*), count(*) FILTER (WHERE basis <> 'past'), 0, 0, 0, 0
FROM done GROUP BY group_id, month
ON CONFLICT (group_id, month) DO UPDATE SET {ADDED} RETURNING given
"""
MONTHS = """
SELECT g.name AS department, m.* FROM promise_months m JOIN groups g ON g.id = m.group_id
WHERE m.month > $1::date - interval '13 months' AND m.given > 0
ORDER BY m.month DESC, g.name LIMIT 500
"""


@dataclass(frozen=True, slots=True)
class Month:
    """What a department promised in a month. Shares in whole per cent; None: too few to say."""

    department: str
    month: date
    given: int
    unknown: int
    measured: int
    half: int | None
    most: int | None
    early: int


async def sweep_promises(desk: Desk) -> int:
    """Once a minute: counts those given, and measures those that can be."""
    now = desk.clock.now()
    last: datetime | None = desk.parts.get("promises measured")
    if last is not None and timedelta(0) <= now - last < EVERY:
        return 0
    touched = await desk.search_pool.fetch(COUNT) + await desk.search_pool.fetch(MEASURE, now)
    if not touched:
        desk.parts["promises measured"] = now
    return len(touched)


async def months(desk: Desk) -> Sequence[Month]:
    return [
        Month(
            row["department"], row["month"], row["given"], row["unknown"], row["measured"],
            share(row["in_half"], row["measured"]), share(row["in_most"], row["measured"]),
            row["early"],
        )
        for row in await desk.pool.fetch(MONTHS, desk.clock.now().date())
    ]  # fmt: skip


def share(part: int, whole: int) -> int | None:
    return round(100 * part / whole) if whole >= FEWEST_SHOWN else None
