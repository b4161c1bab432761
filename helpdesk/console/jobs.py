"""What the console does after an event: colleagues named in a note get a notice of it."""

from sqlmodel import col, select

from chat.models import Conversation
from chat.queries import conversations_visible_to
from helpdesk.cases.events import changed
from helpdesk.cases.models import Event, Message
from helpdesk.cases.receipts import already_done
from helpdesk.core.jobs import job
from helpdesk.desk import Desk, Transaction
from helpdesk.people.models import Person
from helpdesk.people.queries import actor_of
from helpdesk.permissions import SYSTEM, Actor, Can, allowed
from helpdesk.tickets.models import Ticket
from triage.routing.models import Notice

from .mentions import colleagues, named, ways_to_name


@job
async def tell_named(desk: Desk, event_id: int) -> None:
    """Only who may see the ticket; of a chat that has none, who may see the chat."""
    ways = ways_to_name(await colleagues(desk))
    async with desk.transaction(SYSTEM) as tx:
        if await already_done(tx, event_id, "console.tell_named"):
            return
        event = await tx.db.get_one(Event, event_id)
        message = await tx.db.get(Message, event.message_id) if event.message_id else None
        ticket = await ticket_of(tx, event)
        chat = event.conversation_id if ticket is None else None
        if message is None or (ticket is None and chat is None):
            return
        author = await tx.db.get(Person, event.actor_id) if event.actor_id else None
        words = f"{author.name if author else 'Helpdesk'} names you in a note."
        for person_id in named(message.body, ways):
            person = await actor_of(desk, person_id)
            sees = sees_ticket(person, ticket) if ticket else await sees_chat(tx, person, chat)
            if person_id == event.actor_id or not sees:
                continue
            tx.db.add(
                Notice(
                    person_id=person_id,
                    ticket_id=ticket.id if ticket else None,
                    conversation_id=chat,
                    text=words[:300],
                    at=tx.now,
                )
            )
            tx.outgoing.append(lambda: changed("desk", []))


def sees_ticket(person: Actor, ticket: Ticket) -> bool:
    own = not ticket.restricted or ticket.group_id in person.groups
    return own or allowed(person, Can.READ_ALL_PRIVATE)


async def sees_chat(tx: Transaction, person: Actor, chat: int | None) -> bool:
    """Chats are read where they are worked."""
    query = select(Conversation.id).where(Conversation.id == chat, conversations_visible_to(person))
    return allowed(person, Can.WORK_CHATS) and (await tx.db.exec(query)).one_or_none() is not None


async def ticket_of(tx: Transaction, event: Event) -> Ticket | None:
    if event.ticket_id is not None:
        return await tx.db.get(Ticket, event.ticket_id)
    query = (
        select(Ticket)
        .join(Conversation, col(Conversation.ticket_id) == col(Ticket.id))
        .where(Conversation.id == event.conversation_id)
    )
    return (await tx.db.exec(query)).one_or_none()
