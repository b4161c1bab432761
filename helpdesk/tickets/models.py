"""The ticket: the tracked-work face of a case."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, LargeBinary, SmallInteger, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlmodel import Field, SQLModel

from helpdesk.core.formats import FIRST_NUMBER as FIRST_NUMBER
from helpdesk.core.formats import reference as reference
from helpdesk.core.tables import (
    json_field,
    may_be_json,
    names,
    primary_key,
    references,
    sort_keys,
    text_enum,
)

from .states import Coverage, Severity, Status


def from_reference(text: str) -> int | None:
    digits = text.strip().upper().removeprefix("HD-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 15:
        return None
    number = int(digits) - FIRST_NUMBER + 1
    return number if number > 0 else None


OPEN = text("status IN ('new', 'open', 'waiting_on_user', 'on_hold')")
WITH_US = "status IN ('new', 'open', 'on_hold')"


class Ticket(SQLModel, table=True):
    """One index per view of the console: its filter and its order, exactly.

    The most urgent come first, so the indexes hold -severity: one direction for all keys lets a
    page continue after a row by comparing (-severity, opened_at, id).
    """

    __tablename__ = "tickets"
    __table_args__ = (
        UniqueConstraint("requester_id", "once"),
        Index(
            "ix_tickets_all_open", *sort_keys("(-severity), opened_at, id"), postgresql_where=OPEN
        ),
        Index(
            "ix_tickets_mine",
            *sort_keys("assignee_id, (-severity), opened_at, id"),
            postgresql_where=OPEN,
        ),
        Index(
            "ix_tickets_unassigned",
            *sort_keys("group_id, (-severity), opened_at, id"),
            postgresql_where=text(f"assignee_id IS NULL AND {WITH_US}"),
        ),
        Index(
            "ix_tickets_waiting",
            *sort_keys("(-severity), opened_at, id"),
            postgresql_where=text("status = 'waiting_on_user'"),
        ),
        Index(
            "ix_tickets_solved",
            *sort_keys("solved_at DESC, id DESC"),
            postgresql_where=text("status IN ('solved', 'closed')"),
        ),
        Index(
            "ix_tickets_due", *sort_keys("due_at, id"), postgresql_where=text("due_at IS NOT NULL")
        ),
        Index("ix_tickets_opened", "opened_at", "type_key"),  # what was filed in a month
        Index("ix_tickets_side", *sort_keys("side_id, id DESC")),
        Index("ix_tickets_requester", *sort_keys("requester_id, id DESC")),
        Index("ix_tickets_search", "search", postgresql_using="gin"),
        Index(
            "ix_tickets_language",
            *sort_keys("language, id DESC"),
            postgresql_where=text("language <> 'en'"),
        ),
        Index(
            "ix_tickets_merged",
            "merged_into_id",
            postgresql_where=text("merged_into_id IS NOT NULL"),
        ),
    )

    id: int = primary_key()
    case_id: int = names("cases", index=True)
    side_id: int = names("sides")
    requester_id: int = names("people")
    once: UUID  # chosen by the form or API client: a repeated submit is the same ticket
    subject: str = Field(max_length=120)
    type_key: str = Field(max_length=40)
    catalogue_version: int
    status: Status = text_enum(Status, Status.NEW)
    severity: int = Field(default=Severity.NORMAL, sa_type=SmallInteger)
    chosen_severity: int = Field(default=Severity.NORMAL, sa_type=SmallInteger)
    group_id: int = names("groups")
    assignee_id: int | None = references("people.id", index=False, default=None)
    restricted: bool = False  # only the owning department and managers open it
    contract_id: int | None = references("contracts.id", index=False, default=None)
    milestone_id: int | None = references("milestones.id", index=False, default=None)
    contract_text: str = Field(default="", max_length=60)  # typed by hand: unverified
    answers: dict[str, Any] = json_field()  # to the type's questions
    lacking: dict[str, Any] = json_field()  # evidence key → why the person has none
    source: str = Field(default="form", max_length=20)  # form | api | chat
    language: str | None = Field(default=None, max_length=12)  # of its text, where it can be told
    seen: dict[str, Any] | None = may_be_json()  # articles and alerts met on the way: ids
    coverage: Coverage | None = text_enum(Coverage, None)
    covered_by_id: int | None = names("articles", default=None)
    follow_ups: int = 0
    last_follow_up_at: datetime | None = None
    reopenings: int = 0
    opened_at: datetime
    updated_at: datetime
    first_answered_at: datetime | None = None
    solved_at: datetime | None = None
    conversation_id: int | None = Field(default=None, sa_type=BigInteger)  # the chat it came from
    merged_into_id: int | None = names("tickets", default=None)  # the one that goes on
    # What the desk owes next, where its time is running: written by sla, read by lists.
    due_at: datetime | None = None
    due_warn_at: datetime | None = None
    due_kind: str | None = Field(default=None, max_length=20)
    due_seconds: int | None = Field(default=None, sa_type=BigInteger)  # the time there was for it
    due_clock: str | None = Field(default=None, max_length=10)
    search: Any = Field(default=None, sa_type=TSVECTOR, nullable=True)


class TicketRating(SQLModel, table=True):
    """What the requester's side said about the answer; one for each ticket, and changeable.

    Type, department and agent are those of the moment, whoever the ticket goes to later.
    """

    __tablename__ = "ticket_ratings"
    __table_args__ = (Index("ix_ticket_ratings_at", *sort_keys("created_at DESC, id DESC")),)

    id: int = primary_key()
    ticket_id: int = references("tickets.id", ondelete="CASCADE", index=False, unique=True)
    person_id: int | None = names("people", default=None)  # who said it last
    score: int = Field(sa_type=SmallInteger)  # 1 to 5
    comment: str = Field(default="", max_length=2000)
    type_key: str = Field(max_length=40)
    group_id: int = names("groups")
    agent_id: int | None = names("people", default=None)
    created_at: datetime
    changed_at: datetime


class RatingLink(SQLModel, table=True):
    """A link in a mail that lets its holder rate one ticket, once."""

    __tablename__ = "rating_links"

    id: int = primary_key()
    token_hash: bytes = Field(sa_type=LargeBinary, unique=True)
    ticket_id: int = references("tickets.id", ondelete="CASCADE")
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
