"""A month, as reports ask for one. Months begin at midnight UTC, for everybody the same."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

NAMES = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_WRITTEN = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, order=True, slots=True)
class Month:
    year: int
    number: int  # 1 to 12

    @property
    def start(self) -> datetime:
        return datetime(self.year, self.number, 1, tzinfo=UTC)

    @property
    def end(self) -> datetime:
        """The first moment that is not in it."""
        return self.later(1).start

    @property
    def name(self) -> str:
        return f"{NAMES[self.number - 1]} {self.year}"

    def later(self, months: int) -> "Month":
        whole = self.year * 12 + self.number - 1 + months
        return Month(whole // 12, whole % 12 + 1)

    def __str__(self) -> str:
        return f"{self.year}-{self.number:02}"


def month_of(at: datetime) -> Month:
    at = at.astimezone(UTC)
    return Month(at.year, at.month)


def read_month(text: str, now: datetime) -> Month:
    """As an address names it; this month for anything else, and for what is still to come."""
    this = month_of(now)
    if found := _WRITTEN.fullmatch(text):
        return min(this, Month(int(found[1]), int(found[2])))
    return this
