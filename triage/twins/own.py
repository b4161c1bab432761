"""What a requester is told while typing: their own requests that are alike, and whether several
people report the like right now. Never a stranger's text, and no score.

Only the person's own tickets are compared for the first. For the second, people are counted
among the reports of the last hours, and nothing is said below LEAST_PEOPLE.
"""

from collections.abc import Collection
from datetime import timedelta

from helpdesk.desk import Desk
from helpdesk.permissions import Actor
from triage.engine.report import Report

from .candidates import OWN, Asked, Found, asked_for, ranked, told
from .vectors import as_text

LATELY = timedelta(days=14)
# The probability is that of any two tickets; of two by one person within a fortnight far more are
# about the same. Nothing stands in the way of whoever is asked for nothing.
LIKELY = 0.2
SHORTEST = 8  # characters of a subject worth comparing

RIGHT_NOW = timedelta(hours=3)
LEAST_PEOPLE = 3
MOST_RECENT = 1_000  # reports of the last hours that are looked at
NEAR = 0.38  # cosine distance of reports that tell of the same

RECENT = """
WITH recent AS MATERIALIZED (
    SELECT t.id, t.requester_id FROM tickets t
    WHERE t.opened_at > $1 AND t.type_key = ANY($2::text[]) AND t.requester_id <> $3
        AND NOT t.restricted
    ORDER BY t.opened_at DESC LIMIT $4)
SELECT count(DISTINCT recent.requester_id) FROM recent
"""
BY_VECTOR = (
    RECENT
    + """
JOIN ticket_vectors v ON v.ticket_id = recent.id AND v.embedder = $6
WHERE least(v.whole <=> $5::text::halfvec, v.title <=> $8::text::halfvec) < $7
"""
)
BY_KEYS = (
    RECENT
    + """
JOIN ticket_terms x ON x.ticket_id = recent.id
WHERE (SELECT count(*) FROM unnest($5::text[]) AS k (key) WHERE k.key = ANY(x.keys)) >= $6
"""
)


async def typed(desk: Desk, report: Report) -> Asked | None:
    """Made ready to compare; None for what says too little."""
    if len(report.title.strip()) < SHORTEST:
        return None
    return await asked_for(desk, report)


async def own_alike(
    desk: Desk, actor: Actor, asked: Asked, limit: int, but: Collection[int] = ()
) -> list[Found]:
    if not actor.id:
        return []
    since = desk.clock.now() - LATELY
    rows = await told(desk, asked, OWN, but, actor.id, since)
    found = await ranked(desk, asked, rows, limit)
    return [one for one in found if one.probability >= LIKELY]


async def several_report_it(
    desk: Desk, actor: Actor, asked: Asked, type_keys: Collection[str]
) -> bool:
    """Whether at least LEAST_PEOPLE others told of the like in the last hours, in this area."""
    if not type_keys:
        return False
    since = desk.clock.now() - RIGHT_NOW
    about = (since, list(type_keys), actor.id, MOST_RECENT)
    whole, title = asked.candidate.whole_vector, asked.candidate.title_vector
    if whole is not None and title is not None:
        near = (as_text(whole), asked.embedder, NEAR, as_text(title))
        people = await desk.search_pool.fetchval(BY_VECTOR, *about, *near)
    else:
        keys = list(asked.candidate.terms.title)
        if len(keys) < 2:
            return False
        people = await desk.search_pool.fetchval(
            BY_KEYS, *about, keys, max(2, (2 * len(keys) + 2) // 3)
        )
    return bool(people >= LEAST_PEOPLE)
