"""Record an event once; pages, sockets and jobs read it from here."""

from datetime import datetime
from typing import Any

from helpdesk.core.live import Envelope
from helpdesk.desk import Transaction
from helpdesk.permissions import Actor

from .models import Audience, Case, Event, Message

# Every type there is, with the sentence the timeline shows. {by} is the actor's name; the
# other words come from the event's data.
EVENT_TYPES: dict[str, str] = {
    "message.posted": "{by} wrote",
    "note.added": "{by} added an internal note",
    "note.withdrawn": "{by} took a note on {reference} back",
    "evidence.added": "{by} added {label}",
    "evidence.requested": "{by} asked for {label} by {due}",
    "evidence.request_fulfilled": "{label} arrived",
    "evidence.request_cancelled": "{by} no longer needs {label}",
    "evidence.request_overdue": "{label} has not arrived by the date asked for",
    "ticket.opened": "{by} filed {reference}",
    "ticket.status_changed": "{by} changed the status from {old} to {new}",
    "ticket.severity_changed": "{by} changed the severity from {old} to {new}",
    "ticket.type_changed": "{by} changed what {reference} is about from {old} to {new}",
    "ticket.severity_suggested": "{by} suggests {new} severity. {because}",
    "ticket.attention_raised": "{reference} needs a manager’s attention: {because}",
    "ticket.kept_waiting": "No answer for {days} days: {reference} is not forgotten. {promise}",
    "ticket.next_step": "{by} said what happens next: {what}",
    "ticket.next_step_due": "{reference} needs its next step: {because}",
    "ticket.assigned": "{by} assigned {reference} to {to}",
    "ticket.unassigned": "{by} put {reference} back in the queue",
    "ticket.handed_over": "{by} handed {reference} from {old} to {new}",
    "ticket.routed": "The rules sent {reference} from {old} to {new}",
    "ticket.escalated": "{reference} was escalated to the managers: {reason}",
    "escalation.raised": "{by} escalated {reference} to {to}: {because}",
    "escalation.moved": "The escalation of {reference} moved from {old} to {new}: {because}",
    "escalation.owned": "{to} has the escalation of {reference} now",
    "escalation.released": "The escalation of {reference} waits for an owner again: {because}",
    "escalation.extended": "{by} moved the date for the decision on {reference} from {old} to "
    "{new}",
    "escalation.decided": "{by} decided on {reference}: {new}",
    "escalation.returned": "{by} sent {reference} back to {to}",
    "escalation.settled": "The escalation of {reference} ended: {because}",
    "ticket.followed_up": "{by} followed up",
    "ticket.reopened": "{by} said it is not solved: {reference} is open again",
    "ticket.closed": "{reference} was closed",
    "sla.warned": "{reference}: {percent} % of the time for the {what} has passed",
    "sla.breached": "{reference}: the {what} is late",
    "sla.met": "{reference}: the {what} came in time",
    "sla.extended": "{by} moved the date of the {what} to {due}",
    "ticket.coverage_marked": "{by} marked {reference} as {new}",
    "ticket.rated": "{by} rated the answer on {reference}: {new}",
    "ticket.merged": "{by} merged {other} into {reference}: they are one request now",
    "ticket.merged_away": "{by} merged {reference} into {other}: they are one request now",
    "ticket.unmerged": "{by} took {other} out of {reference} again",
    "ticket.restored": "{by} took {reference} out of {other} again",
    "ticket.linked": "{by} linked {reference} with {other}: {new}",
    "ticket.unlinked": "{by} took the link between {reference} and {other} away",
    "incident.updated": "Several people report this: “{label}”",
    "incident.resolved": "The known problem “{label}” is solved. Is it solved for you?",
    "incident.answered": "{by} said that the known problem is {new} for them",
    "requester.joined": "{by} confirmed the e-mail address: the request moved to the account",
    "conversation.opened": "{by} opened a chat",
    "conversation.claimed": "{by} joined the chat",
    "conversation.ended": "{by} ended the chat",
    "conversation.left_line": "{by} left the waiting line",
    "conversation.abandoned": "Nobody was there any more: the place in the line was given up",
    "conversation.returned": "{old} lost the connection: this chat is first in the line again",
    "conversation.transferred": "{by} handed the chat to {to}",
    "conversation.taken_over": "{by} took the chat over from {old}",
    "conversation.joined": "{by} joined the chat as well",
    "conversation.colleague_left": "{by} left the chat to {to}",
    "conversation.watched": "{by} looks on",
    "conversation.whispered": "{by} whispered to {to}",
    "conversation.conduct_notice": "{by} asks for a civil tone. A chat that goes on like this is "
    "ended; requests stay open to everybody",
    "conversation.conduct_ended": "The chat ends because of its tone. Requests stay open to "
    "everybody",
    "conversation.flagged": "{by} flagged the transcript: {reason}",
    "conversation.steered": "Only by request, never in a chat: “{label}”. {because}",
    "conversation.article_shared": "{by} suggests the article “{label}”",
    "conversation.rated": "{by} rated the chat: {new}",
    "conversation.transcript_sent": "{by} had the transcript sent by e-mail",
    "conversation.ticketed": "{by} turned the chat into {reference}",
}

# Read by both sides, so neither "you" nor "the user".
STATUS_WORDS = {
    "waiting_on_user": "waiting for an answer",
    "on_hold": "waiting for somebody outside",
}


def sentence(type: str, data: dict[str, Any], by: str) -> str:
    words = {key: str(value) for key, value in data.items()}
    if type == "ticket.status_changed":
        words |= {key: STATUS_WORDS.get(words[key], words[key]) for key in ("old", "new")}
    if type == "ticket.assigned" and words["to"] == by:
        return f"{by} took {words['reference']}"
    words = {"by": by or "Helpdesk", "promise": "We write as soon as we can", **words}
    return EVENT_TYPES[type].format_map(words)


def record(
    tx: Transaction,
    case: Case,
    type: str,
    audience: Audience,
    *,
    side_id: int | None = None,
    group_id: int | None = None,
    owner_id: int | None = None,
    ticket_id: int | None = None,
    conversation_id: int | None = None,
    message: Message | None = None,
    evidence: dict[str, Any] | None = None,
    **data: Any,
) -> Event:
    """Append to the log of a held case: its numbers have no gaps and commit in order.

    `evidence` is what a socket shows of a piece: id, kind, name, size, media, thumbnail.
    """
    if type not in EVENT_TYPES:
        raise LookupError(type)
    case.last_seq += 1
    event = Event(
        case_id=case.id,
        seq=case.last_seq,
        type=type,
        audience=audience,
        side_id=side_id,
        group_id=group_id,
        owner_id=owner_id,
        actor_id=tx.actor.id or None,
        ticket_id=ticket_id,
        conversation_id=conversation_id,
        message_id=message.id if message else None,
        evidence_id=evidence["id"] if evidence else None,
        data=data,
        occurred_at=tx.now,
        relayed_at=None if type in tx.relayed else tx.now,
    )
    tx.db.add(event)
    tx.has_work |= event.relayed_at is None
    actor = tx.actor
    tx.outgoing.append(lambda: envelope(event, actor, message, evidence))
    if ticket_id is not None:
        # Of a restricted ticket nobody learns the number; lists are fetched again all the same.
        ids = [ticket_id] if audience != Audience.PRIVATE else []
        tx.outgoing.append(lambda: changed("desk", ids))
    return event


def changed(stream: str, ids: list[int]) -> Envelope:
    """Rows of a list changed: whoever shows it fetches them again."""
    return Envelope(
        stream, 0, {"audience": Audience.STAFF}, {"t": "changed", "s": stream, "ids": ids}
    )


def envelope(
    event: Event, actor: Actor, message: Message | None, evidence: dict[str, Any] | None
) -> Envelope:
    reach = {
        "audience": event.audience.value,
        "side_id": event.side_id,
        "group_id": event.group_id,
        "owner_id": event.owner_id,
    }
    by = {"id": actor.id, "name": actor.name or "Helpdesk", "staff": actor.is_staff}
    body = message.body if message else None
    client_id = str(message.client_id) if message else None
    return Envelope(
        f"case:{event.case_id}",
        event.seq,
        reach,
        frame(
            event.case_id,
            event.seq,
            event.type,
            event.occurred_at,
            event.audience.value,
            by,
            event.data,
            side_id=event.side_id,
            body=body,
            client_id=client_id,
            face=face(event.ticket_id, event.conversation_id),
            evidence=evidence,
        ),
    )


def face(ticket_id: int | None, conversation_id: int | None) -> str:
    if conversation_id is not None:
        return f"chat:{conversation_id}"
    return f"ticket:{ticket_id}" if ticket_id is not None else ""


def frame(
    case_id: int,
    seq: int,
    type: str,
    at: datetime,
    audience: str,
    by: dict[str, Any],
    data: dict[str, Any],
    *,
    side_id: int | None = None,
    body: str | None = None,
    client_id: str | None = None,
    face: str = "",
    evidence: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The event as a socket carries it and a page's template shows it."""
    shown: dict[str, Any] = {
        "t": "event",
        "s": f"case:{case_id}",
        "n": seq,
        "type": type,
        "at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "by": by,
        "aud": audience,
        "side": side_id,
        "face": face,
    }
    if body is not None:
        shown["body"] = body
        shown["cid"] = client_id
    if evidence is not None:
        shown["evidence"] = evidence
    if type not in ("message.posted", "note.added"):
        shown["text"] = sentence(type, data, by["name"])
        shown["data"] = data
    return shown
