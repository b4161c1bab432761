"""The rules for managers to change, and “Why this severity” for whoever filed the ticket."""

from typing import Any

from starlette.responses import Response

from helpdesk.catalogue import queries as catalogue
from helpdesk.permissions import Can
from helpdesk.tickets.models import reference
from helpdesk.tickets.queries import find_ticket, id_named
from helpdesk.versions.commands import EditedMeanwhile
from helpdesk.versions.commands import discard as discard_draft
from helpdesk.versions.pages import CROSSED, refusal, seen_of
from helpdesk.versions.queries import Shown, history, what_stands
from helpdesk.web import WebRequest, page, reading, redirect, render, transaction

from .commands import NoSuchRule, change_rules, publish_rules
from .history import Tried, try_on_history
from .models import RULES
from .queries import look_again, traces_of
from .rules import EFFECT_WORDS, Effect, Rules

BOARD = "/desk/triage/severity"
DONE = {
    "saved": "The draft is saved. It decides nothing until you publish it.",
    "published": "Published. New tickets are weighed by these rules from now on.",
    "discarded": "The draft is gone.",
    "same": "Nothing was changed.",
}


async def board(
    request: WebRequest, status: int = 200, errors: dict[str, str] | None = None, note: str = ""
) -> Response:
    desk = request.state["desk"]
    shown = await what_stands(desk, RULES)
    offered = (await catalogue.current(desk)).catalogue
    tried: Tried | None = None
    if shown.is_draft and "try" in request.query_params:
        tried = await try_on_history(desk, shown.document)
    return render(
        request,
        "triage/severity.html",
        status,
        shown=shown,
        parts=parts_of(shown, {type.key: type.title for type in offered.types}),
        effects=[(effect.value, words) for effect, words in EFFECT_WORDS.items()],
        versions=await history(desk, RULES),
        tried=tried,
        done=DONE.get(request.query_params.get("done", ""), ""),
        errors=errors or {},
        note=note,
        EFFECT_WORDS=EFFECT_WORDS,
    )


def parts_of(shown: Shown[Rules], titles: dict[str, str]) -> list[tuple[str, list[Any]]]:
    """Rules for everything first, then by what they are about."""
    everywhere = [rule for rule in shown.document.rules if not rule.types]
    parts: dict[str, list[Any]] = {"Whatever it is about": everywhere}
    for rule in shown.document.rules:
        if rule.types:
            about = ", ".join(titles.get(key, key) for key in rule.types)
            parts.setdefault(about, []).append(rule)
    return list(parts.items())


async def show(request: WebRequest) -> Response:
    return await board(request)


async def save(request: WebRequest) -> Response:
    form = await request.form(max_files=0, max_fields=1_000)
    shown = await what_stands(request.state["desk"], RULES)
    wanted: dict[str, tuple[bool, Effect]] = {}
    for rule in shown.document.rules:
        chosen = form.get(f"effect.{rule.key}")
        if not isinstance(chosen, str):
            continue  # a page of an older version does not show it
        if chosen not in set(Effect):
            return await board(request, 422, {f"effect.{rule.key}": "Choose from the list."})
        wanted[rule.key] = (f"on.{rule.key}" in form, Effect(chosen))
    try:
        async with transaction(request) as tx:
            before = len(shown.changes)
            draft = await change_rules(tx, wanted, seen_of(form.get("seen")))
            same = draft.published_at is not None or len(draft.changes) == before
    except (EditedMeanwhile, NoSuchRule):
        return await board(request, 409, {"draft": CROSSED})
    return redirect(f"{BOARD}?done={'same' if same else 'saved'}")


async def publish(request: WebRequest) -> Response:
    if refused := await refusal(request, board, publish_rules):
        return refused
    look_again(request.state["desk"])
    return redirect(f"{BOARD}?done=published")


async def discard(request: WebRequest) -> Response:
    async with transaction(request) as tx:
        await discard_draft(tx, RULES)
    return redirect(f"{BOARD}?done=discarded")


async def why(request: WebRequest) -> Response:
    """For whoever may read the ticket, in plain words."""
    return await explained(request, "triage/why.html")


async def trace(request: WebRequest) -> Response:
    """For agents: every input and rule, of every weighing."""
    return await explained(request, "triage/trace.html")


async def explained(request: WebRequest, template: str) -> Response:
    desk, actor = request.state["desk"], request.state["actor"]
    async with reading(request) as db:
        ticket = await find_ticket(db, actor, id_named(request.path_params["ref"]))
    offered = (await catalogue.version(desk, ticket.catalogue_version)).catalogue
    traces = await traces_of(desk, ticket.id)
    return render(
        request,
        template,
        ticket=ticket,
        ref=reference(ticket.id),
        type=offered.type(ticket.type_key),
        kept=traces[0] if traces else None,
        traces=traces,
        levels={level.level: level for level in offered.severities},
    )


MANAGE = Can.MANAGE_TRIAGE
routes = [
    page(BOARD, show, MANAGE),
    page(BOARD, save, MANAGE, "POST"),
    page(f"{BOARD}/publish", publish, MANAGE, "POST"),
    page(f"{BOARD}/discard", discard, MANAGE, "POST"),
    page("/desk/tickets/{ref}/why-severity", trace, Can.WORK_TICKETS),
    page("/requests/{ref}/severity", why, Can.FOLLOW_REQUESTS),
]
