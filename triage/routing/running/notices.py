"""What colleagues and rules wanted somebody of the desk to look at."""

from collections.abc import Sequence

import asyncpg
from sqlmodel import col, update
from starlette.responses import Response

from helpdesk.desk import Desk, Transaction
from helpdesk.permissions import Actor, Can, allowed
from helpdesk.tickets.models import reference
from helpdesk.web import WebRequest, page, redirect, render, transaction
from triage.routing.models import Notice

PAGE = 30
# $2: sees every ticket; $3: departments; $6: works chats. A notice about what somebody may not see
# any more is none.
OWN = """
SELECT n.id, n.text, n.at, n.read_at, n.ticket_id, n.conversation_id,
    coalesce(t.subject, v.name || ': ' || c.subject) AS subject
FROM desk_notices n
LEFT JOIN tickets t ON t.id = n.ticket_id
LEFT JOIN conversations c ON c.id = n.conversation_id
LEFT JOIN people v ON v.id = c.visitor_id
WHERE n.person_id = $1 AND n.id < $4
    AND (NOT t.restricted OR $2 OR t.group_id = ANY($3) OR (c.id IS NOT NULL AND $6))
ORDER BY n.id DESC LIMIT $5
"""


async def own_notices(desk: Desk, actor: Actor, before: int) -> Sequence[asyncpg.Record]:
    everything = allowed(actor, Can.READ_ALL_PRIVATE)
    chats = allowed(actor, Can.WORK_CHATS)
    rows: Sequence[asyncpg.Record] = await desk.pool.fetch(
        OWN, actor.id, everything, list(actor.groups), before, PAGE + 1, chats
    )
    return rows


async def index(request: WebRequest) -> Response:
    asked = request.query_params.get("before", "")
    before = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 18 else 2**62
    rows = await own_notices(request.state["desk"], request.state["actor"], before)
    return render(
        request,
        "triage/routing/notices.html",
        notices=rows[:PAGE],
        older=rows[PAGE - 1]["id"] if len(rows) > PAGE else None,
        reference=reference,
    )


async def read_all(tx: Transaction) -> None:
    """Of the one who says so."""
    await tx.db.exec(
        update(Notice)
        .where(col(Notice.person_id) == tx.actor.id, col(Notice.read_at).is_(None))
        .values(read_at=tx.now)
    )


async def mark_read(request: WebRequest) -> Response:
    async with transaction(request) as tx:
        await read_all(tx)
    return redirect("/desk/notices")


routes = [
    page("/desk/notices", index, Can.WORK_TICKETS),
    page("/desk/notices", mark_read, Can.WORK_TICKETS, "POST"),
]
