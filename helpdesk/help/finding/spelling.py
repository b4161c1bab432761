"""Typing errors: the word of the articles that somebody probably meant."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from helpdesk.desk import Desk

SHORTEST = 4  # of fewer letters almost every word is near another
LIKELY = 80  # words that are compared letter by letter

# Trigrams find most; two letters that changed places in a short word leave too few in common, so
# those that begin alike are looked at too.
NEAR = f"""
SELECT a.word AS typed, w.word, w.lexeme, w.spread
FROM (
    SELECT word, left(word, CASE WHEN length(word) < 6 THEN 1 ELSE 2 END) AS start
    FROM unnest($2::text[]) word
) a CROSS JOIN LATERAL (
    SELECT word, lexeme, spread FROM help_words
    WHERE language = $1 AND length(word) BETWEEN length(a.word) - 2 AND length(a.word) + 2
        AND (word % a.word OR (word >= a.start AND word < a.start || U&'\\+10FFFF'))
    ORDER BY similarity(word, a.word) DESC, spread DESC LIMIT {LIKELY}
) w
"""

ALIKE = """
SELECT w.word FROM unnest($2::text[]) a(word) CROSS JOIN LATERAL (
    SELECT DISTINCT ON (lexeme) word, similarity(word, a.word) AS likeness FROM help_words
    WHERE language = $1 AND word % a.word AND length(word) > 3
    ORDER BY lexeme, likeness DESC
) w GROUP BY w.word ORDER BY max(w.likeness) DESC, w.word LIMIT 6
"""


@dataclass(frozen=True, slots=True)
class Meant:
    word: str
    lexeme: str
    spread: float


async def corrections(desk: Desk, language: str, unknown: Sequence[str]) -> dict[str, Meant]:
    """For each word that no article has, the one that was meant, if there is one so close."""
    asked = [word for word in unknown if len(word) >= SHORTEST and not has_digit(word)]
    if not asked:
        return {}
    near: dict[str, list[Meant]] = {}
    for row in await desk.pool.fetch(NEAR, language, asked):
        near.setdefault(row["typed"], []).append(Meant(row["word"], row["lexeme"], row["spread"]))
    found = {word: closest(word, near.get(word, ())) for word in asked}
    return {word: meant for word, meant in found.items() if meant is not None}


async def words_like(desk: Desk, language: str, typed: Sequence[str]) -> list[str]:
    """When nothing was found: words that are somewhat like those typed, to try instead."""
    return [row["word"] for row in await desk.pool.fetch(ALIKE, language, typed)]


def closest(typed: str, candidates: Iterable[Meant]) -> Meant | None:
    most = allowed_errors(typed)
    best: tuple[float, float] | None = None
    chosen = None
    for meant in candidates:
        errors: float = distance(typed, meant.word, most)
        if errors > most:
            continue
        errors += 0.5 * (typed[0] != meant.word[0])  # rarely is the first letter the wrong one
        rank = (errors, -meant.spread)
        if best is None or rank < best:
            best, chosen = rank, meant
    if best is not None and len(typed) < 6 and best[0] > 1:
        return None
    return chosen


def allowed_errors(word: str) -> int:
    return 1 if len(word) < 6 else 2 if len(word) < 11 else 3


def has_digit(word: str) -> bool:
    return any(character.isdigit() for character in word)


def distance(one: str, other: str, most: int) -> int:
    """Letters added, left out, changed or swapped with their neighbour; `most` + 1 is far."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        current = [row]
        for column, wanted in enumerate(other, 1):
            cost = min(
                last[column] + 1, current[column - 1] + 1, last[column - 1] + (letter != wanted)
            )
            swapped = row > 1 and column > 1 and letter == other[column - 2]
            if swapped and one[row - 2] == wanted:
                cost = min(cost, before[column - 2] + 1)
            current.append(cost)
        if min(current) > most:
            return most + 1
        before, last = last, current
    return last[-1]
