"""Adding a report to a request there is already, instead of filing a second one.

Nothing typed is lost: what was written becomes a message, answers are said in it, files and pasted
texts become evidence. What is missing for a report of its own is not asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlmodel import col, update

from helpdesk.cases.commands import sent_before
from helpdesk.cases.models import Case
from helpdesk.cases.queries import NoSuchCase
from helpdesk.catalogue.answers import check_answers, show_answer
from helpdesk.catalogue.document import Accepts, TicketType
from helpdesk.core.text import BadText, clean_text, is_blank
from helpdesk.desk import Desk, Transaction
from helpdesk.evidence.commands import add_facts, attach_upload
from helpdesk.permissions import Actor
from helpdesk.tickets.commands import add_message
from helpdesk.tickets.filing import Piece
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.queries import hold_ticket

from .forms import Fields, Known, asks_contract, chosen_type
from .models import Draft
from .pieces import pieces_of

LONGEST_TEXT = 5_000  # pasted for a line of the checklist


@dataclass
class Addition:
    """A report as a message with evidence; or what is wrong with which field."""

    body: str = ""
    pieces: Sequence[Piece] = ()
    private: bool = False  # for the person and the department alone
    errors: dict[str, str] = field(default_factory=dict)


def addition_of(fields: Fields, known: Known) -> Addition:
    type = chosen_type(known.catalogue, fields)
    made = Addition(private=bool(fields.get("private")))
    parts = [_clean(made, "subject", fields, 2_000)]
    parts.append(_clean(made, "description", fields, known.catalogue.limits.description_max))
    facts = _facts(type, fields, known) if type else []
    if type is not None:
        texts = {
            item.key: text
            for item in type.evidence
            if item.accepts is Accepts.TEXT and (text := _clean(made, item.field, fields))
        }
        made.pieces = pieces_of(known.catalogue, type, known.files, texts, {}, (None, None, ""), "")
    if not any(parts) and not made.pieces:
        made.errors.setdefault("description", "Say what is new, or add a file.")
    made.body = "\n\n".join(part for part in (*parts, "\n".join(facts)) if part)
    return made


def _clean(made: Addition, name: str, fields: Fields, most: int = LONGEST_TEXT) -> str:
    typed = fields.get(name, "")
    if is_blank(typed) and "\0" not in typed:
        return ""
    try:
        return clean_text(typed, most)
    except BadText as error:
        made.errors[name] = str(error)
        return ""


def _facts(type: TicketType, fields: Fields, known: Known) -> list[str]:
    """What was answered, in words; a private answer stays out of the conversation."""
    answers, _ = check_answers(
        type, {name[8:]: text for name, text in fields.items() if name.startswith("answers.")},
        known.today,
    )  # fmt: skip
    lines = []
    if known.contract is not None and asks_contract(type):
        lines.append(f"Contract: {known.contract.reference} {known.contract.title}")
    for question in type.questions:
        if question.key in answers and not question.private:
            lines.append(f"{question.label}: {show_answer(question, answers[question.key])}")
    return lines


async def add_report(
    tx: Transaction,
    ticket_id: int,
    addition: Addition,
    once: UUID,
    draft_id: UUID | None = None,
) -> Ticket:
    """Once, however often it is sent. Raises NoSuchCase, NotAllowed, NotYourUpload."""
    case, ticket = await hold_ticket(tx, ticket_id, follow=True)
    if ticket.requester_id != tx.actor.id:
        raise NoSuchCase
    if await sent_before(tx, case, once):
        return ticket
    body = addition.body
    if not body:
        body = "I add a file." if len(addition.pieces) == 1 else "I add some files."
    await add_message(tx, ticket.id, body, once, private=addition.private)
    for piece in addition.pieces:
        await add_piece(tx, case, ticket, piece, addition.private, draft_id)
    if draft_id is not None:
        sent = update(Draft).where(col(Draft.id) == draft_id, col(Draft.sent_at).is_(None))
        await tx.db.exec(sent.values(sent_at=tx.now, updated_at=tx.now, ticket_id=ticket.id))
    return ticket


ADDED = """
SELECT t.id FROM tickets t JOIN messages m ON m.case_id = t.case_id AND m.client_id = $2
WHERE t.id = $1 AND t.requester_id = $3 AND m.author_id = $3
"""


async def added_before(desk: Desk, actor: Actor, ticket_id: int, once: UUID) -> int | None:
    """The ticket, if this very report was added to it."""
    found: int | None = await desk.pool.fetchval(ADDED, ticket_id, once, actor.id)
    return found


async def add_piece(
    tx: Transaction, case: Case, ticket: Ticket, piece: Piece, private: bool, draft_id: UUID | None
) -> None:
    restricted = ticket.restricted or private
    if piece.upload_id is None:
        await add_facts(
            tx,
            case,
            kind=piece.kind,
            label=piece.label,
            facts=piece.facts,
            evidence_key=piece.evidence_key,
            sensitivity=piece.sensitivity,
            side_id=ticket.side_id,
            group_id=ticket.group_id,
            owner_id=ticket.requester_id,
            ticket_id=ticket.id,
            restricted=restricted,
        )
        return
    await attach_upload(
        tx,
        case,
        piece.upload_id,
        kind=piece.kind,
        label=piece.label,
        evidence_key=piece.evidence_key,
        sensitivity=piece.sensitivity,
        side_id=ticket.side_id,
        group_id=ticket.group_id,
        owner_id=ticket.requester_id,
        ticket_id=ticket.id,
        restricted=restricted,
        draft_id=draft_id,
    )
