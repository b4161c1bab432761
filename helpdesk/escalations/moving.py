"""What becomes of an escalation when its ticket is merged, apart again, or another department's."""

from sqlmodel import col, select

from helpdesk.cases.models import Case, Event
from helpdesk.cases.timers import clear_timer
from helpdesk.desk import Transaction
from helpdesk.tickets.merging import TicketMerge
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.queries import hold_ticket, hold_tickets

from .commands import lift_held, of_group, owner_manages
from .due import watch_level
from .models import Escalation
from .queries import Held, live_of, rules_in
from .states import LIVE, Level, Outcome, release, resume, settle
from .telling import stand, whisper

MERGED = "another request that was escalated is part of it"
ELSEWHERE = "the request moved to another department"


async def bring_along(tx: Transaction, survivor: Ticket) -> None:
    """To the held ticket that goes on. Of two escalations the survivor's goes on, if need be
    at the higher level, with the date that comes first."""
    query = (
        select(Escalation)
        .join(Ticket, col(Ticket.id) == col(Escalation.ticket_id))
        .where(Ticket.merged_into_id == survivor.id, col(Escalation.state).in_(LIVE))
        .order_by(col(Escalation.level).desc(), col(Escalation.due_at))
    )
    for moving in (await tx.db.exec(query)).all():
        case, ticket = await hold_ticket(tx, survivor.id)
        found = await live_of(tx, survivor.id)
        if found is None:
            moving.ticket_id = survivor.id
            await tx.db.flush()
            await watch_level(tx, ticket, moving, (await rules_in(tx)).rules)
            continue
        if moving.level > found.level:
            await lift_held(tx, Held(case, ticket, found), Level(moving.level), MERGED)
        found.due_at = min(found.due_at, moving.due_at)
        stand(moving, settle(moving.standing))
        moving.ended_at = tx.now


async def bring_back(tx: Transaction, ticket_id: int) -> None:
    """The merge was undone: what was escalated on this ticket is there again."""
    for escalation in await raised_on(tx, ticket_id):
        other_id = escalation.ticket_id
        _, (ticket, other) = await hold_tickets(tx, ticket_id, other_id)
        await tx.db.refresh(escalation)
        if ticket.merged_into_id is not None or await live_of(tx, ticket_id) is not None:
            return
        if escalation.ticket_id != ticket_id and escalation.state in LIVE:
            escalation.ticket_id = ticket_id
            await clear_timer(tx, other.case_id, "escalation_level", other.id)
        elif await ended_by_merging(tx, escalation):
            stand(escalation, resume(escalation.standing))
            escalation.ended_at = None
        else:
            continue
        await tx.db.flush()
        await watch_level(tx, ticket, escalation, (await rules_in(tx)).rules)


async def raised_on(tx: Transaction, ticket_id: int) -> list[Escalation]:
    """The newest first."""
    ticket = await tx.db.get_one(Ticket, ticket_id)
    raised = select(col(Event.data)["escalation"].as_integer()).where(
        Event.case_id == ticket.case_id,
        Event.ticket_id == ticket_id,
        Event.type == "escalation.raised",
    )
    query = select(Escalation).where(col(Escalation.id).in_(raised))
    return list((await tx.db.exec(query.order_by(col(Escalation.id).desc()))).all())


async def ended_by_merging(tx: Transaction, escalation: Escalation) -> bool:
    """A merged ticket is out of everybody's reach: what ended meanwhile, ended with the merge."""
    ended_at = escalation.ended_at
    if ended_at is None or escalation.outcome != Outcome.SETTLED:
        return False
    query = select(TicketMerge.id).where(
        TicketMerge.ticket_id == escalation.ticket_id,
        TicketMerge.merged_at <= ended_at,
        col(TicketMerge.undone_at) >= ended_at,
    )
    return (await tx.db.exec(query)).first() is not None


async def leave_department(tx: Transaction, case: Case, ticket: Ticket) -> None:
    """Of a held ticket that another department has now, and hears of. Below the managers nobody
    else decides. The date that was told stays."""
    found = await live_of(tx, ticket.id)
    if found is None:
        return
    owner = found.owner_id
    stays = owner is not None and (
        await owner_manages(tx, owner) or await of_group(tx, ticket, owner)
    )
    if found.level < Level.MANAGER and not stays:
        stand(found, release(found.standing))
        found.owned_at = None
        held = Held(case, ticket, found)
        whisper(tx, held, "escalation.released", because=ELSEWHERE, arrived=True)
    await watch_level(tx, ticket, found, (await rules_in(tx)).rules)
