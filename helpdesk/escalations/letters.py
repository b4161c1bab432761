"""Mails to the requester about an escalation."""

from helpdesk.cases.models import Message
from helpdesk.core.formats import local_time
from helpdesk.core.jobs import job
from helpdesk.desk import Desk, Transaction
from helpdesk.permissions import SYSTEM
from helpdesk.tickets.jobs import Told, about, tell

from .models import Escalation
from .words import WHO


@job
async def mail_news(desk: Desk, event_id: int) -> None:
    async with desk.transaction(SYSTEM) as tx:
        told = await about(tx, event_id, "escalations.mail_news")
        if told is None:
            return
        if words := await in_words(tx, told):
            await tell(desk, tx, told, told.ticket.subject, words)


async def in_words(tx: Transaction, told: Told) -> str:
    """Empty where there is nothing for the requester to hear."""
    data = told.event.data
    escalation = await tx.db.get_one(Escalation, data["escalation"])
    message = await tx.db.get(Message, told.event.message_id) if told.event.message_id else None
    said = f"\n\n{message.body}" if message else ""
    match told.event.type:
        case "escalation.raised":
            zone = told.person.time_zone
            return (
                f"{WHO[data['level']]} looks at your request now, because {data['because']}. "
                f"You hear by {local_time(escalation.due_at, zone)} ({zone}). "
                "You need not do anything."
            )
        case "escalation.extended":
            return (
                f"The decision on your request takes longer: until {data['new']} instead of "
                f"{data['old']}. The reason:{said}"
            )
        case "escalation.decided":
            return f"We decided on your request: {data['new']}. The reasons:{said}"
        case "escalation.returned" if message:
            return f"To decide on your request we need something from you:{said}"
    return ""
