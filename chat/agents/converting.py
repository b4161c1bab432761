"""A chat becomes a ticket of its visitor: prefilled, once, with what was said as evidence."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from uuid import uuid5

from chat.commands import NotAllowed, TicketWish, told
from chat.models import Conversation
from chat.queries import find_conversation, hold_conversation
from chat.transcripts import transcript_of
from helpdesk.cases.models import Case
from helpdesk.catalogue.document import Sensitivity
from helpdesk.core.formats import iso
from helpdesk.desk import Desk, Transaction
from helpdesk.evidence.commands import attach_upload
from helpdesk.evidence.intake import receive
from helpdesk.people.queries import actor_of
from helpdesk.permissions import SYSTEM, Actor
from helpdesk.sla.promises.queries import expect
from helpdesk.tickets.claims import about_of
from helpdesk.tickets.filing import Filed, Filing, file_ticket
from helpdesk.tickets.models import Ticket, from_reference, reference
from helpdesk.tickets.queries import hold_ticket


async def turn_into_ticket(
    desk: Desk, agent: Actor, conversation: Conversation, wish: TicketWish
) -> Filed:
    """A ticket of the visitor on the same case. Once: a repeat gives the first one. Raises
    AlreadyReported when another claims the same and no reason is given."""
    visitor = await actor_of(desk, conversation.visitor_id)
    filed = await file_ticket(
        desk,
        visitor,
        Filing(
            once=uuid5(conversation.once, "ticket"),
            subject=wish.subject,
            description=wish.description,
            type_key=wish.type_key,
            group_key=wish.group_key,
            catalogue_version=wish.catalogue_version,
            severity=wish.severity,
            restricted=wish.restricted,
            contract_id=wish.contract_id,
            answers=wish.answers,
            about=about_of(wish.contract_id, wish.answers),
            despite=wish.despite,
            source="chat",
            case_id=conversation.case_id,
            conversation_id=conversation.id,
        ),
    )
    await name_ticket(desk, agent, conversation.id, filed.ticket_id)
    return filed


async def join_ticket(
    desk: Desk, agent: Actor, conversation: Conversation, ticket_reference: str
) -> int:
    """It is about a request the visitor has already: what was said goes there."""
    ticket_id = from_reference(ticket_reference)
    async with desk.reading() as db:
        ticket = await db.get(Ticket, ticket_id or 0)
    theirs = ticket is not None and ticket.requester_id == conversation.visitor_id
    if ticket is None or not theirs or ticket.restricted:
        raise NotAllowed("This is no request of the visitor that a chat can be added to.")
    await name_ticket(desk, agent, conversation.id, ticket.merged_into_id or ticket.id)
    return ticket.merged_into_id or ticket.id


async def name_ticket(desk: Desk, agent: Actor, conversation_id: int, ticket_id: int) -> None:
    """The transcript becomes a piece of the ticket; the visitor hears its reference, and when
    the first answer comes at the latest."""
    async with desk.reading() as db:
        conversation = await find_conversation(db, agent, conversation_id)
    if conversation.ticket_id == ticket_id:
        return
    upload = uuid5(conversation.once, f"transcript of {ticket_id} by {agent.id}")
    name = f"chat-{conversation.id}.txt"
    written = await transcript_of(desk, agent, conversation)
    async with desk.transaction(SYSTEM) as tx:
        _, ticket = await hold_ticket(tx, ticket_id)
        target, severity, key = ticket.case_id, ticket.severity, await group_key(tx, ticket)
    # What the desk has just filed for them may belong to a department that keeps to itself.
    filer = replace(agent, groups=agent.groups | {ticket.group_id})
    await receive(
        desk, upload_id=upload, owner=agent, name=name, chunks=once(written), case_id=target
    )
    due = await expect(desk, key, int(severity))
    latest = due.most[1] if due.most else due.aim_at
    async with desk.transaction(filer) as tx:
        case, ticket = await hold_ticket(tx, ticket_id)
        await attach_upload(
            tx,
            case,
            upload,
            kind="chat_transcript",
            label="Transcript of the chat",
            sensitivity=Sensitivity.SUPPORT,
            side_id=ticket.side_id,
            group_id=ticket.group_id,
            owner_id=ticket.requester_id,
            ticket_id=ticket.id,
            conversation_id=conversation_id if case.id == conversation.case_id else None,
            restricted=ticket.restricted,
        )
    async with desk.transaction(agent) as tx:
        chat_case, held = await hold_conversation(tx, conversation_id)
        if held.ticket_id != ticket_id:
            say_ticket(tx, chat_case, held, ticket_id, latest)


def say_ticket(
    tx: Transaction, case: Case, held: Conversation, ticket_id: int, due: datetime | None
) -> None:
    held.ticket_id = ticket_id
    more = {"due": iso(due)} if due else {}
    told(tx, case, held, "conversation.ticketed", reference=reference(ticket_id), **more)


async def group_key(tx: Transaction, ticket: Ticket) -> str:
    connection = await tx.db.connection()
    query = "SELECT key FROM groups WHERE id = $1"
    return str((await connection.exec_driver_sql(query, (ticket.group_id,))).scalar_one())


async def once(text: str) -> AsyncIterator[bytes]:
    yield text.encode()
