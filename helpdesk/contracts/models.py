"""Contracts between a client and a freelancer, as the marketplace reports them."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, UniqueConstraint
from sqlmodel import Field, SQLModel

from helpdesk.core.tables import primary_key, references, text_enum


class Funding(StrEnum):
    ESCROW = "escrow"
    NONE = "none"  # older contracts without a deposit


class Contract(SQLModel, table=True):
    __tablename__ = "contracts"

    id: int = primary_key()
    reference: str = Field(max_length=40, unique=True)  # C-1001
    title: str = Field(max_length=200)
    client_id: int = references("people.id")
    freelancer_id: int = references("people.id")
    currency: str = Field(max_length=3)
    funding: Funding = text_enum(Funding, Funding.ESCROW)
    started_on: date
    ended_on: date | None = None
    created_at: datetime


class MilestoneState(StrEnum):
    PLANNED = "planned"
    FUNDED = "funded"
    SUBMITTED = "submitted"
    CHANGES_REQUESTED = "changes_requested"
    PAID = "paid"
    REFUNDED = "refunded"


class Milestone(SQLModel, table=True):
    __tablename__ = "milestones"
    __table_args__ = (UniqueConstraint("contract_id", "position"),)

    id: int = primary_key()
    contract_id: int = references("contracts.id", ondelete="CASCADE")
    position: int
    title: str = Field(max_length=200)
    amount_minor: int = Field(sa_type=BigInteger)
    state: MilestoneState = text_enum(MilestoneState, MilestoneState.PLANNED)
    due_on: date | None = None
    state_since: date | None = None
