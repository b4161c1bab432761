"""Incidents, the tickets that tell of them, and how far the watch has read."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from helpdesk.core.tables import names, primary_key, references, sort_keys, text_enum, text_list

from .watch import State


class Incident(SQLModel, table=True):
    """A burst of like reports. The watch proposes it; a manager confirms or dismisses it."""

    __tablename__ = "incidents"
    __table_args__ = (
        Index("ix_incidents_state", *sort_keys("state, id DESC")),
        Index(
            "ix_incidents_open",
            "alert_id",
            postgresql_where=text("done_at IS NULL AND alert_id IS NOT NULL"),
        ),
    )

    id: int = primary_key()
    state: State = text_enum(State, State.PROPOSED)
    area: str = Field(max_length=40)  # a service of the catalogue
    words: list[str] = text_list()  # that several people use for it
    type_keys: list[str] = text_list()  # whose reports of those hours were mostly this
    tickets: int
    people: int  # different ones, of all its tickets
    expected: float  # reports that usually come in the time of the burst
    chance: float  # that so many come all the same
    first_at: datetime
    last_at: datetime
    proposed_at: datetime
    decided_at: datetime | None = None
    decided_by_id: int | None = names("people", default=None)
    alert_id: int | None = references("alerts.id", index=False, default=None, ondelete="SET NULL")
    resolved_at: datetime | None = None
    done_at: datetime | None = None  # everybody was told that it is solved


class IncidentTicket(SQLModel, table=True):
    """A ticket that seems to tell of it. Its requester is told of updates once it is linked."""

    __tablename__ = "incident_tickets"
    __table_args__ = (
        # What two workers propose at once is proposed once.
        Index(
            "uq_incident_tickets_ticket_id",
            "ticket_id",
            unique=True,
            postgresql_where=text("NOT released"),
        ),
        Index("ix_incident_tickets_ticket", "ticket_id"),
    )

    incident_id: int = references("incidents.id", index=False, primary_key=True, ondelete="CASCADE")
    ticket_id: int = names("tickets", primary_key=True)
    person_id: int = names("people")
    linked: bool = False
    released: bool = False  # the incident was dismissed, or is over
    told_number: int = 0  # of the alert's updates, the last its requester was told
    joined_at: datetime
    answer: str | None = Field(default=None, max_length=10)  # solved | not_solved
    answered_at: datetime | None = None


class IncidentWatch(SQLModel, table=True):
    """One row. Whoever holds it looks at the next tickets."""

    __tablename__ = "incident_watch"

    id: int = Field(default=1, primary_key=True, sa_column_kwargs={"autoincrement": False})
    ticket_id: int = names("tickets")  # up to which tickets were looked at
