"""The figures at the top of the dashboard: each with its list, its change and its definition."""

from dataclasses import dataclass
from datetime import UTC, datetime

from helpdesk.desk import Desk

from .asked import Asked
from .definitions import DEFINITIONS
from .periods import cut
from .sums import Filter, Tally, tally
from .words import Change, of_count, of_share, of_time, percent, took

KINDS = (
    "arrived", "answered", "solved", "reopened", "escalated", "sla_met", "sla_missed", "rated",
    "settled", "chat_asked", "chat_answered", "chat_left",
)  # fmt: skip
TIMED = ("answered", "solved", "chat_answered")
ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)  # before anything
GOOD = ("4", "5")  # scores

WAITING = """
    SELECT count(*) AS waiting, min(opened_at) AS since FROM conversations
    WHERE status = 'waiting' AND ($1 = 0 OR group_id = $1)"""


@dataclass(frozen=True, slots=True)
class Tile:
    key: str
    value: str
    href: str = ""
    note: str = ""
    change: Change | None = None

    @property
    def title(self) -> str:
        return DEFINITIONS[self.key].title

    @property
    def text(self) -> str:
        return DEFINITIONS[self.key].text


@dataclass(frozen=True, slots=True)
class Both:
    """A period and the one it is compared with."""

    asked: Asked
    now: Tally
    before: Tally
    minimum: int  # of answers to “Did this solve it?”

    @property
    def than(self) -> str:
        return self.asked.period.earlier.name

    def counted(self, key: str, kind: str = "", note: str = "") -> Tile:
        now, before = self.now.count(kind or key), self.before.count(kind or key)
        change = of_count(now, before, self.than, DEFINITIONS[key].better)
        return Tile(key, f"{now:,}", self.asked.list_of(key), note, change)

    def timed(self, key: str, kind: str) -> Tile:
        half, most = self.now.within(0.5, kind), self.now.within(0.9, kind)
        if half is None or most is None:
            return Tile(key, "–", note="nothing in this period")
        change = of_time(half, self.before.within(0.5, kind), self.than, DEFINITIONS[key].better)
        note = f"nine of ten within {took(most)}"
        return Tile(key, took(half), self.asked.list_of(key), note, change)

    def shared(
        self, key: str, now: tuple[int, int], before: tuple[int, int], of: str, detail: str = ""
    ) -> Tile:
        if not now[1]:
            return Tile(key, "–", note="nothing in this period")
        change = of_share(now, before, self.than, DEFINITIONS[key].better)
        note = f"{now[0]:,} of {now[1]:,} {of}"
        more = {"detail": detail} if detail else {}
        href = self.asked.list_of(key, None, None, 0, **more)
        return Tile(key, percent(*now), href, note, change)

    def promises(self) -> Tile:
        def parts(of: Tally) -> tuple[int, int]:
            return of.count("sla_met"), of.count("sla_met", "sla_missed")

        return self.shared("sla", parts(self.now), parts(self.before), "promises")

    def satisfaction(self) -> Tile:
        def parts(of: Tally) -> tuple[int, int]:
            whole = of.count("rated")
            good = sum(of.count("rated", detail=score) for score in GOOD)
            return (good, whole) if whole >= self.minimum else (0, 0)

        now = parts(self.now)
        if not now[1]:
            return Tile("rated", "–", note=f"fewer than {self.minimum} answers")
        return self.shared("rated", now, parts(self.before), "answers")

    def coverage(self) -> Tile:
        def parts(of: Tally) -> tuple[int, int]:
            covered = of.count("settled", detail="covered")
            return covered, covered + of.count("settled", detail="unique")

        parts_of = parts(self.now), parts(self.before)
        return self.shared("coverage", *parts_of, "marked tickets", "covered,unique")


async def both(desk: Desk, asked: Asked) -> Both:
    segments = [period.segments() for period in (asked.period, asked.period.earlier)]
    found = await tally(desk, segments, asked.wanted, KINDS, timed=TIMED)
    return Both(asked, found.of_step(0), found.of_step(1), desk.settings.rating_minimum)


async def tiles(desk: Desk, both: Both) -> list[Tile]:
    found = [
        both.counted("arrived"),
        both.timed("answered", "answered"),
        both.counted("solved"),
        both.timed("resolution", "solved"),
        both.promises(),
        await open_now(desk, both.asked),
        both.counted("reopened"),
        both.counted("escalated"),
        both.satisfaction(),
        both.coverage(),
    ]
    if not both.asked.wanted.severity:
        found += [await waiting_now(desk, both.asked.wanted), *chats(both)]
    return found


def chats(both: Both) -> list[Tile]:
    waited = [both.now.within(share, "chat_answered") for share in (0.5, 0.9)]
    note = ""
    if waited[0] is not None and waited[1] is not None:
        note = f"waited {took(waited[0])}, nine of ten at most {took(waited[1])}"
    return [
        both.counted("chat_asked"),
        both.counted("chat_answered", note=note),
        both.counted("chat_left"),
    ]


async def open_now(desk: Desk, asked: Asked) -> Tile:
    now = desk.clock.now()
    found = await tally(desk, [cut(ALWAYS, now)], asked.wanted, ("open",))
    waiting = found.count("open", detail="waiting_on_user")
    note = f"{waiting:,} wait for the user" if waiting else ""
    return Tile("open", f"{found.count('open'):,}", asked.list_of("open", ALWAYS, now), note)


async def waiting_now(desk: Desk, wanted: Filter) -> Tile:
    row = await desk.pool.fetchrow(WAITING, wanted.group_id)
    since = row["since"]
    note = f"the longest for {took((desk.clock.now() - since).total_seconds())}" if since else ""
    return Tile("chat_waiting", str(row["waiting"]), "/desk/chats", note)
