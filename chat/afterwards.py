"""What a visitor does with a chat besides talking: rate it, keep it, hand a number over."""

from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import JSONResponse, Response

from helpdesk.core.text import BadText
from helpdesk.desk import Desk
from helpdesk.people.models import Group, Person
from helpdesk.permissions import Actor, Can
from helpdesk.web import Problem, WebRequest, api, page, reading, redirect, transaction

from .agents.waits import expected_wait
from .commands import NotAllowed
from .console import chat_id, wants_json
from .models import Conversation
from .private import hand_over
from .queries import find_conversation, position
from .rating import ChatRating, rate_chat
from .transcripts import mail_transcript, may_have_by_mail, transcript_of


async def rate(request: WebRequest) -> Response:
    form = await request.form()
    score = str(form.get("score", ""))
    if score not in ("1", "2", "3", "4", "5"):
        raise Problem(422, "Choose one of the five answers", errors={"score": "Choose an answer"})
    try:
        async with transaction(request) as tx:
            await rate_chat(tx, chat_id(request), int(score), str(form.get("comment", "")))
    except NotAllowed as refusal:
        raise Problem(409, str(refusal)) from None
    except BadText as fault:
        raise Problem(422, str(fault), errors={"comment": str(fault)}) from None
    return done(request, "rated", {"score": int(score)})


async def send_transcript(request: WebRequest) -> Response:
    desk, actor = request.state["desk"], request.state["actor"]
    async with reading(request) as db:
        conversation = await find_conversation(db, actor, chat_id(request))
    transcript = await transcript_of(desk, actor, conversation)
    try:
        async with transaction(request) as tx:
            address = await mail_transcript(tx, desk, conversation.id, transcript)
    except NotAllowed as refusal:
        raise Problem(409, str(refusal)) from None
    return done(request, "sent", {"sent_to": address})


async def hand_over_privately(request: WebRequest) -> Response:
    form = await request.form()
    try:
        async with transaction(request) as tx:
            await hand_over(tx, chat_id(request), str(form.get("text", "")))
    except NotAllowed as refusal:
        raise Problem(409, str(refusal)) from None
    except BadText as fault:
        raise Problem(422, str(fault), errors={"text": str(fault)}) from None
    return done(request, "private", {"private": True})


def done(request: WebRequest, what: str, answer: dict[str, object]) -> Response:
    if wants_json(request) or "key" in request.path_params:
        return JSONResponse(answer)
    return redirect(f"/chat/{chat_id(request)}?done={what}")


async def standing(request: WebRequest) -> Response:
    async with reading(request) as db:
        chat = await find_conversation(db, request.state["actor"], chat_id(request))
    return JSONResponse(await standing_of(request.state["desk"], chat))


async def standing_of(desk: Desk, chat: Conversation) -> dict[str, Any]:
    """Where it is now, for a page that heard of a change: with whom, or at which place."""
    async with desk.reading() as db:
        group = await db.get_one(Group, chat.group_id)
        agent = await db.get(Person, chat.agent_id) if chat.agent_id is not None else None
    place = await position(desk, chat.id)
    wait = await expected_wait(desk, group.key, place) if place else None
    return {
        "status": chat.status.value,
        "department": group.name,
        "agent": agent.name if agent else "",
        "place": place,
        "wait": wait.words if wait else "",
        "rateable": chat.claimed_at is not None,
    }


async def kept_of(
    db: AsyncSession, conversation: Conversation, actor: Actor
) -> tuple[ChatRating | None, str]:
    """The visitor's answer, and where a transcript may go: empty for an unproven address.

    A colleague of the visitor reads the chat, and neither of these.
    """
    if actor.id != conversation.visitor_id:
        return None, ""
    rating = await db.get(ChatRating, conversation.id)
    visitor = await db.get_one(Person, conversation.visitor_id)
    return rating, visitor.email if may_have_by_mail(visitor) else ""


TALK = Can.START_CHAT
routes = [
    api("/chat/{id:int}/state", standing, can=Can.READ_EVIDENCE),
    page("/chat/{id:int}/rating", rate, TALK, "POST"),
    page("/chat/{id:int}/transcript", send_transcript, TALK, "POST"),
    page("/chat/{id:int}/private", hand_over_privately, TALK, "POST"),
]
