"""How a ticket is escalated: by its requester, by an agent, or by a rule. One at a time."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from helpdesk.cases.commands import post_message, sent_before
from helpdesk.cases.models import Case
from helpdesk.desk import Transaction
from helpdesk.tickets.commands import add_note, after_move, may_reopen, move, reopen
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.queries import audience, hold_ticket, reach
from helpdesk.tickets.states import UNSOLVED, NotAllowed, Status
from helpdesk.tickets.together import said_before

from .commands import lift_held
from .due import decided_by, promise_passed, watch_level
from .models import Escalation
from .queries import Held, live_of, rules_in
from .rules import Rule
from .stake import stake_of
from .states import Cause, Level
from .telling import tell
from .words import TO, TO_WHOM

NOT_RESOLVED = "it is not resolved"
SECOND_LOOK = "a colleague asks for a second look"


@dataclass(frozen=True)
class Raising:
    """Why a ticket is escalated, and where to. `words` are ours: everybody on the side reads them.

    `reason` and `summary` are what a person wrote, for staff; `rule` and `version` that of a rule.
    """

    cause: Cause
    level: Level
    words: str
    reason: str = ""
    summary: str = ""
    rule: Rule | None = None
    version: int = 0


async def contest(tx: Transaction, ticket_id: int, reason: str, once: UUID) -> Escalation | None:
    """“This is not resolved”, by the requester's side: after an answer, or when the promise
    passed. Said again while it is looked at, it is a message. None: sent before."""
    case, ticket = await hold_ticket(tx, ticket_id, follow=True)
    if await said_before(tx, ticket_id, ticket, once) or await sent_before(tx, case, once):
        return None
    if ticket.status == Status.CLOSED:
        raise NotAllowed("This request is closed. Please file a new one and mention its reference.")
    if ticket.first_answered_at is None and not await promise_passed(tx, ticket):
        raise NotAllowed(
            "We have not answered yet, and the time for it has not passed. "
            "You can ask for news, or add a message."
        )
    if may_reopen(ticket.status, ticket.solved_at, tx.now):
        await reopen(tx, ticket.id, reason, once)
    else:
        await post_message(
            tx, case, reason, audience(ticket), ticket_id=ticket.id, client_id=once, **reach(ticket)
        )
    if ticket.status == Status.WAITING_ON_USER:
        move(tx, case, ticket, Status.OPEN)
        await after_move(tx, case, ticket)
    ticket.updated_at = tx.now
    raising = Raising(Cause.USER, Level.MANAGER, NOT_RESOLVED, reason=reason)
    return await raise_held(tx, case, ticket, raising)


async def escalate(tx: Transaction, ticket_id: int, raising: Raising) -> Escalation:
    """By an agent or a rule. What is escalated already moves up, if that is higher."""
    case, ticket = await hold_ticket(tx, ticket_id)
    if ticket.status not in UNSOLVED:
        raise NotAllowed("This ticket is solved. There is nothing to decide.")
    return await raise_held(tx, case, ticket, raising)


async def escalate_by_agent(
    tx: Transaction, ticket_id: int, level: Level, reason: str, summary: str, once: UUID
) -> Escalation:
    """With a reason and a summary, which stay a note for colleagues too."""
    _, ticket = await hold_ticket(tx, ticket_id)
    found = await live_of(tx, ticket.id)
    if found is not None and found.level >= level:
        raise NotAllowed(f"It is escalated to {TO[Level(found.level)]} already.")
    words = f"Escalated to {TO[level]}: {reason}"
    await add_note(tx, ticket_id, f"{words}\n\n{summary}" if summary else words, once)
    raising = Raising(Cause.AGENT, level, SECOND_LOOK, reason=reason, summary=summary)
    return await escalate(tx, ticket_id, raising)


async def raise_held(tx: Transaction, case: Case, ticket: Ticket, raising: Raising) -> Escalation:
    """On a ticket that is held."""
    found = await live_of(tx, ticket.id)
    if found is not None:
        return await raise_again(tx, case, ticket, found, raising)
    in_use = await rules_in(tx)
    stake = await stake_of(tx, ticket)
    escalation = Escalation(
        ticket_id=ticket.id,
        level=raising.level,
        cause=raising.cause,
        raised_by_id=tx.actor.id or None,
        raised_at=tx.now,
        reason=raising.reason,
        summary=raising.summary,
        why=[because(tx, raising)],
        level_since=tx.now,
        due_at=await decided_by(tx, ticket, in_use.rules, raising.level),
        amount_minor=stake.minor if stake else None,
        currency=stake.currency if stake else "",
    )
    tx.db.add(escalation)
    await tx.db.flush()
    tell(tx, Held(case, ticket, escalation), "escalation.raised", to=TO_WHOM[raising.level],
         level=int(raising.level), because=raising.words)  # fmt: skip
    await watch_level(tx, ticket, escalation, in_use.rules)
    return escalation


async def raise_again(
    tx: Transaction,
    case: Case,
    ticket: Ticket,
    found: Escalation,
    raising: Raising,
) -> Escalation:
    held = Held(case, ticket, found)
    found.why = [*found.why, because(tx, raising)]
    found.reason, found.summary = raising.reason or found.reason, raising.summary or found.summary
    if raising.level > found.level:
        await lift_held(tx, held, raising.level, raising.words)
    return found


def because(tx: Transaction, raising: Raising) -> dict[str, Any]:
    step: dict[str, Any] = {
        "at": tx.now.isoformat(),
        "by": tx.actor.name,
        "words": raising.rule.condition if raising.rule else raising.words,
        "to": int(raising.level),
    }
    if raising.rule is not None:
        step |= {"rule": raising.rule.title, "version": raising.version}
    return step
