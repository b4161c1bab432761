"""The list behind a number: the same facts that were counted, read page by page by an index.

Everything is read through the rule of who sees which ticket: another department's restricted
tickets are for managers alone.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from helpdesk.core.formats import zone
from helpdesk.desk import Desk
from helpdesk.permissions import Actor, Can, allowed
from helpdesk.tickets.models import reference

from .asked import number, read_asked, read_moment
from .definitions import LISTED, Definition
from .periods import DAY, LONGEST, Period, cut
from .series import Wanted, read_series
from .sums import Filter, tally
from .times import HOUR_OF

PAGE, CHUNK = 50, 1000
UNTOLD = ("rated",)  # a list by score would show how people rated whom

# $1 departments of the reader, $2 whether they see all; then kinds, the span, filters; after the
# last row of a page. Each kind is read by its own index range, then both are put in one order.
ROWS = f"""
    SELECT f.*, t.subject, t.restricted, t.status, t.merged_into_id, c.subject AS chat_subject,
        c.status AS chat_status, g.name AS group_name,
        EXISTS (SELECT FROM sla_obligations o WHERE o.ticket_id = f.ticket_id) AS has_deadline
    FROM unnest($3::text[]) AS k(kind) CROSS JOIN LATERAL (
        SELECT f.* FROM report_facts f LEFT JOIN tickets v ON v.id = f.ticket_id
        WHERE f.kind = k.kind AND f.at >= $4 AND f.at < $5 AND {{group}}
            AND ($7 = 0 OR f.severity = $7) AND ($8 = '' OR f.channel = $8)
            AND ($9::text[] IS NULL OR f.detail = ANY($9))
            AND ($10 < 0 OR {HOUR_OF.format(tz="$11")} = $10)
            AND (f.at, f.id) < ($12, $13)
            AND (v.id IS NULL OR NOT v.restricted OR v.group_id = ANY($1::bigint[]) OR $2)
        ORDER BY f.at DESC, f.id DESC LIMIT $14) f
        LEFT JOIN tickets t ON t.id = f.ticket_id
        LEFT JOIN conversations c ON c.id = f.conversation_id
        LEFT JOIN groups g ON g.id = f.group_id
    ORDER BY f.at DESC, f.id DESC LIMIT $14"""
OF_ALL = ROWS.format(group="$6 = 0")
OF_GROUP = ROWS.format(group="f.group_id = $6")


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended."""

    at: datetime
    id: int

    def __str__(self) -> str:
        return f"{self.at.isoformat()}~{self.id}"


def read_cursor(text: str) -> Cursor | None:
    at, _, id = text.partition("~")
    found = read_moment(at)
    return Cursor(found, number(id)) if found and number(id) else None


@dataclass(frozen=True, slots=True)
class Listing:
    """Which facts: what a number counted."""

    key: str
    since: datetime
    until: datetime
    wanted: Filter
    groups: Mapping[int, str]
    tz: str
    details: tuple[str, ...] = ()  # empty: any
    hour: int = -1

    @property
    def definition(self) -> Definition:
        return LISTED[self.key]

    async def count(self, desk: Desk) -> int:
        """As the dashboard counts."""
        kinds = self.definition.kinds
        if self.hour >= 0:
            period = Period("", "", self.since, self.until, self.tz)
            wanted = [Wanted(kind, (self.since, self.until)) for kind in kinds]
            found = await read_series(desk, self.wanted, wanted)
            return sum(series.by_hour(period)[self.hour] for series in found)
        span = [cut(self.since, self.until)]
        counted = await tally(desk, span, self.wanted, kinds)
        if not self.details:
            return counted.count(*kinds)
        return sum(counted.count(*kinds, detail=detail) for detail in set(self.details))

    async def read(
        self, desk: Desk, actor: Actor, after: Cursor | None, size: int
    ) -> Sequence[asyncpg.Record]:
        end = after or Cursor(self.until, 2**62)
        rows: Sequence[asyncpg.Record] = await desk.search_pool.fetch(
            OF_GROUP if self.wanted.group_id else OF_ALL,
            list(actor.groups),
            allowed(actor, Can.READ_ALL_PRIVATE),
            list(self.definition.kinds),
            self.since,
            self.until,
            self.wanted.group_id,
            self.wanted.severity,
            self.wanted.channel,
            list(self.details) or None,
            self.hour,
            zone(self.tz).key,
            end.at,
            end.id,
            size,
        )
        return rows

    async def page(
        self, desk: Desk, actor: Actor, after: Cursor | None
    ) -> tuple[Sequence[asyncpg.Record], Cursor | None]:
        rows = await self.read(desk, actor, after, PAGE + 1)
        if len(rows) <= PAGE:
            return rows, None
        last = rows[PAGE - 1]
        return rows[:PAGE], Cursor(last["at"], last["id"])

    async def chunks(self, desk: Desk, actor: Actor) -> AsyncIterator[Sequence[asyncpg.Record]]:
        """All of it, a thousand at a time."""
        after: Cursor | None = None
        while rows := await self.read(desk, actor, after, CHUNK):
            yield rows
            if len(rows) < CHUNK:
                return
            after = Cursor(rows[-1]["at"], rows[-1]["id"])


async def read_listing(desk: Desk, key: str, query: Mapping[str, str], tz: str) -> Listing | None:
    """None for what no link of ours asks for. Without a span it is that of a period."""
    if key not in LISTED:
        return None
    tz = query.get("zone", tz)
    asked = await read_asked(desk, query, tz)
    since, until = asked.period.since, asked.period.until
    if "since" in query or "until" in query:
        begin, end = read_moment(query.get("since", "")), read_moment(query.get("until", ""))
        if begin is None or end is None:
            return None
        since, until = begin, end
    hour = query.get("hour", "")
    if hour and not since <= until <= since + (LONGEST + 1) * DAY:
        return None
    return Listing(
        key,
        since,
        until,
        asked.wanted,
        asked.groups,
        tz,
        tuple(query["detail"].split(",")) if "detail" in query and key not in UNTOLD else (),
        number(hour) if hour.isascii() and hour.isdigit() and number(hour) < 24 else -1,
    )


def name_of(row: asyncpg.Record) -> str:
    """What people quote."""
    if row["ticket_id"] is not None:
        return reference(row["ticket_id"])
    return f"Chat {row['conversation_id']}"


def path_of(row: asyncpg.Record) -> str:
    if row["ticket_id"] is not None:
        return f"/desk/tickets/{reference(row['ticket_id'])}"
    return f"/desk/chats/{row['conversation_id']}"
