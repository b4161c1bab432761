"""What is measured between the report asked about and each candidate: a row for each."""

from collections.abc import Sequence

import numpy as np

from triage.engine.lexical import Numbers, Table, trigram_similarity
from triage.engine.report import Candidate, IdentifierKind, Rarity, ReasonKind, Vector

DAY = 86_400.0
CROWD = 5  # nearest other candidates

# Which reason a feature speaks for.
FEATURES: dict[str, ReasonKind] = {
    "words": ReasonKind.RARE_WORDS,
    "words_back": ReasonKind.RARE_WORDS,
    "words_both": ReasonKind.RARE_WORDS,
    "cover": ReasonKind.RARE_WORDS,
    "cover_back": ReasonKind.RARE_WORDS,
    "cover_both": ReasonKind.RARE_WORDS,
    "body": ReasonKind.RARE_WORDS,
    "body_back": ReasonKind.RARE_WORDS,
    "title_in_body": ReasonKind.RARE_WORDS,
    "body_in_title": ReasonKind.RARE_WORDS,
    "words_rank": ReasonKind.RARE_WORDS,
    "words_lead": ReasonKind.RARE_WORDS,
    "words_above": ReasonKind.RARE_WORDS,
    "title": ReasonKind.TITLE,
    "title_back": ReasonKind.TITLE,
    "title_both": ReasonKind.TITLE,
    "trigram": ReasonKind.TITLE,
    "title_rank": ReasonKind.TITLE,
    "title_lead": ReasonKind.TITLE,
    "title_cosine": ReasonKind.MEANING,
    "whole_cosine": ReasonKind.MEANING,
    "title_to_whole": ReasonKind.MEANING,
    "whole_to_title": ReasonKind.MEANING,
    "title_cosine_rank": ReasonKind.MEANING,
    "title_cosine_lead": ReasonKind.MEANING,
    "title_cosine_above": ReasonKind.MEANING,
    "whole_cosine_rank": ReasonKind.MEANING,
    "whole_cosine_lead": ReasonKind.MEANING,
    "whole_cosine_above": ReasonKind.MEANING,
    "crowd": ReasonKind.MEANING,
    "age": ReasonKind.TIME,
    "length": ReasonKind.RARE_WORDS,
    "contract": ReasonKind.CONTRACT,
    "transaction": ReasonKind.TRANSACTION,
    "error_code": ReasonKind.ERROR_CODE,
}
NAMES = tuple(FEATURES)


def measure(asked: Candidate, candidates: Sequence[Candidate], rarity: Rarity) -> Numbers:
    """Columns as in NAMES."""
    columns = {
        **alike_in_words(asked, candidates, rarity),
        **alike_in_meaning(asked, candidates),
        **alike_in_facts(asked, candidates),
    }
    nothing = np.zeros(len(candidates))
    return np.column_stack([columns.get(name, nothing) for name in NAMES])


def alike_in_words(
    asked: Candidate, candidates: Sequence[Candidate], rarity: Rarity
) -> dict[str, Numbers]:
    table = Table([*(one.terms for one in candidates), asked.terms], rarity)
    of_title, of_body, of_whole = (
        field.question for field in (table.title, table.body, table.whole)
    )
    found: dict[str, Numbers] = {}
    for name, field, question in (
        ("words", table.whole, of_whole),
        ("title", table.title, of_title),
        ("body", table.body, of_body),
    ):
        scores, own = field.scores(question), field.against_itself
        found[name] = scores[:-1] / max(scores[-1], 1e-6)
        found[f"{name}_back"] = scores[:-1] / own[:-1]
        found[f"{name}_both"] = scores[:-1] / np.sqrt(own[:-1] * max(scores[-1], 1e-6))
    shared, own = table.covers()
    found["cover"] = shared[:-1] / own[-1]
    found["cover_back"] = shared[:-1] / own[:-1]
    found["cover_both"] = shared[:-1] / np.sqrt(own[:-1] * own[-1])
    titles = table.title.against_itself
    found["title_in_body"] = table.body.scores(of_title)[:-1] / titles[-1]
    found["body_in_title"] = table.title.scores(of_body)[:-1] / titles[:-1]
    found["trigram"] = np.array(
        [trigram_similarity(asked.report.title, one.report.title) for one in candidates]
    )
    found["length"] = np.log1p([float(len(one.terms.body)) for one in candidates])
    for name in ("words", "title"):
        found |= standing(name, found[name])
    return found


def alike_in_meaning(asked: Candidate, candidates: Sequence[Candidate]) -> dict[str, Numbers]:
    """Nothing without vectors; zeros for a candidate that has none yet."""
    if asked.title_vector is None or asked.whole_vector is None:
        return {}
    titles = stacked([one.title_vector for one in candidates], asked.title_vector)
    wholes = stacked([one.whole_vector for one in candidates], asked.whole_vector)
    found = {
        "title_cosine": titles @ asked.title_vector,
        "whole_cosine": wholes @ asked.whole_vector,
        "title_to_whole": wholes @ asked.title_vector,
        "whole_to_title": titles @ asked.whole_vector,
        "crowd": crowding(wholes),
    }
    for name in ("title_cosine", "whole_cosine"):
        found |= standing(name, found[name])
    return found


def alike_in_facts(asked: Candidate, candidates: Sequence[Candidate]) -> dict[str, Numbers]:
    shared = [asked.report.identifiers & one.report.identifiers for one in candidates]
    found = {
        name: np.array([float(any(kind == name for kind, _ in both)) for both in shared])
        for name in (
            IdentifierKind.CONTRACT.value,
            IdentifierKind.TRANSACTION.value,
            IdentifierKind.ERROR_CODE.value,
        )
    }
    at = asked.report.opened_at
    days = [abs((at - one.report.opened_at).total_seconds()) / DAY for one in candidates]
    return {**found, "age": np.log1p(days)}


def standing(name: str, scores: Numbers) -> dict[str, Numbers]:
    """Its place among the candidates: 1 for the best falling with the rank; its part of the best;
    and how far above the usual it is, in standard deviations."""
    ranks = np.empty(len(scores))
    ranks[np.argsort(-scores, kind="stable")] = np.arange(len(scores))
    return {
        f"{name}_rank": 5 / (5 + ranks),
        f"{name}_lead": scores / max(scores.max(), 1e-6),
        f"{name}_above": (scores - scores.mean()) / (scores.std() + 0.02),
    }


def stacked(vectors: Sequence[Vector | None], like: Vector) -> Numbers:
    nothing = np.zeros_like(like)
    return np.stack([nothing if vector is None else vector for vector in vectors])


def crowding(vectors: Numbers) -> Numbers:
    """How near the nearest other candidates are: reports of a much reported kind crowd."""
    if len(vectors) < 2:
        return np.zeros(len(vectors))
    near = vectors @ vectors.T
    np.fill_diagonal(near, 0.0)
    many = min(CROWD, len(vectors) - 1)
    top: Numbers = np.partition(near, -many, axis=1)[:, -many:].mean(axis=1)
    return top
