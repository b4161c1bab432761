"""Changing the policy: a draft, who changed what, and its publication. Extending one date."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, select

from helpdesk.cases.events import record
from helpdesk.cases.models import Audience, Case, Event, Message
from helpdesk.core.formats import local_time
from helpdesk.desk import Desk, Transaction
from helpdesk.permissions import SYSTEM
from helpdesk.versions import commands as versions
from helpdesk.versions.commands import Moved, ensure_first

from .models import POLICY, SlaObligation, SlaPolicy
from .owing.keeping import WHAT
from .owing.reworking import ask_rework
from .policy import Kind, Policy, Target
from .queries import look_again
from .sentences import Names, sentence
from .states import LIVE

FARTHEST = timedelta(days=400)
EXTENDED = "sla.extended"
Change = Callable[[tuple[Target, ...]], tuple[Target, ...]]


class NotExtendable(Exception):
    """The sentence says why."""


async def ensure_policy(desk: Desk) -> None:
    async with desk.transaction(SYSTEM) as tx:
        if await ensure_first(tx, POLICY):
            ask_rework(tx, "policy")
    look_again(desk)


async def save_target(tx: Transaction, seen: tuple[int, int], target: Target, names: Names) -> None:
    """In its place, or after the others of its kind. Raises Unusable with the field."""

    def change(targets: tuple[Target, ...]) -> tuple[Target, ...]:
        if any(one.key == target.key for one in targets):
            return tuple(target if one.key == target.key else one for one in targets)
        return (*targets, target)

    await change_draft(tx, seen, change, names)


async def remove_target(tx: Transaction, seen: tuple[int, int], key: str, names: Names) -> None:
    def change(targets: tuple[Target, ...]) -> tuple[Target, ...]:
        return tuple(one for one in targets if one.key != key)

    await change_draft(tx, seen, change, names)


async def change_draft(
    tx: Transaction, seen: tuple[int, int], change: Change, names: Names
) -> SlaPolicy:
    def edit(old: Policy) -> tuple[Policy, Moved]:
        new = Policy.model_construct(targets=change(old.targets))
        for fault in new.faults():
            raise fault
        return new, _moved(old.targets, new.targets, names)

    return await versions.change(tx, POLICY, seen, edit)


def _moved(old: Sequence[Target], new: Sequence[Target], names: Names) -> Moved:
    before, after = {one.key: one for one in old}, {one.key: one for one in new}
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    return [
        {
            "key": key,
            "old": sentence(before[key], names) if key in before else "",
            "new": sentence(after[key], names) if key in after else "",
        }
        for key in keys
    ]


async def publish_policy(tx: Transaction, note: str, seen: tuple[int, int]) -> SlaPolicy:
    """From now on the draft holds; the worker computes every open ticket again."""
    published = await versions.publish(tx, POLICY, note, seen)
    ask_rework(tx, "policy")
    tx.has_work = True
    await tx.db.flush()
    return published


async def extend(
    tx: Transaction,
    case: Case,
    named: tuple[int, Kind, int],
    until: datetime,
    *,
    audience: Audience,
    reach: dict[str, Any],
    message: Message,
    reference: str,
) -> None:
    """Another date for what is owed, with the reason the requester reads. The case is held.

    `named`: ticket, kind, and the event it began by. The worker computes what follows. Raises
    NotExtendable.
    """
    ticket_id, kind, began_by = named
    query = select(SlaObligation).where(
        SlaObligation.ticket_id == ticket_id,
        SlaObligation.kind == kind,
        SlaObligation.began_by == began_by,
    )
    row = (await tx.db.exec(query)).one_or_none()
    if row is None or row.state not in LIVE:
        raise NotExtendable("This was done meanwhile. There is no date left to move.")
    if kind == Kind.TAKEOVER:
        raise NotExtendable("This is between departments: take the ticket, or hand it back.")
    if until <= tx.now:
        raise NotExtendable("Choose a date that is still to come.")
    told = await moved_to(tx, case, named)
    if told == until:
        raise NotExtendable("It was moved to this date already.")
    if any(at is not None and until <= at for at in (told, row.due_at)):
        raise NotExtendable("Choose a date after the one it has now.")
    if until - tx.now > FARTHEST:
        raise NotExtendable("Choose a date within the next 400 days.")
    record(
        tx,
        case,
        EXTENDED,
        audience,
        ticket_id=ticket_id,
        message=message,
        reference=reference,
        kind=kind.value,
        began_by=began_by,
        what=WHAT[kind],
        due=f"{local_time(until)} UTC",
        until=until.isoformat(),
        old=row.due_at.isoformat() if row.due_at else None,
        **reach,
    )


async def moved_to(tx: Transaction, case: Case, named: tuple[int, Kind, int]) -> datetime | None:
    """The date that was told last; what is owed is computed from it a moment later."""
    ticket_id, kind, began_by = named
    query = (
        select(col(Event.data)["until"].as_string())
        .where(
            Event.case_id == case.id,
            Event.ticket_id == ticket_id,
            Event.type == EXTENDED,
            col(Event.data)["kind"].as_string() == kind.value,
            col(Event.data)["began_by"].as_integer() == began_by,
        )
        .order_by(col(Event.seq).desc())
        .limit(1)
    )
    found = (await tx.db.exec(query)).one_or_none()
    return datetime.fromisoformat(found) if found else None
