"""The conversation: the live face of a case."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from helpdesk.core.tables import primary_key, references, sort_keys, text_enum


class ConversationStatus(StrEnum):
    WAITING = "waiting"
    ACTIVE = "active"
    ENDED = "ended"


class Conversation(SQLModel, table=True):
    __tablename__ = "conversations"
    __table_args__ = (
        UniqueConstraint("visitor_id", "once"),
        Index(
            "ix_conversations_line",
            *sort_keys("group_id, opened_at, id"),
            postgresql_where=text("status = 'waiting'"),
        ),
        Index(
            "ix_conversations_agent",
            *sort_keys("agent_id, opened_at, id"),
            postgresql_where=text("status = 'active'"),
        ),
        Index("ix_conversations_visitor", *sort_keys("visitor_id, id DESC")),
    )

    id: int = primary_key()
    case_id: int = references("cases.id", ondelete="CASCADE")
    side_id: int = references("sides.id", index=False)
    visitor_id: int = references("people.id", index=False)
    once: UUID  # chosen by the visitor's page: a double click opens one chat
    group_id: int = references("groups.id", index=False)
    type_key: str = Field(default="", max_length=40)
    subject: str = Field(max_length=120)
    status: ConversationStatus = text_enum(ConversationStatus, ConversationStatus.WAITING)
    agent_id: int | None = references("people.id", index=False, default=None)
    opened_at: datetime
    claimed_at: datetime | None = None
    ended_at: datetime | None = None
    ended_by_id: int | None = references("people.id", index=False, default=None)
    ticket_id: int | None = Field(default=None, sa_type=BigInteger)  # what it was turned into


class Availability(SQLModel, table=True):
    """Whether an agent takes chats now. `seen_at` is refreshed by the agent's socket."""

    __tablename__ = "availability"

    person_id: int = Field(primary_key=True, sa_type=BigInteger, foreign_key="people.id")
    available: bool = False
    seen_at: datetime
