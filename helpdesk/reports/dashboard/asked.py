"""What the address of a dashboard or of a list asks for. Whatever it cannot mean is left out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import quote, urlencode

from helpdesk.core.formats import iso
from helpdesk.desk import Desk

from .periods import Period, between, chosen
from .sums import CHANNELS, Filter, departments

SEVERITY_NAMES = {1: "Low", 2: "Normal", 3: "High", 4: "Urgent"}
LATEST = 2200  # years that a moment may be in


@dataclass(frozen=True, slots=True)
class Asked:
    """A period and a filter; links are made from them, so that they say the same."""

    period: Period
    wanted: Filter
    groups: Mapping[int, str]
    first: str = ""  # chosen days, as dates
    last: str = ""

    @property
    def department(self) -> str:
        return self.groups.get(self.wanted.group_id, "")

    @property
    def filters(self) -> dict[str, str]:
        """As the address names them."""
        found = {
            "department": self.wanted.group_id,
            "severity": self.wanted.severity,
            "channel": self.wanted.channel,
        }
        return {name: str(value) for name, value in found.items() if value}

    @property
    def query(self) -> str:
        days = {"from": self.first, "to": self.last}
        named = {"period": self.period.key} if self.period.key else days
        return urlencode(named | self.filters)

    def list_of(
        self,
        key: str,
        since: datetime | None = None,
        until: datetime | None = None,
        group: int = 0,
        **more: str | int,
    ) -> str:
        """The address of the list behind a number."""
        begin, end = moment(since or self.period.since), moment(until or self.period.until)
        filters = self.filters | ({"department": str(group)} if group else {})
        others = urlencode(filters | {name: str(value) for name, value in more.items()})
        return f"/desk/dashboard/lists/{key}?since={begin}&until={end}{others and f'&{others}'}"


@lru_cache(maxsize=4096)
def moment(at: datetime) -> str:
    """A page has hundreds of links with few moments."""
    return quote(iso(at))


def read_filter(query: Mapping[str, str], groups: Mapping[int, str]) -> Filter:
    group, severity = number(query.get("department", "")), number(query.get("severity", ""))
    channel = query.get("channel", "")
    return Filter(
        group if group in groups else 0,
        severity if severity in SEVERITY_NAMES else 0,
        channel if channel in CHANNELS else "",
    )


async def read_asked(desk: Desk, query: Mapping[str, str], tz: str) -> Asked:
    now, groups = desk.clock.now(), await departments(desk)
    first, last = query.get("from", ""), query.get("to", "")
    period = between(first, last, now, tz) if first and last and not query.get("period") else None
    wanted = read_filter(query, groups)
    if period is not None:
        return Asked(period, wanted, groups, first, last)
    return Asked(chosen(query.get("period", ""), now, tz), wanted, groups)


def read_moment(text: str) -> datetime | None:
    """Of a link of ours: with its zone, and in years that are stored."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    if at.tzinfo is None or not 2000 <= at.year < LATEST:
        return None
    return at.astimezone(UTC)


def number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0
