"""The doors to escalations, and the rules in use. Who sees a ticket sees what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlmodel import col, select

from helpdesk.cases.models import Case
from helpdesk.cases.queries import NoSuchCase
from helpdesk.desk import Desk, Transaction
from helpdesk.permissions import Actor, Can, allowed
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.queries import hold_ticket
from helpdesk.versions.models import FIRST_NUMBER

from .models import Escalation, EscalationRules
from .rules import Rules, default_rules
from .states import LIVE, Person

NEWEST = "SELECT number, document FROM escalation_rules ORDER BY number DESC LIMIT 1"

BY_CASE = text("""
SELECT e.id FROM escalations e JOIN tickets t ON t.id = e.ticket_id
WHERE e.id = ANY(:ids) ORDER BY t.case_id, e.id
""")
BREACHED = """
SELECT count(*) FROM (SELECT FROM escalations
    WHERE state IN ('open', 'owned') AND due_at < $1 LIMIT 100) late
"""


@dataclass(frozen=True)
class InUse:
    number: int
    rules: Rules


@dataclass(frozen=True)
class Held:
    """An escalation whose case is locked until commit."""

    case: Case
    ticket: Ticket
    escalation: Escalation


async def rules_in(tx: Transaction) -> InUse:
    query = select(EscalationRules).order_by(col(EscalationRules.number).desc()).limit(1)
    stored = (await tx.db.exec(query)).one_or_none()
    if stored is None:  # those we ship, until somebody changes them
        return InUse(FIRST_NUMBER, default_rules())
    return InUse(stored.number, Rules.model_validate(stored.document))


async def rules_in_use(desk: Desk) -> InUse:
    row = await desk.pool.fetchrow(NEWEST)
    if row is None:
        return InUse(FIRST_NUMBER, default_rules())
    return InUse(row["number"], Rules.model_validate(row["document"]))


async def breached(desk: Desk, now: datetime) -> int:
    """How many are late, up to 100."""
    return int(await desk.pool.fetchval(BREACHED, now))


async def live_of(tx: Transaction, ticket_id: int) -> Escalation | None:
    """Of a ticket that is held."""
    query = select(Escalation).where(
        Escalation.ticket_id == ticket_id, col(Escalation.state).in_(LIVE)
    )
    query = query.execution_options(populate_existing=True)
    return (await tx.db.exec(query)).one_or_none()


async def hold_escalation(tx: Transaction, id: int) -> Held:
    """Found as its ticket is: what the actor may not see is not there."""
    query = select(Escalation.ticket_id).where(Escalation.id == id)
    ticket_id = (await tx.db.exec(query)).one_or_none() if 0 < id < 2**63 else None
    if ticket_id is None:
        raise NoSuchCase
    case, ticket = await hold_ticket(tx, ticket_id)
    again = select(Escalation).where(Escalation.id == id)
    fresh = (await tx.db.exec(again.execution_options(populate_existing=True))).one()
    if fresh.ticket_id != ticket.id:  # it moved with a merge, just now
        raise NoSuchCase
    return Held(case, ticket, fresh)


async def by_case(tx: Transaction, ids: Sequence[int]) -> list[int]:
    """In the order in which their cases are held, so that two never wait for each other."""
    named = {"ids": list(ids)}
    return list((await (await tx.db.connection()).execute(BY_CASE, named)).scalars())


def is_manager(actor: Actor) -> bool:
    return allowed(actor, Can.DECIDE_ESCALATIONS)


def person_of(actor: Actor) -> Person:
    return Person(actor.id, is_manager(actor))
