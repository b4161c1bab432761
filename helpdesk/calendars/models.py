"""Calendars of departments, and when people are away. What held is never changed, only ended."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Index, SmallInteger, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from helpdesk.core.tables import names, primary_key, references, text_enum


class Calendar(SQLModel, table=True):
    """One for each department; whoever changes anything of it holds this row."""

    __tablename__ = "calendars"

    group_id: int = references("groups.id", False, primary_key=True, ondelete="CASCADE")
    # Another random number with every change, so that what is kept by it is never out of date.
    edition: int = Field(sa_type=BigInteger)
    changed_at: datetime


class WorkingWeek(SQLModel, table=True):
    """The week of a department from a moment on. One that has not begun may be withdrawn."""

    __tablename__ = "calendar_weeks"

    id: int = primary_key()
    group_id: int = references("groups.id", ondelete="CASCADE")
    zone: str = Field(max_length=60)
    offset_minutes: int = 0  # of the zone when this was saved: kept to, should the zone vanish
    spans: list[Any] = Field(default_factory=list, sa_type=JSONB)  # [[weekday, from, until], …]
    since: datetime | None = None  # None: always has
    note: str = Field(default="", max_length=200)
    saved_at: datetime
    saved_by_id: int | None = names("people.id", default=None, nullable=True)
    withdrawn_at: datetime | None = None


class SourceKind(StrEnum):
    COUNTRY = "country"
    FEED = "feed"


class HolidaySource(SQLModel, table=True):
    """Where days off come from by themselves."""

    __tablename__ = "calendar_sources"

    id: int = primary_key()
    group_id: int = references("groups.id", ondelete="CASCADE")
    kind: SourceKind = text_enum(SourceKind)
    country: str = Field(default="", max_length=2)
    part: str = Field(default="", max_length=10)  # state or province
    address: str = Field(default="", max_length=2_000)  # of a feed
    added_at: datetime
    added_by_id: int | None = names("people.id", default=None, nullable=True)
    next_look_at: datetime = Field(index=True)
    looked_at: datetime | None = None
    worked_at: datetime | None = None
    problem: str = Field(default="", max_length=300)  # of the last look, in words
    tries: int = 0  # without success
    removed_at: datetime | None = None


class DayOff(SQLModel, table=True):
    """A day on which a department is closed, from midnight to midnight in its zone; a shorter
    one, outside of some minutes of it."""

    __tablename__ = "calendar_days_off"
    __table_args__ = (
        Index(
            "uq_calendar_days_off_source", "group_id", "day", "source_id", unique=True,
            postgresql_nulls_not_distinct=True, postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )  # fmt: skip

    id: int = primary_key()
    group_id: int = references("groups.id", ondelete="CASCADE")
    day: date
    name: str = Field(default="", max_length=120)
    source_id: int | None = names("calendar_sources.id", default=None, nullable=True)  # or by hand
    known_from: datetime | None = None  # of a day under way, only what comes after is closed
    open_from: int | None = Field(default=None, sa_type=SmallInteger)
    open_until: int | None = Field(default=None, sa_type=SmallInteger)
    added_by_id: int | None = names("people.id", default=None, nullable=True)
    withdrawn_at: datetime | None = None
    # By hand: its source does not close it again.
    opened_by_id: int | None = names("people.id", default=None, nullable=True)


class AbsenceKind(StrEnum):
    HOLIDAY = "holiday"
    ILL = "ill"
    TRAINING = "training"
    OTHER = "other"


class Absence(SQLModel, table=True):
    """When a member of staff is away. Others read that, and never why."""

    __tablename__ = "absences"

    id: int = primary_key()
    person_id: int = references("people.id", ondelete="CASCADE")
    kind: AbsenceKind = text_enum(AbsenceKind, AbsenceKind.OTHER)
    begins_at: datetime
    ends_at: datetime = Field(index=True)
    said_by_id: int | None = names("people.id", default=None, nullable=True)
    said_at: datetime
    withdrawn_at: datetime | None = None
