"""Canned replies: text somebody wrote once, with what else is done when it is sent."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from helpdesk.core.tables import json_field, names, primary_key, references, sort_keys, text_enum


class Reach(StrEnum):
    """Who may use a reply."""

    MINE = "mine"
    GROUP = "group"  # a department
    EVERYBODY = "everybody"


class CannedReply(SQLModel, table=True):
    """As it stands. Every wording it had is a CannedReplyVersion."""

    __tablename__ = "canned_replies"

    id: int = primary_key()
    number: int = 1  # of the version that stands
    name: str = Field(max_length=60)  # typed after the slash
    reach: Reach = text_enum(Reach, Reach.MINE)
    owner_id: int | None = references("people.id", default=None)  # of one's own
    group_id: int | None = references("groups.id", default=None)  # of a department's
    body: str = Field(default="", sa_type=Text)
    doing: dict[str, Any] = json_field()  # doing.Doing
    archived_at: datetime | None = None


class CannedReplyVersion(SQLModel, table=True):
    """One wording, never changed: who made it, when, and in which parts it differs."""

    __tablename__ = "canned_reply_versions"

    reply_id: int = Field(
        primary_key=True, sa_type=BigInteger, foreign_key="canned_replies.id", ondelete="CASCADE"
    )
    number: int = Field(primary_key=True)
    name: str = Field(max_length=60)
    reach: Reach = text_enum(Reach)
    group_id: int | None = references("groups.id", index=False, default=None)
    body: str = Field(default="", sa_type=Text)
    doing: dict[str, Any] = json_field()
    archived: bool = False
    changed: str = Field(max_length=120)  # in words: text, actions
    changed_by_id: int | None = references("people.id", index=False, default=None)
    changed_at: datetime


class CannedReplyUse(SQLModel, table=True):
    """It was sent. `once` is the message's: sent again, it is neither counted nor done twice."""

    __tablename__ = "canned_reply_uses"
    __table_args__ = (
        UniqueConstraint("person_id", "once"),
        Index("ix_canned_reply_uses_reply", *sort_keys("reply_id, at DESC")),
    )

    id: int = primary_key()
    reply_id: int = names("canned_replies")
    number: int
    person_id: int = names("people")
    face: str = Field(max_length=30)  # ticket:5 | chat:3
    once: UUID
    at: datetime
