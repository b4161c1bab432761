"""Versions of the rules, and the trace of every weighing."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, SmallInteger
from sqlmodel import Field, SQLModel

from helpdesk.core.tables import json_field, primary_key, references, sort_keys
from helpdesk.versions.models import Version, Versions, one_draft

from .rules import Rules, default_rules, words_of_state


class SeverityRules(Version, table=True):
    __tablename__ = "severity_rules"
    __table_args__ = (one_draft("severity_rules"),)


RULES = Versions(
    SeverityRules, Rules, default_rules, "The rules this desk begins with", words_of_state
)


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
