"""What an agent has begun to write and not sent yet, and how each wants the desk to behave."""

from datetime import datetime, time
from typing import Any

from sqlalchemy import BigInteger, Text
from sqlmodel import Field, SQLModel

from helpdesk.core.tables import json_field


class ReplyDraft(SQLModel, table=True):
    """One per agent and ticket: the console has one box for both kinds."""

    __tablename__ = "reply_drafts"

    person_id: int = Field(
        primary_key=True, sa_type=BigInteger, foreign_key="people.id", ondelete="CASCADE"
    )
    ticket_id: int = Field(
        primary_key=True, sa_type=BigInteger, foreign_key="tickets.id", ondelete="CASCADE"
    )
    kind: str = Field(max_length=10)  # reply | note
    body: str = Field(sa_type=Text)
    updated_at: datetime


class ChatDraft(SQLModel, table=True):
    """The same of a chat. One that is older than its author's last words was sent."""

    __tablename__ = "chat_drafts"

    person_id: int = Field(
        primary_key=True, sa_type=BigInteger, foreign_key="people.id", ondelete="CASCADE"
    )
    conversation_id: int = Field(
        primary_key=True, sa_type=BigInteger, foreign_key="conversations.id", ondelete="CASCADE"
    )
    kind: str = Field(max_length=10)  # reply | note
    body: str = Field(sa_type=Text)
    updated_at: datetime


class DeskSettings(SQLModel, table=True):
    """What a person changed about keys, sounds and notifications; the rest is as it comes."""

    __tablename__ = "desk_settings"

    person_id: int = Field(
        primary_key=True, sa_type=BigInteger, foreign_key="people.id", ondelete="CASCADE"
    )
    keys: dict[str, Any] = json_field()  # action → key, "" for none
    keys_off: bool = False  # single ones; those with Ctrl stay
    rings: dict[str, Any] = json_field()  # kind → words of settings.RINGS
    quiet_from: time | None = None  # in the person's time zone
    quiet_until: time | None = None
    updated_at: datetime
