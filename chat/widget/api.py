"""What the frame asks: who is there, a chat and what was said in it. docs/widget.md.

No cookie counts under /widget/: the frame sends its session's token with each request.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, select
from starlette.responses import JSONResponse, Response

from chat.afterwards import hand_over_privately, kept_of, rate, send_transcript, standing_of
from chat.availability import offers
from chat.beforehand import beforehand
from chat.commands import TO_FORM, NotAllowed, Opening, end, open_conversation
from chat.console import attach, chat_id
from chat.forms import Start, check_start, read_start
from chat.models import Conversation, ConversationStatus
from chat.pages import GUESTS, SHOWN, become_guest, is_open
from chat.queries import find_conversation, said
from chat.transcripts import transcript_of
from helpdesk.calendars.queries import said_now
from helpdesk.catalogue import queries as catalogue
from helpdesk.catalogue.document import Catalogue, Channel
from helpdesk.core.addresses import neighbourhood
from helpdesk.core.formats import iso
from helpdesk.evidence.pages import LARGEST_BODY, download, thumbnail, upload
from helpdesk.people.sessions import device_of, end_session
from helpdesk.people.throttle import QUARTER, Limit, count_try
from helpdesk.permissions import Actor, Can
from helpdesk.security import client_address
from helpdesk.tickets.models import reference
from helpdesk.web import Endpoint, Problem, WebRequest, api, reading, transaction

from .identity import NotWelcome, UsedBefore, person_for
from .keys import BadToken, Expired, read_token
from .models import WidgetKey
from .queries import Shown, keys_of, shown_widget
from .sessions import open_session

REMEMBERED = timedelta(days=7)  # an ended chat is shown again on return
TOKENS = Limit("widget:token", 120, QUARTER)  # of one address
LONGEST_ASKED = 300


async def asked(request: WebRequest) -> Shown:
    found = await shown_widget(request.state["desk"], request.path_params["key"])
    if found is None:
        raise Problem(404, "Not found")
    return found


def of_widget(endpoint: Endpoint) -> Endpoint:
    """Answers for a widget that is switched on, and for nothing else."""

    async def answer(request: WebRequest) -> Response:
        await asked(request)
        return await endpoint(request)

    answer.__name__ = endpoint.__name__
    return answer


# Who it is


async def identify(request: WebRequest) -> Response:
    """A site says who its user is; the answer is the frame's session until the token expires."""
    shown, desk = await asked(request), request.state["desk"]
    address = client_address(request)
    await count_try(desk, TOKENS, neighbourhood(address))
    form = await request.form()
    async with reading(request) as db:
        keys = await keys_of(db, shown.widget.id)
    try:
        claims = read_token(
            str(form.get("token", "")),
            shown.widget.key,
            keys,
            desk.settings.secret_key,
            desk.clock.now(),
        )
        async with transaction(request) as tx:
            person = await person_for(tx, shown.widget, claims)
            await note_use(tx.db, keys, claims.kid, tx.now)
            device = device_of(request)
            token = await open_session(
                tx, shown.widget, person.id, device, address, claims.expires_at
            )
            if (old := request.state["actor"].session_id) is not None:
                await end_session(tx, old)
    except (Expired, UsedBefore):
        raise Problem(401, "The token has expired", more={"refresh": True}) from None
    except BadToken as fault:
        raise Problem(422, "The token was not accepted", str(fault)) from None
    except NotWelcome as refusal:
        raise Problem(403, str(refusal)) from None
    return JSONResponse({"session": token, "until": iso(claims.expires_at), "name": person.name})


async def note_use(db: Any, keys: Sequence[WidgetKey], kid: str, now: datetime) -> None:
    """For the managers' page: whether an old key is still used."""
    key = next(key for key in keys if key.kid == kid)
    if key.used_at is None or now - key.used_at > timedelta(minutes=1):
        (await db.get_one(WidgetKey, key.id)).used_at = now


async def forget(request: WebRequest) -> Response:
    """The user has signed out of the site: the frame's session ends."""
    if (session := request.state["actor"].session_id) is not None:
        async with transaction(request) as tx:
            await end_session(tx, session)
    return JSONResponse({})


# Before a chat


async def start(request: WebRequest) -> Response:
    """What can be chosen, whether somebody is there, and what may answer it at once."""
    desk, actor = request.state["desk"], request.state["actor"]
    catalogue_ = (await catalogue.current(desk)).catalogue
    asked_ = request.query_params
    form = read_start({**asked_, "description": asked_.get("words", "")}, catalogue_)
    before = await beforehand(request, form)
    answer: dict[str, Any] = {
        **await channel(request, form, catalogue_),
        "articles": [[hit.title, hit.path, hit.answer] for hit in before.hits],
        "alerts": [[alert.title, f"/alerts/{alert.id}"] for alert in before.alerts],
    }
    if "types" in asked_:
        answer["types"] = types_for(catalogue_, actor)
        answer["guest"] = not actor.id
        answer["name"] = actor.name
        answer["chat"] = await latest(request)
    return JSONResponse(answer)


def types_for(catalogue_: Catalogue, actor: Actor) -> list[Any]:
    return [
        [
            service.title,
            [
                [type.key, type.title]
                for type in catalogue_.types_of(service.key)
                if type.service == service.key and type.suits(actor.roles)
            ],
        ]
        for service in catalogue_.services
    ]


async def channel(request: WebRequest, form: Start, catalogue_: Catalogue) -> dict[str, Any]:
    """`open`: there may be a button. `why`: in words, for either answer."""
    desk, actor = request.state["desk"], request.state["actor"]
    offered, now = await offers(desk), desk.clock.now()
    answer: dict[str, Any] = {"open": is_open(offered, form) and not form.ticket_only}
    if form.type is None:
        nobody = "Nobody is available for chat at the moment."
        return answer | {"why": "" if answer["open"] else nobody, "advice": ""}
    group = catalogue_.group(form.type.group)
    offer = offered.get(form.type.group)
    answer["department"] = f"{group.name} · {await said_now(desk, group.key)}" if group else ""
    if form.ticket_only:
        return answer | {"why": f"This is not handled in chat. {form.type.channel_reason}"}
    if form.type.channel is Channel.TICKET:
        answer["advice"] = f"Less suitable for chat. {form.type.channel_reason}"
    else:
        answer["advice"] = form.type.channel_reason
    return answer | {"why": offer.sentence(now, actor.time_zone) if offer else ""}


async def latest(request: WebRequest) -> dict[str, Any] | None:
    """The person's own chat that goes on; or the last one, for some days."""
    actor, now = request.state["actor"], request.state["desk"].clock.now()
    if not actor.id:
        return None
    going_on = col(Conversation.status) != ConversationStatus.ENDED
    query = (
        select(Conversation)
        .where(
            Conversation.visitor_id == actor.id,
            going_on | (col(Conversation.ended_at) > now - REMEMBERED),
        )
        .order_by(going_on.desc(), col(Conversation.id).desc())
        .limit(1)
    )
    async with reading(request) as db:
        found = (await db.exec(query)).one_or_none()
    return None if found is None else await shown_chat(request, found)


async def begin(request: WebRequest) -> Response:
    shown, desk, actor = await asked(request), request.state["desk"], request.state["actor"]
    typed = await request.form()
    catalogue_ = (await catalogue.current(desk)).catalogue
    values = {name: value for name, value in typed.items() if isinstance(value, str)}
    form = read_start(values, catalogue_)
    check_start(form, actor)
    if form.errors or form.type is None:
        raise Problem(422, "Some fields need another look", errors=dict(form.errors))
    state = await channel(request, form, catalogue_)
    if not state["open"]:
        raise Problem(409, state["why"])
    opening = Opening(form.once, form.type.group, form.subject, form.message, form.type.key)
    address = client_address(request)
    if not actor.id:
        await count_try(desk, GUESTS, neighbourhood(address))
    answer: dict[str, Any] = {}
    try:
        async with transaction(request) as tx:
            if not actor.id:
                await become_guest(tx, form)
                device = device_of(request)
                answer["session"] = await open_session(
                    tx, shown.widget, tx.actor.id, device, address
                )
            conversation = await open_conversation(tx, opening)
            visitor = tx.actor
    except NotAllowed as refusal:
        raise Problem(409, str(refusal)) from None
    request.state["actor"] = visitor
    return JSONResponse(answer | {"chat": await shown_chat(request, conversation)}, 201)


# In a chat


async def own(request: WebRequest) -> Conversation:
    async with reading(request) as db:
        return await find_conversation(db, request.state["actor"], chat_id(request))


async def show(request: WebRequest) -> Response:
    return JSONResponse(await shown_chat(request, await own(request)))


async def shown_chat(request: WebRequest, chat: Conversation) -> dict[str, Any]:
    """Everything the frame shows of it; what comes later comes by the socket."""
    desk, actor = request.state["desk"], request.state["actor"]
    frames = await said(desk, actor, chat)
    async with reading(request) as db:
        # As it is after what was said: what happens from here on comes by the socket.
        chat = await find_conversation(db, actor, chat.id)
        rating, address = await kept_of(db, chat, actor)
    return {
        **await standing_of(desk, chat),
        "id": chat.id,
        "case": chat.case_id,
        "me": actor.id,
        "subject": chat.subject,
        "events": frames[-SHOWN:],
        "ticket": reference(chat.ticket_id) if chat.ticket_id else "",
        "score": rating.score if rating else 0,
        "mail_to": address,
        "type": chat.type_key,
    }


async def end_chat(request: WebRequest) -> Response:
    """`form`: out of the line, to write a request instead."""
    form = await request.form()
    reason = TO_FORM if form.get("reason") == TO_FORM else ""
    async with transaction(request) as tx:
        chat = await end(tx, chat_id(request), reason)
    return JSONResponse({"status": chat.status.value})


async def transcript(request: WebRequest) -> Response:
    desk, actor = request.state["desk"], request.state["actor"]
    return JSONResponse({"text": await transcript_of(desk, actor, await own(request))})


def call(path: str, endpoint: Endpoint, method: str = "GET", can: Can = Can.START_CHAT) -> Any:
    body = LARGEST_BODY if endpoint is upload else 256 * 1024
    return api(f"/widget/{{key}}/{path}", of_widget(endpoint), can, method, body)


routes = [
    call("session", identify, "POST", Can.VISIT),
    call("session/end", forget, "POST", Can.VISIT),
    call("start", start),
    call("chats", begin, "POST"),
    call("chats/{id:int}", show),
    call("chats/{id:int}/end", end_chat, "POST"),
    call("chats/{id:int}/transcript", transcript),
    call("chats/{id:int}/transcript", send_transcript, "POST"),
    call("chats/{id:int}/rating", rate, "POST"),
    call("chats/{id:int}/private", hand_over_privately, "POST"),
    call("chats/{id:int}/evidence", attach, "POST", Can.READ_EVIDENCE),
    call("uploads", upload, "POST", Can.READ_EVIDENCE),
    call("evidence/{id:int}/thumbnail", thumbnail, can=Can.READ_EVIDENCE),
    call("evidence/{id:int}/download", download, can=Can.READ_EVIDENCE),
]
