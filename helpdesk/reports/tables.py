"""What a report is made of: figures and tables, for the page and for the download. Pure."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

# A spreadsheet would run these as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


@dataclass(frozen=True, slots=True)
class Link:
    text: str
    href: str


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole, shown as percents with a bar."""

    part: int
    whole: int

    @property
    def percent(self) -> int:
        return round(100 * self.part / self.whole) if self.whole else 0


@dataclass(frozen=True, slots=True)
class Count:
    """How many, with the list of them."""

    number: int
    href: str


Value = str | Count | int | float | Link | Share | datetime | None  # None: not shown


@dataclass(frozen=True, slots=True)
class Figure:
    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    key: str
    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Value]]
    empty: str = "Nothing in this month."
    note: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    key: str
    title: str
    question: str  # that it answers
    figures: Sequence[Figure]
    tables: Sequence[Table]

    def table(self, key: str) -> Table:
        return next((table for table in self.tables if table.key == key), self.tables[0])


def as_csv(table: Table) -> str:
    written = io.StringIO()
    write = csv.writer(written)
    write.writerow([plain(column) for column in table.columns])
    write.writerows([plain(value) for value in row] for row in table.rows)
    return written.getvalue()


def plain(value: Value) -> str | int | float:
    match value:
        case None:
            return "not shown"
        case Link(text, _):
            return harmless(text)
        case Count(number, _):
            return number
        case Share():
            return f"{value.percent} %"
        case datetime():
            return value.isoformat(timespec="minutes")
        case str():
            return harmless(value)
    return value


def harmless(text: str) -> str:
    """People's words stay words: an apostrophe keeps a spreadsheet from calculating."""
    text = text.replace("\0", "")
    risky = text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA)
    return f"'{text}" if risky else text
