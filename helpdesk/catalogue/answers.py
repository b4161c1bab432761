"""What people answer, checked against the questions of a ticket type. Pure.

Errors are keyed by the name of the field they belong to: `answers.amount`, `evidence.team_log`.
"""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import date, timedelta
from decimal import Decimal
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email

from helpdesk.core.money import BadAmount, Money, read_amount
from helpdesk.core.text import BadText, clean_line, clean_text, is_blank

from .countries import COUNTRIES, country_code
from .document import EvidenceItem, Question, QuestionKind, TicketType

LINE = 200
LONG = 5_000
REASON = 500
SHORTEST_REASON = 3

# What is kept, as JSON: text as typed, a date as 2026-07-03, a country as its code, an amount
# as {"minor": 1250, "currency": "USD"}, what somebody does not have as {"lacking": "why"}.
Answer = str | dict[str, str | int]


class BadAnswer(ValueError):
    """Its words are for the person who answered."""


def check_answers(
    type: TicketType,
    answers: Mapping[str, str],
    today: date,
    lacking: Mapping[str, str] | None = None,
) -> tuple[dict[str, Answer], dict[str, str]]:
    """The answers fit to store, and an error for each that is not.

    The currency of an amount comes as `<key>.currency`, or inside the amount. Answers to
    questions the type does not ask are left out.
    """
    clean: dict[str, Answer] = {}
    errors: dict[str, str] = {}
    for question in type.questions:
        try:
            answer = _check(question, answers, today, (lacking or {}).get(question.key))
        except (BadAnswer, BadText, BadAmount) as error:
            errors[question.field] = str(error)
        else:
            if answer is not None:
                clean[question.key] = answer
    return clean, errors


def missing_evidence(
    type: TicketType, present: Collection[str], lacking: Mapping[str, str] | None = None
) -> dict[str, str]:
    """An error for each piece that must be there and is not."""
    errors: dict[str, str] = {}
    for item in type.evidence:
        if item.key in present or item.made_by_us:
            continue
        reason = (lacking or {}).get(item.key)
        if reason is not None and (item.may_lack or not item.required):
            try:
                check_reason(reason)
            except (BadAnswer, BadText) as error:
                errors[item.field] = str(error)
        elif item.required:
            errors[item.field] = _ask_for(item)
    return errors


def check_reason(reason: str) -> str:
    """Why somebody does not have a piece: a few words are enough."""
    reason = clean_line(reason, REASON)
    if is_blank(reason) or len(reason) < SHORTEST_REASON:
        raise BadAnswer("Say in a few words why you do not have it.")
    return reason


def show_answer(question: Question, answer: Answer) -> str:
    """As people read it."""
    if isinstance(answer, dict):
        if "lacking" in answer:
            return f"Not given: {answer['lacking']}"
        return str(Money(int(answer["minor"]), str(answer["currency"])))
    if question.kind is QuestionKind.CHOICE:
        choice = question.choice(answer)
        return choice.label if choice else answer
    if question.kind is QuestionKind.COUNTRY:
        return COUNTRIES.get(answer, answer)
    return answer


def _ask_for(item: EvidenceItem) -> str:
    if item.may_lack:
        return f"Add this, or say why you have none: {item.label}."
    return f"Add this: {item.label}."


def _check(
    question: Question, answers: Mapping[str, str], today: date, lacking: str | None
) -> Answer | None:
    typed = answers.get(question.key, "")
    if is_blank(typed) and "\0" not in typed:
        if lacking is not None and question.may_lack:
            return {"lacking": check_reason(lacking)}
        if question.required:
            raise BadAnswer(_ask(question))
        return None
    if question.kind is QuestionKind.AMOUNT:
        return _amount(question, typed, answers.get(f"{question.key}.currency", ""))
    if question.kind is QuestionKind.DATE:
        return _date(question, clean_line(typed, LINE), today)
    return READERS[question.kind](question, typed)


def _ask(question: Question) -> str:
    label = question.label.rstrip("?.")
    if question.may_lack:
        return f"Answer this, or say why you cannot: {label}."
    if question.kind in (QuestionKind.CHOICE, QuestionKind.COUNTRY):
        return f"Choose an answer: {label}."
    return f"Answer this: {label}."


def _text(question: Question, typed: str) -> str:
    long = question.kind is QuestionKind.LONG
    most = int(question.max or (LONG if long else LINE))
    text = clean_text(typed, most) if long else clean_line(typed, most)
    if question.min and len(text) < question.min:
        raise BadAnswer(f"Write a little more: at least {question.min:g} characters.")
    if question.pattern and not re.fullmatch(question.pattern, text):
        example = f" It looks like this: {question.example}." if question.example else ""
        raise BadAnswer(f"Check this again.{example}")
    return text


def _date(question: Question, text: str, today: date) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise BadAnswer("Enter a date that exists as year-month-day, like 2026-07-03.") from None
    if question.dates == "past" and day > today:
        raise BadAnswer("This date is still to come. Enter today or an earlier day.")
    if question.dates == "past" and day < today - timedelta(days=366 * 30):
        raise BadAnswer("This date is very long ago. Check the year.")
    if question.dates == "future" and day < today:
        raise BadAnswer("This date has passed. Enter today or a later day.")
    return day.isoformat()


def _amount(question: Question, typed: str, currency: str) -> Answer:
    money = read_amount(clean_line(typed, LINE), clean_line(currency, LINE))
    return {"minor": money.minor, "currency": money.currency}


def _choice(question: Question, typed: str) -> str:
    value = typed.strip()
    if question.choice(value) is None:
        raise BadAnswer("Choose one of the answers in the list.")
    return value


def _country(question: Question, typed: str) -> str:
    code = country_code(clean_line(typed, LINE))
    if code is None:
        raise BadAnswer("Choose a country from the list.")
    return code


def _email(question: Question, typed: str) -> str:
    try:
        found = validate_email(clean_line(typed, 254), check_deliverability=False)
    except (EmailNotValidError, BadText):
        raise BadAnswer("Enter an e-mail address like name@example.com.") from None
    return found.normalized


def _url(question: Question, typed: str) -> str:
    address = clean_line(typed, 2_000)
    try:
        parts = urlsplit(address)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in address
    except ValueError:
        good = False
    if not good:
        raise BadAnswer("Enter a full web address that begins with https://.")
    return address


def _number(question: Question, typed: str) -> str:
    figures = clean_line(typed, LINE)
    if not re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{1,6})?", figures):
        raise BadAnswer("Enter a number in figures, like 7.5.")
    number = Decimal(figures)
    if question.min is not None and number < Decimal(str(question.min)):
        raise BadAnswer(f"Enter {question.min:g} or more.")
    if question.max is not None and number > Decimal(str(question.max)):
        raise BadAnswer(f"Enter {question.max:g} or less.")
    return f"{number.normalize():f}"


def _last4(question: Question, typed: str) -> str:
    digits = clean_line(typed, LINE)
    if len(re.sub(r"[^0-9]", "", digits)) > 4:
        raise BadAnswer("Enter only the last four digits. Never send the whole card number.")
    if not re.fullmatch(r"[0-9]{4}", digits):
        raise BadAnswer("Enter the last four digits of the card, like 4242.")
    return digits


READERS: dict[QuestionKind, Callable[[Question, str], str]] = {
    QuestionKind.TEXT: _text,
    QuestionKind.LONG: _text,
    QuestionKind.CHOICE: _choice,
    QuestionKind.COUNTRY: _country,
    QuestionKind.EMAIL: _email,
    QuestionKind.URL: _url,
    QuestionKind.NUMBER: _number,
    QuestionKind.LAST4: _last4,
}
