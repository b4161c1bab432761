"""Versions of the policy, what is owed on each ticket, and each notice about it."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, SmallInteger, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from helpdesk.core.tables import names, primary_key, references, sort_keys, text_enum
from helpdesk.versions.models import Version, Versions, one_draft

from .policy import Clock, Kind, Policy, default_policy
from .states import NoticeKind, State


class SlaPolicy(Version, table=True):
    __tablename__ = "sla_policies"
    __table_args__ = (one_draft("sla_policies"),)


POLICY = Versions(SlaPolicy, Policy, default_policy, "The policy we begin with")


class SlaObligation(SQLModel, table=True):
    """One thing the desk owes on one ticket, as it was last computed from its history.

    What was met or came late is a fact and never changes again.
    """

    __tablename__ = "sla_obligations"
    __table_args__ = (
        UniqueConstraint("ticket_id", "kind", "began_by"),
        Index(
            "ix_sla_obligations_ended",
            "ended_at",
            postgresql_where=text("ended_at IS NOT NULL"),
        ),
        Index(
            "ix_sla_obligations_live",
            *sort_keys("group_id, due_at"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )  # fmt: skip

    id: int = primary_key()
    ticket_id: int = references("tickets.id", ondelete="CASCADE", index=False)
    kind: Kind = text_enum(Kind)
    began_by: int = Field(sa_type=BigInteger)  # the event that began it
    group_id: int = names("groups")  # the department that owes it
    policy: int  # the version that was applied
    target: str = Field(max_length=40)  # of that version, its key
    severity: int = Field(sa_type=SmallInteger)
    seconds: int = Field(sa_type=BigInteger)  # of time there are, on its clock
    clock: Clock = text_enum(Clock)
    state: State = text_enum(State)
    started_at: datetime
    due_at: datetime | None = None  # none while it is paused
    paused_at: datetime | None = None
    breached_at: datetime | None = None  # the date it was due, if that passed
    ended_at: datetime | None = None
    computed_at: datetime


class SlaNotice(SQLModel, table=True):
    """A warning or a breach, planned for a moment; told once."""

    __tablename__ = "sla_notices"
    __table_args__ = (Index("ix_sla_notices_obligation", "obligation_id"),)

    id: int = primary_key()
    obligation_id: int = references("sla_obligations.id", ondelete="CASCADE", index=False)
    kind: NoticeKind = text_enum(NoticeKind)
    percent: int = Field(sa_type=SmallInteger)  # of the time there is; 100 is the breach
    at: datetime
    told_at: datetime | None = None


class SlaRework(SQLModel, table=True):
    """Open tickets to be computed again, as a policy or a calendar changed; in batches."""

    __tablename__ = "sla_reworks"
    __table_args__ = (
        Index("ix_sla_reworks_waiting", "id", postgresql_where=text("done_at IS NULL")),
    )

    id: int = primary_key()
    group_id: int | None = names("groups", default=None)  # none: all departments
    because: str = Field(max_length=80)
    asked_at: datetime
    reached: int = Field(default=0, sa_type=BigInteger)  # the ticket it has come to
    tickets: int = 0
    done_at: datetime | None = None


class SlaCalendar(SQLModel, table=True):
    """The edition of a department's calendar by which its deadlines were computed."""

    __tablename__ = "sla_calendars"

    group_id: int = Field(
        foreign_key="groups.id", primary_key=True, ondelete="CASCADE",
        sa_column_kwargs={"autoincrement": False},
    )  # fmt: skip
    edition: int = Field(sa_type=BigInteger)
    seen_at: datetime
