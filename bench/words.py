"""The text every server is filled with: Zipf-distributed words, the same for all, on every run."""

import random
from collections.abc import Iterator

COMMON = """
    milestone payment escrow contract invoice refund delay client freelancer delivery upload
    login account password browser error screen page file proposal withdrawal deposit bank card
    verification identity document review rating message notification email tracker hours
    screenshot dispute deadline revision scope fee tax currency profile portfolio search
"""
VOCABULARY = 6_000
SEARCH_COMMON = ("refund", "milestone", "invoice delay", "browser error", "withdrawal")


def vocabulary() -> list[str]:
    chance = random.Random(7)
    words = dict.fromkeys(COMMON.split())
    while len(words) < VOCABULARY:
        syllables = chance.randint(2, 4)
        word = "".join(
            chance.choice("bdfgklmnprstvz") + chance.choice("aeiou") for _ in range(syllables)
        )
        words[word] = None
    return list(words)


def search_rare() -> list[str]:
    """Words of about a hundred tickets in 100,000."""
    return vocabulary()[-500::50]


def tickets(count: int, all_open: bool = False) -> Iterator[tuple[int, str, str, int, int, bool]]:
    """Number, subject, text, department 0–7, severity 0–3, open."""
    chance = random.Random(42)
    words = vocabulary()
    weights = [1 / (rank + 3) for rank in range(len(words))]
    share_open = 0.5 if count <= 1_000 else 0.2  # so that every list of 50 is full
    for number in range(1, count + 1):
        text = chance.choices(words, weights, k=46)
        severity = chance.choices((0, 1, 2, 3), (1, 2, 5, 2))[0]
        yield (
            number,
            " ".join(text[:6])[:110].capitalize(),
            " ".join(text[6:]),
            chance.randrange(8),
            severity,
            all_open or chance.random() < share_open,
        )
