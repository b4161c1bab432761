"""How figures and their changes read. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

NARROW = "\u00a0"
MINUTE, HOUR, DAY = 60, 3600, 86_400
MANY = 5  # times as many: percents of that size say nothing
SAME = 0.005  # of a number: less is no change


def took(seconds: float) -> str:
    """`40 s`, `12 min`, `3 h 20 min`, `2 d 4 h`."""
    whole = round(seconds)
    for unit, name, part, small in (
        (DAY, "d", HOUR, "h"),
        (HOUR, "h", MINUTE, "min"),
    ):
        if whole >= unit:
            rest = whole % unit // part
            more = f" {rest}{NARROW}{small}" if rest else ""
            return f"{whole // unit}{NARROW}{name}{more}"
    return f"{whole // MINUTE}{NARROW}min" if whole >= MINUTE else f"{whole}{NARROW}s"


def percent(part: int, whole: int) -> str:
    return f"{round(100 * part / whole)}{NARROW}%" if whole else "–"


@dataclass(frozen=True, slots=True)
class Change:
    """Against the time before: a sign, words, and whether that is good (never by colour alone)."""

    sign: str  # ▲ ▼ =
    words: str
    tone: str = ""  # good | bad


def judged(more: bool, better: str) -> str:
    if not better:
        return ""
    return "good" if more == (better == "more") else "bad"


def of_count(now: int, before: int, than: str, better: str) -> Change:
    if now == before:
        return Change("=", f"as many as {than}")
    if not before:
        return Change("▲", f"none {than}", judged(True, better))
    sign, tone = "▲" if now > before else "▼", judged(now > before, better)
    if now >= MANY * before:
        return Change(sign, f"{now / before:.0f} times as many as {than} ({before:,})", tone)
    share, way = abs(now - before) / before, "more" if now > before else "fewer"
    return Change(sign, f"{round(100 * share)}{NARROW}% {way} than {than} ({before:,})", tone)


def of_time(now: float | None, before: float | None, than: str, better: str) -> Change | None:
    return of_value(now, before, than, better, took, ("longer", "shorter"), SAME)


def of_share(
    now: tuple[int, int], before: tuple[int, int], than: str, better: str
) -> Change | None:
    """Parts and wholes, compared in points of a hundred."""
    shares = [100 * part / whole if whole else None for part, whole in (now, before)]

    def points(value: float) -> str:
        return f"{round(value)}{NARROW}{'point' if round(value) == 1 else 'points'}"

    return of_value(shares[0], shares[1], than, better, points, ("higher", "lower"), 0.0, 0.5)


def of_value(
    now: float | None,
    before: float | None,
    than: str,
    better: str,
    written: Callable[[float], str],
    ways: tuple[str, str],
    part: float,
    least: float = 1.0,
) -> Change | None:
    if now is None or before is None:
        return None
    apart = abs(now - before)
    if apart < max(least, part * before):
        return Change("=", f"as {than}")
    more = now > before
    sign, way = ("▲", ways[0]) if more else ("▼", ways[1])
    return Change(sign, f"{written(apart)} {way} than {than}", judged(more, better))
