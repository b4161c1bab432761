"""Which days a rule of repetition means (RFC 5545, RRULE): those that days off need. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
KNOWN = {"FREQ", "INTERVAL", "UNTIL", "COUNT", "BYMONTH", "BYMONTHDAY", "BYDAY", "WKST"}
DAY_NAMED = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)$")
FARTHEST = 11_000  # days that are looked at for one rule: thirty years


def day_in(value: str) -> date | None:
    found = re.match(r"\s*(\d{4})(\d{2})(\d{2})", value)
    try:
        return date(int(found[1]), int(found[2]), int(found[3])) if found else None
    except ValueError:
        return None


@dataclass(frozen=True)
class Rule:
    every: str  # DAILY | WEEKLY | MONTHLY | YEARLY
    interval: int
    until: date | None
    count: int | None
    months: frozenset[int]
    month_days: frozenset[int]
    days: tuple[tuple[int, int], ...]  # how many in the month (0: every), weekday


def rule_of(text: str) -> Rule | None:
    """None for what is not known here: better no day off than a wrong one."""
    parts = dict(one.upper().split("=", 1) for one in text.split(";") if "=" in one)
    named = [DAY_NAMED.match(word) for word in parts.get("BYDAY", "").split(",") if word]
    try:
        months = frozenset(int(n) for n in parts.get("BYMONTH", "").split(",") if n)
        month_days = frozenset(int(n) for n in parts.get("BYMONTHDAY", "").split(",") if n)
        interval, count = int(parts.get("INTERVAL", "1")), parts.get("COUNT")
        rule = Rule(
            parts.get("FREQ", ""), interval, day_in(parts.get("UNTIL", "")),
            int(count) if count else None, months, month_days,
            tuple((int(one[1] or 0), DAYS.index(one[2])) for one in named if one),
        )  # fmt: skip
    except ValueError:
        return None
    known = rule.every in ("DAILY", "WEEKLY", "MONTHLY", "YEARLY") and set(parts) <= KNOWN
    # The n-th weekday of a year, not of a month, is asked for by nobody's holidays.
    of_year = rule.every == "YEARLY" and any(n for n, _ in rule.days) and not months
    return rule if known and all(named) and 0 < interval < 1_000 and not of_year else None


def again(begins: date, rule: Rule, first: date, last: date) -> Iterator[date]:
    """Day by day from the beginning: at most thirty years, whatever the rule says."""
    day = begins
    if rule.count is None:
        day = max(begins, first)
    if (last - day).days > FARTHEST:
        return
    found = 0
    while day <= last and (rule.until is None or day <= rule.until):
        if falls_on(day, begins, rule):
            found += 1
            if day >= first:
                yield day
            if rule.count is not None and found >= rule.count:
                return
        day += timedelta(days=1)


def falls_on(day: date, begins: date, rule: Rule) -> bool:
    if rule.months and day.month not in rule.months:
        return False
    months = (day.year - begins.year) * 12 + day.month - begins.month
    match rule.every:
        case "DAILY":
            steps = (day - begins).days
        case "WEEKLY":
            monday = begins - timedelta(days=begins.weekday())
            steps = (day - monday).days // 7
        case "MONTHLY":
            steps = months
        case _:
            steps = day.year - begins.year
    if steps % rule.interval:
        return False
    if rule.month_days:
        left = ((day.replace(day=28) + timedelta(days=4)).replace(day=1) - day).days
        if day.day not in rule.month_days and -left not in rule.month_days:
            return False
    if rule.days:
        return any(
            weekday == day.weekday() and (not n or n in nth_of_month(day))
            for n, weekday in rule.days
        )
    if rule.every == "WEEKLY":
        return day.weekday() == begins.weekday()
    if rule.every in ("MONTHLY", "YEARLY") and not rule.month_days:
        in_month = rule.every == "MONTHLY" or bool(rule.months) or day.month == begins.month
        return day.day == begins.day and in_month
    return True


def nth_of_month(day: date) -> tuple[int, int]:
    """Which of its weekday it is, from the beginning and from the end of the month."""
    left = ((day.replace(day=28) + timedelta(days=4)).replace(day=1) - day).days
    return (day.day - 1) // 7 + 1, -((left - 1) // 7 + 1)
