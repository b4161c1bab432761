"""A ticket and those that were merged into it, read as one.

Nothing is moved by merging: every row stays on its own case, with its own number, and is judged
there by the one rule of who sees what (docs/decisions/0011-merging.md).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import merge
from typing import Any
from uuid import UUID

import asyncpg
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from helpdesk.cases.models import Event, Message
from helpdesk.cases.timeline import Entry, read_page
from helpdesk.desk import Transaction
from helpdesk.evidence.models import Evidence
from helpdesk.permissions import Actor

from .models import Ticket

# For a statement that reads a ticket as `t`.
MERGED = """ARRAY(SELECT (m.id, m.case_id, m.side_id, mk.last_seq) FROM tickets m
            JOIN cases mk ON mk.id = m.case_id
            WHERE m.merged_into_id = t.id ORDER BY m.id) AS merged"""
# What each of the two faces says of a merge; read as one, once is enough.
OWN_WORDS = frozenset({"ticket.merged_away", "ticket.restored"})
OF_MERGING = OWN_WORDS | {"ticket.merged", "ticket.unmerged"}


@dataclass(frozen=True, slots=True)
class Face:
    """A ticket whose rows are read with those of another."""

    id: int
    case_id: int
    side_id: int
    last_seq: int = 0  # of its case

    @property
    def name(self) -> str:
        return f"ticket:{self.id}"

    def shows(self, entry: Entry) -> bool:
        """What was said on it, and in chats of the same side of its case."""
        if entry.face.startswith("chat:"):
            return entry.side_id in (None, self.side_id)
        return entry.face == self.name and entry.row["type"] not in OWN_WORDS


def faces(row: Any) -> list[Face]:
    """Of a row read with MERGED."""
    return [Face(*merged) for merged in row["merged"]]


async def merged_faces(db: AsyncSession, ticket: Ticket) -> list[Face]:
    query = select(Ticket.id, Ticket.case_id, Ticket.side_id)
    query = query.where(Ticket.merged_into_id == ticket.id).order_by(col(Ticket.id))
    return [Face(*row) for row in (await db.exec(query)).all()]


async def merged_entries(
    pool: asyncpg.Pool,
    viewer: Actor,
    merged: Sequence[Face],
    case_id: int,
    newest: int | None = None,
) -> list[list[Entry]]:
    """What this reader may see of them, one list for each case besides the ticket's own.

    With `newest`, only so many of the last numbers of each case.
    """
    found = []
    for other in sorted({face.case_id for face in merged} - {case_id}):
        there = [face for face in merged if face.case_id == other]
        entries: list[Entry] = []
        after = 0 if newest is None else max(0, there[0].last_seq - newest)
        while page := await read_page(pool, viewer, other, after):
            entries += [one for one in page.entries if any(face.shows(one) for face in there)]
            if not page.full:
                break
            after = page.reaches
        found.append(entries)
    return found


def interleaved(own: Sequence[Entry], others: Iterable[Sequence[Entry]]) -> list[Entry]:
    """By time; each case's events stay in their order."""
    return list(merge(*others, own, key=lambda entry: entry.row["occurred_at"]))


# For commands


async def said_before(
    tx: Transaction, asked_id: int, ticket: Ticket, client_id: UUID
) -> Message | None:
    """Sent to a ticket before it was merged, and now again: the first copy is on its own case."""
    if asked_id == ticket.id:
        return None
    query = (
        select(Message)
        .join(Ticket, col(Ticket.case_id) == col(Message.case_id))
        .where(
            Ticket.id == asked_id,
            Message.client_id == client_id,
            Message.author_id == tx.actor.id,
        )
    )
    return (await tx.db.exec(query)).one_or_none()


async def move_rows(tx: Transaction, ticket: Ticket, old: int, new: int) -> None:
    """The department's rows of a ticket follow it, and so do merged tickets of the department."""
    merged = select(Ticket).where(Ticket.merged_into_id == ticket.id, Ticket.group_id == old)
    together = [ticket.id]
    for one in (await tx.db.exec(merged)).all():
        one.group_id = new
        together.append(one.id)
    for table in (Event, Evidence):
        rows = select(table).where(col(table.ticket_id).in_(together), table.group_id == old)
        for row in (await tx.db.exec(rows)).all():
            row.group_id = new


async def cases_of_merged(tx: Transaction, ticket: Ticket) -> frozenset[int]:
    return frozenset(face.case_id for face in await merged_faces(tx.db, ticket))
