"""What happens to evidence by itself: reminders, dates that pass, uploads nobody used."""

from datetime import timedelta

from helpdesk.cases.models import Case, Side, Timer
from helpdesk.core.formats import local_date
from helpdesk.desk import Desk, Transaction
from helpdesk.mail.commands import send_mail
from helpdesk.people.models import Person
from helpdesk.permissions import Role

from . import commands
from .intake import storage_of
from .models import EvidenceRequest

UNUSED_FOR = timedelta(days=7)
EVERY = timedelta(hours=1)
AT_LEAST = timedelta(hours=1)  # a file's age before it can be taken for unused
BATCH = 100

DROP_UPLOADS = """
DELETE FROM uploads u WHERE u.attached_at IS NULL AND u.created_at < $1
AND NOT EXISTS (SELECT FROM drafts d WHERE d.id = u.draft_id AND d.sent_at IS NULL)
"""
# The lock makes whoever stores the same content again wait, and then store it anew.
UNUSED_FILES = """
SELECT f.id, f.sha256 FROM files f
WHERE f.created_at < $1
AND NOT EXISTS (SELECT FROM uploads u WHERE f.id IN (u.file_id, u.original_id, u.thumbnail_id))
AND NOT EXISTS (SELECT FROM evidence e WHERE f.id IN (e.file_id, e.original_id, e.thumbnail_id))
ORDER BY f.id LIMIT $2 FOR UPDATE SKIP LOCKED
"""


async def evidence_reminder(tx: Transaction, timer: Timer) -> None:
    """A mail to whoever was asked, shortly before the date."""
    request = await tx.db.get(EvidenceRequest, timer.subject_id)
    if request is None or request.fulfilled_at or request.cancelled_at:
        return
    person = await asked_person(tx, request)
    if person is None:
        return
    await send_mail(
        tx,
        dedupe_key=f"evidence_reminder:{request.id}:{timer.generation}",
        to_name=person.name,
        to_address=person.email,
        subject=f"A reminder: {request.label}",
        body=f"Hello {person.name},\n\nwe still need something from you: {request.label}, "
        f"by {local_date(request.due_at, person.time_zone)}.\n\n"
        "You find your request under “My requests” on the support site.\n",
    )


async def asked_person(tx: Transaction, request: EvidenceRequest) -> Person | None:
    """Whoever was asked, if mail may go to them."""
    ticket = await commands.ticket_of(tx, request)
    side = None if ticket else await tx.db.get(Side, request.side_id)
    asked = ticket.requester_id if ticket else side.person_id if side else None
    person = await tx.db.get(Person, asked) if asked else None
    if person is None or person.deactivated_at is not None:
        return None
    unproven = Role.GUEST in person.roles and person.email_confirmed_at is None
    return None if unproven else person


async def evidence_overdue(tx: Transaction, timer: Timer) -> None:
    case = await tx.db.get_one(Case, timer.case_id)
    await commands.mark_overdue(tx, case, timer.subject_id)


async def sweep_abandoned(desk: Desk) -> int:
    """Once an hour: uploads nobody attached, and files that nothing refers to."""
    now = desk.clock.now()
    last = desk.parts.get("evidence_swept")
    if last is not None and last <= now < last + EVERY:
        return 0
    desk.parts["evidence_swept"] = now
    await desk.pool.execute(DROP_UPLOADS, now - UNUSED_FOR)
    storage_of(desk).drop_abandoned()
    dropped = 0
    while (count := await drop_files(desk)) == BATCH:
        dropped += count
    return dropped + count


async def drop_files(desk: Desk) -> int:
    async with desk.pool.acquire() as connection, connection.transaction():
        rows = await connection.fetch(UNUSED_FILES, desk.clock.now() - AT_LEAST, BATCH)
        for row in rows:
            await storage_of(desk).delete(row["sha256"])
        ids = [row["id"] for row in rows]
        await connection.execute("DELETE FROM files WHERE id = ANY($1)", ids)
    return len(rows)
