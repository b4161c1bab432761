"""Mail waiting to go out, and mail that went. The row is the outbox and the receipt."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Text, text
from sqlmodel import Field, SQLModel

from helpdesk.core.tables import primary_key


class Mail(SQLModel, table=True):
    __tablename__ = "mails"
    __table_args__ = (
        Index(
            "ix_mails_waiting",
            "due_at",
            postgresql_where=text("sent_at IS NULL AND dead_at IS NULL"),
        ),
    )

    id: int = primary_key()
    dedupe_key: str = Field(max_length=200, unique=True)  # one mail per effect, however often asked
    to_name: str = Field(default="", max_length=120)
    to_address: str = Field(max_length=254)
    subject: str = Field(max_length=250)
    body: str = Field(sa_type=Text)
    created_at: datetime
    due_at: datetime
    tries: int = 0
    lease_until: datetime | None = None
    lease_token: UUID | None = None
    sent_at: datetime | None = None
    kept_locally: bool = False  # no SMTP server configured: readable at /admin/mailbox
    dead_at: datetime | None = None
    error: str = Field(default="", max_length=300)
