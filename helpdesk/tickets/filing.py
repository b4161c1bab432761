"""Filing a ticket: everything it brings is stored by one statement, see `storing`.

This is a hot path, so it is plain SQL on asyncpg. `once` makes it repeatable: whoever sends
the same form twice gets the ticket of the first time.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

import asyncpg

from helpdesk.cases.events import changed, frame
from helpdesk.cases.models import Audience
from helpdesk.catalogue.document import Sensitivity
from helpdesk.core.live import Envelope
from helpdesk.desk import Desk
from helpdesk.permissions import Actor, Role

from .claims import FREE, LINK, AlreadyReported, holders_of
from .models import reference
from .storing import TOLD_OF, statement


@dataclass(frozen=True)
class Piece:
    """A piece of evidence that comes with the ticket: an upload, or facts."""

    evidence_key: str
    kind: str
    label: str
    sensitivity: Sensitivity = Sensitivity.SUPPORT
    upload_id: UUID | None = None
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Filing:
    """A checked report, ready to be stored."""

    once: UUID
    subject: str
    description: str
    type_key: str
    group_key: str
    catalogue_version: int
    severity: int  # what it begins with
    restricted: bool = False
    severity_reason: str = ""
    chosen_severity: int = 0  # the person's own choice, where it is another
    language: str = ""  # of its text; empty: nobody can tell
    contract_id: int | None = None
    milestone_id: int | None = None
    contract_text: str = ""
    answers: dict[str, Any] = field(default_factory=dict)
    lacking: dict[str, str] = field(default_factory=dict)
    pieces: Sequence[Piece] = ()
    source: str = "form"
    draft_id: UUID | None = None  # its uploads may be attached, and it is marked sent
    case_id: int | None = None  # a chat's case; else found by the contract, or new
    conversation_id: int | None = None
    seen: dict[str, Any] | None = None  # {"articles": [ids], "alerts": [ids], "helped": false}
    about: tuple[str, ...] = ()  # what it claims, see `about_of`
    despite: str = ""  # why it is filed though another ticket claims the same


@dataclass(frozen=True)
class Filed:
    ticket_id: int
    case_id: int
    repeated: bool

    @property
    def reference(self) -> str:
        return reference(self.ticket_id)


class UploadsGone(Exception):
    """An attached file was swept, used already, or is somebody else's."""


OPEN_CASE_OF_CONTRACT = """
SELECT c.id FROM cases c
WHERE c.contract_id = $1 AND EXISTS (
    SELECT FROM tickets t WHERE t.case_id = c.id
    AND t.status IN ('new', 'open', 'waiting_on_user', 'on_hold'))
ORDER BY c.id DESC LIMIT 1
"""

# Locked until commit, so that none is used twice.
USABLE_UPLOADS = """
SELECT id FROM uploads
WHERE id = ANY($1) AND attached_at IS NULL
AND (owner_id = $2 OR ($3::uuid IS NOT NULL AND draft_id = $3))
FOR UPDATE
"""


async def file_ticket(desk: Desk, actor: Actor, filing: Filing) -> Filed:
    """Store the report once. Raises UploadsGone when a file cannot be attached, AlreadyReported
    when another ticket of theirs claims what this one is about and no reason is given."""
    async with desk.pool.acquire() as connection:
        try:
            row = await store(desk, connection, actor, filing)
        except asyncpg.UniqueViolationError:  # the same form, sent twice at the same instant
            row = await store(desk, connection, actor, filing)
        except AlreadyReported as held:
            if held.tickets:
                raise
            # Nobody holds it any more: what it named was changed by other means.
            await connection.execute(FREE, actor.id, filing.type_key, list(filing.about))
            row = await store(desk, connection, actor, filing)
    return announced(desk, actor, filing, row)


async def file_undrafted(desk: Desk, actor: Actor, filing: Filing) -> Filed | None:
    """In one round trip, what needs nothing looked up; None if this report has a draft or files."""
    on_case = filing.case_id is not None or filing.contract_id is not None
    if on_case or any(piece.upload_id for piece in filing.pieces):
        return None
    try:
        row = await insert(desk, desk.pool, actor, filing, None, undrafted=True)
    except asyncpg.UniqueViolationError:
        return None
    return None if row is None else announced(desk, actor, filing, row)


def announced(desk: Desk, actor: Actor, filing: Filing, row: asyncpg.Record) -> Filed:
    filed = Filed(row["id"], row["case_id"], row["repeated"])
    if not filed.repeated:
        desk.live.deliver(announcements(desk, actor, filing, row))
        desk.waker.wake()
    return filed


async def store(
    desk: Desk, connection: asyncpg.Connection, actor: Actor, filing: Filing
) -> asyncpg.Record:
    uploads = [piece.upload_id for piece in filing.pieces if piece.upload_id]
    looks_up = filing.contract_id is not None and filing.case_id is None
    if not uploads and not looks_up and not filing.despite:
        stored = await insert(desk, connection, actor, filing, filing.case_id)
        return stored or await refused(desk, connection, actor, filing)

    async with connection.transaction():
        if repeated := await earlier(connection, actor, filing):
            return repeated
        case_id = filing.case_id
        if filing.contract_id is not None and case_id is None:
            # Both parties may file at once: they meet on one case.
            await connection.execute(
                "SELECT FROM contracts WHERE id = $1 FOR NO KEY UPDATE", filing.contract_id
            )
            case_id = await connection.fetchval(OPEN_CASE_OF_CONTRACT, filing.contract_id)
        if case_id is not None and filing.about:  # before the claims, as whoever solves a ticket
            await connection.execute(HOLD_CASE, case_id)
        if not await usable(connection, actor, filing, uploads):
            if repeated := await earlier(connection, actor, filing):
                return repeated
            raise UploadsGone
        others = await holders(desk, connection, actor, filing) if filing.despite else ()
        stored = await insert(desk, connection, actor, filing, case_id)
        if stored is None:
            return await refused(desk, connection, actor, filing)
        if others and not stored["repeated"]:
            said = (stored["id"], actor.id, filing.despite, desk.clock.now(), list(others))
            await connection.execute(LINK, *said)
        return stored


async def usable(
    connection: asyncpg.Connection, actor: Actor, filing: Filing, uploads: Sequence[UUID]
) -> bool:
    if not uploads:
        return True
    rows = await connection.fetch(USABLE_UPLOADS, uploads, actor.id, filing.draft_id)
    return len(rows) == len(set(uploads))


HOLD_CASE = "SELECT FROM cases WHERE id = $1 FOR NO KEY UPDATE"


async def holders(
    desk: Desk, connection: asyncpg.Connection, actor: Actor, filing: Filing
) -> tuple[int, ...]:
    now = desk.clock.now()
    return await holders_of(connection, actor.id, filing.type_key, filing.about, now)


async def refused(
    desk: Desk, connection: asyncpg.Connection, actor: Actor, filing: Filing
) -> asyncpg.Record:
    """Nothing was stored: the same form was just sent from elsewhere, or the claim is held."""
    if repeated := await earlier(connection, actor, filing):
        return repeated
    raise AlreadyReported(await holders(desk, connection, actor, filing))


EARLIER = """
SELECT id, case_id, 0 AS start, NULL::bigint AS side_id, NULL::bigint AS group_id,
    true AS repeated
FROM tickets WHERE requester_id = $1 AND once = $2
"""


async def earlier(
    connection: asyncpg.Connection, actor: Actor, filing: Filing
) -> asyncpg.Record | None:
    return await connection.fetchrow(EARLIER, actor.id, filing.once)


async def insert(
    desk: Desk,
    connection: asyncpg.Connection | asyncpg.Pool,
    actor: Actor,
    filing: Filing,
    case_id: int | None,
    undrafted: bool = False,
) -> asyncpg.Record:
    answers = dict(filing.answers)
    if filing.severity_reason:
        answers["severity_reason"] = filing.severity_reason
    given = {
        "requester": actor.id,
        "once": filing.once,
        "held_case": case_id,
        "contract": filing.contract_id,
        "now": desk.clock.now(),
        "company": actor.company_id,
        "role": role_on_case(actor),
        "subject": filing.subject,
        "type_key": filing.type_key,
        "version": filing.catalogue_version,
        "severity": filing.severity,
        "group_key": filing.group_key,
        "restricted": filing.restricted,
        "milestone": filing.milestone_id,
        "contract_text": filing.contract_text,
        "answers": answers,
        "lacking": filing.lacking,
        "source": filing.source,
        "conversation": filing.conversation_id,
        "description": filing.description,
        "audience": base_audience(filing).value,
        "relayed": [type for type in TOLD_OF if type in desk.relayed],
        "pieces": [piece_row(filing, piece) for piece in filing.pieces],
        "draft": filing.draft_id,
        "seen": filing.seen,
        "chosen": filing.chosen_severity or filing.severity,
        "language": filing.language or None,
        "about": list(filing.about),
        "despite": bool(filing.despite),
    }
    on_case, claims = case_id is not None, bool(filing.about)
    sql, names = statement(on_case, bool(filing.pieces), undrafted, claims)
    return await connection.fetchrow(sql, *[given[name] for name in names])


def base_audience(filing: Filing) -> Audience:
    return Audience.PRIVATE if filing.restricted else Audience.SIDE


def piece_row(filing: Filing, piece: Piece) -> dict[str, Any]:
    private = filing.restricted or piece.sensitivity in (
        Sensitivity.PRIVATE,
        Sensitivity.RESTRICTED,
    )
    row = asdict(piece)
    row["audience"] = Audience.PRIVATE if private else Audience.SIDE
    return row


def role_on_case(actor: Actor) -> str:
    """With which of their roles somebody is a party; a contract may say it better."""
    for role in (Role.CLIENT, Role.FREELANCER):
        if role in actor.roles:
            return role.value
    return Role.GUEST.value


def announcements(desk: Desk, actor: Actor, filing: Filing, row: asyncpg.Record) -> list[Envelope]:
    """Lists of the desk change; on a shared case the newest number tells followers to read."""
    told = [changed("desk", [row["id"]])]
    if row["start"]:
        last = row["start"] + 2 + len(filing.pieces)
        reach = {
            "audience": base_audience(filing).value,
            "side_id": row["side_id"],
            "group_id": row["group_id"],
            "owner_id": actor.id,
        }
        by = {"id": actor.id, "name": actor.name, "staff": actor.is_staff}
        shown = frame(
            row["case_id"],
            last,
            "ticket.opened",
            desk.clock.now(),
            reach["audience"],
            by,
            {"reference": reference(row["id"])},
            side_id=row["side_id"],
            face=f"ticket:{row['id']}",
        )
        told.append(Envelope(f"case:{row['case_id']}", last, reach, shown))
    return told
