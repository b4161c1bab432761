"""Agents' chats: their own by longest wait, the lines, and one chat with its case."""

from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from chat import queries as chats
from chat.agents.conduct import END_REASONS, KINDS, is_ticket_only
from chat.agents.handing import REASONS
from chat.agents.presence import CHOICES
from chat.agents.queries import colleagues_in, colleagues_there, own_offers, own_state
from chat.queries import ChatRow, find_conversation, said
from helpdesk.cases.models import Case
from helpdesk.cases.timeline import read_page
from helpdesk.catalogue import queries as catalogue
from helpdesk.evidence import queries as evidence
from helpdesk.permissions import Can
from helpdesk.tickets.models import reference
from helpdesk.tickets.words import SEVERITY_KEYS, STAFF_STATUS
from helpdesk.web import WebRequest, page, reading, render

from . import queries
from .promised import promised_of
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
    own = await chats.own_chats(desk, actor.id)
    return {
        "own": own,
        "unread": await queries.unread(desk, actor, [row.id for row in own]),
        "lines": lines,
        "mine_waiting": sum(row.group_key in keys for row in waiting),
        "others": await chats.others_chats(desk, actor.id),
        "me": await own_state(desk, actor.id),
        "reasons": CHOICES,
        "held_out": {offer.id for offer in await own_offers(desk, actor.id)},
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
        last = (await db.get_one(Case, conversation.case_id)).last_seq
    case = await read_page(desk.pool, actor, conversation.case_id, max(0, last - LOOK_BACK))
    newest = case.newest if case else 0
    # What was said after that number comes live: shown here as well, it would stand there twice.
    frames = [frame for frame in await said(desk, actor, conversation) if frame["n"] <= newest]
    here = f"chat:{id}"
    facts = [entry.frame for entry in case.entries] if case else []
    # As it is after what was said: what happens from here on comes live.
    row = await queries.chat(desk, actor, id)
    async with reading(request) as db:
        pieces = await evidence.listing(db, actor, conversation.case_id)
    own, on_case = await queries.tickets_around_chat(desk, actor, row)
    contract = row["contract_id"]
    types = (await catalogue.current(desk)).catalogue
    return render(
        request,
        "console/chat.html",
        **await list_context(request),
        chat=row,
        events=[shown(frame, here) for frame in frames[-SHOWN:]],
        newest=newest,
        facts=[shown(f, here) for f in reversed(facts) if f["type"] not in TEXTS][:FACTS],
        pieces=pieces,
        tickets=own,
        promised=await promised_of(desk, row, own, actor.time_zone),
        on_case=on_case,
        milestones=await desk.pool.fetch(queries.MILESTONES, contract) if contract else (),
        type=(type := types.type(row["type_key"])),
        asks=[(one.key, one.label) for one in (type.evidence if type else types.evidence_kinds)],
        in_it=await colleagues_in(desk, id),
        end_reasons=END_REASONS,
        conduct_kinds=KINDS,
        by_request=[one for one in types.types if is_ticket_only(one)],
        asked=await desk.pool.fetch(queries.ASKED_IN_CHAT, id),
        limits=types.limits,
        reference=reference,
        severities=SEVERITY_KEYS,
        status_words=STAFF_STATUS,
    )


async def transfer(request: WebRequest) -> Response:
    """To whom, why, and what they should know. Sent to the same address."""
    desk, actor = request.state["desk"], request.state["actor"]
    id = request.path_params["id"]
    if id >= 2**63:
        raise HTTPException(404)
    row = await queries.chat(desk, actor, id)
    there = await colleagues_there(desk, actor.id)
    groups = await desk.pool.fetch(queries.GROUPS)
    colleagues = [(f"agent:{one.id}", f"{one.name}, {one.free} free") for one in there]
    lines = [
        (f"department:{g['key']}", f"{g['name']}, {count} there")
        for g in groups
        if (count := sum(g["id"] in one.groups for one in there)) and g["name"] != row["group_name"]
    ]
    options = [*colleagues, *lines]
    return render(
        request,
        "console/transfer.html",
        chat=row,
        options=options,
        why=list(REASONS.items()),
    )


WORK = Can.WORK_CHATS
routes = [
    page("/desk/chats", index, can=WORK),
    page("/desk/chats/{id:int}", show, can=WORK),
    page("/desk/chats/{id:int}/transfer", transfer, can=WORK),
]
