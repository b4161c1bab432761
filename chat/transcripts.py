"""A chat as plain text: for both, and by mail to the visitor's own proven address."""

from datetime import datetime

from helpdesk.cases.events import record
from helpdesk.cases.models import Audience
from helpdesk.core.formats import local_time
from helpdesk.desk import Desk, Transaction
from helpdesk.mail.commands import send_mail
from helpdesk.people.models import Person
from helpdesk.permissions import Actor
from helpdesk.security import canonical_url

from .commands import NotAllowed
from .models import Conversation
from .queries import hold_conversation, said

MAIL = """Hello {name},

here is what was said in your chat “{subject}”.

{transcript}
To read it again: {link}
"""
UNPROVEN = "We send transcripts to proven addresses only. You can download it instead."


async def transcript_of(desk: Desk, actor: Actor, conversation: Conversation) -> str:
    """As this person may read it, and without internal notes for anybody."""
    lines = [conversation.subject, f"Times are in {actor.time_zone}.", ""]
    for frame in await said(desk, actor, conversation):
        if frame["type"] == "note.added" or frame["aud"] == Audience.STAFF:
            continue
        at = local_time(datetime.fromisoformat(frame["at"]), actor.time_zone)
        words = frame["body"] if "text" not in frame else f"({frame['text']})"
        lines.append(f"[{at}] {frame['by']['name']}: {words}")
    return "\n".join(lines) + "\n"


def may_have_by_mail(person: Person) -> bool:
    """Anybody can type an address; what was said goes to those who have proven theirs."""
    proven = person.is_account and person.email_confirmed_at is not None
    return bool(proven and person.email and person.deactivated_at is None)


async def mail_transcript(
    tx: Transaction, desk: Desk, conversation_id: int, transcript: str
) -> str:
    """To the visitor who asks, and nobody else. Asking again sends it again only if there is more.

    `transcript` is what `transcript_of` made for them. The answer is the address.
    """
    case, conversation = await hold_conversation(tx, conversation_id)
    person = await tx.db.get_one(Person, conversation.visitor_id)
    if tx.actor.id != person.id:
        raise NotAllowed("Only the visitor of a chat can have it sent.")
    if not may_have_by_mail(person):
        raise NotAllowed(UNPROVEN)
    length = len(transcript)
    await send_mail(
        tx,
        dedupe_key=f"chat-transcript:{conversation.id}:{length}",
        to_name=person.name,
        to_address=person.email,
        subject=f"Your chat: {conversation.subject}",
        body=MAIL.format(
            name=person.name,
            subject=conversation.subject,
            transcript=transcript,
            link=canonical_url(desk.settings, f"/chat/{conversation.id}"),
        ),
    )
    record(
        tx,
        case,
        "conversation.transcript_sent",
        Audience.STAFF,
        conversation_id=conversation.id,
    )
    return person.email
