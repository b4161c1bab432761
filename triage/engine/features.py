"""What is measured between the report asked about and each candidate: a row for each."""

from collections.abc import Sequence

import numpy as np

from triage.engine.lexical import Numbers, Table, trigram_similarity
from triage.engine.report import Candidate, IdentifierKind, Rarity, ReasonKind, Vector

HOUR = 3_600.0
CROWD = 5  # nearest other candidates
LARGEST_LEAD = 4.0  # of a score over the next; more says nothing more
ALONE = 0.8

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
    "crowd_titles": ReasonKind.MEANING,
    "words_cosine": ReasonKind.RARE_WORDS,
    "crowd_words": ReasonKind.RARE_WORDS,
    "age": ReasonKind.TIME,
    "length": ReasonKind.RARE_WORDS,
    "contract": ReasonKind.CONTRACT,
    "transaction": ReasonKind.TRANSACTION,
    "error_code": ReasonKind.ERROR_CODE,
}
NAMES = tuple(FEATURES)
# What says by itself, whatever the other candidates are, how alike two reports are.
ABSOLUTE = (
    *("words", "words_back", "words_both", "cover", "cover_back", "cover_both", "words_cosine"),
    *("body", "body_back", "title_in_body", "body_in_title"),
    *("title", "title_back", "title_both", "trigram"),
    *("title_cosine", "whole_cosine", "title_to_whole", "whole_to_title"),
)


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
    alike = table.whole.alike()
    found["words_cosine"] = alike[-1, :-1].astype(float)
    found["crowd_words"] = crowding(alike[:-1, :-1])
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
        "crowd": crowding(wholes @ wholes.T),
        "crowd_titles": crowding(titles @ titles.T),
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
    hours = [abs((at - one.report.opened_at).total_seconds()) / HOUR for one in candidates]
    return {**found, "age": np.log1p(hours)}


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


def crowding(alike: Numbers) -> Numbers:
    """From how alike the candidates are to each other, how near the nearest others of each are.
    Reports of a much reported kind crowd; being near one of them says less."""
    many = min(CROWD, len(alike) - 1)
    if many < 1:
        return np.zeros(len(alike))
    others = alike.astype(float)
    np.fill_diagonal(others, -1.0)
    crowd: Numbers = np.partition(others, -many, axis=1)[:, -many:].mean(axis=1)
    return crowd


def leads(scores: Numbers) -> Numbers:
    """Of each over the next, the scores best first. Alone, it leads as far as is usual."""
    if len(scores) < 2:
        return np.full(len(scores), ALONE)
    ahead: Numbers = np.minimum(np.append(scores[:-1] - scores[1:], 0.0), LARGEST_LEAD)
    return ahead
