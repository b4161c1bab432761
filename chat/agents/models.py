"""How each line is run, what was offered to whom, who else is in a chat, and alarms."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from helpdesk.core.tables import names, primary_key, references, sort_keys, text_enum


class LineRules(SQLModel, table=True):
    """How one department's line is run. A department without a row has the defaults."""

    __tablename__ = "chat_lines"

    group_id: int = Field(primary_key=True, sa_type=BigInteger, foreign_key="groups.id")
    gives: bool = True  # chats are offered; else agents take them by hand
    offer_seconds: int = 20
    at_once: int | None = None  # chats served by the whole department; empty: no limit
    idle_minutes: int = 10  # after the agent's last word, a silent chat stops counting
    waiting_alarm: int | None = 10  # people in the line
    wait_alarm: int | None = 300  # seconds of the longest wait
    free_alarm: int | None = None  # free places fewer than this
    abandoned_alarm: int | None = None  # of today
    sound: bool = False


class Answer(StrEnum):
    ACCEPTED = "accepted"
    PASSED = "passed"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"  # the visitor left, somebody took it, or the agent went away


class ChatOffer(SQLModel, table=True):
    """A waiting chat, held out to one agent for some seconds."""

    __tablename__ = "chat_offers"
    __table_args__ = (
        Index(
            "uq_chat_offers_open",
            "conversation_id",
            unique=True,
            postgresql_where=text("answer IS NULL"),
        ),
        Index("ix_chat_offers_agent", "agent_id", postgresql_where=text("answer IS NULL")),
        Index("ix_chat_offers_conversation", *sort_keys("conversation_id, id")),
    )

    id: int = primary_key()
    conversation_id: int = names("conversations")
    agent_id: int = names("people")
    offered_at: datetime
    expires_at: datetime
    answer: Answer | None = text_enum(Answer, None)
    answered_at: datetime | None = None


class ChatColleague(SQLModel, table=True):
    """Somebody of the desk in a colleague's chat."""

    __tablename__ = "chat_colleagues"
    __table_args__ = (UniqueConstraint("conversation_id", "person_id"),)

    id: int = primary_key()
    conversation_id: int = references("conversations.id", index=False, ondelete="CASCADE")
    person_id: int = names("people")
    watching: bool = False  # a manager who only looks on; the visitor is not told
    joined_at: datetime
    left_at: datetime | None = None


class AlarmKind(StrEnum):
    WAITING = "waiting"
    WAIT = "wait"
    FREE = "free"
    ABANDONED = "abandoned"


class ChatAlarm(SQLModel, table=True):
    """A threshold of a line that was crossed, until it is kept again. One row per crossing."""

    __tablename__ = "chat_alarms"
    __table_args__ = (
        Index(
            "uq_chat_alarms_open",
            "group_id",
            "kind",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_chat_alarms_raised", *sort_keys("raised_at DESC")),
    )

    id: int = primary_key()
    group_id: int = names("groups")
    kind: AlarmKind = text_enum(AlarmKind)
    threshold: int
    value: int  # when it was crossed: people, seconds, or free places
    raised_at: datetime
    ended_at: datetime | None = None
