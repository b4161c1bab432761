"""What rules know of a ticket at one moment: small values, never what somebody wrote."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from helpdesk.calendars.hours import Hours
from helpdesk.core.formats import iso, zone

from .conditions import Known
from .phrases import normal
from .vocabulary import DAYS, LEVELS, UNKNOWN, About, Moment

UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Facts:
    """`words` are those of the rules that the ticket has, not the ticket's."""

    moment: Moment
    at: datetime
    type: str
    severity: int
    department: str
    language: str | None = None
    source: str = "form"
    restricted: bool = False
    words: frozenset[str] = frozenset()
    contract: str | None = None  # its number
    contract_ended: bool = False
    amount: int | None = None  # minor units
    currency: str = ""
    roles: frozenset[str] = frozenset()
    company: str | None = None
    follow_ups: int = 0
    moves: int = 0  # by rules, since a person last moved it
    tags: frozenset[str] = frozenset()
    previous: Mapping[str, str] = field(default_factory=dict)  # severity, department, type
    load: Mapping[str, int] = field(default_factory=dict)  # open tickets by department
    hours: Mapping[str, Hours] = field(default_factory=dict)

    def read(self, about: About, unit: str) -> Known:
        """The value a test asks for; None when it is not known."""
        match about:
            case About.CONTRACT:
                ended = "ended" if self.contract_ended else "running"
                return frozenset({"any", ended} if self.contract else {"none"})
            case About.CONTRACT_ID:
                return None if self.contract is None else normal(self.contract)
            case About.AMOUNT:
                return self.amount if unit == self.currency else None
            case About.ROLE:
                return self.roles
            case About.COMPANY:
                return None if self.company is None else normal(self.company)
            case About.LOAD:
                return self.load.get(unit or self.department, 0)
            case About.WEEKDAY:
                return DAYS[self.local(unit).weekday()]
            case About.HOUR:
                return self.local(unit).hour
            case About.OPEN:
                opening = self.hours.get(unit or self.department)
                return None if opening is None else opening.is_open(self.at)
            case About.PREVIOUS_TYPE:
                return self.previous.get("type")
            case About.PREVIOUS_SEVERITY:
                return self.previous.get("severity")
            case About.PREVIOUS_DEPARTMENT:
                return self.previous.get("department")
            case About.TAG:
                return self.tags
            case _:
                value: Known = getattr(self, about.value)
                return value

    def local(self, unit: str) -> datetime:
        """`unit`: a department, whose clock it is, a time zone, or "" for its own department."""
        if "/" in unit or unit == "UTC":
            return self.at.astimezone(zone(unit))
        opening = self.hours.get(unit or self.department)
        return self.at.astimezone(UTC if opening is None else opening.zone_at(self.at))

    def moved(self, **changes: Any) -> "Facts":
        return replace(self, **changes)

    def document(self) -> dict[str, Any]:
        """As a run keeps them: what was true then, for whoever asks later."""
        return {
            "moment": self.moment.value,
            "at": iso(self.at),
            "type": self.type,
            "severity": LEVELS[self.severity - 1],
            "department": self.department,
            "language": self.language or UNKNOWN,
            "source": self.source,
            "restricted": self.restricted,
            "words": sorted(self.words),
            "contract": self.contract,
            "contract_ended": self.contract_ended,
            "amount": self.amount,
            "currency": self.currency,
            "roles": sorted(self.roles),
            "company": self.company,
            "follow_ups": self.follow_ups,
            "moves": self.moves,
            "tags": sorted(self.tags),
            "previous": dict(self.previous),
            "load": dict(self.load),
            "open": {key: hours.is_open(self.at) for key, hours in self.hours.items()},
        }
