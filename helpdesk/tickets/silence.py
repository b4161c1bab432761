"""Nobody has to ask: after a week without an answer the desk says so, and says when it writes."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from helpdesk.cases.events import record
from helpdesk.cases.models import Event, Timer
from helpdesk.cases.receipts import already_done
from helpdesk.cases.timers import set_timer
from helpdesk.core.jobs import job
from helpdesk.desk import Desk, Transaction
from helpdesk.permissions import STAFF, SYSTEM
from helpdesk.sla.promises.commands import expected_on, keep

from .models import Ticket, reference
from .queries import audience, hold_ticket, note_reach, reach, staff_audience
from .states import NotAllowed, Status

QUIET = timedelta(days=7)
WITH_US = (Status.NEW, Status.OPEN, Status.ON_HOLD)

LAST_WORD = text("""
SELECT greatest(t.opened_at, max(m.posted_at)) FROM tickets t
LEFT JOIN (messages m JOIN people p ON p.id = m.author_id
    AND p.roles && CAST(:staff AS text[]))
    ON m.case_id = t.case_id AND m.ticket_id = t.id AND m.side_id IS NOT NULL
WHERE t.id = :ticket GROUP BY t.opened_at
""")


@job
async def watch_silence(desk: Desk, event_id: int) -> None:
    """From the filing on."""
    async with desk.transaction(SYSTEM) as tx:
        if await already_done(tx, event_id, "tickets.watch_silence"):
            return
        event = await tx.db.get_one(Event, event_id)
        assert event.ticket_id is not None
        ticket = await tx.db.get_one(Ticket, event.ticket_id)
        await set_timer(tx, ticket.case_id, "ticket_silent", ticket.opened_at + QUIET, ticket.id)


async def break_silence(tx: Transaction, timer: Timer) -> None:
    """Tell the requester, and whoever has the ticket; then look again a week later."""
    try:
        case, ticket = await hold_ticket(tx, timer.subject_id)
    except NotAllowed:  # it became a part of another ticket
        return
    if ticket.status == Status.CLOSED:
        return
    connection = await tx.db.connection()
    named: dict[str, Any] = {"ticket": ticket.id, "staff": sorted(STAFF)}
    last: datetime = (await connection.execute(LAST_WORD, named)).scalar_one()
    if ticket.status not in WITH_US or tx.now - last < QUIET:
        again = last + QUIET if tx.now - last < QUIET else tx.now + QUIET
        await set_timer(tx, case.id, "ticket_silent", again, ticket.id)
        return
    expected = await expected_on(tx, ticket.id)
    days = (tx.now - last).days
    told: dict[str, Any] = {"ticket_id": ticket.id, "reference": reference(ticket.id)}
    waiting = record(
        tx, case, "ticket.kept_waiting", audience(ticket), days=days, promise=expected.dated,
        **told, **reach(ticket),
    )  # fmt: skip
    await tx.db.flush()
    await keep(tx, expected, waiting.id)
    record(
        tx, case, "ticket.attention_raised", staff_audience(ticket),
        reason=f"silent>={QUIET.days}d", because=f"nobody has answered for {days} days.",
        **told, **note_reach(ticket),
    )  # fmt: skip
    await set_timer(tx, case.id, "ticket_silent", tx.now + QUIET, ticket.id)
