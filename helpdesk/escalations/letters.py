"""Mails to the requester about an escalation."""

from datetime import datetime
from typing import Any

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
            waits = told.event.data.get("mailed_from")
            due_at = datetime.fromisoformat(waits) if waits else None
            await tell(desk, tx, told, told.ticket.subject, words, due_at)


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
            return moved(escalation, data, told.person.time_zone, said)
        case "escalation.decided":
            return f"We decided on your request: {data['new']}. The reasons:{said}"
        case "escalation.returned" if message:
            return f"To decide on your request we need something from you:{said}"
    return ""


def moved(escalation: Escalation, data: dict[str, Any], zone: str, said: str) -> str:
    """Nothing of what was taken back before anybody heard of it."""
    until = datetime.fromisoformat(data["until"])
    gone = "mailed_from" in data and escalation.due_at != until
    if gone or data.get("taken_back") == "unsaid":
        return ""
    date = f"{local_time(until, zone)} ({zone})"
    if "taken_back" in data:
        return f"You hear about your request by {date} after all. {said.strip()}"
    return f"The decision on your request takes longer: until {date}. The reason:{said}"
