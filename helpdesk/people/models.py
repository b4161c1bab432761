"""People, the companies and departments they belong to, and the keys that let them in."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from helpdesk.core.tables import primary_key, references, text_list


class Company(SQLModel, table=True):
    """Two people of one company are one side of a case."""

    __tablename__ = "companies"

    id: int = primary_key()
    name: str = Field(max_length=200)


class Person(SQLModel, table=True):
    """Somebody with an account, or a guest (role `guest`, no password, e-mail not proven)."""

    __tablename__ = "people"
    __table_args__ = (
        Index(
            "uq_people_account_email",
            text("lower(email)"),
            unique=True,
            postgresql_where=text("is_account"),
        ),
        Index(
            "ix_people_guest_email", text("lower(email)"), postgresql_where=text("not is_account")
        ),
    )

    id: int = primary_key()
    public_id: str = Field(max_length=40, unique=True)  # the user ID people see and quote
    name: str = Field(max_length=120)
    email: str = Field(max_length=254)
    is_account: bool = True
    password_hash: str | None = Field(default=None, max_length=200)
    roles: list[str] = text_list()
    company_id: int | None = references("companies.id", default=None)
    language: str = Field(default="en", max_length=12)
    time_zone: str = Field(default="UTC", max_length=60)
    country: str = Field(default="", max_length=2)
    languages: list[str] = text_list()  # staff: which they answer in
    skills: list[str] = text_list()  # staff: which topics they know
    created_at: datetime
    email_confirmed_at: datetime | None = None
    deactivated_at: datetime | None = None


class Group(SQLModel, table=True):
    """A department: owns a queue of tickets and chats."""

    __tablename__ = "groups"

    id: int = primary_key()
    key: str = Field(max_length=20, unique=True)
    name: str = Field(max_length=80)
    hours: str = Field(default="", max_length=120)  # in words, until calendars compute it


class Membership(SQLModel, table=True):
    __tablename__ = "memberships"
    __table_args__ = (UniqueConstraint("group_id", "person_id"),)

    id: int = primary_key()
    group_id: int = references("groups.id", ondelete="CASCADE")
    person_id: int = references("people.id", ondelete="CASCADE")


class Session(SQLModel, table=True):
    """A signed-in browser. The cookie holds the token; the table only its hash."""

    __tablename__ = "sessions"

    id: int = primary_key()
    token_hash: bytes = Field(sa_type=LargeBinary, unique=True)
    person_id: int = references("people.id", ondelete="CASCADE")
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    device: str = Field(default="", max_length=200)
    address: str = Field(default="", max_length=64)
    # Of a frame on another site's page: opens the chat there, and nothing else.
    widget_id: int | None = Field(default=None, sa_type=BigInteger)


class SingleUseToken(SQLModel, table=True):
    """A link sent by mail: a password reset or a proof of address."""

    __tablename__ = "single_use_tokens"

    id: int = primary_key()
    token_hash: bytes = Field(sa_type=LargeBinary, unique=True)
    purpose: str = Field(max_length=40)  # reset_password | confirm_email
    person_id: int = references("people.id", ondelete="CASCADE")
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None


class GuestLink(SQLModel, table=True):
    """Lets a guest follow the requests of one guest identity until revoked."""

    __tablename__ = "guest_links"

    id: int = primary_key()
    token_hash: bytes = Field(sa_type=LargeBinary, unique=True)
    person_id: int = references("people.id", ondelete="CASCADE")
    created_at: datetime
    revoked_at: datetime | None = None


class ApiToken(SQLModel, table=True):
    __tablename__ = "api_tokens"

    id: int = primary_key()
    token_hash: bytes = Field(sa_type=LargeBinary, unique=True)
    person_id: int = references("people.id", ondelete="CASCADE")
    name: str = Field(max_length=80)
    created_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None


class Throttle(SQLModel, table=True):
    """How often something was tried in a window of time; counted atomically by upsert."""

    __tablename__ = "throttles"

    key: str = Field(primary_key=True, max_length=200)
    window_start: datetime
    tries: int = 1
