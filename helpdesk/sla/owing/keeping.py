"""What was computed becomes rows: obligations, their notices, and what a ticket owes next."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import col, delete, select

from helpdesk.cases.events import changed, record
from helpdesk.cases.models import Audience, Case
from helpdesk.cases.queries import hold_case
from helpdesk.cases.timers import clear_timer, set_timers
from helpdesk.desk import Transaction
from helpdesk.sla.models import SlaNotice, SlaObligation
from helpdesk.sla.policy import Kind
from helpdesk.sla.queries import policies_in
from helpdesk.sla.states import LIVE, NoticeKind, State

from .gathering import Departments, Gathered, departments_in, gather, hours_for
from .obligations import Obligation, obligations

SETTLED = (State.MET, State.LATE)
WHAT = {
    Kind.FIRST_RESPONSE: "first answer",
    Kind.NEXT_RESPONSE: "next answer",
    Kind.PERIODIC_UPDATE: "update",
    Kind.RESOLUTION: "solution",
    Kind.TAKEOVER: "takeover",
}
QUIETLY_MET = (Kind.PERIODIC_UPDATE,)  # it comes with every answer
CASE_OF = text("SELECT case_id FROM tickets WHERE id = :ticket")
NEXT = text("""
UPDATE tickets SET due_at = :at, due_warn_at = :warn, due_kind = :kind, due_seconds = :seconds,
    due_clock = :clock
WHERE id = :ticket AND (due_at, due_warn_at, due_kind, due_seconds, due_clock) IS DISTINCT FROM
    (CAST(:at AS timestamptz), CAST(:warn AS timestamptz), CAST(:kind AS text),
    CAST(:seconds AS bigint), CAST(:clock AS text))
RETURNING id
""")


async def rework(tx: Transaction, ticket_id: int) -> tuple[Case, Gathered] | None:
    """Compute again what is owed on a ticket, and plan its notices. Safe to repeat."""
    connection = await tx.db.connection()
    case_id = (await connection.execute(CASE_OF, {"ticket": ticket_id})).scalar()
    if case_id is None:
        return None
    case = await hold_case(tx, case_id)
    await tx.db.flush()
    departments = await departments_in(tx.db)
    [ticket] = await gather(tx.db, [ticket_id], departments)
    hours = await hours_for(tx.db, [ticket.history], departments)
    owed = obligations(ticket.history, await policies_in(tx.db), hours)
    await _keep(tx, case, ticket, owed, departments)
    await _next_due(tx, ticket, owed)
    return case, ticket


async def _keep(
    tx: Transaction,
    case: Case,
    ticket: Gathered,
    owed: Sequence[Obligation],
    departments: Departments,
) -> None:
    query = select(SlaObligation).where(SlaObligation.ticket_id == ticket.ticket_id)
    stored = {(row.kind, row.began_by): row for row in (await tx.db.exec(query)).all()}
    changing: list[tuple[SlaObligation, Obligation | None]] = []
    for one in owed:
        row = stored.pop((one.kind, one.began_by), None)
        if row is not None and row.state in SETTLED:
            continue
        values = _values(one, departments, tx.now)
        if row is None:
            row = SlaObligation(
                ticket_id=ticket.ticket_id, kind=one.kind, began_by=one.began_by, **values
            )
        for name, value in values.items():
            setattr(row, name, value)
        tx.db.add(row)
        changing.append((row, one))
        if one.state == State.MET and one.kind not in QUIETLY_MET:
            await tx.db.flush()
            tell(tx, case, ticket, row, "sla.met")
    for row in stored.values():
        if row.state in LIVE:  # nothing of its kind is owed any more
            row.state, row.ended_at, row.computed_at = State.DROPPED, tx.now, tx.now
            tx.db.add(row)
            changing.append((row, None))
    if changing:
        await tx.db.flush()
        await _plan(tx, case.id, changing)


def _values(one: Obligation, departments: Departments, now: datetime) -> dict[str, Any]:
    is_past = one.due_at is not None and one.due_at <= (one.ended_at or now)
    return {
        "group_id": departments.ids.get(one.department, 0),
        "policy": one.policy,
        "target": one.target.key,
        "severity": one.severity,
        "seconds": int(one.length.total_seconds()),
        "clock": one.clock,
        "state": one.state,
        "started_at": one.started_at,
        "due_at": one.due_at,
        "paused_at": one.paused_at,
        "breached_at": one.due_at if is_past else None,
        "ended_at": one.ended_at,
        "computed_at": now,
    }


async def _plan(
    tx: Transaction, case_id: int, changing: Sequence[tuple[SlaObligation, Obligation | None]]
) -> None:
    """One row and one timer for each warning and each breach that is to be told."""
    query = (
        select(SlaNotice)
        .where(col(SlaNotice.obligation_id).in_([row.id for row, _ in changing]))
        .order_by(col(SlaNotice.id))
    )
    known = list((await tx.db.exec(query)).all())
    planned: list[SlaNotice] = []
    for row, one in changing:
        own = [notice for notice in known if notice.obligation_id == row.id]
        wanted = wanted_notices(one) if one is not None else {}
        for notice in own:
            at = wanted.get(notice.percent)
            if notice.told_at is not None:
                if at is not None and at <= notice.at:  # that much was told of a later date
                    wanted.pop(notice.percent)
            elif at is None:
                await clear_timer(tx, case_id, "sla_notice", notice.id)
                await tx.db.exec(delete(SlaNotice).where(col(SlaNotice.id) == notice.id))
            else:
                if at != notice.at:
                    notice.at = at
                    planned.append(notice)
                del wanted[notice.percent]
        for percent, at in wanted.items():
            kind = NoticeKind.BREACH if percent == 100 else NoticeKind.WARNING
            planned.append(SlaNotice(obligation_id=row.id, kind=kind, percent=percent, at=at))
    tx.db.add_all(planned)
    await tx.db.flush()
    await set_timers(tx, case_id, "sla_notice", {notice.id: notice.at for notice in planned})


def wanted_notices(one: Obligation) -> dict[int, datetime]:
    """By per cent of the time: 100 is the breach. Of what is over, only what came before."""
    moments = dict(one.warnings)
    if one.due_at is not None:
        moments[100] = one.due_at
    end = one.ended_at
    return {percent: at for percent, at in moments.items() if end is None or at <= end}


async def _next_due(tx: Transaction, ticket: Gathered, owed: Iterable[Obligation]) -> None:
    """The nearest date goes to the ticket, for lists."""
    running = [one for one in owed if one.state == State.RUNNING and one.due_at is not None]
    first = min(running, key=lambda one: one.due_at or tx.now, default=None)
    warnings = [at for _, at in first.warnings] if first else []
    values = {
        "ticket": ticket.ticket_id,
        "at": first.due_at if first else None,
        "warn": min(warnings, default=None),
        "kind": first.kind.value if first else None,
        "seconds": int(first.length.total_seconds()) if first else None,
        "clock": first.clock.value if first else None,
    }
    moved = (await (await tx.db.connection()).execute(NEXT, values)).scalar()
    if moved is not None:
        ids = [] if ticket.restricted else [ticket.ticket_id]
        tx.outgoing.append(lambda: changed("desk", ids))


def tell(
    tx: Transaction,
    case: Case,
    ticket: Gathered,
    row: SlaObligation,
    type: str,
    due: datetime | None = None,
    **more: Any,
) -> None:
    """An event that colleagues read; of a restricted ticket, those of its department."""
    restricted = ticket.restricted
    at = due or row.due_at
    record(
        tx,
        case,
        type,
        Audience.PRIVATE if restricted else Audience.STAFF,
        group_id=ticket.group_id if restricted else None,
        ticket_id=ticket.ticket_id,
        reference=ticket.reference,
        obligation=row.id,
        kind=row.kind.value,
        what=WHAT[row.kind],
        severity=row.severity,
        seconds=row.seconds,
        clock=row.clock.value,
        owes=row.group_id,
        due=at.isoformat() if at else None,
        **more,
    )
