"""Many at once: look first, then do it, and take it back if it was wrong."""

from typing import Any

from starlette.datastructures import FormData
from starlette.responses import Response

from helpdesk.core.text import BadText, clean_line, is_blank
from helpdesk.escalations import bulk
from helpdesk.escalations.states import Level
from helpdesk.escalations.words import LEVELS
from helpdesk.tickets.models import reference
from helpdesk.tickets.states import NotAllowed
from helpdesk.web import WebRequest, redirect, render, transaction

from .acts import REASON
from .board import BOARD, queue_page

NAMES = """
SELECT e.id, e.ticket_id, e.level, e.due_at, t.subject, o.name AS owner FROM escalations e
JOIN tickets t ON t.id = e.ticket_id LEFT JOIN people o ON o.id = e.owner_id
WHERE e.id = ANY($1) AND (NOT t.restricted OR t.group_id = ANY($2) OR $3)
"""
NONE_CHOSEN = "Choose at least one escalation first."


def chosen(form: FormData) -> list[int]:
    given = [str(one) for one in form.getlist("id")]
    return [int(one) for one in given if one.isascii() and one.isdigit() and len(one) < 18][
        : bulk.MOST
    ]


async def preview(request: WebRequest) -> Response:
    """What would happen to each, before anything does."""
    form = await request.form(max_files=0, max_fields=bulk.MOST + 20)
    ids, to = chosen(form), str(form.get("to", ""))
    async with transaction(request) as tx:
        people = await bulk.managers(tx)
        rows = await bulk.rows_of(tx, ids)
    if not rows:
        return await queue_page(request, None, 422, {"bulk": NONE_CHOSEN})
    if to != bulk.EVENLY and to not in {str(one.id) for one in people}:
        return await queue_page(request, None, 422, {"to": "Choose who gets them."})
    names = await named(request, ids)
    planned = [(one, names[one.id]) for one in bulk.plan(rows, people, to) if one.id in names]
    return render(
        request,
        "managing/preview.html",
        planned=planned,
        moving=[one for one, _ in planned if one.to is not None],
        people=people,
        to=to,
        levels=LEVELS,
        reference=reference,
    )


async def named(request: WebRequest, ids: list[int]) -> dict[int, Any]:
    desk, actor = request.state["desk"], request.state["actor"]
    rows = await desk.pool.fetch(NAMES, ids, list(actor.groups), True)
    return {row["id"]: row for row in rows}


async def assign(request: WebRequest) -> Response:
    """As the preview said: `id` and `to` come in pairs."""
    form = await request.form(max_files=0, max_fields=2 * bulk.MOST + 20)
    ids, people = chosen(form), [str(one) for one in form.getlist("person")]
    numbers = all(one.isascii() and one.isdigit() and len(one) < 18 for one in people)
    if not ids or len(ids) != len(people) or not numbers:
        return await queue_page(request, None, 422, {"bulk": NONE_CHOSEN})
    wanted = {id: int(who) for id, who in zip(ids, people, strict=True)}
    async with transaction(request) as tx:
        number, moved = await bulk.assign_many(tx, wanted)
    return redirect(f"{BOARD}?moved={moved}&bulk={number}")


async def raise_level(request: WebRequest) -> Response:
    form = await request.form(max_files=0, max_fields=bulk.MOST + 20)
    ids, level = chosen(form), str(form.get("level", ""))
    if not ids:
        return await queue_page(request, None, 422, {"bulk": NONE_CHOSEN})
    if level not in {str(int(one)) for one in Level}:
        return await queue_page(request, None, 422, {"level": "Choose a level from the list."})
    try:
        words = clean_line(str(form.get("why", "")), REASON)
    except BadText as fault:
        return await queue_page(request, None, 422, {"why": str(fault)})
    if is_blank(words):
        return await queue_page(request, None, 422, {"why": "Say why, for whoever takes them."})
    async with transaction(request) as tx:
        await bulk.raise_many(tx, ids, Level(int(level)), words)
    return redirect(f"{BOARD}?done=raised")


async def undo(request: WebRequest) -> Response:
    form = await request.form(max_files=0, max_fields=5)
    given = str(form.get("bulk", ""))
    number = int(given) if given.isascii() and given.isdigit() and len(given) < 18 else 0
    try:
        async with transaction(request) as tx:
            await bulk.undo(tx, number)
    except NotAllowed as reason:
        return await queue_page(request, None, 409, {"bulk": str(reason)})
    return redirect(f"{BOARD}?done=undone")
