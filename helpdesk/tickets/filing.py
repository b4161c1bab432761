"""Filing a ticket: case, side, ticket, first message, evidence and events in one statement.

This is a hot path, so it is plain SQL on asyncpg. `once` makes it repeatable: whoever sends
the same form twice gets the ticket of the first time.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any
from uuid import UUID

import asyncpg

from helpdesk.cases.events import changed, frame
from helpdesk.cases.models import Audience
from helpdesk.catalogue.document import Sensitivity
from helpdesk.core.live import Envelope
from helpdesk.desk import Desk
from helpdesk.permissions import Actor, Role

from .claims import ALL_CLAIMED, CLAIMED, FREE, LINK, AlreadyReported, holders_of
from .models import FIRST_NUMBER, reference


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

GIVEN = """given AS (
    SELECT $1::bigint AS requester, $2::uuid AS once, $3::bigint AS held_case,
        $4::bigint AS contract, $5::timestamptz AS now, $6::bigint AS company, $7::text AS role,
        $8::text AS subject, $9::text AS type_key, $10::integer AS version,
        $11::smallint AS severity, $12::text AS group_key, $13::boolean AS restricted,
        $14::bigint AS milestone, $15::text AS contract_text, $16::jsonb AS answers,
        $17::jsonb AS lacking, $18::text AS source, $19::bigint AS conversation,
        $20::text AS description, $21::text AS audience, $22::text[] AS relayed,
        $23::jsonb AS pieces, $24::uuid AS draft, $25::jsonb AS seen,
        $26::smallint AS chosen, $27::text AS language
)"""
EARLIER_ONE = """earlier AS (
    SELECT t.id, t.case_id FROM tickets t WHERE t.requester_id = $1 AND t.once = $2
)"""
HELD_CASE = """the_case AS (
    SELECT id, last_seq AS start FROM cases
    WHERE id = $3 AND NOT EXISTS (SELECT FROM earlier) {unless} FOR NO KEY UPDATE
), counted AS (
    UPDATE cases SET last_seq = c.start + 2 + jsonb_array_length(given.pieces)
    FROM the_case c, given WHERE cases.id = c.id
)"""
NEW_CASE = """the_case AS (
    INSERT INTO cases (contract_id, last_seq, opened_at)
    SELECT contract, 2 + jsonb_array_length(pieces), now FROM given
    WHERE NOT EXISTS (SELECT FROM earlier) {unless}
    RETURNING id, 0 AS start
)"""
HAS_DRAFT = """AND NOT EXISTS (SELECT FROM drafts WHERE id = $2)
    AND NOT EXISTS (SELECT FROM uploads WHERE draft_id = $2)"""
TICKET = """the_side AS (
    INSERT INTO sides (case_id, person_id, company_id, role)
    SELECT id, requester, company, role FROM the_case, given
    ON CONFLICT (case_id, person_id) DO UPDATE SET role = sides.role
    RETURNING id
), the_ticket AS (
    INSERT INTO tickets (
        case_id, side_id, requester_id, once, subject, type_key, catalogue_version, status,
        severity, chosen_severity, group_id, restricted, contract_id, milestone_id,
        contract_text, answers, lacking, source, follow_ups, reopenings, opened_at, updated_at,
        conversation_id, seen, language, search)
    SELECT c.id, s.id, requester, once, subject, type_key, version, 'new',
        severity, chosen, g.id, restricted, contract, milestone,
        contract_text, answers, lacking, source, 0, 0, now, now,
        conversation, seen, language, to_tsvector('english', subject || ' ' || description)
    FROM given, the_case c, the_side s, groups g WHERE g.key = given.group_key
    RETURNING id, side_id, group_id
), the_message AS (
    INSERT INTO messages (
        case_id, client_id, author_id, audience, side_id, ticket_id, body, posted_at)
    SELECT c.id, once, requester, audience, t.side_id, t.id, description, now
    FROM given, the_case c, the_ticket t
    RETURNING id
)"""
EVIDENCE = """the_evidence AS (
    INSERT INTO evidence (
        case_id, upload_id, kind, evidence_key, label, sensitivity, audience, side_id, group_id,
        owner_id, ticket_id, name, size, media_type, file_id, original_id, thumbnail_id, facts,
        added_by_id, added_at)
    SELECT c.id, p.upload_id, p.kind, p.evidence_key, p.label, p.sensitivity, p.audience,
        t.side_id, t.group_id, requester, t.id, coalesce(u.name, ''), coalesce(u.size, 0),
        coalesce(u.media_type, ''), u.file_id, u.original_id, u.thumbnail_id, p.facts,
        requester, now
    FROM given CROSS JOIN the_case c CROSS JOIN the_ticket t
    CROSS JOIN jsonb_to_recordset(given.pieces) AS p(
        upload_id uuid, kind text, evidence_key text, label text, sensitivity text,
        audience text, facts jsonb)
    LEFT JOIN uploads u ON u.id = p.upload_id
    RETURNING id, label, audience
), taken AS (
    UPDATE uploads SET attached_at = given.now
    FROM given CROSS JOIN jsonb_to_recordset(given.pieces) AS p(upload_id uuid)
    WHERE uploads.id = p.upload_id
)"""
TOLD = f"""told AS (
    SELECT 1 AS n, 'ticket.opened' AS type, given.audience, NULL::bigint AS message_id,
        NULL::bigint AS evidence_id,
        jsonb_build_object('reference', 'HD-' || (t.id + {FIRST_NUMBER - 1})) AS data
    FROM the_ticket t, given
    UNION ALL
    SELECT 2, 'message.posted', given.audience, m.id, NULL, '{{}}' FROM the_message m, given"""
TOLD_OF = ("ticket.opened", "message.posted", "evidence.added")
TOLD_OF_EVIDENCE = """
    UNION ALL
    SELECT 2 + row_number() OVER (ORDER BY id), 'evidence.added', audience, NULL, id,
        jsonb_build_object('label', label)
    FROM the_evidence"""
EVENTS = """the_events AS (
    INSERT INTO events (
        case_id, seq, type, audience, side_id, group_id, owner_id, actor_id, ticket_id,
        message_id, evidence_id, data, occurred_at, relayed_at)
    SELECT c.id, c.start + e.n, e.type, e.audience, t.side_id,
        CASE WHEN e.audience = 'private' THEN t.group_id END,
        CASE WHEN e.audience = 'private' THEN requester END,
        requester, t.id, e.message_id, e.evidence_id, e.data, now,
        CASE WHEN NOT (e.type = ANY(relayed)) THEN now END
    FROM given, the_case c, the_ticket t, told e
)"""
DRAFT = """sent AS (
    UPDATE drafts SET sent_at = given.now, updated_at = given.now, ticket_id = the_ticket.id
    FROM the_ticket, given WHERE drafts.id = given.draft
)"""
ANSWER = """
SELECT id, case_id, 0 AS start, NULL::bigint AS side_id, NULL::bigint AS group_id, true AS repeated
FROM earlier
UNION ALL
SELECT t.id, c.id, c.start, t.side_id, t.group_id, false FROM the_ticket t, the_case c
"""


@cache
def statement(
    on_case: bool, with_pieces: bool, undrafted: bool = False, claiming: bool = False
) -> str:
    """Only the parts this report needs: most bring no files, claim nothing and begin a case."""
    unless = HAS_DRAFT if undrafted else ""
    case = (HELD_CASE if on_case else NEW_CASE).format(
        unless=f"{unless} {ALL_CLAIMED}" if claiming else unless
    )
    told = TOLD + (TOLD_OF_EVIDENCE if with_pieces else "") + "\n)"
    parts = [GIVEN, EARLIER_ONE]
    parts += [CLAIMED.format(unless=unless)] if claiming else []
    parts += [case, TICKET]
    parts += [EVIDENCE] if with_pieces else []
    parts += [told, EVENTS] if undrafted else [told, EVENTS, DRAFT]
    return "WITH " + ", ".join(parts) + ANSWER


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
    claims = (list(filing.about), bool(filing.despite)) if filing.about else ()
    return await connection.fetchrow(
        statement(case_id is not None, bool(filing.pieces), undrafted, bool(claims)),
        actor.id,
        filing.once,
        case_id,
        filing.contract_id,
        desk.clock.now(),
        actor.company_id,
        role_on_case(actor),
        filing.subject,
        filing.type_key,
        filing.catalogue_version,
        filing.severity,
        filing.group_key,
        filing.restricted,
        filing.milestone_id,
        filing.contract_text,
        answers,
        filing.lacking,
        filing.source,
        filing.conversation_id,
        filing.description,
        base_audience(filing).value,
        [type for type in TOLD_OF if type in desk.relayed],
        [piece_row(filing, piece) for piece in filing.pieces],
        filing.draft_id,
        filing.seen,
        filing.chosen_severity or filing.severity,
        filing.language or None,
        *claims,
    )


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
