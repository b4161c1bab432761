"""The console's lists of what is escalated below the managers: by when it is to be decided."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from helpdesk.calendars.queries import hours_of
from helpdesk.desk import Desk
from helpdesk.sla.shown import STEP, DueShown, dues_of

from .views import View

CLOSE = 75  # per cent of the time


async def dues_in(desk: Desk, view: View, rows: Iterable[Any]) -> Mapping[int, DueShown]:
    """What the rows of a list show: the ticket's next date, or that of its escalation."""
    now = desk.clock.now()
    if view.at != "escalation_due":
        return await dues_of(desk, rows, now)
    return {row["id"]: await decision(desk, row, now) for row in rows}


async def decision(desk: Desk, row: Any, now: datetime) -> DueShown:
    due, since = row["escalation_due"], row["escalation_since"]
    if due <= now:
        return DueShown("Decision", due, True, "danger", 100)
    hours = await hours_of(desk, row["group_key"])
    whole = hours.elapsed(since, due)
    share = hours.elapsed(since, now) / whole if whole else 1.0
    percent = min(99, round(100 * share)) // STEP * STEP
    return DueShown("Decision", due, False, "warn" if percent >= CLOSE else "", percent)
