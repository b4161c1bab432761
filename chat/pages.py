"""The visitor's chat: choose and start, talk, end, keep a copy."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, func, select
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from helpdesk.alerts.area import alert_area
from helpdesk.calendars.queries import said_now
from helpdesk.catalogue import queries as catalogue
from helpdesk.catalogue.document import Catalogue
from helpdesk.core.addresses import neighbourhood
from helpdesk.desk import Transaction
from helpdesk.people.commands import open_guest
from helpdesk.people.models import Group, Person
from helpdesk.people.sessions import sign_in
from helpdesk.people.throttle import Limit, count_try
from helpdesk.permissions import Actor, Can, Role
from helpdesk.security import client_address
from helpdesk.sla.promises.shown import told_before
from helpdesk.tickets.models import reference
from helpdesk.web import Problem, WebRequest, page, reading, redirect, render, transaction

from .afterwards import kept_of
from .agents.waits import expected_wait
from .availability import Offer, offers
from .beforehand import beforehand
from .commands import TO_FORM, NotAllowed, Opening, end, open_conversation
from .forms import Start, check_start, read_start
from .models import Conversation, ConversationStatus
from .queries import find_conversation, position, said
from .rating import SCALE
from .transcripts import transcript_of

REPEAT_WITHIN = 300  # seconds in which a visitor's page may send the same form again
DONE = {
    "rated": "Thank you. Your answer is kept.",
    "sent": "The transcript is on its way to you.",
    "private": "Handed over. Only you and the department see it.",
}
GUESTS = Limit("guest:chat", 30, timedelta(hours=1))  # of one network
SHOWN = 300  # messages of a chat on its page; all of them are in the transcript


def chat_id(request: WebRequest) -> int:
    number: int = request.path_params["id"]
    if number >= 2**63:
        raise HTTPException(404)
    return number


# Starting


async def start(request: WebRequest) -> Response:
    if request.state["actor"].is_staff:
        return redirect("/desk/chats")
    catalogue_ = (await catalogue.current(request.state["desk"])).catalogue
    return await show_start(request, read_start(request.query_params, catalogue_), catalogue_)


async def show_start(
    request: WebRequest, form: Start, catalogue_: Catalogue, status: int = 200
) -> Response:
    desk, actor = request.state["desk"], request.state["actor"]
    offered = await offers(desk)
    types = [
        (type.key, f"{service.title}: {type.title}")
        for service in catalogue_.services
        for type in catalogue_.types_of(service.key)
        if type.service == service.key and (type.suits(actor.roles) or type == form.type)
    ]
    group = catalogue_.group(form.type.group) if form.type else None
    promised = None  # for whoever leaves it as a request
    if form.type and group and not is_open(offered, form):
        level = form.type.severity
        promised = await told_before(desk, group.key, group.name, level, actor.time_zone)
    return render(
        request,
        "chat/start.html",
        422 if form.errors else status,
        alert_area=await alert_area(request, compact=True),
        before=await beforehand(request, form),
        form=form,
        types=types,
        group=group,
        hours=await said_now(desk, group.key) if group else "",
        promised=promised,
        errors=form.errors,
        offer=offered.get(form.type.group) if form.type else None,
        somebody=is_open(offered, form),
        going_on=await going_on(request),
    )


def is_open(offered: Mapping[str, Offer], form: Start) -> bool:
    """For what was chosen; without a choice, whether anybody takes chats at all."""
    if form.type is None:
        return any(offer.available for offer in offered.values())
    return form.type.group in offered and offered[form.type.group].available


async def going_on(request: WebRequest) -> Conversation | None:
    """The person's own chat that has not ended."""
    actor = request.state["actor"]
    if not actor.id:
        return None
    query = (
        select(Conversation)
        .where(
            Conversation.visitor_id == actor.id,
            Conversation.status != ConversationStatus.ENDED,
        )
        .order_by(col(Conversation.id).desc())
        .limit(1)
    )
    async with reading(request) as db:
        return (await db.exec(query)).one_or_none()


async def begin(request: WebRequest) -> Response:
    """Join the line; or, with nobody there, go on to the form with everything typed."""
    desk, actor = request.state["desk"], request.state["actor"]
    if actor.is_staff:
        raise Problem(403, "Agents answer chats at the desk")
    typed = await request.form()
    catalogue_ = (await catalogue.current(desk)).catalogue
    values = {name: value for name, value in typed.items() if isinstance(value, str)}
    form = read_start(values, catalogue_)
    check_start(form, actor)
    if form.errors or form.type is None:
        return await show_start(request, form, catalogue_)
    if not is_open(await offers(desk), form):
        # The browser sends the same fields there, and the form says why.
        return RedirectResponse("/report?nobody", 307)
    opening = Opening(
        form.once, form.type.group, form.subject, form.message, form.type.key, form.ticket_id
    )
    if not actor.id:
        await count_try(desk, GUESTS, neighbourhood(client_address(request)))
    try:
        async with transaction(request) as tx:
            if not actor.id:
                await become_guest(tx, form)
            conversation = await open_conversation(tx, opening)
            visitor = tx.actor
    except NotAllowed as refusal:
        form.errors["type"] = str(refusal)
        return await show_start(request, form, catalogue_)
    response = redirect(f"/chat/{conversation.id}")
    if not actor.id:
        await sign_in(request, response, visitor.id)
    return response


async def become_guest(tx: Transaction, form: Start) -> None:
    """A new guest; or, for an impatient second click of the same page, the one of the first."""
    await tx.db.exec(select(func.pg_advisory_xact_lock(func.hashtext(str(form.once)))))
    again = (
        select(Person, Conversation.opened_at)
        .join(Conversation, col(Conversation.visitor_id) == col(Person.id))
        .where(Conversation.once == form.once, col(Person.is_account).is_(False))
    )
    guest = None
    for person, opened_at in (await tx.db.exec(again)).all():
        if (tx.now - opened_at).total_seconds() < REPEAT_WITHIN and person.email == form.email:
            guest = person
    if guest is None:
        guest, _ = await open_guest(tx, form.name, form.email)
    tx.actor = replace(
        tx.actor,
        id=guest.id,
        name=guest.name,
        email=guest.email,
        roles=frozenset({Role.GUEST}),
    )


# Talking


async def show(request: WebRequest) -> Response:
    desk, actor = request.state["desk"], request.state["actor"]
    conversation = await own(request)
    if actor.is_staff:
        return redirect(f"/desk/chats/{conversation.id}")
    frames = (await said(desk, actor, conversation))[-SHOWN:]
    async with reading(request) as db:
        # As it is after what was said: what happens from here on comes by the socket.
        conversation = await find_conversation(db, actor, conversation.id)
        group = await db.get_one(Group, conversation.group_id)
        agent = None
        if conversation.agent_id is not None:
            agent = await db.get_one(Person, conversation.agent_id)
        rating, address = await kept_of(db, conversation, actor)
    place = await position(desk, conversation.id)
    mark = await desk.pool.fetchval(READ, conversation.case_id, actor.id)
    return render(
        request,
        "chat/show.html",
        chat=conversation,
        ref=reference(conversation.ticket_id) if conversation.ticket_id else "",
        group=group,
        agent=agent,
        events=[shown(frame) for frame in frames],
        newest=frames[-1]["n"] if frames else 0,
        new_from=first_unread(frames, mark),
        place=place,
        wait=await expected_wait(desk, group.key, place) if place else None,
        rating=rating,
        scale=SCALE,
        mail_to=address,
        done=DONE.get(request.query_params.get("done", ""), ""),
        words=own_words(frames, actor),
        limits=(await catalogue.current(desk)).catalogue.limits,
    )


READ = "SELECT seq FROM read_marks WHERE case_id = $1 AND person_id = $2"


def first_unread(frames: list[dict[str, Any]], mark: int | None) -> int:
    """What the desk said first since somebody last looked; 0 when they miss nothing."""
    if mark is None:
        return 0
    said_since = (one for one in frames if one["n"] > mark and one["by"]["staff"])
    return next((one["n"] for one in said_since if "body" in one or "evidence" in one), 0)


def shown(frame: dict[str, Any]) -> dict[str, Any]:
    return frame | {"at": datetime.fromisoformat(frame["at"])}


def own_words(frames: list[dict[str, Any]], actor: Actor) -> str:
    """What the visitor has written so far, for the form."""
    bodies = [frame["body"] for frame in frames if "body" in frame and not frame["by"]["staff"]]
    return "\n\n".join(bodies)


async def own(request: WebRequest) -> Conversation:
    async with reading(request) as db:
        return await find_conversation(db, request.state["actor"], chat_id(request))


async def end_chat(request: WebRequest) -> Response:
    async with transaction(request) as tx:
        conversation = await end(tx, chat_id(request))
    return redirect(f"/chat/{conversation.id}")


async def leave(request: WebRequest) -> Response:
    """Out of the line, and on to the form with everything written so far."""
    async with transaction(request) as tx:
        await end(tx, chat_id(request), TO_FORM)
    return RedirectResponse("/report", 307)


async def transcript(request: WebRequest) -> Response:
    """The chat as plain text, for both. Internal notes are no part of it."""
    desk, actor = request.state["desk"], request.state["actor"]
    conversation = await own(request)
    name = f"chat-{conversation.id}.txt"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return PlainTextResponse(await transcript_of(desk, actor, conversation), headers=headers)


TALK = Can.START_CHAT
routes = [
    page("/chat", start, can=TALK),
    page("/chat", begin, TALK, "POST"),
    page("/chat/{id:int}", show, can=Can.VISIT),
    page("/chat/{id:int}/end", end_chat, TALK, "POST"),
    page("/chat/{id:int}/leave", leave, TALK, "POST"),
    page("/chat/{id:int}/transcript", transcript, can=Can.VISIT),
]
