"""Column idioms shared by every table."""

from enum import StrEnum
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Enum, Identity, Text, TextClause, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def primary_key() -> Any:
    return Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=[Identity()])


def references(target: str, index: bool = True, **options: Any) -> Any:
    return Field(foreign_key=target, sa_type=BigInteger, index=index, **options)


def names(target: str, **options: Any) -> Any:
    """The id of a row in `target`, not checked by the database: for tables that only grow.

    The statement that writes such a row has just read or made what it names, and neither people
    nor sides are ever deleted. A checked key costs a look-up per row, which on messages and
    events is more than half of the work.
    """
    return Field(sa_type=BigInteger, **options)


def text_enum(kind: type[StrEnum], *default: StrEnum | None, **options: Any) -> Any:
    """Store the value as text: readable rows, and a new member needs no migration.

    `default` may be left out, a member, or None for a column that may be empty.
    """
    column = Enum(
        kind,
        native_enum=False,
        length=40,
        validate_strings=True,
        values_callable=lambda kind: [member.value for member in kind],
    )
    if default:
        options["default"] = default[0]
    return Field(sa_type=column, **options)


def json_field() -> Any:
    """Replace the whole value; in-place changes to JSONB are not tracked."""
    return Field(default_factory=dict, sa_type=JSONB)


def may_be_json() -> Any:
    """JSON, or nothing at all: most rows have none."""
    return Field(default=None, sa_type=JSONB(none_as_null=True), nullable=True)


def text_list() -> Any:
    return Field(default_factory=list, sa_type=ARRAY(Text))


def sort_keys(keys: str) -> list[TextClause]:
    """The keys of an index, one by one: alembic compares them singly with the database's."""
    return [text(key) for key in keys.split(", ")]
