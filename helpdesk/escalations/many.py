"""A note, or a later date, for many escalations at once; and how each is taken back."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlmodel import col, select

from helpdesk.cases.commands import sent_before
from helpdesk.cases.events import record
from helpdesk.cases.models import Message
from helpdesk.cases.queries import NoSuchCase
from helpdesk.desk import Transaction
from helpdesk.tickets.commands import add_note
from helpdesk.tickets.models import reference
from helpdesk.tickets.queries import note_reach, staff_audience
from helpdesk.tickets.states import NotAllowed

from .deciding import date_as_before, extend
from .models import EscalationBulk
from .queries import Held, by_case, hold_escalation

GONE = "This note was taken back."
UNDONE_WITHIN = timedelta(minutes=15)
REPEATED = timedelta(days=1)  # within which a form that is sent again is known
EARLIER = text("""
SELECT id, jsonb_array_length(changed) AS many FROM escalation_bulks
WHERE by_id = :by AND at > :since AND changed -> 0 ->> 'once' = :once LIMIT 1
""")
Changed = list[dict[str, Any]]


async def note_many(tx: Transaction, ids: list[int], words: str, once: UUID) -> tuple[int, int]:
    """For colleagues. The number of the change, and how many got the note."""
    if known := await sent_already(tx, once):
        return known
    changed: Changed = []
    for id in await by_case(tx, ids):
        try:
            held = await hold_escalation(tx, id)
            sent = uuid5(once, str(id))
            if not held.escalation.standing.is_live or await sent_before(tx, held.case, sent):
                continue
            note = await add_note(tx, held.ticket.id, words, sent)
        except (NotAllowed, NoSuchCase):
            continue
        changed.append({"id": id, "kind": "note", "message": note.id, "once": str(once)})
    return await keep(tx, changed)


async def extend_many(
    tx: Transaction, dates: Mapping[int, datetime], reason: str, once: UUID
) -> tuple[int, int]:
    """Each until its date. The requester's side of each reads the reason."""
    if known := await sent_already(tx, once):
        return known
    changed: Changed = []
    for id in await by_case(tx, list(dates)):
        try:
            old = (await hold_escalation(tx, id)).escalation.due_at
            await extend(tx, id, dates[id], reason, tx.now + UNDONE_WITHIN)
        except (NotAllowed, NoSuchCase):
            continue
        changed.append(
            {"id": id, "kind": "date", "old": old.isoformat(), "new": dates[id].isoformat(),
             "once": str(once)}
        )  # fmt: skip
    return await keep(tx, changed)


async def sent_already(tx: Transaction, once: UUID) -> tuple[int, int] | None:
    named = {"by": tx.actor.id, "since": tx.now - REPEATED, "once": str(once)}
    row = (await (await tx.db.connection()).execute(EARLIER, named)).one_or_none()
    return (row.id, row.many) if row else None


async def keep(tx: Transaction, changed: Changed) -> tuple[int, int]:
    bulk = EscalationBulk(by_id=tx.actor.id, at=tx.now, changed=changed)
    tx.db.add(bulk)
    await tx.db.flush()
    return bulk.id, len(changed)


async def withdraw(tx: Transaction, held: Held, change: dict[str, Any]) -> bool:
    """One of them. False: it was touched since, and stays."""
    if change["kind"] == "note":
        return await withdraw_note(tx, held, change["message"])
    new, old = (datetime.fromisoformat(change[name]) for name in ("new", "old"))
    if held.escalation.due_at != new or not held.escalation.standing.is_live:
        return False
    await date_as_before(tx, held, old)
    return True


async def withdraw_note(tx: Transaction, held: Held, message_id: int) -> bool:
    """Its text goes; that there was one is not forgotten."""
    query = select(Message).where(
        Message.id == message_id,
        Message.case_id == held.case.id,
        col(Message.author_id) == tx.actor.id,
    )
    note = (await tx.db.exec(query)).one_or_none()
    if note is None or note.body == GONE:
        return False
    note.body = GONE
    ticket = held.ticket
    record(
        tx, held.case, "note.withdrawn", staff_audience(ticket), ticket_id=ticket.id,
        reference=reference(ticket.id), **note_reach(ticket),
    )  # fmt: skip
    return True
