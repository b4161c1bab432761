"""The ticket a chat would become: filled in from what was said, beside earlier ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from chat.commands import NotAllowed, TicketWish
from chat.models import Conversation
from chat.queries import said
from helpdesk.catalogue import queries as catalogue
from helpdesk.catalogue.answers import check_answers
from helpdesk.catalogue.document import Catalogue, QuestionKind, TicketType
from helpdesk.contracts.queries import own_contract
from helpdesk.core.text import clean_line, clean_text
from helpdesk.desk import Desk
from helpdesk.people.queries import actor_of
from helpdesk.permissions import Actor
from helpdesk.tickets.claims import TRANSACTION, about_of, holders_of
from helpdesk.tickets.models import reference

from .conduct import is_ticket_only
from .saying import said_in

DEFAULT_TYPE = "guidance"  # for a chat that named none
SUBJECT = 120
DESCRIPTION = 20_000
DESPITE = 500
ALIKE_FOR = timedelta(days=14)  # an open ticket of the same type may be about the same


@dataclass(frozen=True)
class Earlier:
    """A ticket of the visitor that may be about the same; `strong`: it claims the same."""

    id: int
    subject: str
    status: str
    opened_at: datetime
    strong: bool

    @property
    def reference(self) -> str:
        return reference(self.id)


@dataclass(frozen=True)
class Proposal:
    """A ticket as it would be filed, and what speaks against a new one."""

    wish: TicketWish
    contract: str  # its reference, or nothing
    answers: dict[str, str]  # as typed
    earlier: tuple[Earlier, ...]


async def propose(
    desk: Desk, conversation: Conversation, given: Mapping[str, str], agent: Actor
) -> Proposal:
    """From what was said; what the agent has given goes before it. Raises NotAllowed for what
    is never filed by the desk in somebody's name, BadText for what cannot be stored."""
    version = await catalogue.current(desk)
    type = type_of(version.catalogue, given.get("type") or conversation.type_key)
    visitor = await actor_of(desk, conversation.visitor_id)
    frames = await said(desk, agent, conversation)
    words = "\n".join(f["body"] for f in frames if "body" in f and not f["by"]["staff"])
    named = said_in(f"{conversation.subject}\n{words}", desk.clock.now().date())
    contract = await own_contract(desk, visitor, given.get("contract") or named.contract)
    answers: dict[str, str] = {}
    for question in type.questions:
        found = given.get(question.field, "")
        if not found and question.kind is QuestionKind.AMOUNT and named.amount is not None:
            found = str(named.amount)
        if not found and question.kind is QuestionKind.DATE and named.day is not None:
            found = named.day.isoformat()
        if not found and question.key == TRANSACTION:
            found = named.transaction
        if found:
            answers[question.key] = found
    clean, _ = check_answers(type, answers, desk.clock.now().date())
    severity = given.get("severity", "")
    subject = clean_line(given.get("subject") or conversation.subject, SUBJECT)
    description = clean_text(given.get("description", ""), DESCRIPTION)
    wish = TicketWish(
        type.key,
        type.group_for(clean),
        version.number,
        int(severity) if severity in ("1", "2", "3", "4") else type.severity,
        subject or conversation.subject,
        description or words[:DESCRIPTION] or conversation.subject,
        type.is_restricted,
        contract.id if contract else None,
        dict(clean),
        clean_line(given.get("despite", ""), DESPITE),
    )
    reference = contract.reference if contract else ""
    return Proposal(wish, reference, answers, await earlier_of(desk, conversation, wish))


def type_of(types: Catalogue, key: str) -> TicketType:
    type = types.type(key) or types.type(DEFAULT_TYPE)
    if type is None:
        raise NotAllowed("Choose what it is about.")
    if is_ticket_only(type):
        raise NotAllowed(
            f"“{type.title}” is settled by the visitor’s own request. {type.channel_reason}"
        )
    return type


EARLIER = """
SELECT t.id, t.subject, t.status, t.opened_at, t.id = ANY($2) AS strong
FROM tickets t
WHERE t.requester_id = $1 AND t.merged_into_id IS NULL AND t.conversation_id IS DISTINCT FROM $5
    AND NOT t.restricted
    AND (t.id = ANY($2) OR (t.type_key = $3 AND t.opened_at > $4
        AND t.status IN ('new', 'open', 'waiting_on_user', 'on_hold')))
ORDER BY NOT t.id = ANY($2), t.id DESC LIMIT 5
"""


async def earlier_of(
    desk: Desk, conversation: Conversation, wish: TicketWish
) -> tuple[Earlier, ...]:
    now = desk.clock.now()
    about = about_of(wish.contract_id, wish.answers)
    who, type = conversation.visitor_id, wish.type_key
    strong = await holders_of(desk.pool, who, type, about, now)
    since = now - ALIKE_FOR
    rows = await desk.pool.fetch(EARLIER, who, list(strong), type, since, conversation.id)
    return tuple(Earlier(**row) for row in rows)
