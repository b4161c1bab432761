"""Whether a chat can be started now, department by department; if not, why, and when it opens."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from helpdesk.calendars.hours import Hours
from helpdesk.calendars.queries import hours_of
from helpdesk.core.formats import iso, when
from helpdesk.desk import Desk

from .agents.waits import Line, Range, lines, wait_of

MOST_WAITING = 5  # for each chat that the agents there can have at once


class Reason(StrEnum):
    NONE = ""
    OUTSIDE_HOURS = "outside_hours"
    HOLIDAY = "holiday"
    ALL_AWAY = "all_away"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Offer:
    """What a department can say to somebody who would like to talk now."""

    key: str
    name: str
    reason: Reason
    next_open: datetime | None = None
    wait: Range | None = None
    waiting: int = 0
    agents: int = 0

    @property
    def available(self) -> bool:
        return self.reason is Reason.NONE

    def sentence(self, now: datetime, time_zone: str = "UTC") -> str:
        """Why there is no chat; or how long the wait is, if anybody can say."""
        opens = f" Chat opens {self.opens(now, time_zone)}." if self.next_open else ""
        if self.reason is Reason.OUTSIDE_HOURS:
            return f"{self.name} is closed now.{opens}"
        if self.reason is Reason.HOLIDAY:
            return f"{self.name} has a day off.{opens}"
        if self.reason is Reason.ALL_AWAY:
            return "Nobody is available for chat at the moment."
        if self.reason is Reason.FULL:
            return "More people are waiting than we can answer soon."
        if self.wait is None:
            return "Somebody is here. How long it takes, we cannot say yet."
        ahead = f"{self.waiting} waiting. " if self.waiting else ""
        return f"{ahead}You wait {self.wait.words}, most likely."

    def opens(self, now: datetime, time_zone: str) -> str:
        assert self.next_open is not None
        zone = f" ({time_zone})" if time_zone != "UTC" else " UTC"
        said = when(self.next_open, time_zone, now)
        for day in ("Today", "Tomorrow"):
            said = said.replace(day, day.lower())
        return said + zone

    def shown(self) -> dict[str, Any]:
        wait = None
        if self.wait is not None:
            low, high = round(self.wait.low), round(self.wait.high)
            wait = {"low_s": low, "high_s": high, "words": self.wait.words}
        return {
            "department": self.key,
            "name": self.name,
            "available": self.available,
            "reason": self.reason.value or None,
            "next_open": iso(self.next_open) if self.next_open else None,
            "wait": wait,
            "waiting": self.waiting,
        }


async def offers(desk: Desk) -> Mapping[str, Offer]:
    """Of every department, by its key."""
    found = await lines(desk)
    names = await desk.pool.fetch("SELECT key, name FROM groups ORDER BY key")
    now = desk.clock.now()
    return {
        key: offer(key, name, await hours_of(desk, key), found[key], now)
        for key, name in names
        if key in found
    }


async def offer_of(desk: Desk, key: str) -> Offer | None:
    return (await offers(desk)).get(key)


def offer(key: str, name: str, hours: Hours, line: Line, now: datetime) -> Offer:
    """Within its hours, with somebody there, and with a line that ends before closing time."""
    waiting = line.place - 1
    if not hours.is_open(now):
        reason = Reason.HOLIDAY if is_day_off(hours, now) else Reason.OUTSIDE_HOURS
        return Offer(key, name, reason, hours.next_opening(now), waiting=waiting)
    if not line.agents:
        return Offer(key, name, Reason.ALL_AWAY, waiting=waiting)
    wait, closing = wait_of(line), hours.next_closing(now)
    too_late = wait and closing and wait.low > (closing - now).total_seconds()
    if too_late or waiting >= MOST_WAITING * max(1, line.slots):
        return Offer(key, name, Reason.FULL, waiting=waiting, agents=line.agents)
    return Offer(key, name, Reason.NONE, wait=wait, waiting=waiting, agents=line.agents)


def is_day_off(hours: Hours, now: datetime) -> bool:
    today = now.astimezone(hours.zone_at(now)).date()
    return any(
        one.day == today
        and (one.since is None or one.since <= now)
        and (one.until is None or one.until > now)
        for one in hours.closed
    )
