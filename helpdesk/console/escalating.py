"""Escalations on the page of a ticket: raised by an agent, and worked below the managers."""

from typing import Any

from sqlmodel import select
from starlette.responses import Response

from helpdesk.cases.queries import NoSuchCase
from helpdesk.desk import Transaction
from helpdesk.escalations import commands, deciding
from helpdesk.escalations.models import Escalation
from helpdesk.escalations.raising import escalate_by_agent
from helpdesk.escalations.states import CHOSEN, LIVE, Level, Outcome
from helpdesk.permissions import Can
from helpdesk.web import WebRequest, page

from .actions import REASON_LIMIT, REPLY_LIMIT, Refused, act, once, words
from .ticket import ticket_id


async def escalate(request: WebRequest) -> Response:
    id = ticket_id(request)

    async def command(tx: Transaction, typed: dict[str, Any]) -> None:
        level = str(typed.get("to_level", ""))
        if level not in {str(int(one)) for one in Level}:
            raise Refused({"to_level": "Choose who looks at it."})
        reason = words(typed, "escalate_reason", REASON_LIMIT, "Say why it is escalated.")
        summary = words(typed, "escalate_summary", REPLY_LIMIT)
        await escalate_by_agent(tx, id, Level(int(level)), reason, summary, once(typed))

    return await act(request, command)


async def live(tx: Transaction, ticket_id: int) -> int:
    """The commands hold it, and see to it that the actor may see its ticket."""
    query = select(Escalation.id).where(
        Escalation.ticket_id == ticket_id,
        Escalation.state.in_(LIVE),  # type: ignore[attr-defined]
    )
    if (found := (await tx.db.exec(query)).first()) is None:
        raise NoSuchCase
    return found


async def take(request: WebRequest) -> Response:
    id = ticket_id(request)

    async def command(tx: Transaction, typed: dict[str, Any]) -> None:
        await commands.take(tx, await live(tx, id))

    return await act(request, command)


async def decide(request: WebRequest) -> Response:
    id = ticket_id(request)

    async def command(tx: Transaction, typed: dict[str, Any]) -> None:
        if typed.get("outcome") not in {one.value for one in CHOSEN}:
            raise Refused({"outcome": "Choose what you decide."})
        missing = "Give the reasons. The requester reads them."
        reasons = words(typed, "reasons", REPLY_LIMIT, missing)
        outcome = Outcome(str(typed["outcome"]))
        await deciding.conclude(tx, await live(tx, id), outcome, reasons)

    return await act(request, command)


async def return_it(request: WebRequest) -> Response:
    id = ticket_id(request)

    async def command(tx: Transaction, typed: dict[str, Any]) -> None:
        missing = words(typed, "missing", REPLY_LIMIT, "Say what is missing.")
        asks = typed.get("whom") == "requester"
        await deciding.return_it(tx, await live(tx, id), missing, asks, once(typed))

    return await act(request, command)


TICKET, WORK = "/desk/tickets/{ref}", Can.WORK_TICKETS
routes = [
    page(f"{TICKET}/escalate", escalate, WORK, "POST"),
    page(f"{TICKET}/escalation/take", take, WORK, "POST"),
    page(f"{TICKET}/escalation/decide", decide, WORK, "POST"),
    page(f"{TICKET}/escalation/return", return_it, WORK, "POST"),
]
