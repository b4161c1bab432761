"""What people hear of an escalation, as events of its ticket."""

from typing import Any

from helpdesk.cases.events import record
from helpdesk.desk import Transaction
from helpdesk.tickets.models import reference
from helpdesk.tickets.queries import audience, note_reach, reach, staff_audience

from .models import Escalation
from .queries import Held
from .states import Standing


def stand(escalation: Escalation, standing: Standing) -> None:
    escalation.state, escalation.level = standing.state, int(standing.level)
    escalation.owner_id, escalation.outcome = standing.owner_id, standing.outcome


def tell(tx: Transaction, held: Held, type: str, **data: Any) -> None:
    """For the requester's side and staff."""
    ticket = held.ticket
    record(
        tx, held.case, type, audience(ticket), ticket_id=ticket.id,
        reference=reference(ticket.id), escalation=held.escalation.id, **reach(ticket), **data,
    )  # fmt: skip


def whisper(tx: Transaction, held: Held, type: str, **data: Any) -> None:
    """For staff."""
    ticket = held.ticket
    record(
        tx, held.case, type, staff_audience(ticket), ticket_id=ticket.id,
        reference=reference(ticket.id), escalation=held.escalation.id, **note_reach(ticket), **data,
    )  # fmt: skip
