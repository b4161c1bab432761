"""What an agent says to a suggested type."""

from sqlmodel import col, select

from helpdesk.cases.events import record
from helpdesk.catalogue.document import Catalogue
from helpdesk.desk import Transaction
from helpdesk.tickets.models import Ticket, reference
from helpdesk.tickets.queries import audience, hold_ticket, reach
from triage.models import TriageSuggestion


class NoSuchType(LookupError):
    """The catalogue of the ticket has no type of this name."""


async def settle_type(
    tx: Transaction, ticket_id: int, type_key: str, catalogue: Catalogue
) -> Ticket:
    """This is its type: the suggested one, another, or the one it has. Kept for the training."""
    case, ticket = await hold_ticket(tx, ticket_id)
    old, new = catalogue.type(ticket.type_key), catalogue.type(type_key)
    if new is None:
        raise NoSuchType(type_key)
    query = (
        select(TriageSuggestion)
        .where(TriageSuggestion.ticket_id == ticket.id, TriageSuggestion.kind == "type")
        .order_by(col(TriageSuggestion.id).desc())
        .limit(1)
    )
    if suggestion := (await tx.db.exec(query)).one_or_none():
        suggestion.accepted_value = type_key
        suggestion.by_id, suggestion.decided_at = tx.actor.id, tx.now
    if (old_key := ticket.type_key) != type_key:
        ticket.type_key, ticket.updated_at = type_key, tx.now
        record(
            tx,
            case,
            "ticket.type_changed",
            audience(ticket),
            ticket_id=ticket.id,
            reference=reference(ticket.id),
            old=old.title if old else "another kind",
            new=new.title,
            old_key=old_key,
            new_key=type_key,
            **reach(ticket),
        )
    return ticket
