"""Handing over a number that must not stand in a chat: a private piece of evidence."""

from helpdesk.catalogue.document import Sensitivity
from helpdesk.core.personal import Kind, find_personal, mask_personal
from helpdesk.core.text import BadText, clean_text, is_blank
from helpdesk.desk import Transaction
from helpdesk.evidence.commands import add_facts

from .commands import NotAllowed
from .models import ConversationStatus
from .queries import hold_conversation

LONGEST = 500  # characters
KINDS = {Kind.IBAN: "bank_slip", Kind.IDENTITY: "identity_document"}


async def hand_over(tx: Transaction, conversation_id: int, text: str) -> None:
    """Its owner and the department see it. Of a card the last figures are kept, of a password
    nothing."""
    text = clean_text(text, LONGEST).strip()
    if is_blank(text):
        raise BadText("Write what you hand over.")
    case, conversation = await hold_conversation(tx, conversation_id)
    if tx.actor.id != conversation.visitor_id:
        raise NotAllowed("Only the visitor of a chat hands something over.")
    if conversation.status == ConversationStatus.ENDED:
        raise NotAllowed("This chat has ended. Send it with a request.")
    kinds = [one.kind for one in find_personal(text)]
    await add_facts(
        tx,
        case,
        kind=next((KINDS[kind] for kind in kinds if kind in KINDS), "document"),
        label="Number handed over privately",
        facts={"Text": mask_personal(text, (Kind.CARD, Kind.SECRET))},
        sensitivity=Sensitivity.PRIVATE,
        side_id=conversation.side_id,
        group_id=conversation.group_id,
        owner_id=conversation.visitor_id,
        conversation_id=conversation.id,
    )
