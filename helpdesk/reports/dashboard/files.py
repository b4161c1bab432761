"""Tables and lists as files for a spreadsheet, written while they are read."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence

import asyncpg
from starlette.responses import StreamingResponse

from helpdesk.core.formats import iso
from helpdesk.desk import Desk
from helpdesk.permissions import Actor
from helpdesk.reports.tables import Table, harmless, plain

from .asked import SEVERITY_NAMES
from .lists import UNTOLD, Listing, name_of
from .sums import CHANNELS

MARK = "\ufeff"  # tells spreadsheets that it is UTF-8; programs do without
HEAD = ("When", "What", "Subject", "Department", "Severity", "Channel", "Detail", "Seconds")


def lines(rows: Iterable[Sequence[str | int | float]]) -> str:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue()


def as_file(name: str, parts: AsyncIterator[str], marked: bool) -> StreamingResponse:
    async def body() -> AsyncIterator[str]:
        if marked:
            yield MARK
        async for part in parts:
            yield part

    return StreamingResponse(
        body(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


async def of_table(table: Table) -> AsyncIterator[str]:
    yield lines([[plain(column) for column in table.columns]])
    yield lines([plain(value) for value in row] for row in table.rows)


async def of_list(desk: Desk, actor: Actor, listing: Listing) -> AsyncIterator[str]:
    yield lines([HEAD])
    async for rows in listing.chunks(desk, actor):
        yield lines(line(row, listing) for row in rows)


def line(row: asyncpg.Record, listing: Listing) -> list[str | int | float]:
    seconds = row["seconds"]
    return [
        iso(row["at"]),
        harmless(name_of(row)),
        harmless(row["subject"] or row["chat_subject"] or ""),
        harmless(row["group_name"] or ""),
        SEVERITY_NAMES.get(row["severity"], ""),
        CHANNELS.get(row["channel"], harmless(row["channel"])),
        "" if listing.key in UNTOLD else harmless(row["detail"]),
        "" if seconds is None else seconds,
    ]
