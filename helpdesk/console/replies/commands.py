"""Writing canned replies, and counting that one was sent."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from helpdesk.desk import Transaction
from helpdesk.permissions import Actor, Can, allowed

from .doing import Doing
from .models import CannedReply, CannedReplyUse, CannedReplyVersion, Reach


class NoSuchReply(Exception):
    """Absent, or of somebody else's; whoever asks is not told which."""


class NotYours(Exception):
    """It may be used, but is changed by others. The sentence says by whom."""


class ChangedSince(Exception):
    """Somebody saved another version meanwhile."""


@dataclass(frozen=True)
class Wording:
    """What a form says, checked."""

    name: str
    reach: Reach
    group_id: int | None
    body: str
    doing: Doing


def may_use(actor: Actor, reply: CannedReply) -> bool:
    if reply.reach == Reach.MINE:
        return reply.owner_id == actor.id
    everywhere = reply.reach == Reach.EVERYBODY or allowed(actor, Can.MANAGE_REPLIES)
    return everywhere or reply.group_id in actor.groups


def may_keep(actor: Actor, reach: Reach, group_id: int | None) -> bool:
    """Whether the person may write replies that reach so many."""
    if reach == Reach.MINE or allowed(actor, Can.MANAGE_REPLIES):
        return True
    return reach == Reach.GROUP and group_id in actor.groups


def may_change(actor: Actor, reply: CannedReply) -> bool:
    return may_use(actor, reply) and may_keep(actor, reply.reach, reply.group_id)


async def find_reply(tx: Transaction, reply_id: int, lock: bool = False) -> CannedReply:
    query = select(CannedReply).where(CannedReply.id == reply_id)
    if lock:
        query = query.with_for_update()
    reply = (await tx.db.exec(query)).one_or_none()
    if reply is None or not may_use(tx.actor, reply):
        raise NoSuchReply
    return reply


async def write_reply(tx: Transaction, wording: Wording) -> CannedReply:
    allow(tx.actor, wording.reach, wording.group_id)
    reply = CannedReply(
        name=wording.name,
        reach=wording.reach,
        owner_id=tx.actor.id if wording.reach == Reach.MINE else None,
        group_id=wording.group_id,
        body=wording.body,
        doing=wording.doing.stored(),
    )
    tx.db.add(reply)
    await tx.db.flush()
    keep_version(tx, reply, "written")
    return reply


async def change_reply(
    tx: Transaction, reply_id: int, wording: Wording, number: int
) -> CannedReply:
    """`number`: of the version its author had before them."""
    reply = await hold(tx, reply_id, number)
    allow(tx.actor, wording.reach, wording.group_id)
    changed = differences(reply, wording)
    if not changed:
        return reply
    reply.name, reply.reach, reply.group_id = wording.name, wording.reach, wording.group_id
    reply.owner_id = tx.actor.id if wording.reach == Reach.MINE else None
    reply.body, reply.doing = wording.body, wording.doing.stored()
    reply.number += 1
    keep_version(tx, reply, ", ".join(changed))
    return reply


async def archive_reply(
    tx: Transaction, reply_id: int, number: int, archived: bool = True
) -> CannedReply:
    """Put away, or brought back: it is offered to nobody, and its versions stay."""
    reply = await hold(tx, reply_id, number)
    if (reply.archived_at is not None) != archived:
        reply.archived_at = tx.now if archived else None
        reply.number += 1
        keep_version(tx, reply, "put away" if archived else "brought back")
    return reply


async def hold(tx: Transaction, reply_id: int, number: int) -> CannedReply:
    reply = await find_reply(tx, reply_id, lock=True)
    if not may_change(tx.actor, reply):
        whom = "Managers" if reply.reach == Reach.EVERYBODY else "Its department and managers"
        raise NotYours(f"{whom} change this reply.")
    if reply.number != number:
        raise ChangedSince("Somebody changed this reply meanwhile. Look at it first.")
    return reply


def allow(actor: Actor, reach: Reach, group_id: int | None) -> None:
    if not may_keep(actor, reach, group_id):
        raise NotYours("Managers write replies for everybody; a department’s, its members.")


def differences(reply: CannedReply, wording: Wording) -> list[str]:
    parts = {
        "name": reply.name != wording.name,
        "who uses it": (reply.reach, reply.group_id) != (wording.reach, wording.group_id),
        "text": reply.body != wording.body,
        "actions": Doing.read(reply.doing) != wording.doing,
    }
    return [part for part, differs in parts.items() if differs]


def keep_version(tx: Transaction, reply: CannedReply, changed: str) -> None:
    tx.db.add(
        CannedReplyVersion(
            reply_id=reply.id,
            number=reply.number,
            name=reply.name,
            reach=reply.reach,
            group_id=reply.group_id,
            body=reply.body,
            doing=dict(reply.doing),
            archived=reply.archived_at is not None,
            changed=changed,
            changed_by_id=tx.actor.id or None,
            changed_at=tx.now,
        )
    )


async def count_use(tx: Transaction, reply: CannedReply, face: str, once: UUID) -> bool:
    """False when this very message was sent with it before."""
    row = insert(CannedReplyUse).values(
        reply_id=reply.id,
        number=reply.number,
        person_id=tx.actor.id,
        face=face,
        once=once,
        at=tx.now,
    )
    stored = await tx.db.exec(row.on_conflict_do_nothing().returning(col(CannedReplyUse.id)))
    return stored.one_or_none() is not None
