"""Every version of the catalogue the desk has used; what ran once can be explained later."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from helpdesk.core.tables import json_field, primary_key, references


class StoredCatalogue(SQLModel, table=True):
    __tablename__ = "catalogue_versions"

    id: int = primary_key()
    number: int = Field(unique=True)
    document: dict[str, Any] = json_field()
    note: str = Field(default="", max_length=500)
    published_at: datetime
    published_by_id: int | None = references(
        "people.id", index=False, default=None
    )  # none: shipped
