"""Why two reports are taken for the same: what each kind of likeness added to the score."""

from collections.abc import Mapping

from triage.engine.features import FEATURES, NAMES
from triage.engine.lexical import Numbers, rarity_weights
from triage.engine.report import Candidate, Rarity, Reason, ReasonKind
from triage.engine.weights import Head
from triage.engine.words import as_written

LEAST = 0.2  # added to the score, against the usual candidate
WORDS_NAMED = 3
LEAST_RARITY = 0.35  # of the weight of a word nobody used before
FACTS = (ReasonKind.CONTRACT, ReasonKind.TRANSACTION, ReasonKind.ERROR_CODE)
# A likeness that nobody can see is no reason.
SEEN = {
    ReasonKind.TITLE: {"trigram": 0.25, "title_both": 0.3},
    ReasonKind.MEANING: {"whole_cosine": 0.45, "title_cosine": 0.45},
}
CLOSE = 4.8  # log(1 + hours): five days


class Teller:
    """Tells the reasons of one list of candidates."""

    def __init__(self, asked: Candidate, head: Head, rarity: Rarity) -> None:
        self._asked, self._rarity = asked, rarity
        self._column, self._usual = head.column(), head.usual_row()
        self._written = as_written(asked.report)
        self._words = sorted(asked.terms.title.keys() | asked.terms.body.keys())
        holding = [rarity.frequencies.get(word, 0) for word in self._words]
        *weights, most = rarity_weights(rarity.documents, [*holding, 0])
        self._rare = {
            word: weight
            for word, weight in zip(self._words, weights, strict=True)
            if weight >= LEAST_RARITY * most and len(word) > 1
        }

    def reasons(self, other: Candidate, row: Numbers) -> tuple[Reason, ...]:
        """The strongest first."""
        added = dict.fromkeys(ReasonKind, 0.0)
        parts = (self._column * (row - self._usual)).tolist()
        for kind, part in zip(FEATURES.values(), parts, strict=True):
            added[kind] += part
        measured = dict(zip(NAMES, row.tolist(), strict=True))
        found = []
        for kind, weight in added.items():
            values = self._shared(kind, other)
            if (weight >= LEAST or kind in FACTS) and seen(kind, values, measured):
                found.append(Reason(kind, round(weight, 3), values))
        return tuple(sorted(found, key=lambda reason: -reason.weight))

    def _shared(self, kind: ReasonKind, other: Candidate) -> tuple[str, ...]:
        both = self._asked.report.identifiers & other.report.identifiers
        if kind in FACTS:
            return tuple(sorted(value for name, value in both if name == kind.value))
        if kind is ReasonKind.RARE_WORDS:
            return self._rare_words(other, " ".join(value for _, value in both).casefold())
        return ()

    def _rare_words(self, other: Candidate, named: str) -> tuple[str, ...]:
        """The rarest both use, as they were written; what `named` holds is a reason already."""
        theirs = other.terms.title.keys() | other.terms.body.keys()
        shared = [word for word in self._rare.keys() & theirs if word not in named]
        shared.sort(key=lambda word: (-self._rare[word], word))
        return tuple(self._written.get(word, word) for word in shared[:WORDS_NAMED])


def seen(kind: ReasonKind, values: tuple[str, ...], measured: Mapping[str, float]) -> bool:
    if kind is ReasonKind.TIME:
        return measured["age"] <= CLOSE
    if kind in SEEN:
        return any(measured[name] >= least for name, least in SEEN[kind].items())
    return bool(values)
