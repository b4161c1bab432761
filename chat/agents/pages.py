"""The buttons of agents in a chat, besides those of chat/console.py. All answer 303 to the chat,
or JSON where it is accepted; 409 says in words why something cannot be done."""

from uuid import UUID, uuid4

from starlette.responses import JSONResponse, Response

from chat.commands import NotAllowed
from chat.console import act, chat_id
from chat.queries import find_conversation
from helpdesk.catalogue import queries as catalogue
from helpdesk.core.formats import iso
from helpdesk.core.text import BadText, clean_text, is_blank
from helpdesk.permissions import Can
from helpdesk.web import Problem, WebRequest, api, page, reading

from .conduct import (
    end_for_conduct,
    is_ticket_only,
    published_for,
    send_conduct_notice,
    share_article,
    steer,
)
from .handing import REASONS, check_hand_over, transfer
from .offering import accept_offer, give_chats, pass_offer
from .presence import CHOICES
from .queries import colleagues_there, own_offers, own_state
from .together import join, leave, take_over, watch, whisper

WHISPER = 10_000  # characters


async def field(request: WebRequest, name: str) -> str:
    form = await request.form()
    return str(form.get(name, ""))


# What is held out


async def accept(request: WebRequest) -> Response:
    return await act(request, accept_offer)


async def pass_on(request: WebRequest) -> Response:
    answer = await act(request, pass_offer, "/desk/chats")
    await give_chats(request.state["desk"])
    return answer


async def state(request: WebRequest) -> Response:
    """The agent's own state, what is held out to them, and the reasons to choose from."""
    desk, actor = request.state["desk"], request.state["actor"]
    offers = [
        {
            "id": one.id,
            "visitor": one.visitor,
            "subject": one.subject,
            "department": one.group,
            "since": iso(one.opened_at),
            "until": iso(one.expires_at),
        }
        for one in await own_offers(desk, actor.id)
    ]
    mine = (await own_state(desk, actor.id)).shown()
    return JSONResponse(mine | {"offers": offers, "reasons": CHOICES})


# Handing on, and more than one


async def colleagues(request: WebRequest) -> Response:
    """To whom a chat can be handed now, and for which reasons."""
    desk, actor = request.state["desk"], request.state["actor"]
    there = await colleagues_there(desk, actor.id)
    names = await desk.pool.fetch("SELECT id, key, name FROM groups ORDER BY name")
    agents = [
        {
            "id": one.id,
            "name": one.name,
            "free": one.free,
            "languages": sorted(one.languages),
            "departments": [row["key"] for row in names if row["id"] in one.groups],
        }
        for one in there
    ]
    departments = [
        {
            "key": row["key"],
            "name": row["name"],
            "free": sum(one.free for one in there if row["id"] in one.groups),
        }
        for row in names
    ]
    return JSONResponse({"agents": agents, "departments": departments, "reasons": REASONS})


async def hand_over(request: WebRequest) -> Response:
    """`to`: agent:<id> or department:<key>; `reason`; `summary`."""
    form = await request.form()
    kind, _, name = str(form.get("to", "")).replace("\0", "").partition(":")
    number = int(name) if name.isascii() and name.isdigit() and len(name) < 16 else 0
    try:
        wish = check_hand_over(
            str(form.get("reason", "")),
            str(form.get("summary", "")),
            number if kind == "agent" else None,
            name if kind == "department" else "",
        )
    except (BadText, NotAllowed) as fault:
        raise Problem(422, str(fault)) from None
    answer = await act(request, lambda tx, id: transfer(tx, id, wish))
    await give_chats(request.state["desk"])
    return answer


async def join_chat(request: WebRequest) -> Response:
    return await act(request, join)


async def leave_chat(request: WebRequest) -> Response:
    return await act(request, leave)


async def watch_chat(request: WebRequest) -> Response:
    return await act(request, watch)


async def take_chat_over(request: WebRequest) -> Response:
    return await act(request, take_over)


async def whisper_to(request: WebRequest) -> Response:
    """`body`, and `once`, which makes a repeat the same whisper."""
    try:
        body = clean_text(await field(request, "body"), WHISPER)
    except BadText as fault:
        raise Problem(422, str(fault)) from None
    if is_blank(body):
        raise Problem(422, "Write something to whisper")
    try:
        client_id = UUID(await field(request, "once"))
    except ValueError:
        client_id = uuid4()
    return await act(request, lambda tx, id: whisper(tx, id, body, client_id))


# What is said besides words


async def conduct_notice(request: WebRequest) -> Response:
    return await act(request, send_conduct_notice)


async def conduct_end(request: WebRequest) -> Response:
    kind = await field(request, "kind")
    return await act(request, lambda tx, id: end_for_conduct(tx, id, kind))


async def steer_to_form(request: WebRequest) -> Response:
    """`type`: a matter that is settled by a request alone; without one, the chat's own."""
    async with reading(request) as db:
        chat = await find_conversation(db, request.state["actor"], chat_id(request))
    types = (await catalogue.current(request.state["desk"])).catalogue
    type = types.type(await field(request, "type") or chat.type_key)
    if type is None or not is_ticket_only(type):
        raise Problem(422, "Choose a matter that is settled by a request")
    return await act(request, lambda tx, id: steer(tx, id, type))


async def share(request: WebRequest) -> Response:
    """`article`: the slug of a published one."""
    desk = request.state["desk"]
    async with reading(request) as db:
        chat = await find_conversation(db, request.state["actor"], chat_id(request))
    slug = (await field(request, "article")).replace("\0", "")[:100]
    article = await published_for(desk, chat, slug)
    if article is None:
        raise Problem(422, "Choose a published article")
    return await act(request, lambda tx, id: share_article(tx, id, article))


WORK, SUPERVISE = Can.WORK_CHATS, Can.SUPERVISE_CHATS
CHAT = "/desk/chats/{id:int}"
routes = [
    api("/desk/chats/state", state, WORK),
    api("/desk/chats/colleagues", colleagues, WORK),
    page(f"{CHAT}/accept", accept, WORK, "POST"),
    page(f"{CHAT}/pass", pass_on, WORK, "POST"),
    page(f"{CHAT}/transfer", hand_over, WORK, "POST"),
    page(f"{CHAT}/join", join_chat, WORK, "POST"),
    page(f"{CHAT}/leave", leave_chat, WORK, "POST"),
    page(f"{CHAT}/notice", conduct_notice, WORK, "POST"),
    page(f"{CHAT}/conduct", conduct_end, WORK, "POST"),
    page(f"{CHAT}/steer", steer_to_form, WORK, "POST"),
    page(f"{CHAT}/article", share, WORK, "POST"),
    page(f"{CHAT}/watch", watch_chat, SUPERVISE, "POST"),
    page(f"{CHAT}/whisper", whisper_to, SUPERVISE, "POST"),
    page(f"{CHAT}/take-over", take_chat_over, SUPERVISE, "POST"),
]
