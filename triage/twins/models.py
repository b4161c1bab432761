"""What tickets are about, kept so that they are found again: their words, and their vectors."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Text
from sqlalchemy.types import UserDefinedType
from sqlmodel import Field, SQLModel

from helpdesk.core.tables import names, text_list

LONGEST_KEY = 120


class Halfvec(UserDefinedType[Any]):
    """A column of pgvector: half-precision numbers."""

    cache_ok = True

    def __init__(self, dimensions: int) -> None:
        self.dimensions = dimensions

    def get_col_spec(self, **_: Any) -> str:
        return f"halfvec({self.dimensions})"


class TicketTerms(SQLModel, table=True):
    """`keys` are its different words, and its identifiers as `#contract:C-1002`."""

    __tablename__ = "ticket_terms"
    __table_args__ = (Index("ix_ticket_terms_keys", "keys", postgresql_using="gin"),)

    ticket_id: int = names("tickets", primary_key=True)
    packed: str = Field(sa_type=Text)  # by `pack` of the engine
    keys: list[str] = text_list()
    made_at: datetime


class TermCount(SQLModel, table=True):
    """In how many tickets a key occurs; the empty key counts the tickets. Kept by the worker."""

    __tablename__ = "term_counts"

    term: str = Field(primary_key=True, max_length=LONGEST_KEY)
    documents: int


class TicketVector(SQLModel, table=True):
    """Only where PostgreSQL has pgvector: made by helpdesk/migrations.py, not by a revision.

    Vectors of two embedders cannot be compared.
    """

    __tablename__ = "ticket_vectors"
    __table_args__ = (
        Index(
            "ix_ticket_vectors_whole",
            "whole",
            postgresql_using="hnsw",
            postgresql_ops={"whole": "halfvec_cosine_ops"},
        ),
    )

    ticket_id: int = names("tickets", primary_key=True)
    embedder: str = Field(max_length=40)
    title: Any = Field(sa_type=Halfvec(384))
    whole: Any = Field(sa_type=Halfvec(384))
