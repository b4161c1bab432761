"""Widgets, the sites that may show them, and the keys that vouch for a site's own users."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from helpdesk.core.tables import names, primary_key, references, text_enum


class Widget(SQLModel, table=True):
    __tablename__ = "widgets"

    id: int = primary_key()
    key: str = Field(max_length=24, unique=True)  # in the snippet; no secret
    name: str = Field(max_length=80)
    greeting: str = Field(default="", max_length=200)
    created_at: datetime
    created_by_id: int | None = names("people", default=None)
    disabled_at: datetime | None = None


class WidgetSite(SQLModel, table=True):
    """An origin whose pages may show the widget: `https://www.example.com`, `https://*.example.com`."""

    __tablename__ = "widget_sites"
    __table_args__ = (UniqueConstraint("widget_id", "origin"),)

    id: int = primary_key()
    widget_id: int = references("widgets.id", index=False, ondelete="CASCADE")
    origin: str = Field(max_length=200)


class Algorithm(StrEnum):
    HS256 = "HS256"
    EDDSA = "EdDSA"


class WidgetKey(SQLModel, table=True):
    """Signs the tokens of a site's users. Of HS256 only the name is kept: see keys.py."""

    __tablename__ = "widget_keys"

    id: int = primary_key()
    widget_id: int = references("widgets.id", ondelete="CASCADE")
    kid: str = Field(max_length=24, unique=True)
    algorithm: Algorithm = text_enum(Algorithm)
    public_key: str | None = Field(default=None, sa_type=Text)  # PEM, of EdDSA
    created_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None


class WidgetPerson(SQLModel, table=True):
    """Whom a site means by an id of its own; settled the first time it is seen."""

    __tablename__ = "widget_people"

    widget_id: int = Field(primary_key=True, sa_type=BigInteger, foreign_key="widgets.id")
    external_id: str = Field(primary_key=True, max_length=200)
    person_id: int = references("people.id")
    linked_at: datetime


class WidgetToken(SQLModel, table=True):
    """A token that said it may be used once, and was."""

    __tablename__ = "widget_tokens"

    widget_id: int = Field(primary_key=True, sa_type=BigInteger, foreign_key="widgets.id")
    jti: str = Field(primary_key=True, max_length=100)
    expires_at: datetime
