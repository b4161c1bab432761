"""What the API shows of tickets, uploads and the catalogue."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from helpdesk.calendars.queries import said_now
from helpdesk.cases.queries import rows_visible_to
from helpdesk.cases.timeline import Entry, read_page
from helpdesk.catalogue import queries as catalogue
from helpdesk.catalogue.queries import CatalogueVersion
from helpdesk.core.formats import iso
from helpdesk.desk import Desk
from helpdesk.evidence.models import Evidence, File
from helpdesk.permissions import Actor
from helpdesk.security import canonical_url
from helpdesk.sla.promises.shown import promise_shown
from helpdesk.tickets.models import Ticket, reference
from helpdesk.tickets.next_step import STEP
from helpdesk.tickets.queries import find_ticket
from helpdesk.tickets.silence import WITH_US
from helpdesk.tickets.together import Face, interleaved, merged_entries, merged_faces
from helpdesk.tickets.words import SEVERITY_KEYS

from .pieces import DraftFile

SHOWN = """
SELECT t.id, t.type_key, t.subject, t.status, t.severity, t.catalogue_version, t.opened_at,
    t.updated_at, t.first_answered_at, g.name AS department, g.key AS group_key, p.time_zone
FROM tickets t JOIN groups g ON g.id = t.group_id JOIN people p ON p.id = t.requester_id
"""
ONE = f"{SHOWN} WHERE t.id = (SELECT coalesce(merged_into_id, id) FROM tickets WHERE id = $1)"
OWN = f"{SHOWN} WHERE t.requester_id = $1 AND ($2::bigint IS NULL OR t.id < $2) "
OWN += "AND t.merged_into_id IS NULL "
OWN += "ORDER BY t.id DESC LIMIT $3"
UPLOADS = """
SELECT id, evidence_key, name, size, media_type, thumbnail_id IS NOT NULL AS thumbnail, created_at
FROM uploads WHERE id = ANY($1) AND owner_id = $2 AND attached_at IS NULL
"""


async def own_uploads(desk: Desk, actor: Actor, ids: Sequence[UUID]) -> dict[UUID, DraftFile]:
    rows = await desk.pool.fetch(UPLOADS, list(ids), actor.id)
    # The driver's own kind of UUID does not go into JSON.
    files = [DraftFile(UUID(bytes=row["id"].bytes), *list(row.values())[1:]) for row in rows]
    return {file.id: file for file in files}


async def ticket_shown(desk: Desk, ticket_id: int) -> dict[str, Any]:
    """The caller has checked that the reader may see it."""
    return await _shown(desk, await desk.pool.fetchrow(ONE, ticket_id))


async def list_of(desk: Desk, actor: Actor, limit: int, after: int | None) -> dict[str, Any]:
    """The newest first; one more than asked for tells whether there is another page."""
    rows = await desk.pool.fetch(OWN, actor.id, after, limit + 1)
    items = [await _shown(desk, row) for row in rows[:limit]]
    return {"items": items, "next": items[-1]["reference"] if len(rows) > limit else None}


async def ticket_details(desk: Desk, actor: Actor, ticket_id: int) -> dict[str, Any]:
    """What this reader sees of the ticket. Raises NoSuchCase."""
    async with desk.reading() as db:
        ticket = await find_ticket(db, actor, ticket_id)
        if ticket.merged_into_id is not None:  # the one that goes on answers for it
            ticket = await find_ticket(db, actor, ticket.merged_into_id)
        merged = await merged_faces(db, ticket)
        together = [ticket.id, *(face.id for face in merged)]
        query = (
            select(Evidence, File.sha256)
            .outerjoin(File, col(File.id) == col(Evidence.file_id))
            .where(col(Evidence.ticket_id).in_(together), rows_visible_to(actor, Evidence))
            .order_by(col(Evidence.id))
        )
        pieces = (await db.exec(query)).all()
    return {
        **await ticket_shown(desk, ticket.id),
        "messages": await _messages(desk, actor, ticket, merged),
        "evidence": [_piece(piece, sha256) for piece, sha256 in pieces],
    }


async def _messages(
    desk: Desk, actor: Actor, ticket: Ticket, merged: Sequence[Face]
) -> list[dict[str, Any]]:
    together = {f"ticket:{ticket.id}", *(face.name for face in merged)}
    own: list[Entry] = []
    after = 0
    while page := await read_page(desk.pool, actor, ticket.case_id, after):
        own += page.entries
        after = page.reaches
        if not page.full:
            break
    others = await merged_entries(desk.pool, actor, merged, ticket.case_id)
    told: list[dict[str, Any]] = []
    for entry in interleaved(own, others):
        if entry.face not in together:
            continue
        if entry.row["type"] == "message.posted":
            told.append(_message(entry))
        elif entry.row["type"] == STEP and told:  # of the answer before it
            told[-1]["next_step"] = _step(entry)
    return told


def _message(entry: Entry) -> dict[str, Any]:
    frame = entry.frame
    return {
        "number": frame["n"],
        "reference": reference(int(frame["face"].partition(":")[2])),
        "at": frame["at"],
        "by": frame["by"]["name"],
        "staff": frame["by"]["staff"],
        "body": frame["body"],
        "next_step": None,
    }


def _step(entry: Entry) -> dict[str, Any]:
    data = entry.row["data"]
    until = iso(datetime.fromisoformat(data["until"])) if data.get("until") else None
    return {"what": entry.row["body"], "who": data["who"], "until": until}


def _piece(piece: Evidence, sha256: bytes | None) -> dict[str, Any]:
    return {
        "key": piece.evidence_key,
        "kind": piece.kind,
        "label": piece.label,
        "name": piece.name,
        "size": piece.size,
        "sha256": sha256.hex() if sha256 else "",
        "added_at": iso(piece.added_at),
    }


async def _shown(desk: Desk, row: Any) -> dict[str, Any]:
    used = (await catalogue.version(desk, row["catalogue_version"])).catalogue
    severity = used.severity(row["severity"])
    number = reference(row["id"])
    return {
        "reference": number,
        "url": canonical_url(desk.settings, f"/requests/{number}"),
        "type": row["type_key"],
        "subject": row["subject"],
        "status": row["status"],
        "severity": SEVERITY_KEYS[row["severity"]],
        "department": row["department"],
        "department_hours": await said_now(desk, row["group_key"]),
        "first_answer_within_hours": severity.first_response_hours if severity else 0,
        "first_answer": await promise_shown(desk, row["id"], row["time_zone"])
        if row["first_answered_at"] is None and row["status"] in WITH_US
        else None,
        "opened_at": iso(row["opened_at"]),
        "updated_at": iso(row["updated_at"]),
    }


def catalogue_shown(version: CatalogueVersion) -> dict[str, Any]:
    whole = version.catalogue.model_dump(mode="json")
    return {
        "version": version.number,
        "services": whole["services"],
        "types": whole["types"],
        "severities": whole["severities"],
        "limits": whole["limits"],
    }
