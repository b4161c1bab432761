"""Putting evidence on a case, and asking for it. The case given is new or held."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlmodel import col, select

from helpdesk.cases.events import record
from helpdesk.cases.models import Audience, Case
from helpdesk.cases.timers import clear_timer, set_timer
from helpdesk.catalogue.document import Sensitivity
from helpdesk.core.formats import local_date
from helpdesk.desk import Transaction

from .doors import is_own
from .models import Evidence, EvidenceRequest, Upload

REMINDER = timedelta(days=1)  # before the date; for a nearer one, half of the time there is
DEPARTMENT_ONLY = (Sensitivity.PRIVATE, Sensitivity.RESTRICTED)


class NotYourUpload(Exception):
    """The file is gone, used already, or somebody else's."""


class NotAskable(Exception):
    """A piece cannot be asked for like this; the text says why."""


def audience_of(sensitivity: Sensitivity, restricted: bool = False) -> Audience:
    """What a sensitivity means for reading. On a restricted ticket everything is private."""
    if restricted or sensitivity in DEPARTMENT_ONLY:
        return Audience.PRIVATE
    return Audience.EVERYONE if sensitivity == Sensitivity.SHARED else Audience.SIDE


async def attach_upload(
    tx: Transaction,
    case: Case,
    upload_id: UUID,
    *,
    kind: str = "",
    label: str = "",
    evidence_key: str = "",
    sensitivity: Sensitivity | None = None,
    audience: Audience | None = None,
    side_id: int | None,
    group_id: int | None,
    owner_id: int | None,
    ticket_id: int | None = None,
    conversation_id: int | None = None,
    restricted: bool = False,
    draft_id: UUID | None = None,
    draft_key: str = "",
    request: EvidenceRequest | None = None,
    note: bool = False,
    before: Collection[int] = (),
) -> Evidence:
    """Make an upload a piece of the case, once. Without a sensitivity the catalogue decides.

    Without a kind and a label, the file says what it is; without an audience, the sensitivity
    says who sees it. `note`: it is shown as a note is. `before`: cases it may have been sent to
    before what they are about was merged into this one.
    """
    query = select(Upload).where(Upload.id == upload_id).with_for_update()
    upload = (await tx.db.exec(query)).one_or_none()
    if upload is None or not may_attach(tx, upload, draft_id, draft_key):
        raise NotYourUpload
    if upload.attached_at is not None:
        return await attached_before(tx, case, upload)
    if upload.case_id not in (None, case.id, *before):
        raise NotYourUpload
    kind = kind or ("screenshot" if upload.media_type.startswith("image/") else "document")
    label = label or upload.name
    key = evidence_key or upload.evidence_key
    request = request or await awaited(tx, case, key, side_id, ticket_id)
    if request is not None:
        kind, label, key = request.kind, request.label, request.evidence_key
    if sensitivity is None:
        sensitivity = await usual_sensitivity(tx, ticket_id, key, kind)
    upload.attached_at = tx.now
    piece = await add(
        tx,
        case,
        audience_of(sensitivity, restricted) if audience is None else audience,
        {"note": True} if note else {},
        upload_id=upload.id,
        kind=kind,
        evidence_key=key,
        label=label[:200],
        sensitivity=sensitivity,
        side_id=side_id,
        group_id=group_id,
        owner_id=owner_id,
        ticket_id=ticket_id,
        conversation_id=conversation_id,
        name=upload.name,
        size=upload.size,
        media_type=upload.media_type,
        file_id=upload.file_id,
        original_id=upload.original_id,
        thumbnail_id=upload.thumbnail_id,
    )
    if request is not None:
        await fulfil(tx, case, request, piece)
    return piece


async def add_facts(
    tx: Transaction,
    case: Case,
    *,
    kind: str,
    label: str,
    facts: dict[str, Any],
    evidence_key: str = "",
    sensitivity: Sensitivity = Sensitivity.SUPPORT,
    side_id: int | None,
    group_id: int | None = None,
    owner_id: int | None = None,
    ticket_id: int | None = None,
    conversation_id: int | None = None,
    restricted: bool = False,
) -> Evidence:
    """A piece without a file: a contract, a transaction, an environment."""
    return await add(
        tx,
        case,
        audience_of(sensitivity, restricted),
        {},
        kind=kind,
        evidence_key=evidence_key,
        label=label[:200],
        sensitivity=sensitivity,
        side_id=side_id,
        group_id=group_id,
        owner_id=owner_id,
        ticket_id=ticket_id,
        conversation_id=conversation_id,
        facts=facts,
    )


async def add(
    tx: Transaction, case: Case, audience: Audience, data: dict[str, Any], **columns: Any
) -> Evidence:
    """The row and its event, with `data` for its facts."""
    piece = Evidence(
        case_id=case.id,
        audience=audience,
        added_by_id=tx.actor.id or None,
        added_at=tx.now,
        **columns,
    )
    tx.db.add(piece)
    await tx.db.flush()
    private = piece.audience == Audience.PRIVATE
    record(
        tx,
        case,
        "evidence.added",
        piece.audience,
        side_id=piece.side_id,
        group_id=piece.group_id if private else None,
        owner_id=piece.owner_id if private else None,
        ticket_id=piece.ticket_id,
        conversation_id=piece.conversation_id,
        evidence=frame_of(piece),
        label=piece.label,
        **data,
    )
    return piece


def frame_of(piece: Evidence) -> dict[str, Any]:
    """What a socket shows of a piece."""
    return {
        "id": piece.id,
        "kind": piece.kind,
        "name": piece.name or piece.label,
        "size": piece.size,
        "media": piece.media_type,
        "thumb": piece.thumbnail_id is not None,
    }


def may_attach(tx: Transaction, upload: Upload, draft_id: UUID | None, draft_key: str) -> bool:
    if draft_id is not None and upload.draft_id == draft_id:
        return True  # whoever may send the draft may send its files
    return is_own(upload, tx.actor, draft_key)


async def attached_before(tx: Transaction, case: Case, upload: Upload) -> Evidence:
    """A repeat gets the first piece, if it is on this very case."""
    query = select(Evidence).where(Evidence.upload_id == upload.id, Evidence.case_id == case.id)
    if piece := (await tx.db.exec(query)).one_or_none():
        return piece
    raise NotYourUpload


USUAL = """
SELECT coalesce(
    jsonb_path_query_first(v.document,
        '$.types[*] ? (@.key == $type).evidence[*] ? (@.key == $key).sensitivity', named),
    jsonb_path_query_first(v.document,
        '$.evidence_kinds[*] ? (@.key == $kind).sensitivity', named)) #>> '{}'
FROM catalogue_versions v LEFT JOIN tickets t ON t.id = :ticket,
LATERAL jsonb_build_object(
    'type', coalesce(t.type_key, ''), 'key', cast(:key AS text), 'kind', cast(:kind AS text)
) AS named
WHERE v.number = coalesce(t.catalogue_version, (SELECT max(number) FROM catalogue_versions))
"""


async def usual_sensitivity(
    tx: Transaction, ticket_id: int | None, key: str, kind: str
) -> Sensitivity:
    """As the catalogue has it for this line of the ticket's type, or for the kind."""
    names = {"ticket": ticket_id, "key": key, "kind": kind}
    connection = await tx.db.connection()
    found = (await connection.execute(text(USUAL), names)).scalar_one_or_none()
    return Sensitivity(found) if found else Sensitivity.SUPPORT


async def awaited(
    tx: Transaction, case: Case, key: str, side_id: int | None, ticket_id: int | None
) -> EvidenceRequest | None:
    """The oldest open request that a piece for this line answers."""
    if not key or side_id is None:
        return None
    query = (
        select(EvidenceRequest)
        .where(
            EvidenceRequest.case_id == case.id,
            EvidenceRequest.side_id == side_id,
            EvidenceRequest.evidence_key == key,
            col(EvidenceRequest.fulfilled_at).is_(None),
            col(EvidenceRequest.cancelled_at).is_(None),
        )
        .order_by(col(EvidenceRequest.due_at), col(EvidenceRequest.id))
        .limit(1)
    )
    if ticket_id is not None:
        query = query.where(EvidenceRequest.ticket_id == ticket_id)
    return (await tx.db.exec(query)).one_or_none()


async def asked_in_chat(tx: Transaction, conversation_id: int) -> EvidenceRequest | None:
    """The one piece that is waited for there: whatever file comes next is it. Of several, a file
    does not say which it is."""
    query = select(EvidenceRequest).where(
        EvidenceRequest.conversation_id == conversation_id,
        col(EvidenceRequest.fulfilled_at).is_(None),
        col(EvidenceRequest.cancelled_at).is_(None),
    )
    found = (await tx.db.exec(query.limit(2))).all()
    return found[0] if len(found) == 1 else None


async def request_evidence(
    tx: Transaction,
    case: Case,
    *,
    ticket_id: int | None,
    side_id: int,
    kind: str,
    label: str,
    due_at: datetime,
    conversation_id: int | None = None,
    evidence_key: str = "",
    note: str = "",
) -> EvidenceRequest:
    """Ask a side for a piece by a date; a reminder goes out before it passes."""
    if due_at <= tx.now:
        raise NotAskable("Choose a date that has not passed.")
    request = EvidenceRequest(
        case_id=case.id,
        ticket_id=ticket_id,
        conversation_id=conversation_id,
        side_id=side_id,
        kind=kind,
        evidence_key=evidence_key,
        label=label[:200],
        note=note[:1_000],
        due_at=due_at,
        asked_by_id=tx.actor.id,
        asked_at=tx.now,
    )
    tx.db.add(request)
    await tx.db.flush()
    await tell(tx, case, request, "evidence.requested", due=local_date(due_at))
    remind_at = max(due_at - REMINDER, tx.now + (due_at - tx.now) / 2)
    await set_timer(tx, case.id, "evidence_reminder", remind_at, request.id)
    await set_timer(tx, case.id, "evidence_overdue", due_at, request.id)
    return request


async def cancel_request(
    tx: Transaction, case: Case, request_id: int, ticket_id: int | None = None
) -> None:
    """With `ticket_id` only a request of that very ticket."""
    request = await open_request(tx, case, request_id)
    if request is not None and ticket_id in (None, request.ticket_id):
        request.cancelled_at = tx.now
        await clear_timers(tx, case, request)
        await tell(tx, case, request, "evidence.request_cancelled")


async def fulfil(tx: Transaction, case: Case, request: EvidenceRequest, piece: Evidence) -> None:
    request.fulfilled_at, request.evidence_id = tx.now, piece.id
    await clear_timers(tx, case, request)
    await tell(tx, case, request, "evidence.request_fulfilled")


async def mark_overdue(tx: Transaction, case: Case, request_id: int) -> None:
    if request := await open_request(tx, case, request_id):
        await tell(tx, case, request, "evidence.request_overdue")


async def open_request(tx: Transaction, case: Case, request_id: int) -> EvidenceRequest | None:
    query = select(EvidenceRequest).where(
        EvidenceRequest.id == request_id,
        EvidenceRequest.case_id == case.id,
        col(EvidenceRequest.fulfilled_at).is_(None),
        col(EvidenceRequest.cancelled_at).is_(None),
    )
    return (await tx.db.exec(query.with_for_update())).one_or_none()


async def clear_timers(tx: Transaction, case: Case, request: EvidenceRequest) -> None:
    for kind in ("evidence_reminder", "evidence_overdue"):
        await clear_timer(tx, case.id, kind, request.id)


async def ticket_of(tx: Transaction, request: EvidenceRequest) -> Row[Any] | None:
    """Whose ticket it is and who works on it."""
    connection = await tx.db.connection()
    return (await connection.execute(text(TICKET), {"id": request.ticket_id})).one_or_none()


TICKET = "SELECT restricted, group_id, requester_id FROM tickets WHERE id = :id"


async def tell(
    tx: Transaction, case: Case, request: EvidenceRequest, type: str, **data: Any
) -> None:
    """To the side that was asked; on a restricted ticket, to its owner and department."""
    ticket = await ticket_of(tx, request)
    private = ticket is not None and ticket.restricted
    record(
        tx,
        case,
        type,
        Audience.PRIVATE if private else Audience.SIDE,
        side_id=request.side_id,
        group_id=ticket.group_id if ticket and private else None,
        owner_id=ticket.requester_id if ticket and private else None,
        ticket_id=request.ticket_id,
        conversation_id=request.conversation_id,
        label=request.label,
        request_id=request.id,
        **data,
    )
