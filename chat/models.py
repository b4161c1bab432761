"""The conversation: the live face of a case."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from helpdesk.core.tables import names, primary_key, references, sort_keys, text_enum


def defaulting(value: Any, written: str, **options: Any) -> Any:
    """A column that came later: rows from before it have the default."""
    return Field(default=value, sa_column_kwargs={"server_default": text(written)}, **options)


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
            *sort_keys("group_id, ahead DESC, opened_at, id"),
            postgresql_where=text("status = 'waiting'"),
        ),
        Index(
            "ix_conversations_agent",
            *sort_keys("agent_id, opened_at, id"),
            postgresql_where=text("status = 'active'"),
        ),
        Index("ix_conversations_visitor", *sort_keys("visitor_id, id DESC")),
        Index(
            "ix_conversations_served",
            *sort_keys("group_id, ended_at"),
            postgresql_where=text("status = 'ended' AND claimed_at IS NOT NULL"),
        ),
        Index(
            "ix_conversations_abandoned",
            *sort_keys("abandoned_at, group_id"),
            postgresql_where=text("abandoned_at IS NOT NULL"),
        ),
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
    ahead: bool = defaulting(False, "false")  # has been served before: first in the line
    agent_before_id: int | None = names("people", default=None)  # who had it, while it waits again
    visitor_seen_at: datetime | None = None  # the visitor's page was open then, in the line
    abandoned_at: datetime | None = None  # the visitor left the line before anybody came
    end_reason: str = defaulting("", "''", max_length=20)
    conduct_notices: int = defaulting(0, "0")
    flagged_at: datetime | None = None  # ended for conduct


class Availability(SQLModel, table=True):
    """Whether an agent takes chats now. `seen_at` is refreshed by the agent's socket.

    Somebody away, or who wants no new ones, keeps the chats they have.
    """

    __tablename__ = "availability"

    person_id: int = Field(primary_key=True, sa_type=BigInteger, foreign_key="people.id")
    available: bool = False
    seen_at: datetime
    reason: str = defaulting("", "''", max_length=20)  # why not available: agents/presence.py
    since: datetime | None = None  # of this state
    capacity: int | None = None  # chats at once; empty: as the desk has it
    given_at: datetime | None = None  # the last chat they got: who has rested longest is next
    missed: int = defaulting(0, "0")  # offers in a row that were not answered
