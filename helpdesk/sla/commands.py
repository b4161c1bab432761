"""Changing the policy: a draft, who changed what, and its publication. Extending one date."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlmodel import col, select

from helpdesk.cases.events import record
from helpdesk.cases.models import Audience, Case, Event, Message
from helpdesk.core.formats import local_time
from helpdesk.desk import Desk, Transaction

from .models import SlaObligation, SlaPolicy
from .owing.keeping import WHAT
from .owing.reworking import ask_rework
from .policy import FIRST_NOTE, FIRST_NUMBER, Kind, Policy, Target, default_policy
from .queries import look_again
from .sentences import Names, sentence
from .states import LIVE

ONE_EDITOR = text("LOCK TABLE sla_policies IN SHARE ROW EXCLUSIVE MODE")
FIRST = """
WITH made AS (
    INSERT INTO sla_policies (number, document, changes, note, made_at, published_at)
    SELECT $4::integer, $1::jsonb, '[]', $2, $3, $3 WHERE NOT EXISTS (SELECT FROM sla_policies)
    ON CONFLICT (number) DO NOTHING RETURNING number
)
INSERT INTO sla_reworks (because, asked_at, reached, tickets)
SELECT 'policy', $3, 0, 0 FROM made
"""
FARTHEST = timedelta(days=400)
EXTENDED = "sla.extended"
Change = Callable[[tuple[Target, ...]], tuple[Target, ...]]


class EditedMeanwhile(Exception):
    """Somebody saved or published since this editor read the policy. Nothing was stored."""


class NothingToPublish(Exception):
    """There is no draft, or it changes nothing."""


class NotExtendable(Exception):
    """The sentence says why."""


async def ensure_policy(desk: Desk) -> None:
    """A desk without a policy gets the one we ship, as version 1."""
    document = default_policy().model_dump(mode="json")
    await desk.pool.execute(FIRST, document, FIRST_NOTE, desk.clock.now(), FIRST_NUMBER)
    look_again(desk)


async def published(tx: Transaction) -> SlaPolicy:
    query = select(SlaPolicy).where(col(SlaPolicy.published_at).is_not(None))
    query = query.order_by(col(SlaPolicy.number).desc()).limit(1)
    if stored := (await tx.db.exec(query)).one_or_none():
        return stored
    first = SlaPolicy(
        number=FIRST_NUMBER,
        document=default_policy().model_dump(mode="json"),
        note=FIRST_NOTE,
        made_at=tx.now,
        published_at=tx.now,
    )
    tx.db.add(first)
    await tx.db.flush()
    return first


async def draft_of(tx: Transaction) -> SlaPolicy | None:
    query = select(SlaPolicy).where(col(SlaPolicy.published_at).is_(None))
    return (await tx.db.exec(query)).one_or_none()


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
    """`seen` is the version and the number of changes its editor read."""
    await (await tx.db.connection()).execute(ONE_EDITOR)
    base, draft = await published(tx), await draft_of(tx)
    stands = draft or base
    if seen != (stands.number, len(stands.changes) if draft else 0):
        raise EditedMeanwhile
    old = Policy.model_validate(stands.document)
    targets = change(old.targets)
    new = Policy.model_construct(targets=targets)
    for fault in new.faults():
        raise fault
    moved = _moved(tx, old.targets, targets, names)
    if not moved:
        return stands
    if draft is None:
        draft = SlaPolicy(number=base.number + 1, made_at=tx.now, made_by_id=tx.actor.id)
    draft.document = new.model_dump(mode="json")
    draft.changes = [*draft.changes, *moved]
    tx.db.add(draft)
    await tx.db.flush()
    return draft


def _moved(
    tx: Transaction, old: Sequence[Target], new: Sequence[Target], names: Names
) -> list[dict[str, Any]]:
    before, after = {one.key: one for one in old}, {one.key: one for one in new}
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    said = {"by": tx.actor.name, "by_id": tx.actor.id, "at": tx.now.isoformat()}
    return [
        {
            "key": key,
            "old": sentence(before[key], names) if key in before else "",
            "new": sentence(after[key], names) if key in after else "",
            **said,
        }
        for key in keys
    ]


async def publish_policy(tx: Transaction, note: str, seen: tuple[int, int]) -> SlaPolicy:
    """From now on the draft holds; the worker computes every open ticket again."""
    await (await tx.db.connection()).execute(ONE_EDITOR)
    draft = await draft_of(tx)
    if draft is None:
        raise NothingToPublish
    if seen != (draft.number, len(draft.changes)):
        raise EditedMeanwhile
    if Policy.model_validate(draft.document) == Policy.model_validate(
        (await published(tx)).document
    ):
        raise NothingToPublish
    draft.note, draft.published_at, draft.published_by_id = note, tx.now, tx.actor.id
    ask_rework(tx, "policy")
    tx.has_work = True
    await tx.db.flush()
    return draft


async def discard_draft(tx: Transaction) -> None:
    await (await tx.db.connection()).execute(ONE_EDITOR)
    if draft := await draft_of(tx):
        await tx.db.delete(draft)


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
