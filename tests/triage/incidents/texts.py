"""A desk's days, made of sentences of our own: usual reports, and one outage told by many."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from triage.engine.report import Report
from triage.engine.words import read_report
from triage.incidents.reports import Seen, sketch
from triage.incidents.watch import subject_words

MONDAY = 1_780_272_000.0  # 2026-06-01 00:00 UTC
DAY = 86_400.0
HOURS = (2, 1, 1, 1, 1, 2, 4, 7, 10, 12, 12, 11, 10, 11, 12, 12, 11, 9, 7, 6, 5, 4, 3, 3)
WEEKDAYS = (1.2, 1.1, 1.0, 1.0, 0.9, 0.5, 0.45)

OPENINGS = ("", "Hello, ", "Since yesterday ", "Again: ", "Please help, ", "Today ", "For a week ")
CLOSINGS = ("", "", " and I need it soon", ", what can I do?", " on my phone", " since the update")
# Area → matters; in each, what is wrong and with what.
MATTERS: dict[str, tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]] = {
    "payments": (
        (
            ("my withdrawal", "the payout", "a bank transfer"),
            ("has not arrived", "is late", "still pending"),
        ),
        (
            ("the invoice", "my receipt", "the VAT line"),
            ("shows a wrong amount", "has an old address"),
        ),
        (
            ("my card", "the new credit card"),
            ("was declined", "cannot be added"),
        ),
        (("the exchange rate", "the currency fee"), ("is higher than promised", "looks wrong")),
        (("a refund", "money back from a client"), ("was promised", "never came", "is too small")),
        (("my tax form", "the W-8 form"), ("was rejected", "is not accepted", "expired")),
    ),
    "technical": (
        (("the timer", "time tracking"), ("stops after sleep", "counts twice", "lost an hour")),
        (
            ("the desktop app", "your program"),
            ("does not start", "crashes at once"),
        ),
        (("screenshots", "activity pictures"), ("are blurred", "are missing", "show a black page")),
        (("uploads", "a large file"), ("stop at half", "cannot be attached", "take for ever")),
        (("notifications", "your mails"), ("come twice", "go to spam", "never reach me")),
        (("the search", "the filter of jobs"), ("finds nothing", "forgets my choice")),
    ),
    "account": (
        (("my password", "the reset link"), ("does not work", "expired", "never came")),
        (("my profile picture", "the portfolio"), ("was removed", "cannot be changed")),
        (("two-factor codes", "the code by text"), ("do not arrive", "are refused")),
        (("my name", "the company name"), ("is misspelt", "must be changed", "is the old one")),
        (("identity check", "my passport scan"), ("was refused", "takes too long")),
        (("closing my account", "deleting everything"), ("is not possible", "needs your help")),
    ),
}
OUTAGE = (
    ("the login page", "login", "my login", "your login form"),
    ("shows error 503", "gives a blank page", "keeps spinning", "says error 503"),
)
COMMON = dict.fromkeys(("my", "the", "please", "help", "today", "yesterday"), 0.2)


@dataclass(frozen=True)
class Told:
    area: str
    at: float
    subject: str
    outage: bool = False


def usual(rng: random.Random, days: int, a_day: int, first: float = MONDAY) -> Iterator[Told]:
    """In the order of their times; the hours and days differ as they do."""
    for day in range(days):
        for hour, weight in enumerate(HOURS):
            rate = a_day * weight / sum(HOURS) * WEEKDAYS[day % 7]
            many = max(0, round(rng.gauss(rate, rate**0.5)))
            start = first + day * DAY + hour * 3_600
            for at in sorted(rng.uniform(start, start + 3_600) for _ in range(many)):
                area = rng.choice(tuple(MATTERS))
                whose, what = rng.choice(MATTERS[area])
                yield Told(area, at, sentence(rng, whose, what))


def outage(rng: random.Random, start: float, many: int, minutes: float) -> list[Told]:
    times = sorted(start + rng.random() ** 1.4 * minutes * 60 for _ in range(many))
    return [Told("account", at, sentence(rng, *OUTAGE), True) for at in times]


def sentence(rng: random.Random, whose: tuple[str, ...], what: tuple[str, ...]) -> str:
    said = f"{rng.choice(whose)} {rng.choice(what)}"
    return f"{rng.choice(OPENINGS)}{said}{rng.choice(CLOSINGS)}"


def seen(number: int, told: Told, person: int | None = None) -> Seen:
    terms, _ = read_report(Report(told.subject, "", None))  # type: ignore[arg-type]
    return Seen(
        number,
        told.at,
        number if person is None else person,
        "any",
        sketch(terms, COMMON),
        subject_words(told.subject),
    )
