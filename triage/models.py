"""What triage suggested, of every kind, and what people made of it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from helpdesk.core.tables import names, primary_key, references, sort_keys


class TriageSuggestion(SQLModel, table=True):
    """One suggestion. It is accepted or corrected by `accepted_value`, or never answered."""

    __tablename__ = "triage_suggestions"
    __table_args__ = (
        Index("ix_triage_suggestions_kind", *sort_keys("kind, at DESC, id DESC")),
        Index("ix_triage_suggestions_ticket", "ticket_id", "kind"),
    )

    id: int = primary_key()
    kind: str = Field(max_length=20)  # type | severity | language | department | duplicate …
    ticket_id: int | None = references("tickets.id", ondelete="CASCADE", index=False, default=None)
    draft_id: UUID | None = None  # before there is a ticket
    value: str = Field(max_length=80)
    probability: float | None = None  # calibrated, 0 to 1
    engine: str = Field(max_length=80)  # which version of what said so
    at: datetime
    accepted_value: str | None = Field(default=None, max_length=80)
    by_id: int | None = names("people", default=None)  # who answered it
    decided_at: datetime | None = None
