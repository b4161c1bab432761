"""The page of the queue, with one escalation beside it."""

from typing import Any
from uuid import uuid4

from starlette.exceptions import HTTPException
from starlette.responses import Response

from helpdesk.core.formats import span
from helpdesk.escalations.bulk import colleagues, managers
from helpdesk.escalations.states import CHOSEN, Level
from helpdesk.escalations.words import LEVELS, OUTCOMES
from helpdesk.evidence import queries as evidence
from helpdesk.tickets.models import reference
from helpdesk.tickets.words import SEVERITY_KEYS, STAFF_STATUS
from helpdesk.web import WebRequest, reading, render, transaction

from . import queue
from .figures import figures
from .lists import BY_KEY, GROUPS, VIEWS, View, read_cursor
from .peek import Peek, peek_of

BOARD = "/desk/escalations"
WORDS = 100  # characters
LATER = {"1": "1 hour later", "4": "4 hours later", "24": "1 day later", "72": "3 days later",
         "168": "1 week later", "": "Until a date"}  # fmt: skip
THEN = {"": "Stays as it is", "open": "Open, with us", "waiting_on_user": "Waiting for the user",
        "solved": "Solved"}  # fmt: skip
MANY = {"noted": "got the note.", "extended": "got the later date, and its parties the reason."}
DONE = {"undone": "Taken back.", "raised": "Moved up."}


def chosen_view(request: WebRequest) -> View:
    return BY_KEY.get(request.query_params.get("view", ""), VIEWS[0])


def words_asked(request: WebRequest) -> str:
    return request.query_params.get("q", "")[:WORDS].replace("\x00", "").strip()


async def found(request: WebRequest) -> queue.Row:
    desk, actor = request.state["desk"], request.state["actor"]
    row = await queue.one(desk, actor, request.path_params["id"])
    if row is None:
        raise HTTPException(404)
    return row


async def queue_page(
    request: WebRequest,
    chosen: queue.Row | None = None,
    status: int = 200,
    errors: dict[str, str] | None = None,
    typed: dict[str, Any] | None = None,
) -> Response:
    desk, actor = request.state["desk"], request.state["actor"]
    view, words = chosen_view(request), words_asked(request)
    after = read_cursor(request.query_params.get("after", ""))
    listed = await queue.list_queue(desk, actor, view, after, words)
    peek = await peek_of(desk, chosen) if chosen else None
    async with reading(request) as db:
        pieces = await evidence.listing(db, actor, chosen.case_id) if chosen else []
        asked = await evidence.open_requests(db, chosen.ticket_id) if chosen else []
    async with transaction(request) as tx:
        people = takers = await managers(tx)
        if chosen is not None and chosen.level < Level.MANAGER:
            takers = [*people, *await colleagues(tx, chosen.group_id)]
    return render(
        request,
        "managing/queue.html",
        status,
        view=view,
        views=VIEWS,
        counts=await queue.counts(desk, actor),
        figures=await figures(desk, actor),
        listed=listed,
        groups=queue.grouped(listed.rows),
        all_groups=GROUPS,
        after=bool(after),
        words=words,
        peek=peek,
        pieces=pieces,
        asked=asked,
        news=await news(request, peek),
        people=people,
        takers=takers,
        errors=errors or {},
        typed=typed or {},
        once=uuid4(),
        reference=reference,
        levels=LEVELS,
        outcomes=[(one.value, OUTCOMES[one]) for one in CHOSEN],
        OUTCOMES=OUTCOMES,
        then=list(THEN.items()),
        later=list(LATER.items()),
        severities=SEVERITY_KEYS,
        status_words=STAFF_STATUS,
    )


async def news(request: WebRequest, peek: Peek | None) -> dict[str, Any]:
    """What was just done, in words, and whether it can be taken back."""
    asked = request.query_params
    if "taken" in asked and peek is not None:
        now = request.state["desk"].clock.now()
        seconds = (peek.row.due_at - now).total_seconds()
        late = "late" if seconds < 0 else "left"
        return {
            "words": f"You have {reference(peek.row.ticket_id)} now. Of what nobody owned it is "
            f"due first: {span(seconds)} {late}."
        }
    if asked.get("none") == "1":
        return {"words": "Everything has an owner. There is nothing to take."}
    moved, bulk = figures_only(asked.get("moved", "")), figures_only(asked.get("bulk", ""))
    if moved:
        words = f"{moved} {'escalation' if moved == '1' else 'escalations'} assigned."
        return {"words": words, "bulk": bulk}
    for name, done in MANY.items():
        if (count := figures_only(asked.get(name, ""))) and bulk:
            words = f"{count} {'escalation' if count == '1' else 'escalations'} {done}"
            return {"words": words, "bulk": "" if count == "0" else bulk}
    return {"words": DONE.get(asked.get("done", ""), "")}


def figures_only(given: str) -> str:
    return given if given.isascii() and given.isdigit() and len(given) < 18 else ""
