"""The case: one shared record of one matter, whatever channel it came through.

Tickets and conversations are faces of a case. Messages, evidence and events belong to the
case and name the face they came through, so nothing is copied when a chat becomes a ticket.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from helpdesk.core.tables import json_field, names, primary_key, references, text_enum


class Audience(StrEnum):
    """Who may see a row. Parties see `everyone` and their own `side`; staff also `staff`."""

    EVERYONE = "everyone"  # all sides of the case, and staff
    SIDE = "side"  # one side, and staff
    STAFF = "staff"  # internal notes, assignments
    PRIVATE = "private"  # its owner, and the members of one department


class Case(SQLModel, table=True):
    __tablename__ = "cases"
    __table_args__ = (
        Index(
            "ix_cases_contract",
            "contract_id",
            postgresql_where=text("contract_id IS NOT NULL"),
        ),
    )

    id: int = primary_key()
    contract_id: int | None = references("contracts.id", index=False, default=None)
    last_seq: int = 0
    opened_at: datetime


class Side(SQLModel, table=True):
    """One party of a case: a person, or everybody of that person's company."""

    __tablename__ = "sides"
    __table_args__ = (
        UniqueConstraint("case_id", "person_id"),
        Index(
            "ix_sides_company",
            "company_id",
            postgresql_where=text("company_id IS NOT NULL"),
        ),
    )

    id: int = primary_key()
    case_id: int = names("cases")
    person_id: int = names("people", index=True)
    company_id: int | None = names("companies", default=None)
    role: str = Field(max_length=20)  # client | freelancer | guest: held on this case


class Message(SQLModel, table=True):
    __tablename__ = "messages"
    __table_args__ = (UniqueConstraint("case_id", "client_id"),)

    id: int = primary_key()
    case_id: int = names("cases")
    client_id: UUID  # chosen by the sender: a retry is not a second message
    author_id: int | None = names("people", default=None)
    audience: Audience = text_enum(Audience)
    side_id: int | None = names("sides", default=None)
    ticket_id: int | None = Field(default=None, sa_type=BigInteger)
    conversation_id: int | None = Field(default=None, sa_type=BigInteger)
    body: str = Field(sa_type=Text)
    posted_at: datetime


class Event(SQLModel, table=True):
    """What happened to a case, written in the transaction that made it happen.

    The same row is the timeline entry, the audit record, the replay log for sockets and the
    outbox for jobs (`relayed_at` is empty until handed on). `data` holds ids and small facts,
    never what people wrote.
    """

    __tablename__ = "events"
    __table_args__ = (
        UniqueConstraint("case_id", "seq"),
        Index("ix_events_outbox", "id", postgresql_where=text("relayed_at IS NULL")),
    )

    id: int = primary_key()
    case_id: int = names("cases")
    seq: int
    type: str = Field(max_length=60)
    audience: Audience = text_enum(Audience)
    side_id: int | None = names("sides", default=None)
    group_id: int | None = names("groups", default=None)  # private rows
    owner_id: int | None = names("people", default=None)  # private rows
    actor_id: int | None = names("people", default=None)  # empty: the desk
    ticket_id: int | None = Field(default=None, sa_type=BigInteger)
    conversation_id: int | None = Field(default=None, sa_type=BigInteger)
    message_id: int | None = Field(default=None, sa_type=BigInteger)
    evidence_id: int | None = Field(default=None, sa_type=BigInteger)
    data: dict[str, Any] = json_field()
    occurred_at: datetime
    relayed_at: datetime | None = None


class Receipt(SQLModel, table=True):
    """A job did its work for an event; written with the effect, so a repeat does nothing."""

    __tablename__ = "receipts"

    event_id: int = Field(primary_key=True, sa_type=BigInteger, foreign_key="events.id")
    job: str = Field(primary_key=True, max_length=80)
    done_at: datetime


class Timer(SQLModel, table=True):
    """A moment at which something must be looked at. The worker only ever asks what is due."""

    __tablename__ = "timers"
    __table_args__ = (
        UniqueConstraint("case_id", "kind", "subject_id"),
        Index("ix_timers_due", "due_at", postgresql_where=text("fired_at IS NULL")),
    )

    id: int = primary_key()
    case_id: int = references("cases.id", index=False, ondelete="CASCADE")
    kind: str = Field(max_length=40)
    subject_id: int = Field(default=0, sa_type=BigInteger)  # the ticket, request … it is about
    generation: int = 1  # raised whenever it is set again: an old wake-up cannot fire it
    due_at: datetime
    fired_at: datetime | None = None


class Failure(SQLModel, table=True):
    """A job or a timer that failed: when it is tried again, or when it was given up.

    The row goes when the work is done. Given up, it stays until somebody has it tried again.
    """

    __tablename__ = "failures"
    __table_args__ = (UniqueConstraint("source", "source_id", "job"),)

    id: int = primary_key()
    source: str = Field(max_length=10)  # event | timer
    source_id: int = Field(sa_type=BigInteger)
    job: str = Field(max_length=80)
    tries: int = 1
    error: str = Field(max_length=80)  # the exception's class; its text may hold what people wrote
    failed_at: datetime
    due_at: datetime
    given_up_at: datetime | None = None


class ReadMark(SQLModel, table=True):
    """The newest event a person has seen on a case."""

    __tablename__ = "read_marks"

    case_id: int = Field(primary_key=True, sa_type=BigInteger, foreign_key="cases.id")
    person_id: int = Field(primary_key=True, sa_type=BigInteger, foreign_key="people.id")
    seq: int
    at: datetime
