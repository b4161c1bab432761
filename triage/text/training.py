"""Training the classifier of types anew: on what we ship, and on what this desk has settled."""

import asyncio
from typing import Any

from helpdesk.desk import Desk
from helpdesk.permissions import SYSTEM
from triage.engine.embedders import load_embedder

from .models import TypeModel
from .types import Example, train, written_examples

MOST = 200  # of a type, the newest
LONGEST = 600  # characters of a description
# Types that colleagues set or left when they solved it; restricted tickets teach nobody.
SETTLED = """
SELECT type_key, text FROM (
    SELECT t.type_key, t.subject || E'\\n' || left(m.body, $1) AS text,
        row_number() OVER (PARTITION BY t.type_key ORDER BY t.id DESC) AS place
    FROM triage_suggestions s JOIN tickets t ON t.id = s.ticket_id
    JOIN LATERAL (SELECT body FROM messages WHERE case_id = t.case_id AND ticket_id = t.id
        ORDER BY id LIMIT 1) m ON true
    WHERE s.kind = 'type' AND NOT t.restricted
        AND (t.status IN ('solved', 'closed') OR s.by_id IS DISTINCT FROM t.requester_id)
        AND s.accepted_value = t.type_key
) settled WHERE place <= $2
"""


async def own_examples(desk: Desk) -> list[Example]:
    rows = await desk.pool.fetch(SETTLED, LONGEST, MOST)
    return [(row["text"], row["type_key"]) for row in rows]


async def train_types(desk: Desk) -> dict[str, Any]:
    """Keeps the model and answers the figures it reached, each example left out once."""
    own = await own_examples(desk)
    examples = [*written_examples(), *own]
    embedder = await asyncio.to_thread(load_embedder, desk.settings)
    classifier, figures = await asyncio.to_thread(train, examples, embedder, "new")
    figures |= {"own_examples": len(own)}
    async with desk.transaction(SYSTEM) as tx:
        tx.db.add(
            TypeModel(
                made_at=tx.now,
                embedder=classifier.trained.embedder,
                figures=figures,
                weights=classifier.trained.stored(),
            )
        )
    return figures
