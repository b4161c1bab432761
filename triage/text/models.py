"""Trained models of this room, as data with the figures they reached."""

from datetime import datetime
from typing import Any

from sqlalchemy import LargeBinary
from sqlmodel import Field, SQLModel

from helpdesk.core.tables import json_field, names, primary_key


class TypeModel(SQLModel, table=True):
    """What suggests ticket types, as it was trained; the newest is used."""

    __tablename__ = "type_models"

    id: int = primary_key()
    made_at: datetime
    made_by_id: int | None = names("people", default=None)
    embedder: str = Field(max_length=80)  # whose vectors it adds to the words; empty: none
    figures: dict[str, Any] = json_field()  # examples, accuracy, coverage, calibration
    weights: bytes = Field(sa_type=LargeBinary)
