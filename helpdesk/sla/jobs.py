"""What the worker does: computes what is owed whenever something happened, and tells in time."""

from sqlmodel import col, select

from helpdesk.cases.models import Event, Timer
from helpdesk.cases.receipts import already_done
from helpdesk.core.jobs import job
from helpdesk.desk import Desk, Transaction
from helpdesk.permissions import SYSTEM

from .models import SlaNotice, SlaObligation
from .owing.keeping import rework, tell
from .owing.reworking import sweep_reworks as sweep_reworks
from .policy import Kind
from .states import NoticeKind

FOLLOWED = (
    "ticket.opened", "message.posted", "ticket.assigned", "ticket.status_changed",
    "ticket.closed", "ticket.severity_changed", "ticket.type_changed", "ticket.routed",
    "ticket.handed_over", "ticket.merged", "ticket.merged_away", "ticket.unmerged",
    "ticket.restored", "sla.extended", "escalation.decided",
)  # fmt: skip
OF_TAKEOVERS = ("ticket.assigned",)


@job
async def follow(desk: Desk, event_id: int) -> None:
    """After anything that says who owes what."""
    async with desk.transaction(SYSTEM) as tx:
        if await already_done(tx, event_id, "sla.follow"):
            return
        event = await tx.db.get_one(Event, event_id)
        if event.ticket_id is None:
            return
        if event.type not in OF_TAKEOVERS or await takeover_runs(tx, event.ticket_id):
            await rework(tx, event.ticket_id)


async def takeover_runs(tx: Transaction, ticket_id: int) -> bool:
    query = select(SlaObligation.id).where(
        SlaObligation.ticket_id == ticket_id,
        SlaObligation.kind == Kind.TAKEOVER,
        col(SlaObligation.ended_at).is_(None),
    )
    return (await tx.db.exec(query.limit(1))).first() is not None


async def tell_notice(tx: Transaction, timer: Timer) -> None:
    """By timer. The history decides: what has happened meanwhile may have moved the date."""
    notice = await tx.db.get(SlaNotice, timer.subject_id)
    if notice is None or notice.told_at is not None:
        return
    row = await tx.db.get_one(SlaObligation, notice.obligation_id)
    reworked = await rework(tx, row.ticket_id)
    notice = await tx.db.get(SlaNotice, timer.subject_id, populate_existing=True)
    if reworked is None or notice is None or notice.told_at is not None or notice.at > tx.now:
        return
    case, ticket = reworked
    notice.told_at = tx.now
    over = row.ended_at is not None
    type = "sla.breached" if notice.kind == NoticeKind.BREACH else "sla.warned"
    due = notice.at if notice.kind == NoticeKind.BREACH else None
    tell(tx, case, ticket, row, type, due, percent=notice.percent, over=over)
