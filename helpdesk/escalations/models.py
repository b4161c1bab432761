"""Escalations, the versions of their rules, and what was changed for many at once."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from helpdesk.core.tables import json_field, names, primary_key, sort_keys, text_enum

from .states import Cause, Level, Outcome, Standing, State

IS_LIVE = text("state IN ('open', 'owned')")


class Escalation(SQLModel, table=True):
    """One index for each list of the managers: its filter and its order, exactly."""

    __tablename__ = "escalations"
    __table_args__ = (
        Index("uq_escalations_live", "ticket_id", unique=True, postgresql_where=IS_LIVE),
        Index("ix_escalations_due", *sort_keys("due_at, id"), postgresql_where=IS_LIVE),
        Index(
            "ix_escalations_unowned",
            *sort_keys("due_at, id"),
            postgresql_where=text("state = 'open'"),
        ),
        Index(
            "ix_escalations_owner",
            *sort_keys("owner_id, due_at, id"),
            postgresql_where=text("state = 'owned'"),
        ),
        Index("ix_escalations_level", *sort_keys("level, due_at, id"), postgresql_where=IS_LIVE),
        Index(
            "ix_escalations_ended",
            *sort_keys("ended_at DESC, id DESC"),
            postgresql_where=text("ended_at IS NOT NULL"),
        ),
        Index("ix_escalations_ticket", *sort_keys("ticket_id, id DESC")),
    )

    id: int = primary_key()
    ticket_id: int = names("tickets")
    state: State = text_enum(State, State.OPEN)
    level: int = Field(sa_type=SmallInteger)
    cause: Cause = text_enum(Cause)
    raised_by_id: int | None = names("people", default=None)  # empty: the desk itself
    raised_at: datetime
    reason: str = Field(default="", sa_type=Text)  # as the person put it
    summary: str = Field(default="", sa_type=Text)  # an agent's, for whoever decides
    # Why it is where it is, in order: {"at", "by", "words", "rule", "version"}; sentences of ours.
    why: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)
    level_since: datetime
    due_at: datetime  # a decision
    rules_done: list[str] = Field(default_factory=list, sa_type=JSONB)  # at this level
    owner_id: int | None = names("people", default=None)
    owned_at: datetime | None = None
    amount_minor: int | None = Field(default=None, sa_type=BigInteger)
    currency: str = Field(default="", max_length=3)
    outcome: Outcome | None = text_enum(Outcome, None)
    said: str = Field(default="", sa_type=Text)  # the reasons, or what is missing
    asked_requester: bool = False  # to bring what is missing
    ended_by_id: int | None = names("people", default=None)
    ended_at: datetime | None = None

    @property
    def standing(self) -> Standing:
        return Standing(self.state, Level(self.level), self.owner_id, self.outcome)


class EscalationRules(SQLModel, table=True):
    """A version of the rules. It never changes; the highest number is in use."""

    __tablename__ = "escalation_rules"

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    document: dict[str, Any] = json_field()
    changes: list[str] = Field(default_factory=list, sa_type=JSONB)  # what moved, in sentences
    note: str = Field(default="", max_length=200)
    published_at: datetime
    published_by_id: int | None = names("people", default=None)


class EscalationBulk(SQLModel, table=True):
    """One change of many escalations, so that it can be taken back."""

    __tablename__ = "escalation_bulks"

    id: int = primary_key()
    by_id: int = names("people")
    at: datetime
    # Of each: {"id", "old": {"state", "owner", "level"}, "new": …}; or {"id", "kind": "date",
    # "old", "new"}, {"id", "kind": "note", "message"}; and "once", which its form was sent with.
    changed: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)
    undone_at: datetime | None = None
