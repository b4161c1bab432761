"""How times, sizes and money read. Filters for templates; none of them reads a clock."""

import re
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jinja2 import Environment

from helpdesk.core.assets import asset

MINUTE, HOUR, DAY = 60, 3600, 86_400
# As local_time() writes it.
IN_UTC = re.compile(r"([0-9]{1,2} [A-Z][a-z]{2} [0-9]{4}, [0-9]{2}:[0-9]{2}) UTC")
NARROW = "\u00a0"  # keeps a number and its unit on one line
SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "BRL": "R$", "ILS": "₪"}
NO_MINOR_UNIT = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND"}
    | {"VUV", "XAF", "XOF", "XPF"}
)
THREE_DIGITS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})


@lru_cache(maxsize=512)
def zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def localised(at: datetime, tz: str) -> datetime:
    if at.tzinfo is None:
        raise ValueError("times are aware; this one has no zone")
    return at.astimezone(zone(tz))


def local_clock(at: datetime, tz: str = "UTC") -> str:
    return f"{localised(at, tz):%H:%M}"


def local_date(at: datetime, tz: str = "UTC") -> str:
    local = localised(at, tz)
    return f"{local.day} {local:%b %Y}"


def local_time(at: datetime, tz: str = "UTC") -> str:
    return f"{local_date(at, tz)}, {local_clock(at, tz)}"


def own_clock(text: str, tz: str) -> str:
    """The moments that a sentence names in UTC, on the reader's clock."""
    if zone(tz).key == "UTC":
        return text
    return IN_UTC.sub(lambda found: _own(found, tz), text)


def _own(found: re.Match[str], tz: str) -> str:
    try:
        at = datetime.strptime(found[1], "%d %b %Y, %H:%M").replace(tzinfo=UTC)
    except ValueError:
        return found[0]
    return local_time(at, tz)


def local_day(at: datetime, tz: str, now: datetime) -> str:
    """Today, Yesterday, Tomorrow, a weekday in this year, else a full date."""
    local, today = localised(at, tz), localised(now, tz)
    apart = (local.date() - today.date()).days
    if apart in (-1, 0, 1):
        return {-1: "Yesterday", 0: "Today", 1: "Tomorrow"}[apart]
    if local.year == today.year:
        return f"{local:%a} {local.day} {local:%b}"
    return local_date(at, tz)


def day_in(at: datetime, tz: str = "UTC") -> str:
    """As fields for a day take it."""
    return localised(at, tz).date().isoformat()


def when(at: datetime, tz: str, now: datetime) -> str:
    """`Today 14:32`, `Fri 20 Nov, 14:32`."""
    day = local_day(at, tz, now)
    joint = " " if day in ("Today", "Yesterday", "Tomorrow") else ", "
    return f"{day}{joint}{local_clock(at, tz)}"


def moment(given: str) -> datetime:
    """What an event keeps as text."""
    return datetime.fromisoformat(given)


def mid_sentence(moment: str) -> str:
    """`when` behind other words: `by today 14:32`, `by Fri 20 Nov, 14:32`."""
    relative = moment.startswith(("Today", "Yesterday", "Tomorrow"))
    return moment[0].lower() + moment[1:] if relative else moment


def iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def span(seconds: float) -> str:
    """A length of time in its largest unit: `4 min`, `2 h`, `3 days`."""
    whole = int(abs(seconds))
    if whole < MINUTE:
        return f"{whole}{NARROW}s"
    if whole < HOUR:
        return f"{whole // MINUTE}{NARROW}min"
    if whole < DAY:
        return f"{whole // HOUR}{NARROW}h"
    days = whole // DAY
    return f"{days}{NARROW}{'day' if days == 1 else 'days'}"


def ago(at: datetime, now: datetime) -> str:
    seconds = (now - at).total_seconds()
    if -MINUTE < seconds < MINUTE:
        return "just now" if seconds >= 0 else "in a moment"
    return f"{span(seconds)} ago" if seconds > 0 else f"in {span(seconds)}"


def size(count: int) -> str:
    """Bytes as people read them: `532 bytes`, `1.2 MB`."""
    if count < 1000:
        return f"{count}{NARROW}{'byte' if count == 1 else 'bytes'}"
    amount = float(count)
    for unit in ("kB", "MB", "GB", "TB"):
        amount /= 1000
        if amount < 999.5 or unit == "TB":
            break
    return f"{amount:.1f}{NARROW}{unit}" if amount < 9.95 else f"{amount:.0f}{NARROW}{unit}"


def minor_digits(currency: str) -> int:
    if currency in NO_MINOR_UNIT:
        return 0
    return 3 if currency in THREE_DIGITS else 2


def money(minor: int, currency: str) -> str:
    """An amount kept in minor units: `$1,200.00`, `¥1,200`, `KWD 1.250`."""
    digits = minor_digits(currency)
    whole, rest = divmod(abs(minor), 10**digits)
    amount = f"{whole:,}" + (f".{rest:0{digits}d}" if digits else "")
    sign = SIGNS.get(currency, f"{currency}{NARROW}")
    return f"{'−' if minor < 0 else ''}{sign}{amount}"


def initials(name: str) -> str:
    words = [word for word in name.split() if word[0].isalnum()]
    if not words:
        return "?"
    picked = words[:1] if len(words) == 1 else [words[0], words[-1]]
    return "".join(word[0] for word in picked).upper()


def hue(name: str) -> int:
    """One of five avatar colours, the same for a name every time."""
    return sum(map(ord, name)) % 5


def plural(count: int, one: str, many: str = "") -> str:
    return f"{count:,}{NARROW}{one if count == 1 else many or one + 's'}"


FIRST_NUMBER = 10_001  # ticket id 1 is HD-10001


def reference(ticket_id: int) -> str:
    """What people quote: HD-10001. The id is the number, so nothing else needs looking up."""
    return f"HD-{ticket_id + FIRST_NUMBER - 1}"


FILTERS = {
    "reference": reference,
    "local_time": local_time,
    "local_date": local_date,
    "local_clock": local_clock,
    "local_day": local_day,
    "own_clock": own_clock,
    "when": when,
    "mid_sentence": mid_sentence,
    "moment": moment,
    "day_in": day_in,
    "iso": iso,
    "ago": ago,
    "span": span,
    "bytes": size,
    "money": money,
    "initials": initials,
    "hue": hue,
    "plural": plural,
}


def register(env: Environment) -> None:
    env.filters.update(FILTERS)
    env.globals.setdefault("asset", asset)
