"""Drafts and their files: whose they are, what has become of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from helpdesk.catalogue import queries as catalogue
from helpdesk.catalogue.document import TicketType
from helpdesk.contracts.queries import OwnContract, own_contract
from helpdesk.core.tokens import hash_token
from helpdesk.desk import Desk
from helpdesk.permissions import Actor
from helpdesk.tickets.models import reference

from .formpage import About
from .forms import NOT_LISTED, Fields
from .pieces import DraftFile
from .seen import seen_kept, with_seen


@dataclass(frozen=True)
class KeptDraft:
    """A draft with its files, for somebody who may have it."""

    id: UUID
    stored: bool  # there is a row, not only an id that a page made up
    person_id: int | None
    fields: dict[str, str]
    files: tuple[DraftFile, ...]
    updated_at: datetime | None = None
    ticket_id: int | None = None  # it was sent


@dataclass(frozen=True)
class OpenRequest:
    reference: str
    subject: str
    status: str
    updated_at: datetime


@dataclass(frozen=True)
class SentPiece:
    label: str
    name: str
    size: int


@dataclass(frozen=True)
class SentTicket:
    reference: str
    subject: str
    type: TicketType | None
    department: str
    severity: str
    restricted: bool
    opened_at: datetime
    email: str
    is_account: bool
    time_zone: str
    evidence: tuple[SentPiece, ...]
    once: UUID


class NotYours(LookupError):
    """A draft of somebody else; they are told nothing more."""


class SignInAgain(Exception):
    """The draft belongs to an account, and this browser has lost its session."""


# A ticket may be known by its `once` alone: whoever is signed in files without a draft row.
FIND = """
SELECT d.id IS NOT NULL AS stored, d.person_id, d.token_hash, d.fields, d.seen, d.updated_at,
    coalesce(d.ticket_id, t.id) AS ticket_id, owner.is_account,
    (SELECT coalesce(jsonb_agg(jsonb_build_array(u.id, u.evidence_key, u.name, u.size,
            u.media_type, u.thumbnail_id IS NOT NULL, u.created_at)
            ORDER BY u.created_at, u.id), '[]')
        FROM uploads u WHERE u.draft_id = $1 AND u.attached_at IS NULL
        AND (u.owner_id = $2 OR u.draft_key = $3)) AS files
FROM (VALUES ($1::uuid)) AS asked (id)
LEFT JOIN drafts d ON d.id = asked.id
LEFT JOIN people owner ON owner.id = d.person_id
LEFT JOIN tickets t ON t.requester_id = $2 AND t.once = asked.id
"""
# Not those an article made needless: they can be had back from where that was said.
NEWEST = """
SELECT id FROM drafts
WHERE person_id = $1 AND sent_at IS NULL AND updated_at > $2 AND ($3 = '' OR fields->>'type' = $3)
    AND (seen->>'helped') IS DISTINCT FROM 'true'
ORDER BY updated_at DESC LIMIT 1
"""


async def find_draft(desk: Desk, actor: Actor, token: str, draft_id: UUID) -> KeptDraft:
    """The draft, or an empty one under a new id. Raises NotYours and SignInAgain."""
    row = await desk.pool.fetchrow(FIND, draft_id, actor.id, hash_token(token))
    if row["stored"]:
        check_access(row, actor, token)
    return KeptDraft(
        draft_id,
        row["stored"],
        row["person_id"],
        with_seen(row["fields"] or {}, seen_kept(row["seen"])),
        tuple(_file(*file) for file in row["files"]),
        row["updated_at"],
        row["ticket_id"],
    )


def check_access(row: Any, actor: Actor, token: str) -> None:
    """A person's draft is theirs alone; a visitor's belongs to the browser that began it."""
    if row["person_id"] is not None and row["person_id"] == actor.id:
        return
    holds_key = bool(token) and row["token_hash"] == token_hash(token)
    if not holds_key:
        raise NotYours
    if row["person_id"] is None or not row["is_account"]:
        return
    if actor.is_signed_in:
        raise NotYours
    raise SignInAgain


def token_hash(token: str) -> bytes:
    return bytes.fromhex(hash_token(token))


async def newest_draft(
    desk: Desk, actor: Actor, since: datetime, type_key: str = ""
) -> UUID | None:
    if not actor.id or "\0" in type_key:
        return None
    found: UUID | None = await desk.pool.fetchval(NEWEST, actor.id, since, type_key)
    return found


async def contract_typed(desk: Desk, actor: Actor, fields: Fields) -> OwnContract | None:
    """The contract that was chosen, or whose number was written by hand."""
    chosen = fields.get("contract", "").strip()
    if not chosen or chosen == NOT_LISTED:
        chosen = fields.get("contract_text", "").strip()
    if not chosen or "\0" in chosen or len(chosen) > 60:
        return None
    return await own_contract(desk, actor, chosen)


def _file(
    id: str, key: str, name: str, size: int, media_type: str, thumbnail: bool, at: str
) -> DraftFile:
    return DraftFile(UUID(id), key, name, size, media_type, thumbnail, datetime.fromisoformat(at))


ABOUT = "SELECT public_id, country FROM people WHERE id = $1"
OPEN_REQUESTS = """
SELECT id, subject, status, updated_at FROM tickets
WHERE requester_id = $1 AND status IN ('new', 'open', 'waiting_on_user', 'on_hold')
ORDER BY id DESC LIMIT 3
"""
SENT_TICKET = """
SELECT t.id, t.once, t.subject, t.type_key, t.catalogue_version, t.severity, t.restricted,
    t.opened_at, g.key AS group_key, g.name AS group_name,
    p.email, p.is_account, p.time_zone,
    (SELECT coalesce(jsonb_agg(jsonb_build_array(e.label, e.name, e.size) ORDER BY e.id), '[]')
        FROM evidence e WHERE e.ticket_id = t.id) AS evidence
FROM tickets t JOIN groups g ON g.id = t.group_id JOIN people p ON p.id = t.requester_id
WHERE t.id = $1
"""


async def about_person(desk: Desk, actor: Actor) -> About:
    row = await desk.pool.fetchrow(ABOUT, actor.id) if actor.id else None
    return About(row["public_id"], row["country"]) if row else About()


async def open_requests(desk: Desk, actor: Actor) -> list[OpenRequest]:
    if not actor.id:
        return []
    rows = await desk.pool.fetch(OPEN_REQUESTS, actor.id)
    return [
        OpenRequest(reference(row["id"]), row["subject"], row["status"], row["updated_at"])
        for row in rows
    ]


async def sent_ticket(desk: Desk, ticket_id: int) -> SentTicket:
    """For its confirmation. The caller has checked that it came from this person's report."""
    row = await desk.pool.fetchrow(SENT_TICKET, ticket_id)
    used = (await catalogue.version(desk, row["catalogue_version"])).catalogue
    severity = used.severity(row["severity"])
    return SentTicket(
        reference(row["id"]),
        row["subject"],
        used.type(row["type_key"]),
        row["group_name"],
        severity.key if severity else "normal",
        row["restricted"],
        row["opened_at"],
        row["email"],
        row["is_account"],
        row["time_zone"],
        tuple(SentPiece(*piece) for piece in row["evidence"]),
        row["once"],
    )
