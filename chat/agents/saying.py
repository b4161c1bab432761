"""What a visitor has named in a chat: identifiers, an amount, a day. Pure."""

import re
from dataclasses import dataclass
from datetime import date

from helpdesk.core.money import BadAmount, Money, read_amount

NAME = re.compile(r"\b[A-Z]{1,6}-?\d[\w-]{0,30}\b")
CONTRACT = re.compile(r"\bC-\d{1,12}\b", re.I)
SIGNS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY"}
FIGURES = r"\d[\d,]*(?:\.\d{1,3})?"
AMOUNT = re.compile(
    rf"(?:\b([A-Z]{{3}})\s?|([$€£¥])\s?)({FIGURES})|({FIGURES})\s?(?:([A-Z]{{3}})\b|([$€£¥]))"
)
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
DAY = re.compile(
    rf"\b(\d{{4}})-(\d\d)-(\d\d)\b|\b(\d{{1,2}})(?:st|nd|rd|th)?\s+({'|'.join(MONTHS)})[a-z]*\b"
    rf"(?:\s+(\d{{4}}))?|\b({'|'.join(MONTHS)})[a-z]*\s+(\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(\d{{4}}))?",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Said:
    contract: str = ""  # C-1002
    transaction: str = ""  # T-77, WD88213
    amount: Money | None = None
    day: date | None = None


def said_in(words: str, today: date) -> Said:
    """The first of each that is named; a day without a year is the last one that was."""
    contract = CONTRACT.search(words)
    names = (found[0] for found in NAME.finditer(words) if not CONTRACT.fullmatch(found[0]))
    return Said(
        contract[0].upper() if contract else "",
        next(names, ""),
        first_amount(words),
        first_day(words, today),
    )


def first_amount(words: str) -> Money | None:
    for found in AMOUNT.finditer(words):
        code, sign, figures, other_figures, other_code, other_sign = found.groups()
        currency = code or other_code or SIGNS[sign or other_sign]
        try:
            return read_amount(figures or other_figures, currency)
        except BadAmount:
            continue
    return None


def first_day(words: str, today: date) -> date | None:
    for found in DAY.finditer(words):
        year, month, day, day_a, month_a, year_a, month_b, day_b, year_b = found.groups()
        if year is not None:
            given = (int(year), int(month), int(day))
        else:
            number = MONTHS.index((month_a or month_b)[:3].lower()) + 1
            given = (int(year_a or year_b or 0), number, int(day_a or day_b))
        if (read := day_of(*given, today)) is not None:
            return read
    return None


def day_of(year: int, month: int, day: int, today: date) -> date | None:
    try:
        if year:
            return date(year, month, day)
        this = date(today.year, month, day)
        return this if this <= today else date(today.year - 1, month, day)
    except ValueError:
        return None
