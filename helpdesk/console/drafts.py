"""Replies and notes that are being written: kept for their author, whatever the browser."""

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, delete, or_, select
from starlette.responses import JSONResponse, Response

from helpdesk.core.text import BadText, clean_text
from helpdesk.desk import Transaction
from helpdesk.permissions import Can
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.queries import find_ticket
from helpdesk.web import Problem, WebRequest, api, reading, transaction

from .models import ChatDraft, ReplyDraft
from .ticket import ticket_id

KINDS = ("reply", "note")
LONGEST = 10_000  # characters


async def keep_reply(tx: Transaction, ticket_id: int, kind: str, body: str) -> None:
    """The newest text is the draft; without text there is none."""
    ticket = await find_ticket(tx.db, tx.actor, ticket_id)
    if not body.strip():
        return await forget_reply(tx, ticket.id)
    values = {"kind": kind, "body": body, "updated_at": tx.now}
    row = insert(ReplyDraft).values(person_id=tx.actor.id, ticket_id=ticket.id, **values)
    own = await shown_draft(tx, ticket.id)
    await tx.db.exec(
        row.on_conflict_do_update(index_elements=["person_id", "ticket_id"], set_=values)
    )
    if own not in (None, ticket.id):  # it goes on here
        await forget(tx, own)


async def forget_reply(tx: Transaction, ticket_id: int) -> None:
    """It was sent, or taken back."""
    await forget(tx, await shown_draft(tx, ticket_id))


async def shown_draft(tx: Transaction, ticket_id: int) -> int | None:
    """Whose draft the page of this ticket shows: its own, else that of one merged into it."""
    query = (
        select(ReplyDraft.ticket_id)
        .join(Ticket, col(Ticket.id) == col(ReplyDraft.ticket_id))
        .where(
            ReplyDraft.person_id == tx.actor.id,
            or_(col(Ticket.id) == ticket_id, col(Ticket.merged_into_id) == ticket_id),
        )
        .order_by(col(Ticket.id) != ticket_id, col(ReplyDraft.updated_at).desc())
        .limit(1)
    )
    return (await tx.db.exec(query)).one_or_none()


async def forget(tx: Transaction, ticket_id: int | None) -> None:
    mine = (col(ReplyDraft.person_id) == tx.actor.id) & (col(ReplyDraft.ticket_id) == ticket_id)
    await tx.db.exec(delete(ReplyDraft).where(mine))


async def keep_chat_draft(tx: Transaction, conversation_id: int, kind: str, body: str) -> None:
    """Of a chat the actor may see; without text there is none."""
    mine = (col(ChatDraft.person_id) == tx.actor.id) & (
        col(ChatDraft.conversation_id) == conversation_id
    )
    if not body.strip():
        await tx.db.exec(delete(ChatDraft).where(mine))
        return
    values = {"kind": kind, "body": body, "updated_at": tx.now}
    row = insert(ChatDraft).values(person_id=tx.actor.id, conversation_id=conversation_id, **values)
    keys = ["person_id", "conversation_id"]
    await tx.db.exec(row.on_conflict_do_update(index_elements=keys, set_=values))


async def keep(request: WebRequest) -> Response:
    id = ticket_id(request)
    form = await request.form()
    async with reading(request) as db:  # first: a hidden ticket says nothing about the form
        await find_ticket(db, request.state["actor"], id)
    kind = str(form.get("kind", ""))
    if kind not in KINDS:
        raise Problem(422, "Say whether it is a reply or a note")
    try:
        body = clean_text(str(form.get("body", "")), LONGEST)
    except BadText as fault:
        raise Problem(422, str(fault)) from None
    async with transaction(request) as tx:
        await keep_reply(tx, id, kind, body)
        kept_at = tx.now
    return JSONResponse({"saved": kept_at.isoformat() if body.strip() else None})


routes = [api("/desk/tickets/{ref}/draft", keep, Can.WORK_TICKETS, "POST")]
