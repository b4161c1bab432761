"""What is asked on one ticket and still open is asked on another one of the same requester."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import update
from sqlmodel import col, select

from helpdesk.cases.models import Timer
from helpdesk.desk import Transaction

from .models import EvidenceRequest

TIMERS = ("evidence_reminder", "evidence_overdue")


@dataclass(frozen=True, slots=True)
class Place:
    """A ticket, for whoever must not know tickets."""

    case_id: int
    ticket_id: int
    side_id: int


async def move_requests(
    tx: Transaction, old: Place, new: Place, only: Collection[int] | None = None
) -> list[int]:
    """Those that were moved. Both cases are held; dates and reminders stay as they are."""
    query = select(EvidenceRequest).where(
        EvidenceRequest.ticket_id == old.ticket_id,
        col(EvidenceRequest.fulfilled_at).is_(None),
        col(EvidenceRequest.cancelled_at).is_(None),
    )
    if only is not None:
        query = query.where(col(EvidenceRequest.id).in_(only))
    moved = (await tx.db.exec(query)).all()
    for request in moved:
        request.case_id, request.ticket_id = new.case_id, new.ticket_id
        request.side_id = new.side_id
    ids = [request.id for request in moved]
    if ids and old.case_id != new.case_id:
        await tx.db.exec(
            update(Timer)
            .where(
                col(Timer.case_id) == old.case_id,
                col(Timer.kind).in_(TIMERS),
                col(Timer.subject_id).in_(ids),
            )
            .values(case_id=new.case_id, generation=Timer.generation + 1)
        )
    return ids
