"""Why two reports are taken for the same: what each kind of likeness added to the score."""

from collections.abc import Mapping

from triage.engine.features import FEATURES, NAMES
from triage.engine.lexical import Numbers, rarity_weight
from triage.engine.report import Candidate, Rarity, Reason, ReasonKind
from triage.engine.weights import Head
from triage.engine.words import words_as_written

LEAST = 0.2  # added to the score, against the usual candidate
WORDS_NAMED = 3
LEAST_RARITY = 0.35  # of the weight of a word nobody used before
EVIDENCE = {"trigram": 0.25, "title_both": 0.3, "whole_cosine": 0.45, "title_cosine": 0.45}
CLOSE = 1.95  # log(1 + days): six days
FACTS = (ReasonKind.CONTRACT, ReasonKind.TRANSACTION, ReasonKind.ERROR_CODE)


def reasons_for(
    asked: Candidate, other: Candidate, row: Numbers, head: Head, rarity: Rarity
) -> tuple[Reason, ...]:
    """The strongest first. A likeness that can be seen by nobody is no reason."""
    added: dict[ReasonKind, float] = {}
    parts = head.column() * (row - head.usual_row())
    for kind, part in zip(FEATURES.values(), parts, strict=True):
        added[kind] = added.get(kind, 0.0) + float(part)
    measured = dict(zip(NAMES, row.tolist(), strict=True))
    found = []
    for kind, weight in added.items():
        values = shared_values(kind, asked, other, rarity)
        if seen(kind, values, measured) and (weight >= LEAST or kind in FACTS):
            found.append(Reason(kind, round(weight, 3), values))
    return tuple(sorted(found, key=lambda reason: -reason.weight))


def seen(kind: ReasonKind, values: tuple[str, ...], measured: Mapping[str, float]) -> bool:
    if kind in FACTS or kind is ReasonKind.RARE_WORDS:
        return bool(values)
    if kind is ReasonKind.TIME:
        return measured["age"] <= CLOSE
    names = ("trigram", "title_both") if kind is ReasonKind.TITLE else ("whole_cosine", "title_cosine")
    return any(measured[name] >= EVIDENCE[name] for name in names)


def shared_values(
    kind: ReasonKind, asked: Candidate, other: Candidate, rarity: Rarity
) -> tuple[str, ...]:
    if kind in FACTS:
        both = asked.report.identifiers & other.report.identifiers
        return tuple(sorted(value for name, value in both if name == kind.value))
    if kind is ReasonKind.RARE_WORDS:
        return rare_words(asked, other, rarity)
    return ()


def rare_words(asked: Candidate, other: Candidate, rarity: Rarity) -> tuple[str, ...]:
    """The rarest both use, as the asked one writes them."""
    ours = asked.terms.title.keys() | asked.terms.body.keys()
    theirs = other.terms.title.keys() | other.terms.body.keys()
    most = rarity_weight(rarity.documents, 0)
    weighed = {
        word: rarity_weight(rarity.documents, rarity.frequencies.get(word, 0))
        for word in ours & theirs
    }
    rare = sorted(
        (word for word, weight in weighed.items() if weight >= LEAST_RARITY * most),
        key=lambda word: (-weighed[word], word),
    )
    return words_as_written(rare[:WORDS_NAMED], asked.report)
