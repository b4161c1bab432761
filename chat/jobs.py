"""Mails about a chat: the link for a guest, and word of an answer for whoever has left."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg

from helpdesk.cases.models import Event
from helpdesk.cases.receipts import already_done
from helpdesk.core.jobs import job
from helpdesk.desk import Desk, Transaction
from helpdesk.mail.commands import send_mail
from helpdesk.people.commands import add_guest_link
from helpdesk.people.models import Person
from helpdesk.permissions import SYSTEM
from helpdesk.security import canonical_url
from helpdesk.tickets.models import reference

from .models import Conversation

SILENCE = timedelta(minutes=5)  # an answer nobody has read for as long is told by mail
TOO_OLD = timedelta(days=1)
EVERY = timedelta(seconds=20)

LINK = """Hello {name},

{what}

Read it, and add to it, here:
{link}
{warning}"""
WARNING = """
Whoever has this link can read what you wrote: keep it to yourself. If you did not write to us,
please ignore this mail.
"""

# A silence begins with the last thing the visitor has read or written; one mail for each. To
# a guest the end of the chat is a mail of its own.
UNREAD = """
SELECT c.id, c.subject, c.visitor_id, a.name AS agent, known.seq AS known
FROM conversations c
CROSS JOIN LATERAL (
    SELECT greatest(
        (SELECT r.seq FROM read_marks r
            WHERE r.case_id = c.case_id AND r.person_id = c.visitor_id),
        (SELECT max(e.seq) FROM events e
            WHERE e.case_id = c.case_id AND e.actor_id = c.visitor_id), 0) AS seq
) known
CROSS JOIN LATERAL (
    SELECT e.actor_id, e.occurred_at FROM events e
    WHERE e.case_id = c.case_id AND e.conversation_id = c.id AND e.type = 'message.posted'
        AND e.seq > known.seq
        AND NOT EXISTS (
            SELECT FROM sides s WHERE s.case_id = c.case_id AND s.person_id = e.actor_id)
    ORDER BY e.seq LIMIT 1
) unread
JOIN people a ON a.id = unread.actor_id
JOIN people v ON v.id = c.visitor_id
WHERE (c.status = 'active' OR (c.status = 'ended' AND c.ended_at > $2 AND v.is_account))
    AND unread.occurred_at <= $1 AND unread.occurred_at > $2
    AND NOT EXISTS (SELECT FROM mails m
        WHERE m.dedupe_key = 'chat-answer:' || c.id || ':' || known.seq)
ORDER BY c.id LIMIT 100
"""


@dataclass(frozen=True)
class Told:
    """A conversation, and the visitor who is told of it."""

    conversation: Conversation
    visitor: Person


async def about(tx: Transaction, event_id: int, job_name: str) -> Told | None:
    """For guests alone: whoever has an account finds it there."""
    if await already_done(tx, event_id, job_name):
        return None
    event = await tx.db.get_one(Event, event_id)
    conversation = await tx.db.get_one(Conversation, event.conversation_id)
    visitor = await tx.db.get_one(Person, conversation.visitor_id)
    if visitor.is_account or visitor.deactivated_at is not None or not visitor.email:
        return None
    return Told(conversation, visitor)


@job
async def mail_link(desk: Desk, event_id: int) -> None:
    """The chat is over: how to come back to what was said. A ticket's mail says it already."""
    async with desk.transaction(SYSTEM) as tx:
        told = await about(tx, event_id, "chat.mail_link")
        if told is None or told.conversation.ticket_id is not None:
            return
        subject = told.conversation.subject
        what = f"your chat with us, “{subject}”, has ended. What was said is kept."
        await write(desk, tx, told, f"chat:{told.conversation.id}", f"Your chat: {subject}", what)


@job
async def mail_ticket_link(desk: Desk, event_id: int) -> None:
    """The chat became a request: its reference, and the link that opens it."""
    async with desk.transaction(SYSTEM) as tx:
        told = await about(tx, event_id, "chat.mail_ticket_link")
        if told is None or told.conversation.ticket_id is None:
            return
        ref, subject = reference(told.conversation.ticket_id), told.conversation.subject
        what = f"your chat with us, “{subject}”, became a request. Its reference is {ref}."
        key = f"chat-ticket:{told.conversation.id}"
        await write(desk, tx, told, key, f"[{ref}] {subject}", what, f"/requests/{ref}")


async def mail_unread_answers(desk: Desk) -> int:
    """Whoever left a chat hears of the answer that came after, once per silence."""
    now = desk.clock.now()
    last = desk.parts.get("chat.looked_at")
    if last is not None and now - last < EVERY:
        return 0
    desk.parts["chat.looked_at"] = now
    rows = await desk.pool.fetch(UNREAD, now - SILENCE, now - TOO_OLD)
    for row in rows:
        await tell_answer(desk, row)
    return len(rows)


async def tell_answer(desk: Desk, row: asyncpg.Record) -> None:
    async with desk.transaction(SYSTEM) as tx:
        told = Told(
            await tx.db.get_one(Conversation, row["id"]),
            await tx.db.get_one(Person, row["visitor_id"]),
        )
        what = f"{row['agent']} has answered in your chat “{row['subject']}”."
        key = f"chat-answer:{row['id']}:{row['known']}"
        await write(desk, tx, told, key, f"You have an answer: {row['subject']}", what)


async def write(
    desk: Desk,
    tx: Transaction,
    told: Told,
    key: str,
    subject: str,
    what: str,
    path: str = "",
) -> None:
    """What was said itself stays on the desk: a chat's address need not be proven."""
    visitor = told.visitor
    if visitor.deactivated_at is not None or not visitor.email:
        return
    path = path or f"/chat/{told.conversation.id}"
    fields: dict[str, Any] = {"warning": ""}
    if not visitor.is_account:
        path = f"/guest/{await add_guest_link(tx, visitor.id)}?next={path}"
        fields["warning"] = WARNING
    link = canonical_url(desk.settings, path)
    await send_mail(
        tx,
        dedupe_key=key,
        to_name=visitor.name,
        to_address=visitor.email,
        subject=subject,
        body=LINK.format(name=visitor.name, what=what, link=link, **fields),
    )
