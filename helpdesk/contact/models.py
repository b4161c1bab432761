"""Reports that are not sent yet, and the answers given to repeated API calls."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from helpdesk.core.tables import json_field, may_be_json, references, sort_keys


class Draft(SQLModel, table=True):
    """What somebody has typed so far. Its id is also the `once` of the ticket it becomes."""

    __tablename__ = "drafts"
    __table_args__ = (
        Index(
            "ix_drafts_mine",
            *sort_keys("person_id, updated_at DESC"),
            postgresql_where=text("sent_at IS NULL"),
        ),
    )

    id: UUID = Field(primary_key=True)
    token_hash: bytes | None = Field(default=None, sa_type=LargeBinary)  # a visitor's key to it
    person_id: int | None = references("people.id", index=False, default=None, ondelete="CASCADE")
    fields: dict[str, Any] = json_field()
    seen: dict[str, Any] | None = may_be_json()  # what was suggested, read and of no help
    created_at: datetime
    updated_at: datetime
    sent_at: datetime | None = None
    ticket_id: int | None = references("tickets.id", default=None)


class ApiAnswer(SQLModel, table=True):
    """The first answer to an Idempotency-Key; a repeat gets it again."""

    __tablename__ = "api_answers"

    person_id: int = Field(primary_key=True, foreign_key="people.id")
    key: str = Field(primary_key=True, max_length=255)
    body_hash: bytes = Field(sa_type=LargeBinary)
    status: int
    answer: dict[str, Any] = json_field()
    created_at: datetime
