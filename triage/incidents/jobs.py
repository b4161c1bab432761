"""What the worker does: watches new tickets, proposes, and tells those who are linked."""

from dataclasses import dataclass

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import select

from helpdesk.desk import Desk, Transaction
from helpdesk.permissions import SYSTEM
from triage.engine.words import stem

from .commands import join, propose
from .gathering import known_incidents, make_watch, next_tickets, read_tickets, start_of
from .models import IncidentWatch
from .telling import follow_alerts, tell_next
from .watch import Finding, Known, State, Watch

PART = "incident watch"
AT_ONCE = 50  # tickets of one round
TELL_AT_ONCE = 50


@dataclass
class Watching:
    """What this process remembers, and up to which ticket."""

    watch: Watch
    upto: int
    newest: int = 0  # ticket there was at the last look


async def sweep_incidents(desk: Desk) -> int:
    return await watch_tickets(desk) + await tell_linked(desk)


async def watch_tickets(desk: Desk) -> int:
    """One process at a time; another one goes on where it stopped."""
    newest = int(await desk.pool.fetchval("SELECT max(id) FROM tickets") or 0)
    mine: Watching | None = desk.parts.get(PART)
    if not newest or (mine is not None and mine.newest == newest):
        return 0
    async with desk.transaction(SYSTEM) as tx:
        row = await hold_watch(desk, tx)
        if row is None:
            return 0
        try:
            return await watch_next(desk, tx, row, newest)
        except BaseException:
            desk.parts.pop(PART, None)  # it may know what was not committed
            raise


async def hold_watch(desk: Desk, tx: Transaction) -> IncidentWatch | None:
    """None: another process is at it."""
    query = select(IncidentWatch).with_for_update(skip_locked=True)
    if (row := (await tx.db.exec(query)).one_or_none()) is not None:
        return row
    start = await start_of(desk)
    made = insert(IncidentWatch).values(id=1, ticket_id=start)
    await tx.db.exec(made.on_conflict_do_nothing())
    return (await tx.db.exec(query)).one_or_none()


async def watch_next(desk: Desk, tx: Transaction, row: IncidentWatch, newest: int) -> int:
    mine = await caught_up(desk, row.ticket_id)
    mine.watch.incidents = await known_incidents(desk)
    ids = await next_tickets(desk, mine.watch, row.ticket_id, AT_ONCE)
    mine.watch.remember(ids)
    for area, seen in await read_tickets(desk, ids):
        finding = mine.watch.feed(area, seen)
        if finding is not None:
            await keep(tx, mine.watch, finding)
    row.ticket_id = mine.upto = max([row.ticket_id, *ids])
    mine.newest = newest if len(ids) < AT_ONCE else 0
    desk.parts[PART] = mine
    return len(ids)


async def caught_up(desk: Desk, upto: int) -> Watching:
    """What another process has looked at meanwhile is taken as it is."""
    mine: Watching | None = desk.parts.get(PART)
    if mine is None or mine.upto > upto:
        watch = await make_watch(desk, upto)
        return Watching(watch, upto)
    if mine.upto < upto:
        ids = await next_tickets(desk, mine.watch, mine.upto, 10 * AT_ONCE)
        ids = [id for id in ids if id <= upto]
        mine.watch.remember(ids)
        seen = await read_tickets(desk, ids)
        for area, report in seen:
            mine.watch.take(area, [report])
        mine.upto = upto
    return mine


async def keep(tx: Transaction, watch: Watch, finding: Finding) -> None:
    id = finding.incident_id
    if id is None:
        incident = await propose(tx, finding)
        id = incident.id if incident is not None else None
    else:
        for report in finding.cluster.members:
            await join(tx, id, report)
    if id is not None:
        watch.mark(finding.area, [one.ticket_id for one in finding.cluster.members], id)
        if id not in watch.incidents:
            watch.incidents = {**watch.incidents, id: proposed(finding)}


def proposed(finding: Finding) -> Known:
    """As it is known until it is read again."""
    words = frozenset(map(stem, finding.words))
    first = finding.cluster.members[0].at
    return Known(State.PROPOSED, 0.0, finding.area, words, first, finding.newest.at)


async def tell_linked(desk: Desk) -> int:
    """Requesters of linked tickets, of every update of the alert, one ticket at a time."""
    await follow_alerts(desk)
    told = 0
    while told < TELL_AT_ONCE and await tell_next(desk):
        told += 1
    return told
