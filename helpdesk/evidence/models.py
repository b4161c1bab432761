"""Evidence: immutable pieces on a case, and uploads that wait to become evidence."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from helpdesk.cases.models import Audience
from helpdesk.catalogue.document import Sensitivity
from helpdesk.core.tables import json_field, primary_key, references, text_enum


class File(SQLModel, table=True):
    """Bytes in the store, named by their SHA-256. Stored once, however often sent."""

    __tablename__ = "files"

    id: int = primary_key()
    sha256: bytes = Field(sa_type=LargeBinary, unique=True)
    size: int = Field(sa_type=BigInteger)
    media_type: str = Field(max_length=100)  # found in the content, never taken from the name
    created_at: datetime


class Upload(SQLModel, table=True):
    """A file that was received and checked, not yet on a case. Swept when abandoned."""

    __tablename__ = "uploads"
    __table_args__ = (Index("ix_uploads_draft", "draft_id"),)

    id: UUID = Field(primary_key=True)  # chosen by the client: a retry stores nothing twice
    owner_id: int | None = references("people.id", default=None)
    draft_id: UUID | None = None  # the report it was uploaded for
    draft_key: str = Field(default="", max_length=64)  # a visitor's, hashed
    case_id: int | None = references("cases.id", default=None)  # or the case it will join
    evidence_key: str = Field(default="", max_length=60)  # the checklist line it answers
    name: str = Field(max_length=255)
    size: int = Field(sa_type=BigInteger)
    media_type: str = Field(max_length=100)
    file_id: int = references("files.id")  # what may be shown
    original_id: int = references("files.id")  # what arrived; differs for re-encoded images
    thumbnail_id: int | None = references("files.id", default=None)
    details: dict[str, Any] = json_field()  # width, height, lines …
    created_at: datetime
    attached_at: datetime | None = None


class Evidence(SQLModel, table=True):
    """A piece on the case. Never changed; a person may only add."""

    __tablename__ = "evidence"

    id: int = primary_key()
    case_id: int = references("cases.id", ondelete="CASCADE")
    upload_id: UUID | None = Field(default=None, unique=True)  # attached once
    kind: str = Field(max_length=40)  # the catalogue's vocabulary
    evidence_key: str = Field(default="", max_length=60)
    label: str = Field(max_length=200)
    sensitivity: Sensitivity = text_enum(Sensitivity, Sensitivity.SUPPORT)
    audience: Audience = text_enum(Audience)  # what the sensitivity means for reading
    side_id: int | None = references("sides.id", index=False, default=None)
    group_id: int | None = references("groups.id", index=False, default=None)
    owner_id: int | None = references("people.id", index=False, default=None)
    ticket_id: int | None = Field(default=None, sa_type=BigInteger, index=True)
    conversation_id: int | None = Field(default=None, sa_type=BigInteger)
    name: str = Field(default="", max_length=255)
    size: int = Field(default=0, sa_type=BigInteger)
    media_type: str = Field(default="", max_length=100)
    file_id: int | None = references("files.id", index=False, default=None)
    original_id: int | None = references("files.id", index=False, default=None)
    thumbnail_id: int | None = references("files.id", index=False, default=None)
    facts: dict[str, Any] = json_field()  # structured pieces: contract, environment, transaction
    added_by_id: int | None = references("people.id", index=False, default=None)
    added_at: datetime


class EvidenceRead(SQLModel, table=True):
    """Who looked at a private piece, and who was refused."""

    __tablename__ = "evidence_reads"

    id: int = primary_key()
    evidence_id: int = references("evidence.id", ondelete="CASCADE")
    person_id: int | None = references("people.id", default=None)
    what: str = Field(max_length=20)  # view | download | refused
    at: datetime


class EvidenceRequest(SQLModel, table=True):
    """A listed piece an agent asked for, with a date."""

    __tablename__ = "evidence_requests"
    __table_args__ = (
        Index(
            "ix_evidence_requests_open",
            "ticket_id",
            postgresql_where=text("fulfilled_at IS NULL AND cancelled_at IS NULL"),
        ),
    )

    id: int = primary_key()
    case_id: int = references("cases.id", ondelete="CASCADE")
    ticket_id: int | None = Field(default=None, sa_type=BigInteger)
    conversation_id: int | None = Field(default=None, sa_type=BigInteger)  # asked in a chat
    side_id: int = references("sides.id", index=False)
    kind: str = Field(max_length=40)
    evidence_key: str = Field(default="", max_length=60)
    label: str = Field(max_length=200)
    note: str = Field(default="", max_length=1000)
    due_at: datetime
    asked_by_id: int = references("people.id", index=False)
    asked_at: datetime
    evidence_id: int | None = references("evidence.id", index=False, default=None)
    fulfilled_at: datetime | None = None
    cancelled_at: datetime | None = None
