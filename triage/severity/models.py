"""Versions of the rules, and the trace of every weighing."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, SmallInteger, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from helpdesk.core.tables import json_field, names, primary_key, references, sort_keys


class SeverityRules(SQLModel, table=True):
    """A version of the rules. At most one is a draft; a published one never changes."""

    __tablename__ = "severity_rules"
    __table_args__ = (
        Index(
            "uq_severity_rules_draft",
            text("(published_at IS NULL)"),
            unique=True,
            postgresql_where=text("published_at IS NULL"),
        ),
    )

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    document: dict[str, Any] = json_field()
    # Who moved what: {"rule", "title", "old", "new", "by", "by_id", "at"}, in order.
    changes: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)
    note: str = Field(default="", max_length=500)
    made_at: datetime
    made_by_id: int | None = names("people", default=None)
    published_at: datetime | None = None
    published_by_id: int | None = names("people", default=None)


class SeverityTrace(SQLModel, table=True):
    """Every input and rule of one weighing of one ticket, with its value and its effect."""

    __tablename__ = "severity_traces"
    __table_args__ = (
        Index("ix_severity_traces_ticket", *sort_keys("ticket_id, id DESC")),
        Index("ix_severity_traces_at", *sort_keys("at DESC")),
    )

    id: int = primary_key()
    ticket_id: int = references("tickets.id", ondelete="CASCADE", index=False)
    cause: str = Field(max_length=30)  # filed | followed_up | reopened
    at: datetime
    rules_version: int
    suggested: int = Field(sa_type=SmallInteger)
    chosen: int = Field(sa_type=SmallInteger)  # by the person
    working: int = Field(sa_type=SmallInteger)  # what the ticket had at that moment
    trace: dict[str, Any] = json_field()  # {"facts": …, "lines": […]}
