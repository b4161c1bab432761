"""How much money a ticket is about: what its form says, or what is held on its contract."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from helpdesk.desk import Transaction
from helpdesk.tickets.models import Ticket

# What is still to be paid: of the milestone that was chosen, or of all of the contract.
ON_CONTRACT = text("""
SELECT c.currency, sum(m.amount_minor) AS minor FROM contracts c
JOIN milestones m ON m.contract_id = c.id
WHERE c.id = :contract AND m.state IN ('funded', 'submitted', 'changes_requested')
    AND (CAST(:milestone AS bigint) IS NULL OR m.id = :milestone)
GROUP BY c.currency
""")


@dataclass(frozen=True, slots=True)
class Stake:
    """An amount in minor units."""

    minor: int
    currency: str


def told(answers: Mapping[str, Any]) -> list[Stake]:
    """Amounts in the answers of a form."""
    return [
        Stake(int(answer["minor"]), str(answer["currency"]))
        for answer in answers.values()
        if isinstance(answer, Mapping) and {"minor", "currency"} <= answer.keys()
    ]


def at_stake(answers: Mapping[str, Any], held: Stake | None) -> Stake | None:
    """The larger one where both are of one currency: often they are the same money."""
    said = told(answers)
    known = [*([held] if held else []), *said]
    if not known:
        return None
    first = known[0].currency
    return max((one for one in known if one.currency == first), key=lambda one: one.minor)


async def stake_of(tx: Transaction, ticket: Ticket) -> Stake | None:
    held = None
    if ticket.contract_id is not None:
        named = {"contract": ticket.contract_id, "milestone": ticket.milestone_id}
        row = (await (await tx.db.connection()).execute(ON_CONTRACT, named)).one_or_none()
        held = Stake(int(row.minor), row.currency) if row else None
    return at_stake(ticket.answers, held)
