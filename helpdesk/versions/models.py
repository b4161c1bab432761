"""The columns of a table of versions, and what is kept in one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel
from sqlalchemy import Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from helpdesk.core.tables import json_field, names

FIRST_NUMBER = 1


class Version(SQLModel):
    """At most one of a table is a draft; a published one never changes."""

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    document: dict[str, Any] = json_field()
    # Who changed what: {"title", "old", "new", "by", "by_id", "at"}, in order.
    changes: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)
    note: str = Field(default="", max_length=500)
    made_at: datetime
    made_by_id: int | None = names("people", default=None)
    published_at: datetime | None = None
    published_by_id: int | None = names("people", default=None)


def one_draft(table: str) -> Index:
    return Index(
        f"uq_{table}_draft",
        text("(published_at IS NULL)"),
        unique=True,
        postgresql_where=text("published_at IS NULL"),
    )


Row = TypeVar("Row", bound=Version)
Document = TypeVar("Document", bound=BaseModel)


@dataclass(frozen=True)
class Versions(Generic[Row, Document]):
    """Which table, and what is in it."""

    table: type[Row]
    document: type[Document]
    shipped: Callable[[], Document]  # version 1
    note: str  # of version 1
    said: Callable[[Any], str] = str  # an old or new state, as its changes keep it, in words

    @property
    def name(self) -> str:
        return str(self.table.__tablename__)
