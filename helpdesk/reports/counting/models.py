"""Facts, their sums, and the cases that are to be counted again. All of it can be made anew."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Index, SmallInteger
from sqlmodel import Field, SQLModel

from helpdesk.core.tables import names, primary_key, references, sort_keys


class ReportFact(SQLModel, table=True):
    """One thing that counts, where it belonged when it happened. A list reads these by kind."""

    __tablename__ = "report_facts"
    __table_args__ = (
        Index("ix_report_facts_kind", *sort_keys("kind, at, id")),
        Index("ix_report_facts_group", *sort_keys("kind, group_id, at, id")),
    )

    id: int = primary_key()
    case_id: int = names("cases", index=True)
    kind: str = Field(max_length=20)
    detail: str = Field(default="", max_length=40)
    at: datetime
    group_id: int = names("groups")
    severity: int = Field(sa_type=SmallInteger)  # 1 to 4; -1: it has none
    channel: str = Field(max_length=20)
    seconds: int | None = Field(default=None, sa_type=BigInteger)  # how long it took
    ticket_id: int | None = names("tickets", default=None)
    conversation_id: int | None = names("conversations", default=None)


class ReportSum(SQLModel, table=True):
    """How many facts of a kind lie in one hour, day or month (UTC), and how their times spread.

    Each fact is in four sums of a grain: of everything (group 0, severity 0, channel ""), of its
    severity and channel (group 0), of its department (severity 0, channel ""), and of its
    department, severity and channel.
    """

    __tablename__ = "report_sums"

    grain: str = Field(primary_key=True, max_length=5)  # hour | day | month
    group_id: int = Field(primary_key=True, sa_type=BigInteger)
    severity: int = Field(primary_key=True, sa_type=SmallInteger)
    channel: str = Field(primary_key=True, max_length=20)
    kind: str = Field(primary_key=True, max_length=20)
    start: datetime = Field(primary_key=True)
    detail: str = Field(primary_key=True, max_length=40)
    count: int = Field(sa_type=BigInteger)
    spread: bytes | None = None  # counting/spread.py
    hours: bytes | None = None  # of a day: its hours, numbered since 1970; counting/packing.py


class ReportStale(SQLModel, table=True):
    """A case that changed since it was counted."""

    __tablename__ = "report_stale"

    case_id: int = Field(primary_key=True, sa_type=BigInteger)
    marked_at: datetime


class ReportReader(SQLModel, table=True):
    """Somebody who gets the key numbers by mail every week."""

    __tablename__ = "report_readers"

    person_id: int = references("people.id", False, primary_key=True, ondelete="CASCADE")
    since: datetime
    mailed_on: date | None = None  # the Monday of the last one, where they live
