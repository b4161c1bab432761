"""Learning to rank from labelled sets, with the figures it reached on reports it had not seen."""

from collections.abc import Mapping, Sequence

from triage.engine.embedders import Embedder
from triage.engine.labelled import Example, LabelledSet, Say, made_ready, walk
from triage.engine.training import fit_head, folded_recalls
from triage.engine.weights import Weights

Walked = Mapping[str, list[Example]]  # by the name of the set


def learn(level: str, sets: Sequence[LabelledSet], embedder: Embedder | None, say: Say) -> Weights:
    whole: dict[str, list[Example]] = {}
    title: dict[str, list[Example]] = {}
    for one in sets:
        say(f"{one.name}: {len(one.reports)} reports")
        ready = made_ready(one.reports, embedder, say)
        whole[one.name] = list(walk(one, ready))
        title[one.name] = list(walk(one, ready, typed=True))
    say("fitting")
    return fitted(level, whole, title)


def fitted(level: str, whole: Walked, title: Walked) -> Weights:
    """`whole`: asked with all that was reported; `title`: while only the title was there."""
    figures = {
        "how": "each third of the reports, ranked by weights fitted on the other two",
        "sets": folded_recalls(whole),
        "sets_by_title": folded_recalls(title),
    }
    heads = [fit_head([one for rows in part.values() for one in rows]) for part in (whole, title)]
    return Weights(level, heads[0], heads[1], figures=figures)
