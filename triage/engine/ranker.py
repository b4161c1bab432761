"""From features to an order, probabilities and reasons: two linear scores, added up in the open."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from triage.engine.embedders import Embedder
from triage.engine.features import NAMES, leads, measure
from triage.engine.lexical import Numbers
from triage.engine.reasons import Teller
from triage.engine.report import Candidate, Match, Rarity, Report
from triage.engine.weights import Head, Weights, shipped_weights
from triage.engine.words import read_report

EMBEDDED_AT_MOST = 2_000  # characters
EXPLAINED = 20  # the first so many have their reasons told
SAME_WORDS = 0.995  # cosine


def make_ready(report: Report, embedder: Embedder | None = None) -> Candidate:
    """Embeds in this thread; a web process uses `embed_aside` and builds the Candidate itself."""
    terms, identifiers = read_report(report)
    whole = Report(report.title, report.body, report.opened_at, identifiers)
    if embedder is None:
        return Candidate(whole, terms)
    title, both = embedder.embed([report.title, embedded_text(report)])
    return Candidate(whole, terms, title, both)


def embedded_text(report: Report) -> str:
    """What the whole vector is the vector of."""
    return f"{report.title}\n{report.body}"[:EMBEDDED_AT_MOST]


def rank(
    query: Report | Candidate,
    candidates: Sequence[Candidate],
    rarity: Rarity | None = None,
    weights: Weights | None = None,
) -> list[Match]:
    """The candidates, best first. Without `weights` those shipped for the vectors that are there;
    without `rarity` the candidates themselves say how common words are."""
    asked = query if isinstance(query, Candidate) else make_ready(query)
    if not candidates:
        return []
    rarity = rarity or rarity_among(candidates)
    head = head_for(asked, weights)
    matrix = measure(asked, candidates, rarity)
    scores = matrix @ head.column()
    order = np.lexsort((-scores, ~same_words(matrix)))  # with the very same words: before all
    teller, found = Teller(asked, head, rarity), []
    probabilities = calibrated(matrix[order], scores[order], head)
    for place, (n, p) in enumerate(zip(order, probabilities, strict=True)):
        told = teller.reasons(candidates[n], matrix[n]) if place < EXPLAINED else ()
        found.append(Match(int(n), float(p), told))
    return found


def head_for(asked: Candidate, weights: Weights | None) -> Head:
    known = weights or shipped_weights("lexical" if asked.whole_vector is None else "minilm")
    return known.whole if asked.terms.body else known.title


def calibrated(matrix: Numbers, scores: Numbers, head: Head) -> Numbers:
    """Rows and scores best first → probabilities that never rise down the list.

    Of several with the very same words none leads, and all are meant."""
    logits = matrix @ head.sure_column() + head.lead * leads(scores) + head.constant
    logits = np.where(same_words(matrix), np.maximum(logits, head.same), logits)
    falling: Numbers = np.minimum.accumulate(1 / (1 + np.exp(-np.clip(logits, -30, 30))))
    return falling


def same_words(matrix: Numbers) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = matrix[:, NAMES.index("words_cosine")] >= SAME_WORDS
    return found


def rarity_among(candidates: Sequence[Candidate]) -> Rarity:
    frequencies: dict[str, int] = {}
    for one in candidates:
        for word in one.terms.title.keys() | one.terms.body.keys():
            frequencies[word] = frequencies.get(word, 0) + 1
    return Rarity(len(candidates), frequencies)
