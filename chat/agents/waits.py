"""How long somebody who waits for a chat will wait: a range, or nothing when nobody can say."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from statistics import NormalDist

from helpdesk.desk import Desk

from .loads import agents_now
from .presence import State

FEWEST = 5  # chats of the last weeks, below which nothing is said
LOOK_BACK = timedelta(days=28)
LIKELY, UNLIKELY = 0.2, 0.8  # four of five wait less than the upper end
AT_ONCE = 60.0  # seconds within which a free agent takes a chat, when nothing else is known
LONGEST_SAID = 3600.0  # seconds; beyond it only “more than an hour” is honest


@dataclass(frozen=True, slots=True)
class Range:
    """Seconds; most people wait between the two."""

    low: float
    high: float

    @property
    def words(self) -> str:
        if self.low >= LONGEST_SAID:
            return "more than an hour"
        low, high = int(self.low // 60), min(60, -int(-self.high // 60))
        if high <= 1:
            return "about a minute"
        if low < 1:
            return f"up to {high}\u00a0minutes"
        if self.high > LONGEST_SAID:
            return f"from {low}\u00a0minutes to more than an hour"
        return f"about {low} to {high}\u00a0minutes" if low < high else f"about {high}\u00a0minutes"


@dataclass(frozen=True, slots=True)
class Line:
    """What a wait depends on. `pickup` and `handling` are seconds."""

    place: int  # in the line, from 1
    free: int  # chats that agents could take now
    slots: int  # chats they can have at once
    chats: int  # on which the figures below rest
    pickup: float
    handling: float
    agents: int = 0  # who take chats and are here


def wait_of(line: Line) -> Range | None:
    """For a place beyond the free ones, so many chats must end first.

    With all of s servers busy and service of mean h, departures are a Poisson process of rate
    s/h, so the n-th is Erlang-distributed (Gross & Harris, Fundamentals of Queueing Theory, 2.2).
    """
    if line.slots < 1 or line.chats < FEWEST:
        return None
    beyond = line.place - line.free
    high = max(AT_ONCE, line.pickup)
    if beyond <= 0:
        return Range(0.0, high)
    mean = line.handling / line.slots
    return Range(erlang(LIKELY, beyond) * mean, erlang(UNLIKELY, beyond) * mean + high)


def erlang(share: float, stages: int) -> float:
    """The quantile for stages of mean one (Wilson & Hilferty, 1931)."""
    ninth = 1 / (9 * stages)
    deviate: float = NormalDist().inv_cdf(share)
    return stages * float(max(0.0, 1 - ninth + deviate * ninth**0.5) ** 3)


# $1: since when; $2: a department's key, or nothing for all.
LINES = """
SELECT g.id, g.key, coalesce(w.chats, 0)::int AS waiting, past.chats::int AS chats,
    coalesce(past.pickup, 0)::float8 AS pickup, coalesce(past.handling, 0)::float8 AS handling
FROM groups g
LEFT JOIN (
    SELECT group_id, count(*) AS chats FROM conversations WHERE status = 'waiting' GROUP BY 1
) w ON w.group_id = g.id
CROSS JOIN LATERAL (
    SELECT count(*) AS chats,
        percentile_cont(0.8) WITHIN GROUP (
            ORDER BY extract(epoch FROM c.claimed_at - c.opened_at)) AS pickup,
        avg(extract(epoch FROM c.ended_at - c.claimed_at)) AS handling
    FROM (
        SELECT opened_at, claimed_at, ended_at FROM conversations
        WHERE group_id = g.id AND status = 'ended' AND claimed_at IS NOT NULL AND ended_at > $1
        ORDER BY ended_at DESC LIMIT 200
    ) c
) past
WHERE $2::text IS NULL OR g.key = $2
"""


async def lines(desk: Desk, group_key: str | None = None) -> Mapping[str, Line]:
    """By department, as somebody sees it who joins the line now."""
    now = desk.clock.now()
    rows = await desk.pool.fetch(LINES, now - LOOK_BACK, group_key)
    there = [one for one in await agents_now(desk.pool, now) if one.state == State.AVAILABLE]
    found = {}
    for row in rows:
        own = [one for one in there if row["id"] in one.groups]
        found[row["key"]] = Line(
            row["waiting"] + 1,
            sum(one.free for one in own),
            sum(one.capacity for one in own),
            row["chats"],
            row["pickup"],
            row["handling"],
            len(own),
        )
    return found


async def expected_wait(desk: Desk, group_key: str, place: int | None = None) -> Range | None:
    """Of whoever joins the department's line now, or stands at `place` in it already."""
    line = (await lines(desk, group_key)).get(group_key)
    if line is None:
        return None
    return wait_of(line if place is None else replace(line, place=place))
