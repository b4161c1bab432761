"""How long first answers took, the promises that were given, and how honest they were."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, SmallInteger, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from helpdesk.core.tables import names, primary_key, references, text_enum

from .estimate import Basis


class AnswerTimes(SQLModel, table=True):
    """The newest first answers of a department at one severity, or at all (0)."""

    __tablename__ = "answer_times"

    group_id: int = references("groups.id", False, primary_key=True, ondelete="CASCADE")
    severity: int = Field(sa_type=SmallInteger, primary_key=True)
    samples: list[Any] = Field(default_factory=list, sa_type=JSONB)  # [[ahead, open seconds], …]
    waiting: int = 0  # requests nobody has answered yet
    computed_at: datetime


class Promise(SQLModel, table=True):
    """When an answer will come, as it was said. `because_of`: the event that changed it; 0 when
    it was given at filing, and only those are measured."""

    __tablename__ = "promises"
    __table_args__ = (
        Index("uq_promises_ticket", "ticket_id", "because_of", unique=True),
        Index(
            "ix_promises_open", "given_at",
            postgresql_where=text("measured_at IS NULL AND because_of = 0 AND basis = 'past'"),
        ),
        Index(
            "ix_promises_new", "id", postgresql_where=text("NOT counted_in AND because_of = 0")
        ),
    )  # fmt: skip

    id: int = primary_key()
    ticket_id: int = names("tickets")
    because_of: int = names("events", default=0)
    group_id: int = names("groups")
    severity: int = Field(sa_type=SmallInteger)
    basis: Basis = text_enum(Basis)
    given_at: datetime
    starts_at: datetime | None = None
    half_from: datetime | None = None
    half_until: datetime | None = None
    most_from: datetime | None = None
    most_until: datetime | None = None
    usual_from: int | None = None  # open seconds
    usual_until: int | None = None
    ahead: int = 0
    counted: int = 0
    aim_at: datetime | None = None
    aim_hours: float = 0
    counted_in: bool = False  # into its month
    measured_at: datetime | None = None
    answered_at: datetime | None = None
    in_half: bool | None = None
    in_most: bool | None = None


class PromiseMonth(SQLModel, table=True):
    """Of the promises a department gave in a month: how many there were, and how many held."""

    __tablename__ = "promise_months"

    group_id: int = references("groups.id", False, primary_key=True, ondelete="CASCADE")
    month: date = Field(primary_key=True)  # its first day, in UTC
    given: int = 0
    unknown: int = 0  # without a range, because too little was known
    measured: int = 0
    in_half: int = 0
    in_most: int = 0
    early: int = 0  # before the wide range
