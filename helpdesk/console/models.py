"""What an agent has begun to write and not sent yet."""

from datetime import datetime

from sqlalchemy import BigInteger, Text
from sqlmodel import Field, SQLModel


class ReplyDraft(SQLModel, table=True):
    """One per agent and ticket: the console has one box for both kinds."""

    __tablename__ = "reply_drafts"

    person_id: int = Field(
        primary_key=True, sa_type=BigInteger, foreign_key="people.id", ondelete="CASCADE"
    )
    ticket_id: int = Field(
        primary_key=True, sa_type=BigInteger, foreign_key="tickets.id", ondelete="CASCADE"
    )
    kind: str = Field(max_length=10)  # reply | note
    body: str = Field(sa_type=Text)
    updated_at: datetime
