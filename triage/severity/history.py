"""A draft tried on the tickets of the last weeks, from the facts their traces kept."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from helpdesk.desk import Desk
from helpdesk.tickets.models import reference

from .facts import Facts
from .rules import Rules
from .weighing import TITLES, suggest_severity

DAYS = 30
MOST = 5_000  # tickets
EXAMPLES = 10
# Restricted tickets count, and are examples for nobody.
FILED = """
SELECT s.ticket_id, s.suggested, s.trace -> 'type' AS type, s.trace -> 'usual' AS usual,
    s.trace -> 'values' AS values, t.subject, t.restricted
FROM severity_traces s JOIN tickets t ON t.id = s.ticket_id
WHERE s.at > $1 AND s.cause = 'filed' ORDER BY s.at DESC LIMIT $2
"""


@dataclass(frozen=True)
class Example:
    reference: str
    subject: str
    old: str
    new: str


@dataclass
class Tried:
    tickets: int = 0
    moved: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: list[Example] = field(default_factory=list)

    @property
    def many(self) -> int:
        return self.moved.total()


async def try_on_history(desk: Desk, rules: Rules) -> Tried:
    """What the same tickets would have been suggested."""
    since = desk.clock.now() - timedelta(days=DAYS)
    tried = Tried()
    for row in await desk.pool.fetch(FILED, since, MOST):
        tried.tickets += 1
        facts = Facts(row["type"], row["usual"], row["values"])
        level = suggest_severity(facts, rules).level
        if level == row["suggested"]:
            continue
        old, new = TITLES[row["suggested"]], TITLES[level]
        tried.moved[old, new] += 1
        if len(tried.examples) < EXAMPLES and not row["restricted"]:
            name = reference(row["ticket_id"])
            tried.examples.append(Example(name, row["subject"], old, new))
    return tried
