"""What an agent says in a chat besides words: a notice, an article, and where a matter belongs."""

from urllib.parse import urlencode

from chat.commands import NotAllowed, end, told
from chat.models import Conversation
from chat.queries import hold_conversation
from helpdesk.catalogue.document import Channel, TicketType
from helpdesk.desk import Desk, Transaction
from helpdesk.help.queries import Reading, find_article
from helpdesk.people.models import Person

from .together import check_active, for_staff

CONDUCT = "conduct"
KINDS = {
    "abuse": "abusive words",
    "insults": "insults",
    "threats": "threats",
    "hate": "hatred against a group",
    "sexual": "sexual remarks",
    "spam": "spam",
}
END_REASONS = {
    "": "Ended",
    "solved": "Solved",
    "explained": "Explained",
    "ticket": "Goes on as a ticket",
    "no_answer": "The visitor does not answer",
    "wrong_place": "Not a matter for us",
}


async def send_conduct_notice(tx: Transaction, conversation_id: int) -> Conversation:
    """Asks for a civil tone. Whatever happens in the chat, requests stay open to everybody."""
    case, conversation = await hold_conversation(tx, conversation_id)
    check_active(conversation)
    conversation.conduct_notices += 1
    times = conversation.conduct_notices
    told(tx, case, conversation, "conversation.conduct_notice", times=times)
    return conversation


async def end_for_conduct(tx: Transaction, conversation_id: int, kind: str) -> Conversation:
    """On repetition: only after a notice. The transcript is flagged for managers."""
    case, conversation = await hold_conversation(tx, conversation_id)
    if conversation.flagged_at is not None:
        return conversation
    check_active(conversation)
    if kind not in KINDS:
        raise NotAllowed("Choose what happened.")
    if not conversation.conduct_notices:
        raise NotAllowed("Send the conduct notice first. The chat is ended when it happens again.")
    conversation.flagged_at = tx.now
    for_staff(tx, case, conversation, "conversation.flagged", reason=KINDS[kind])
    told(tx, case, conversation, "conversation.conduct_ended")
    return await end(tx, conversation_id, CONDUCT)


async def end_with_reason(tx: Transaction, conversation_id: int, reason: str) -> Conversation:
    if reason not in END_REASONS:
        raise NotAllowed("Choose why the chat ends.")
    return await end(tx, conversation_id, reason)


def is_ticket_only(type: TicketType | None) -> bool:
    return type is not None and type.channel is Channel.TICKET_ONLY


async def steer(tx: Transaction, conversation_id: int, type: TicketType) -> Conversation:
    """To the form, for what is never done in a chat: its own identity check waits there."""
    case, conversation = await hold_conversation(tx, conversation_id)
    check_active(conversation)
    if not is_ticket_only(type):
        raise NotAllowed("This can be handled here.")
    told(
        tx,
        case,
        conversation,
        "conversation.steered",
        label=type.title,
        because=type.channel_reason,
        about=type.key,
        link=f"/report?{urlencode({'type': type.key})}",
    )
    return conversation


async def published_for(desk: Desk, conversation: Conversation, slug: str) -> Reading | None:
    """The article in the visitor's language, else in ours."""
    async with desk.reading() as db:
        visitor = await db.get_one(Person, conversation.visitor_id)
    found = await find_article(desk, slug, visitor.language)
    return None if found is None or found.archived_at is not None else found


async def share_article(tx: Transaction, conversation_id: int, article: Reading) -> Conversation:
    """A card in the chat; the event is the record that guidance was given."""
    case, conversation = await hold_conversation(tx, conversation_id)
    check_active(conversation)
    told(
        tx,
        case,
        conversation,
        "conversation.article_shared",
        label=article.title,
        article=article.id,
        language=article.language,
        summary=article.summary,
        link=f"/help/articles/{article.slug}?language={article.language}",
    )
    return conversation
