"""Agents' chats: their own by longest wait, the lines, and one chat with its case."""

from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from chat import queries as chats
from chat.queries import ChatRow, find_conversation, said
from helpdesk.cases.timeline import read_page
from helpdesk.catalogue import queries as catalogue
from helpdesk.evidence import queries as evidence
from helpdesk.permissions import Can
from helpdesk.tickets.models import reference
from helpdesk.tickets.words import SEVERITY_KEYS, STAFF_STATUS
from helpdesk.web import WebRequest, page, reading, render

from . import queries
from .ticket import shown

SHOWN = 300  # messages on the page
FACTS = 12  # of the case, newest first
LOOK_BACK = 200  # events of the case among which facts are looked for
TEXTS = ("message.posted", "note.added")


async def list_context(request: WebRequest) -> dict[str, Any]:
    """Own chats first; then the lines of the agent's departments, and of the others."""
    desk, actor = request.state["desk"], request.state["actor"]
    waiting = await chats.waiting_chats(desk)
    own_keys = await desk.pool.fetch("SELECT key FROM groups WHERE id = ANY($1)", actor.groups)
    keys = {row["key"] for row in own_keys}
    lines: dict[str, list[ChatRow]] = {}
    for row in sorted(waiting, key=lambda row: row.group_key not in keys):
        lines.setdefault(row.group, []).append(row)
    return {
        "own": await chats.own_chats(desk, actor.id),
        "lines": lines,
        "mine_waiting": sum(row.group_key in keys for row in waiting),
        "others": await chats.others_chats(desk, actor.id),
        "available": await chats.is_available(desk, actor.id),
    }


async def index(request: WebRequest) -> Response:
    return render(request, "console/chats.html", **await list_context(request))


async def show(request: WebRequest) -> Response:
    desk, actor = request.state["desk"], request.state["actor"]
    id = request.path_params["id"]
    if id >= 2**63:
        raise HTTPException(404)
    async with reading(request) as db:
        conversation = await find_conversation(db, actor, id)
        pieces = await evidence.listing(db, actor, conversation.case_id)
    row = await queries.chat(desk, id)
    case = await read_page(desk.pool, actor, row["case_id"], max(0, row["last_seq"] - LOOK_BACK))
    frames = await said(desk, actor, conversation)
    here = f"chat:{id}"
    facts = [entry.frame for entry in case.entries] if case else []
    own, on_case = await queries.tickets_around_chat(desk, actor, row)
    contract = row["contract_id"]
    types = (await catalogue.current(desk)).catalogue
    return render(
        request,
        "console/chat.html",
        **await list_context(request),
        chat=row,
        events=[shown(frame, here) for frame in frames[-SHOWN:]],
        newest=case.newest if case else 0,
        facts=[shown(f, here) for f in reversed(facts) if f["type"] not in TEXTS][:FACTS],
        pieces=pieces,
        tickets=own,
        on_case=on_case,
        milestones=await desk.pool.fetch(queries.MILESTONES, contract) if contract else (),
        type=types.type(row["type_key"]),
        limits=types.limits,
        reference=reference,
        severities=SEVERITY_KEYS,
        status_words=STAFF_STATUS,
    )


WORK = Can.WORK_CHATS
routes = [
    page("/desk/chats", index, can=WORK),
    page("/desk/chats/{id:int}", show, can=WORK),
]
