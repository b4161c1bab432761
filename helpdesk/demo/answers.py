"""Plausible answers to a type's questions, checked by the same rules as a person's."""

from datetime import date, timedelta
from math import ceil
from random import Random
from typing import Any

from helpdesk.catalogue.answers import check_answers, show_answer
from helpdesk.catalogue.document import Question, QuestionKind, TicketType

SYSTEMS = ["Windows 11", "macOS 26", "Ubuntu 24.04", "Android 16"]
BROWSERS = ["Firefox 153", "Chrome 156", "Safari 26"]
WORDS = {
    "operating_system": SYSTEMS,
    "browser": BROWSERS,
    "app_version": ["3.2.0", "3.2.1", "3.3.0"],
}
SENTENCE = "I opened the page, pressed the button once and waited; the message came at once."


def answers_for(
    type: TicketType, random: Random, today: date, currency: str
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Checked answers, and those of them that belong to a piece of evidence, by its kind."""
    typed: dict[str, str] = {}
    for question in type.questions:
        if question.required or random.random() < 0.5:
            typed[question.key] = an_answer(question, random, today)
            if question.kind is QuestionKind.AMOUNT:
                typed[f"{question.key}.currency"] = currency
    clean, errors = check_answers(type, typed, today)
    facts: dict[str, dict[str, Any]] = {}
    for question in type.questions:
        if question.evidence and question.key in clean and not question.private:
            told = facts.setdefault(question.evidence, {})
            told[question.label] = show_answer(question, clean[question.key])
    assert not errors, (type.key, errors)
    return clean, facts


def an_answer(question: Question, random: Random, today: date) -> str:
    if question.key in WORDS and question.kind is QuestionKind.TEXT:
        return random.choice(WORDS[question.key])
    match question.kind:
        case QuestionKind.CHOICE:
            return random.choice(question.choices).value
        case QuestionKind.DATE:
            days = random.randrange(1, 9)
            if question.dates == "future":
                return (today + timedelta(days=days)).isoformat()
            return (today - timedelta(days=days)).isoformat()
        case QuestionKind.AMOUNT:
            return str(random.randrange(40, 1900))
        case QuestionKind.COUNTRY:
            return random.choice(["PT", "PL", "BR", "JP"])
        case QuestionKind.EMAIL:
            return "somebody@example.net"
        case QuestionKind.URL:
            return "https://example.com/jobs/4711"
        case QuestionKind.NUMBER:
            return str(ceil(question.min or 1) + random.randrange(0, 3))
        case QuestionKind.LAST4:
            return f"{random.randrange(10_000):04}"
    if question.example:
        return question.example
    return SENTENCE if question.kind is QuestionKind.LONG else f"T-{random.randrange(9000, 9999)}"
