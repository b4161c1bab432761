"""Sets of routing rules and their versions, what ran on each ticket, and tests on history."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from helpdesk.core.tables import (
    json_field,
    may_be_json,
    names,
    primary_key,
    references,
    sort_keys,
    text_enum,
)

from .logic.rules import Mode


class RulesetState(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    REPLACED = "replaced"


def json_list() -> Any:
    return Field(default_factory=list, sa_type=JSONB)


class Ruleset(SQLModel, table=True):
    """One version of the rules. There is at most one draft, and one that is published."""

    __tablename__ = "routing_rulesets"
    __table_args__ = (
        Index("uq_routing_rulesets_draft", "state", unique=True,
              postgresql_where=text("state = 'draft'")),
        Index("uq_routing_rulesets_published", "state", unique=True,
              postgresql_where=text("state = 'published'")),
    )  # fmt: skip

    id: int = primary_key()
    version: int | None = Field(default=None, unique=True)  # given when it is published
    state: RulesetState = text_enum(RulesetState, RulesetState.DRAFT)
    edition: int = 1  # rises with every change of a draft; whoever saves says which they read
    base_version: int | None = None  # what it was begun from
    note: str = Field(default="", max_length=500)
    created_by_id: int | None = references("people.id", index=False, default=None)
    changed_by_id: int | None = references("people.id", index=False, default=None)
    published_by_id: int | None = references("people.id", index=False, default=None)
    created_at: datetime
    changed_at: datetime
    published_at: datetime | None = None


class StoredRule(SQLModel, table=True):
    """A rule of one version; `key` is the same through all versions."""

    __tablename__ = "routing_rules"
    __table_args__ = (UniqueConstraint("ruleset_id", "key"),)

    id: int = primary_key()
    ruleset_id: int = references("routing_rulesets.id", ondelete="CASCADE", index=False)
    position: int
    key: UUID
    name: str = Field(max_length=120)
    when: dict[str, Any] = json_field()
    then: list[dict[str, Any]] = json_list()
    mode: Mode = text_enum(Mode, Mode.GO_ON)
    on: bool = True


class RoutingRun(SQLModel, table=True):
    """The rules were read for one event of a ticket: what was true, what matched, what was done.

    Its own events are those of the case from `first_seq` on, up to `last_seq`.
    """

    __tablename__ = "routing_runs"
    __table_args__ = (
        Index("ix_routing_runs_ticket", *sort_keys("ticket_id, id DESC")),
        Index("ix_routing_runs_at", "at"),
        UniqueConstraint("event_id"),
    )

    id: int = primary_key()
    ticket_id: int = names("tickets")
    event_id: int = names("events")
    version: int  # of the rules
    facts: dict[str, Any] = json_field()
    trace: list[dict[str, Any]] = json_list()
    effects: dict[str, Any] = json_field()
    first_seq: int
    last_seq: int
    at: datetime


class TicketTag(SQLModel, table=True):
    __tablename__ = "ticket_tags"
    __table_args__ = (Index("ix_ticket_tags_tag", *sort_keys("tag, ticket_id DESC")),)

    ticket_id: int = Field(primary_key=True, sa_type=BigInteger, foreign_key="tickets.id")
    tag: str = Field(primary_key=True, max_length=40)
    added_at: datetime


class Notice(SQLModel, table=True):
    """A sentence for one member of staff, about a ticket, or a chat that has none; shown while
    they may see it."""

    __tablename__ = "desk_notices"
    __table_args__ = (Index("ix_desk_notices_person", *sort_keys("person_id, id DESC")),)

    id: int = primary_key()
    person_id: int = names("people")
    ticket_id: int | None = names("tickets", default=None)
    conversation_id: int | None = names("conversations", default=None)
    text: str = Field(max_length=300)
    at: datetime
    read_at: datetime | None = None


class ReplayState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Replay(SQLModel, table=True):
    """A test on history: the rules as they were when it was asked for, and what came of it."""

    __tablename__ = "routing_replays"
    __table_args__ = (
        Index("ix_routing_replays_waiting", "id",
              postgresql_where=text("state IN ('waiting', 'running')")),
    )  # fmt: skip

    id: int = primary_key()
    edition: int  # of the draft
    days: int
    since: datetime
    until: datetime
    rules: list[dict[str, Any]] = json_list()
    against_version: int | None = None  # today's published rules
    state: ReplayState = text_enum(ReplayState, ReplayState.WAITING)
    total: int = 0  # moments to be replayed
    done: int = 0
    result: dict[str, Any] | None = may_be_json()
    error: str = Field(default="", max_length=80)
    asked_by_id: int | None = references("people.id", index=False, default=None)
    asked_at: datetime
    claimed_at: datetime | None = None  # renewed with every step; an old one is taken over
    finished_at: datetime | None = None


class ReplayMove(SQLModel, table=True):
    """One moment at which the tested rules would have done something else."""

    __tablename__ = "routing_replay_moves"
    __table_args__ = (UniqueConstraint("replay_id", "number"),)

    id: int = primary_key()
    replay_id: int = references("routing_replays.id", ondelete="CASCADE", index=False)
    number: int
    ticket_id: int = names("tickets")
    moment: str = Field(max_length=40)
    at: datetime
    was: dict[str, Any] = json_field()
    becomes: dict[str, Any] = json_field()
