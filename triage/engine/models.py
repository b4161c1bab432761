"""What this desk has trained."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from helpdesk.core.tables import json_field


class TriageModel(SQLModel, table=True):
    """Weights of one kind; the highest version is in use. Older ones stay, to be compared."""

    __tablename__ = "triage_models"

    kind: str = Field(primary_key=True, max_length=40)  # twins/minilm …
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    weights: dict[str, Any] = json_field()
    figures: dict[str, Any] = json_field()
    trained_at: datetime
