"""What is known about a ticket that may decide its severity. Pure.

Only what the rules ask for is gathered. Who somebody is, what they spend, how they are rated and
how they write is not among it: there is no field for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from helpdesk.catalogue.document import QuestionKind, TicketType
from helpdesk.core.money import EXPONENTS, BadAmount, read_amount

from .rules import Processing, Rules
from .words import Found, plain_words

AUTO_RELEASE = timedelta(days=14)  # after a milestone was handed in
HELD = frozenset({"funded", "submitted", "changes_requested"})
Value = str | bool | int | float | dict[str, Any]
Values = dict[str, Value]


@dataclass(frozen=True)
class MilestoneFacts:
    amount_minor: int
    state: str
    due_on: date | None
    state_since: date | None
    chosen: bool = False  # the one the ticket is about


@dataclass(frozen=True)
class Around:
    """What the desk knows besides the report itself."""

    now: datetime
    currency: str = ""
    in_escrow: bool = False
    milestones: tuple[MilestoneFacts, ...] = ()
    alert: bool = False  # an open alert is about it
    reporters: int = 0  # people who reported this type in the last quarter of an hour
    same_named: int = 0  # people who reported the same account, or the same client
    earlier_same: int = 0  # earlier tickets of this person about the same decision
    on_contract: bool = False
    follow_ups: int = 0
    reopenings: int = 0


@dataclass(frozen=True)
class Facts:
    type_key: str
    usual: int  # the level of the type
    values: Values = field(default_factory=dict)  # by name; what is not here is not known

    @property
    def stored(self) -> dict[str, Any]:
        return {"type": self.type_key, "usual": self.usual, "values": self.values}


def facts_of(
    type: TicketType, subject: str, description: str, answers: Mapping[str, Any],
    around: Around, rules: Rules,
) -> Facts:  # fmt: skip
    """`answers` as the form sends them, or as they are stored."""
    values: Values = {}
    asked = rules.asked_about(type.key)
    if listens := rules.listens_about(type.key):
        words = plain_words(f"{subject}\n{description}")
        for fact, phrases, threshold in listens:
            values[fact] = _found(phrases.found_in(words), threshold)
    values |= _answered(type, answers, asked)
    values |= _deadlines(type, answers, around)
    values |= _money(type, answers, around, rules)
    values |= _counted(around)
    if processing := rules.processing_of(type.key):
        values |= _waited(processing, answers, around.now)
    return Facts(type.key, type.severity, {k: v for k, v in values.items() if k in asked})


def _found(found: Found, threshold: float) -> dict[str, Any]:
    together = round(sum(found.values()), 3)
    return {"found": found, "weight": together, "needed": threshold}


def _answered(type: TicketType, answers: Mapping[str, Any], asked: frozenset[str]) -> Values:
    """Choices alone: what is written freely stays with the ticket."""
    return {
        f"answer_{question.key}": str(answers[question.key])
        for question in type.questions
        if question.kind is QuestionKind.CHOICE
        and f"answer_{question.key}" in asked
        and answers.get(question.key)
    }


def _deadlines(type: TicketType, answers: Mapping[str, Any], around: Around) -> Values:
    """Hours until the nearest day that was named; a day ends at midnight."""
    days = [
        day
        for question in type.questions
        if question.kind is QuestionKind.DATE and question.dates != "past"
        if question.key not in ("transaction_date",)
        if (day := _date(answers.get(question.key))) is not None
    ]
    days += [one.due_on for one in _chosen(around) if one.due_on and one.state not in _OVER]
    today = around.now.date()
    ahead = [day for day in days if day >= today]
    values: Values = {}
    if ahead:
        values["hours_to_deadline"] = _hours(around.now, min(ahead))
    if any(day < today for day in days):
        values["deadline_passed"] = True
    releases = [
        one.state_since + AUTO_RELEASE
        for one in _chosen(around)
        if one.state == "submitted" and one.state_since
    ]
    if releases:
        left = _hours(around.now, min(releases))
        values |= {"hours_to_release": left, "release_passed": left < 0}
    return values


_OVER = frozenset({"paid", "refunded"})


def _chosen(around: Around) -> Sequence[MilestoneFacts]:
    chosen = tuple(one for one in around.milestones if one.chosen)
    return chosen or around.milestones


def _hours(now: datetime, day: date) -> float:
    end = datetime.combine(day, time(23, 59), UTC)
    return round((end - now) / timedelta(hours=1), 1)


def _money(type: TicketType, answers: Mapping[str, Any], around: Around, rules: Rules) -> Values:
    """The larger of what is held and what is asked for: often they are the same money."""
    held = sum(one.amount_minor for one in _chosen(around) if one.state in HELD)
    is_held = around.in_escrow and held > 0
    values: Values = {"is_held": is_held} if around.milestones else {}
    sums = [_sum(held, around.currency, rules)] if is_held else []
    for question in type.questions:
        if question.kind is QuestionKind.AMOUNT and (asked := _amount(question.key, answers)):
            sums.append(_sum(*asked, rules))
            values["amount_accepted"] = asked in [
                (one.amount_minor, around.currency)
                for one in around.milestones
                if one.state == "paid"
            ]
    if sums:
        values["money"] = max(sums, key=_beside_limit)
    return values


def _beside_limit(sum: dict[str, Any]) -> float:
    return float(sum["minor"]) / sum["limit_minor"] if "limit_minor" in sum else 0.0


def _sum(minor: int, currency: str, rules: Rules) -> dict[str, Any]:
    sum: dict[str, Any] = {"minor": minor, "currency": currency}
    if currency in rules.limits:
        sum["limit_minor"] = rules.limits[currency] * 10 ** EXPONENTS.get(currency, 2)
    return sum


def _amount(key: str, answers: Mapping[str, Any]) -> tuple[int, str] | None:
    given = answers.get(key)
    if isinstance(given, dict):
        return (int(given["minor"]), str(given["currency"])) if "minor" in given else None
    try:
        read = read_amount(str(given or ""), str(answers.get(f"{key}.currency", "")))
    except BadAmount:
        return None
    return read.minor, read.currency


def _counted(around: Around) -> Values:
    return {
        "reporters": around.reporters,
        "same_named": around.same_named,
        "earlier_same": around.earlier_same,
        "follow_ups": around.follow_ups,
        "reopenings": around.reopenings,
        "alert": around.alert,
        "on_contract": around.on_contract,
    }


def _waited(processing: Processing, answers: Mapping[str, Any], now: datetime) -> Values:
    since = _date(answers.get("transaction_date"))
    chosen = str(answers.get(processing.by, "")) if processing.by else ""
    usual = processing.days.get(chosen, processing.days.get("other"))
    if since is None or usual is None or since > now.date():
        return {}
    waited = working_days(since, now.date()) if processing.working else (now.date() - since).days
    return {"days_waited": waited, "days_left": usual - waited}


def working_days(since: date, until: date) -> int:
    """Full working days after `since`, up to and with `until`."""
    days = (until - since).days
    weeks, rest = divmod(days, 7)
    begun = (since + timedelta(days=n + 1) for n in range(rest))
    return weeks * 5 + sum(day.weekday() < 5 for day in begun)


def _date(given: object) -> date | None:
    try:
        return date.fromisoformat(str(given or ""))
    except ValueError:
        return None
