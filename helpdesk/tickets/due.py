"""Of two tickets that become one, whatever is due first stays due."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlmodel import col, select

from helpdesk.cases.models import Timer
from helpdesk.cases.timers import clear_timer, set_timer
from helpdesk.desk import Transaction
from helpdesk.evidence.moving import TIMERS as OF_REQUESTS

from .models import Ticket

NEVER = datetime.max.replace(tzinfo=UTC)
OF_NOTICES = ("sla_notice",)  # computed again for both
OF_STATUS = ("close_ticket",)  # belongs to a solution, which the one that goes on has or has not


@dataclass(frozen=True)
class Due:
    """By kind of timer: what each of the two had before."""

    ticket: dict[str, datetime]
    into: dict[str, datetime]

    @property
    def stored(self) -> dict[str, Any]:
        return {
            side: {kind: at.isoformat() for kind, at in had.items()}
            for side, had in (("ticket", self.ticket), ("into", self.into))
        }

    @classmethod
    def read(cls, stored: dict[str, Any]) -> "Due":
        ticket, into = (
            {kind: datetime.fromisoformat(at) for kind, at in stored[side].items()}
            for side in ("ticket", "into")
        )
        return cls(ticket, into)


async def due_of(tx: Transaction, ticket: Ticket) -> dict[str, datetime]:
    query = select(Timer.kind, Timer.due_at).where(
        Timer.case_id == ticket.case_id,
        Timer.subject_id == ticket.id,
        col(Timer.kind).not_in((*OF_REQUESTS, *OF_NOTICES)),
        col(Timer.fired_at).is_(None),
    )
    return dict((await tx.db.exec(query)).all())


async def earliest_survives(tx: Transaction, ticket: Ticket, into: Ticket) -> Due:
    due = Due(await due_of(tx, ticket), await due_of(tx, into))
    for kind, at in due.ticket.items():
        await clear_timer(tx, ticket.case_id, kind, ticket.id)
        if kind not in OF_STATUS and at < due.into.get(kind, NEVER):
            await set_timer(tx, into.case_id, kind, at, into.id)
    return due


async def give_back(tx: Transaction, ticket: Ticket, survivor: Ticket, due: Due, own: bool) -> None:
    """Each has its own dates again, but for those that were changed in between.

    `own`: `due.into` is the survivor's; it is not when that one was merged on.
    """
    now = await due_of(tx, survivor)
    for kind, at in due.ticket.items():
        await set_timer(tx, ticket.case_id, kind, at, ticket.id)
        if not own or kind in OF_STATUS or now.get(kind) != at:
            continue
        if before := due.into.get(kind):
            await set_timer(tx, survivor.case_id, kind, before, survivor.id)
        else:
            await clear_timer(tx, survivor.case_id, kind, survivor.id)
