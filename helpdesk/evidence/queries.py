"""Reading evidence: who sees which piece, whose upload it is, what was asked for."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, and_, column, exists, or_, table
from sqlalchemy import select as select_all
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from helpdesk.cases.models import Audience, Case
from helpdesk.cases.queries import rows_visible_to, visible_to
from helpdesk.catalogue.document import Sensitivity
from helpdesk.people.models import Group, Person
from helpdesk.permissions import Actor, Can, allowed

from .doors import is_own
from .models import Evidence, EvidenceRead, EvidenceRequest, File, Upload
from .sniff import Family, family_of


@dataclass(frozen=True)
class Piece:
    """A piece of evidence as a page shows it. Of a locked one only that it is there."""

    id: int
    case_id: int
    kind: str
    evidence_key: str
    label: str
    name: str
    size: int
    media_type: str
    sensitivity: Sensitivity
    audience: Audience
    facts: dict[str, Any]
    ticket_id: int | None
    conversation_id: int | None
    file_id: int | None
    original_id: int | None
    thumbnail_id: int | None
    added_at: datetime
    added_by: str
    added_by_id: int | None
    group_name: str
    sha256: str  # of what arrived, in hexadecimal
    locked: bool
    details: dict[str, Any]
    reads: tuple["Reading", ...] = ()

    @property
    def private(self) -> bool:
        return self.audience == Audience.PRIVATE

    @property
    def has_thumbnail(self) -> bool:
        """Restricted pieces are not looked at in passing."""
        if self.locked or self.sensitivity == Sensitivity.RESTRICTED:
            return False
        return self.thumbnail_id is not None

    @property
    def is_image(self) -> bool:
        return self.file_id is not None and family_of(self.media_type) is Family.IMAGE

    @property
    def is_log(self) -> bool:
        return self.file_id is not None and "lines" in self.details

    @property
    def address(self) -> str:
        return f"/evidence/{self.id}"


@dataclass(frozen=True)
class Reading:
    """Somebody opened a private piece, or was refused."""

    who: str
    what: str
    at: datetime


Original = aliased(File)


def pieces(viewer: Actor) -> Any:
    shown: tuple[Any, ...] = (
        Evidence,
        Person.name,
        Group.name,
        Original.sha256,
        Upload.details,
        rows_visible_to(viewer, Evidence).label("is_open"),
    )
    return (
        select_all(*shown)
        .join(Case, col(Case.id) == col(Evidence.case_id))
        .outerjoin(Person, col(Person.id) == col(Evidence.added_by_id))
        .outerjoin(Group, col(Group.id) == col(Evidence.group_id))
        .outerjoin(Original, col(Original.id) == col(Evidence.original_id))
        .outerjoin(Upload, col(Upload.id) == col(Evidence.upload_id))
    )


Tickets = table("tickets", column("id", BigInteger), column("restricted", Boolean))
of_restricted = (
    exists()
    .where(Tickets.c.id == col(Evidence.ticket_id), Tickets.c.restricted)
    .correlate(Evidence)
)


def reachable(viewer: Actor) -> Any:
    """Pieces somebody may know of: staff also of those that are locked to them.

    Of a restricted ticket other departments know nothing, so nothing of its evidence either.
    """
    open_to_viewer = rows_visible_to(viewer, Evidence)
    if allowed(viewer, Can.READ_ALL_CASES):
        return and_(visible_to(viewer), or_(open_to_viewer, ~of_restricted))
    return and_(visible_to(viewer), open_to_viewer)


async def listing(db: AsyncSession, viewer: Actor, case_id: int) -> list[Piece]:
    """The evidence of a case."""
    query = pieces(viewer).where(Evidence.case_id == case_id, reachable(viewer))
    return await build(db, viewer, (await db.exec(query.order_by(col(Evidence.id)))).all())


async def of_tickets(
    db: AsyncSession, viewer: Actor, places: Collection[tuple[int, int]]
) -> list[Piece]:
    """What came through any of these tickets or a chat on its case; `places`: case and ticket."""
    if not places:
        return []
    through = or_(
        *(
            and_(
                col(Evidence.case_id) == case_id,
                or_(col(Evidence.ticket_id) == ticket_id, col(Evidence.ticket_id).is_(None)),
            )
            for case_id, ticket_id in places
        )
    )
    query = pieces(viewer).where(through, reachable(viewer))
    return await build(db, viewer, (await db.exec(query.order_by(col(Evidence.id)))).all())


async def find(db: AsyncSession, viewer: Actor, evidence_id: int) -> Piece | None:
    """None for what is absent and for what is not the viewer's to know of."""
    query = pieces(viewer).where(Evidence.id == evidence_id, reachable(viewer))
    found = await build(db, viewer, (await db.exec(query)).all())
    return found[0] if found else None


async def build(db: AsyncSession, viewer: Actor, rows: Any) -> list[Piece]:
    reads: dict[int, list[Reading]] = {}
    if rows and viewer.is_staff:
        reads = await readings(db, [row[0].id for row in rows])
    return [piece_of(row, reads) for row in rows]


def piece_of(row: Any, reads: dict[int, list[Reading]]) -> Piece:
    evidence, added_by, group_name, sha256, details, is_open = row
    locked = not is_open
    return Piece(
        id=evidence.id,
        case_id=evidence.case_id,
        kind=evidence.kind,
        evidence_key=evidence.evidence_key,
        label=shown_label(evidence) if locked else evidence.label,
        name="" if locked else evidence.name,
        size=evidence.size,
        media_type=evidence.media_type,
        sensitivity=evidence.sensitivity,
        audience=evidence.audience,
        facts={} if locked else evidence.facts,
        ticket_id=evidence.ticket_id,
        conversation_id=evidence.conversation_id,
        file_id=evidence.file_id,
        original_id=evidence.original_id,
        thumbnail_id=evidence.thumbnail_id,
        added_at=evidence.added_at,
        added_by=added_by or "Helpdesk",
        added_by_id=evidence.added_by_id,
        group_name=group_name or "",
        sha256=sha256.hex() if sha256 and not locked else "",
        locked=locked,
        details={} if locked else details or {},
        reads=() if locked else tuple(reads.get(evidence.id, ())),
    )


def shown_label(evidence: Evidence) -> str:
    """What a locked piece is called: a file that came without a label is labelled by its name."""
    if evidence.label != evidence.name:
        return evidence.label
    return evidence.kind.replace("_", " ").capitalize()


async def readings(db: AsyncSession, ids: list[int]) -> dict[int, list[Reading]]:
    query = (
        select(EvidenceRead, Person.name)
        .outerjoin(Person, col(Person.id) == col(EvidenceRead.person_id))
        .where(col(EvidenceRead.evidence_id).in_(ids))
        .order_by(col(EvidenceRead.id).desc())
        .limit(500)
    )
    found: dict[int, list[Reading]] = {}
    for read, name in (await db.exec(query)).all():
        reading = Reading(name or "Somebody", read.what, read.at)
        found.setdefault(read.evidence_id, []).append(reading)
    return found


async def stored_file(db: AsyncSession, file_id: int) -> File:
    return await db.get_one(File, file_id)


async def open_requests(db: AsyncSession, ticket_id: int) -> list[EvidenceRequest]:
    query = (
        select(EvidenceRequest)
        .where(
            EvidenceRequest.ticket_id == ticket_id,
            col(EvidenceRequest.fulfilled_at).is_(None),
            col(EvidenceRequest.cancelled_at).is_(None),
        )
        .order_by(col(EvidenceRequest.due_at), col(EvidenceRequest.id))
    )
    return list((await db.exec(query)).all())


async def draft_uploads(
    db: AsyncSession, draft_id: UUID, person: Actor, draft_key: str = ""
) -> list[Upload]:
    query = (
        select(Upload)
        .where(Upload.draft_id == draft_id, col(Upload.attached_at).is_(None))
        .order_by(col(Upload.created_at), col(Upload.id))
    )
    return [one for one in (await db.exec(query)).all() if is_own(one, person, draft_key)]


async def own_upload(
    db: AsyncSession, upload_id: UUID, person: Actor, draft_key: str = ""
) -> Upload | None:
    upload = await db.get(Upload, upload_id)
    return upload if upload is not None and is_own(upload, person, draft_key) else None
