"""The work of whoever is out of office moves on, with the reason told."""

from datetime import datetime, timedelta

from sqlmodel import col, select

from helpdesk.core.formats import local_date
from helpdesk.desk import Desk, Transaction
from helpdesk.permissions import SYSTEM
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.queries import hold_ticket
from helpdesk.tickets.states import NotAllowed

from .commands import put_back
from .following import pass_on
from .models import Escalation
from .queries import rules_in, rules_in_use
from .rules import Do, Rule, When
from .states import State

EVERY = timedelta(minutes=1)
BATCH = 50
AWAY = """
SELECT a.person_id, p.name, max(a.ends_at) AS until FROM absences a
JOIN people p ON p.id = a.person_id
WHERE a.withdrawn_at IS NULL AND a.begins_at <= $1 AND a.ends_at > $1
    AND a.ends_at - a.begins_at >= make_interval(hours => $2)
GROUP BY a.person_id, p.name ORDER BY a.person_id LIMIT 500
"""
# What waits for somebody else waits for its owner too; with us, it does not.
TICKETS = """
SELECT id FROM tickets WHERE assignee_id = $1 AND status IN ('new', 'open')
    AND merged_into_id IS NULL ORDER BY -severity, opened_at, id LIMIT $2
"""
OWNED = (
    "SELECT id FROM escalations WHERE owner_id = $1 AND state = 'owned' ORDER BY due_at LIMIT $2"
)


async def sweep_absent(desk: Desk) -> int:
    """Once a minute, a few at a time."""
    now = desk.clock.now()
    last: datetime | None = desk.parts.get("absences swept at")
    if last is not None and timedelta(0) <= now - last < EVERY:
        return 0
    desk.parts["absences swept at"] = now
    rule = absence_rule((await rules_in_use(desk)).rules.of(When.ABSENT))
    if rule is None:
        return 0
    moved = 0
    for row in await desk.pool.fetch(AWAY, now, rule.hours):
        words = f"{row['name']} is out of office until {local_date(row['until'])}"
        for escalation in await desk.pool.fetch(OWNED, row["person_id"], BATCH):
            moved += await release_one(desk, escalation["id"], row["person_id"], words)
        for ticket in await desk.pool.fetch(TICKETS, row["person_id"], BATCH):
            moved += await move_one(desk, ticket["id"], row["person_id"], words)
    return moved


def absence_rule(rules: tuple[Rule, ...]) -> Rule | None:
    return next((rule for rule in rules if Do.REASSIGN in rule.do), None)


async def move_one(desk: Desk, ticket_id: int, person_id: int, words: str) -> int:
    async with desk.transaction(SYSTEM) as tx:
        rule = absence_rule((await rules_in(tx)).rules.of(When.ABSENT))
        try:
            case, ticket = await hold_ticket(tx, ticket_id)
        except NotAllowed:
            return 0
        if rule is None or ticket.assignee_id != person_id or not with_us(ticket):
            return 0
        await pass_on(tx, case, ticket, f"{words}, so it moves on.", rule)
        return 1


def with_us(ticket: Ticket) -> bool:
    return ticket.status in ("new", "open")


async def release_one(desk: Desk, id: int, person_id: int, words: str) -> int:
    async with desk.transaction(SYSTEM) as tx:
        if not await owned_still(tx, id, person_id):
            return 0
        await put_back(tx, id, words)
        return 1


async def owned_still(tx: Transaction, id: int, person_id: int) -> bool:
    query = select(Escalation.id).where(
        Escalation.id == id, Escalation.owner_id == person_id, col(Escalation.state) == State.OWNED
    )
    return (await tx.db.exec(query)).first() is not None
