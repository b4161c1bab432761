"""Known issues, their updates, and who wants to hear that it is fixed."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from helpdesk.core.tables import primary_key, references, sort_keys, text_enum, text_list


class Level(StrEnum):
    OUTAGE = "outage"
    DEGRADED = "degraded"
    MAINTENANCE = "maintenance"
    NOTICE = "notice"


class Stage(StrEnum):
    SCHEDULED = "scheduled"
    UNDER_WAY = "under_way"  # planned work that has begun
    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    WATCHING = "watching"
    RESOLVED = "resolved"


class Alert(SQLModel, table=True):
    """Shown from `starts_at` until it is resolved or, for a planned one, until `ends_at`."""

    __tablename__ = "alerts"
    __table_args__ = (
        Index("ix_alerts_open", "starts_at", postgresql_where=text("resolved_at IS NULL")),
        Index("ix_alerts_history", *sort_keys("starts_at DESC, id DESC")),
    )

    id: int = primary_key()
    once: UUID = Field(unique=True)  # chosen by the form: a repeated submit is the same alert
    title: str = Field(max_length=120)
    area: str = Field(max_length=40)  # a service of the catalogue, or "" for everything
    level: Level = text_enum(Level, Level.DEGRADED)
    stage: Stage = text_enum(Stage, Stage.INVESTIGATING)
    words: list[str] = text_list()  # people's words for it: they match a subject to it
    type_keys: list[str] = text_list()  # ticket types it answers
    countries: list[str] = text_list()  # audience; an empty list is everybody
    roles: list[str] = text_list()
    app_versions: list[str] = text_list()
    starts_at: datetime
    ends_at: datetime | None = None
    next_update_at: datetime | None = None
    updated_at: datetime  # the last update
    changed_at: datetime  # the last change of any kind: open pages compare it
    resolved_at: datetime | None = None
    affected: int = 0  # how many said "this affects me"
    last_number: int = 0  # of its updates
    author_id: int | None = references("people.id", index=False, default=None)
    created_at: datetime
    reminded_at: datetime | None = None  # its author, that an update is due


class AlertUpdate(SQLModel, table=True):
    __tablename__ = "alert_updates"
    __table_args__ = (
        UniqueConstraint("alert_id", "number"),
        Index("ix_alert_updates_untold", "id", postgresql_where=text("told_at IS NULL")),
    )

    id: int = primary_key()
    alert_id: int = references("alerts.id", ondelete="CASCADE", index=False)
    number: int
    once: UUID = Field(unique=True)
    stage: Stage = text_enum(Stage)
    body: str = Field(max_length=2000)
    author_id: int | None = references("people.id", index=False, default=None)
    at: datetime
    told_up_to: int = Field(default=0, sa_type=BigInteger)  # the last follower who was mailed
    told_at: datetime | None = None  # when all of them were


class AlertFollower(SQLModel, table=True):
    """Somebody affected; counted once, whether known by account or by the visitor's cookie."""

    __tablename__ = "alert_followers"
    __table_args__ = (UniqueConstraint("alert_id", "reader"),)

    id: int = primary_key()
    alert_id: int = references("alerts.id", ondelete="CASCADE", index=False)
    reader: bytes = Field(sa_type=LargeBinary)
    person_id: int | None = references("people.id", default=None, ondelete="CASCADE")
    email: str = Field(default="", max_length=254)  # of a visitor: one mail, when it is fixed
    app_version: str = Field(default="", max_length=40)  # which they use, if they said so
    at: datetime
