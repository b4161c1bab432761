"""A year of a desk with departments all over the world: what people do, and a count of every
single minute that knows nothing of how the desk computes."""

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

START = datetime(2026, 1, 5, tzinfo=UTC)
DAYS = 365
HORIZON = DAYS + 260  # days that are laid out
MINUTE = timedelta(minutes=1)
ZONES = (
    "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia",
    "America/St_Johns", "America/Sao_Paulo", "Europe/Berlin", "Europe/London", "Africa/Cairo",
    "Africa/Casablanca", "Asia/Tokyo", "Asia/Tehran", "America/Los_Angeles", "Pacific/Chatham",
    "America/Santiago", "Asia/Dubai", "Africa/Lagos", "Pacific/Auckland", "UTC",
)  # fmt: skip
# Each weekday's spans as minutes of its own day; what goes past midnight is cut in two here.
WEEKS: tuple[tuple[tuple[int, int, int], ...], ...] = (
    tuple((day, 9 * 60, 17 * 60) for day in range(5)),
    tuple((day, *span) for day in range(6) for span in ((8 * 60, 12 * 60), (13 * 60, 20 * 60))),
    tuple((day, 22 * 60, 30 * 60) for day in range(7)),
    tuple((day, 0, 24 * 60) for day in range(7)),
    tuple((day, 7 * 60 + 30, 15 * 60 + 45) for day in (6, 0, 1, 2, 3)),
)
FIRST = {4: 60, 3: 240, 2: 480, 1: 960}
RESOLUTION = {4: 480, 3: 24 * 60, 2: 60 * 60, 1: 120 * 60}
UPDATE = {4: 1440, 3: 3 * 1440, 2: 5 * 1440, 1: 7 * 1440}
TAKEOVER = {4: 30, 3: 60, 2: 240, 1: 480}
TARGETS = {"first_response": FIRST, "next_response": FIRST, "resolution": RESOLUTION,
           "periodic_update": UPDATE, "takeover": TAKEOVER}  # fmt: skip
Bools = NDArray[np.bool_]


@dataclass
class Department:
    key: str
    zone: str
    weeks: list[tuple[datetime | None, int]]  # since when which of WEEKS
    closed: list[date]

    def open_minutes(self) -> Bools:
        """Minute by minute, by what a clock on the wall says."""
        zone = ZoneInfo(self.zone)
        minutes = np.arange(HORIZON * 1440)
        offsets = offsets_of(zone)
        first = START.replace(tzinfo=None)
        wall = minutes + offsets
        days, clock = np.divmod(wall, 1440)
        weekday = (days + first.weekday()) % 7
        found = np.zeros(len(minutes), bool)
        for at, (since, week) in enumerate(self.weeks):
            begins = 0 if since is None else (since - START) // MINUTE
            ends = len(minutes)
            if at + 1 < len(self.weeks) and (following := self.weeks[at + 1][0]):
                ends = (following - START) // MINUTE
            held = np.zeros(len(minutes), bool)
            for day, opens, closes in WEEKS[week]:
                held |= (weekday == day) & (clock >= opens) & (clock < closes)
                held |= (weekday == (day + 1) % 7) & (clock < closes - 1440)
            found[begins:ends] = held[begins:ends]
        for off in self.closed:
            found &= days != (off - first.date()).days
        return found


def offsets_of(zone: ZoneInfo) -> NDArray[Any]:
    """Minutes to add to UTC, for every minute: one by one in hours in which it changes."""

    def offset(minute: int) -> int:
        ahead = (START + timedelta(minutes=minute)).astimezone(zone).utcoffset()
        assert ahead is not None
        return int(ahead.total_seconds()) // 60

    hourly = [offset(hour * 60) for hour in range(HORIZON * 24 + 1)]
    found = np.repeat(hourly[:-1], 60)
    for hour in range(HORIZON * 24):
        if hourly[hour] != hourly[hour + 1]:
            for minute in range(hour * 60, hour * 60 + 60):
                found[minute] = offset(minute)
    return found


@dataclass(frozen=True)
class Act:
    minute: int
    what: str  # file answer ask status grade hand take reopen
    value: Any = None


@dataclass
class Script:
    """What happens to one ticket."""

    acts: list[Act] = field(default_factory=list)


def departments(chance: random.Random, many: int) -> list[Department]:
    found = []
    for at in range(many):
        weeks: list[tuple[datetime | None, int]] = [(None, chance.randrange(len(WEEKS)))]
        if chance.random() < 0.3:
            since = START + timedelta(days=chance.randrange(60, 300))
            weeks.append((since, chance.randrange(len(WEEKS))))
        closed = {START.date() + timedelta(days=chance.randrange(HORIZON)) for _ in range(15)}
        key = "Z" + chr(65 + at // 26) + chr(65 + at % 26)
        found.append(Department(key, ZONES[at % len(ZONES)], weeks, sorted(closed)))
    return found


def script(chance: random.Random, keys: list[str]) -> Script:
    minute = chance.randrange(DAYS * 1440)
    here, severity, status = chance.choice(keys), chance.choice((1, 2, 2, 3, 3, 4)), "new"
    acts = [Act(minute, "file", (here, severity))]
    for _ in range(chance.randrange(1, 9)):
        minute += 1 + int(chance.expovariate(1 / chance.choice((30, 300, 3000))))
        able = ["answer", "answer", "ask", "solved", "grade", "hand", "take"]
        if status in ("new", "open"):
            able += ["waiting_on_user", "on_hold"]
        elif status == "on_hold":
            able += ["open", "open"]
        elif status == "solved":
            able = ["reopen"]
        what = chance.choice(able)
        match what:
            case "grade":
                severity = chance.choice([one for one in (1, 2, 3, 4) if one != severity])
                acts.append(Act(minute, what, severity))
            case "hand":
                here = chance.choice([key for key in keys if key != here])
                acts.append(Act(minute, what, here))
            case "answer" | "take":
                acts.append(Act(minute, what))
                status = "open" if what == "answer" and status == "new" else status
            case "ask":
                acts.append(Act(minute, what))
                status = "open" if status == "waiting_on_user" else status
            case "reopen":
                if minute - acts[-1].minute > 13 * 1440:
                    break  # it is closed by then
                acts.append(Act(minute, what))
                status = "open"
            case _:
                status = what
                acts.append(Act(minute, "status", what))
    return Script(acts)


@dataclass
class Expected:
    kind: str
    began: int
    due: datetime | None
    warned: datetime | None
    ended: int | None
    state: str


def expected(told: Script, is_open: dict[str, Bools]) -> list[Expected]:
    """Every obligation of a ticket, by a count of its minutes."""
    end = HORIZON * 1440
    status, where, runs = np.zeros(end, np.int8), np.zeros(end, np.int16), list(is_open)
    codes = {"new": 0, "open": 0, "waiting_on_user": 1, "on_hold": 2, "solved": 3}
    now, severity, answered = "new", 0, False
    begun: list[Any] = []
    live: dict[str, tuple[int, int]] = {}  # kind → the minute, and its order

    def close(kind: str, minute: int, how: str) -> None:
        if kind in live:
            since, order = live.pop(kind)
            begun[order] = (kind, since, minute, how, severity)

    def owe(kind: str, minute: int) -> None:
        if kind not in live:
            live[kind] = (minute, len(begun))
            begun.append((kind, minute, None, "", 0))

    def become(new: str, minute: int) -> None:
        nonlocal now
        now = new
        status[minute:] = codes[new]

    for act in told.acts:
        at = act.minute
        match act.what:
            case "file":
                key, severity = act.value
                where[:] = runs.index(key)
                owe("first_response", at)
                owe("resolution", at)
            case "answer":
                answered = True
                for kind in ("first_response", "next_response", "periodic_update", "takeover"):
                    close(kind, at, "done")
                owe("periodic_update", at)
                if now == "new":
                    become("open", at)
            case "ask":
                if answered:
                    owe("next_response", at)
                if now == "waiting_on_user":
                    become("open", at)
            case "take":
                close("takeover", at, "done")
            case "grade":
                severity = act.value
            case "hand":
                close("takeover", at, "dropped")
                where[at:] = runs.index(act.value)
                owe("takeover", at)
            case "status" if act.value == "solved":
                close("resolution", at, "done")
                for kind in list(live):
                    close(kind, at, "dropped")
                become("solved", at)
            case "status":
                become(act.value, at)
            case "reopen":
                become("open", at)
                owe("resolution", at)
                if not answered:
                    owe("first_response", at)
                else:
                    owe("next_response", at)
    for kind, (since, order) in live.items():
        begun[order] = (kind, since, None, "", severity)
    counted = [judged(one, status, where, runs, is_open) for one in begun]
    return counted


def judged(
    one: Any, status: NDArray[Any], where: NDArray[Any], runs: list[str], is_open: dict[str, Bools]
) -> Expected:
    kind, since, ended, how, severity = one
    wanted = TARGETS[kind][severity]
    pausing = (1,) if kind in ("periodic_update", "takeover") else (1, 2)
    after = status[since:].copy()
    place = where[since:].copy()
    if ended is not None:  # it is counted on as it was at its end
        after[ended - since :] = status[max(since, ended - 1)] if ended > since else status[since]
        place[ended - since :] = where[max(since, ended - 1)] if ended > since else where[since]
    counts = ~np.isin(after, pausing)
    if kind != "periodic_update":
        hours = np.zeros(len(after), bool)
        for at, key in enumerate(runs):
            hours |= (place == at) & is_open[key][since:]
        counts &= hours
    total = np.cumsum(counts)
    due, warned = reached(total, since, wanted), reached(total, since, wanted * 0.75)
    last = START + ended * MINUTE if ended is not None else None
    state = {"done": "met", "dropped": "dropped"}.get(how, "running")
    if how == "done" and due is not None and last is not None and due <= last:
        state = "late"
    if ended is None and after[-1] in pausing:
        state = "paused"
    return Expected(kind, since, due, warned, ended, state)


def reached(total: NDArray[Any], since: int, minutes: float) -> datetime | None:
    """The moment at which so many minutes are counted; parts of a minute count in the next one."""
    whole, part = divmod(minutes, 1)
    wanted = int(whole) + (1 if part else 0)
    at = int(np.searchsorted(total, wanted))
    if at >= len(total):
        return None
    return START + (since + at) * MINUTE + (timedelta(minutes=part) if part else MINUTE)
