"""One change of many escalations: a plan to look at first, the change, and the way back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlmodel import col, select

from helpdesk.cases.queries import NoSuchCase
from helpdesk.desk import Transaction
from helpdesk.tickets.states import NotAllowed

from .commands import give, lift_held, put_back
from .many import UNDONE_WITHIN, withdraw
from .models import Escalation, EscalationBulk
from .queries import Held, by_case, hold_escalation
from .states import LIVE, Level, State

MOST = 200
EVENLY = "evenly"
AGAIN = "an assignment was taken back"
# Those who may own what managers own, with how much they have.
MANAGERS = text("""
SELECT p.id, p.name, (SELECT count(*) FROM (SELECT FROM escalations e
        WHERE e.owner_id = p.id AND e.state = 'owned' LIMIT 200) few) AS load,
    EXISTS (SELECT FROM absences a WHERE a.person_id = p.id AND a.withdrawn_at IS NULL
        AND a.begins_at <= :now AND a.ends_at > :now) AS away
FROM people p WHERE p.roles && ARRAY['manager', 'admin'] AND p.deactivated_at IS NULL
ORDER BY p.name, p.id LIMIT 100
""")

# And those who may own what is below them: people of the department.
COLLEAGUES = text("""
SELECT p.id, p.name, (SELECT count(*) FROM (SELECT FROM escalations e
        WHERE e.owner_id = p.id AND e.state = 'owned' LIMIT 200) few) AS load,
    EXISTS (SELECT FROM absences a WHERE a.person_id = p.id AND a.withdrawn_at IS NULL
        AND a.begins_at <= :now AND a.ends_at > :now) AS away
FROM memberships m JOIN people p ON p.id = m.person_id
WHERE m.group_id = :group AND p.deactivated_at IS NULL
    AND NOT p.roles && ARRAY['manager', 'admin'] ORDER BY p.name, p.id LIMIT 100
""")


@dataclass(frozen=True, slots=True)
class Manager:
    id: int
    name: str
    load: int
    away: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One of the chosen, as it stands."""

    id: int
    owner_id: int | None
    is_live: bool


@dataclass(frozen=True, slots=True)
class Planned:
    id: int
    to: Manager | None  # None: it is left as it is
    skipped: str = ""  # why


def plan(rows: Sequence[Row], people: Sequence[Manager], to: str) -> list[Planned]:
    """Who would get what. `to` is the number of a manager, or EVENLY: whoever is here and has
    the least, one after the other."""
    named = next((one for one in people if str(one.id) == to), None)
    here = [one for one in people if not one.away]
    load = {one.id: one.load for one in here}
    planned = []
    for row in rows:
        chosen = named
        if to == EVENLY and here:
            chosen = min(here, key=lambda one: (load[one.id], one.id))
        if not row.is_live:
            planned.append(Planned(row.id, None, "It was decided meanwhile."))
        elif chosen is None:
            planned.append(Planned(row.id, None, "Nobody is here to take it."))
        elif chosen.id == row.owner_id:
            planned.append(Planned(row.id, None, f"{chosen.name} has it already."))
        else:
            load[chosen.id] = load.get(chosen.id, chosen.load) + 1
            planned.append(Planned(row.id, chosen))
    return planned


async def managers(tx: Transaction) -> list[Manager]:
    found = await (await tx.db.connection()).execute(MANAGERS, {"now": tx.now})
    return [Manager(row.id, row.name, row.load, row.away) for row in found]


async def colleagues(tx: Transaction, group_id: int) -> list[Manager]:
    named = {"now": tx.now, "group": group_id}
    found = await (await tx.db.connection()).execute(COLLEAGUES, named)
    return [Manager(row.id, row.name, row.load, row.away) for row in found]


async def rows_of(tx: Transaction, ids: Sequence[int]) -> list[Row]:
    query = select(Escalation).where(col(Escalation.id).in_(ids)).order_by(col(Escalation.due_at))
    found = (await tx.db.exec(query)).all()
    return [Row(one.id, one.owner_id, one.standing.is_live) for one in found]


async def assign_many(tx: Transaction, wanted: Mapping[int, int]) -> tuple[int, int]:
    """Escalation → person, as the preview said. The number of the change, and how many moved.

    Cases are held in the order of their ids, so that two who do this never wait for each other.
    """
    changed: list[dict[str, Any]] = []
    for id in await by_case(tx, list(wanted)):
        try:
            held = await hold_escalation(tx, id)
            old = picture(held.escalation)
            await give(tx, id, wanted[id])
        except (NotAllowed, NoSuchCase):
            continue
        changed.append({"id": id, "old": old, "new": picture(held.escalation)})
    bulk = EscalationBulk(by_id=tx.actor.id, at=tx.now, changed=changed)
    tx.db.add(bulk)
    await tx.db.flush()
    return bulk.id, len(changed)


async def raise_many(tx: Transaction, ids: Sequence[int], level: Level, words: str) -> int:
    """Levels never fall, so there is no way back from this."""
    raised = 0
    for id in await by_case(tx, ids):
        try:
            await lift_held(tx, await hold_escalation(tx, id), level, words)
        except (NotAllowed, NoSuchCase):
            continue
        raised += 1
    return raised


async def undo(tx: Transaction, bulk_id: int) -> int:
    """What nobody has touched since is as it was before. How many that are."""
    query = select(EscalationBulk).where(
        EscalationBulk.id == bulk_id, EscalationBulk.by_id == tx.actor.id
    )
    bulk = (await tx.db.exec(query.with_for_update())).one_or_none()
    if bulk is None or bulk.undone_at is not None or tx.now - bulk.at > UNDONE_WITHIN:
        raise NotAllowed("This cannot be taken back any more.")
    bulk.undone_at = tx.now
    restored = 0
    known = {one["id"]: one for one in bulk.changed}
    for id in await by_case(tx, list(known)):
        restored += await restore(tx, await hold_escalation(tx, id), known[id])
    return restored


async def restore(tx: Transaction, held: Held, change: dict[str, Any]) -> bool:
    if "kind" in change:
        return await withdraw(tx, held, change)
    escalation, old = held.escalation, change["old"]
    if picture(escalation) != change["new"] or escalation.state not in LIVE:
        return False
    if old["state"] == State.OWNED:
        await give(tx, escalation.id, old["owner"])
    else:
        await put_back(tx, escalation.id, AGAIN)
    return True


def picture(escalation: Escalation) -> dict[str, Any]:
    return {
        "state": escalation.state.value,
        "owner": escalation.owner_id,
        "level": escalation.level,
    }
