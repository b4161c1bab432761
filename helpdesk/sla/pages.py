"""The policy for managers: read as sentences, edited as a draft, published with its effect seen."""

from dataclasses import asdict

from starlette.exceptions import HTTPException
from starlette.responses import Response

from helpdesk.permissions import Can
from helpdesk.versions.commands import EditedMeanwhile
from helpdesk.versions.commands import discard as discard_draft
from helpdesk.versions.pages import CROSSED, refusal, seen_of
from helpdesk.versions.queries import Shown, history, what_stands
from helpdesk.web import WebRequest, page, redirect, render, transaction

from .commands import publish_policy, remove_target, save_target
from .effects import effect_of_policy
from .forms import UNITS, Faulty, Typed, read_target, typed_from, typed_in
from .models import POLICY
from .owing.answering import names_of
from .policy import Kind, Policy, Unusable
from .queries import applying, look_again
from .sentences import LEVELS, STATES, TITLES, sentence

BOARD = "/desk/sla"
NEW = "new"
DONE = {
    "saved": "The draft is saved. It holds for nobody until you publish it.",
    "published": "Published. Open tickets get their new dates now; nothing that was met changes.",
    "discarded": "The draft is gone.",
}
CLOCKS = (("business", "Hours in which the department works"), ("calendar", "All hours"))
ABOUT = {
    Kind.FIRST_RESPONSE: "From filing to the first thing somebody of the desk writes.",
    Kind.NEXT_RESPONSE: "From whatever they write afterwards to our answer.",
    Kind.PERIODIC_UPDATE: "The longest we are silent once we have answered.",
    Kind.RESOLUTION: "From filing, or reopening, to the solution.",
    Kind.TAKEOVER: "Between departments: from a hand-over until somebody there has it.",
}
FIELDS = {"minutes": "amount", "for": "severities", "key": "kind"}


async def board(
    request: WebRequest, status: int = 200, errors: dict[str, str] | None = None, note: str = ""
) -> Response:
    desk = request.state["desk"]
    shown = await what_stands(desk, POLICY)
    names = await names_of(desk)
    parts = [
        (
            TITLES[kind],
            ABOUT[kind],
            [
                (one.key, sentence(one, names))
                for one in sorted(
                    shown.document.targets,
                    key=lambda one: (-one.narrowness, -max(one.severities, default=0)),
                )
                if one.kind == kind
            ],
            kind.value,
        )
        for kind in Kind
    ]
    return render(
        request,
        "sla/policy.html",
        status,
        shown=shown,
        parts=parts,
        effect=await effect_of_policy(desk, shown.document) if shown.is_draft else None,
        versions=await history(desk, POLICY),
        applying=await applying(desk),
        done=DONE.get(request.query_params.get("done", ""), ""),
        errors=errors or {},
        note=note,
    )


async def show(request: WebRequest) -> Response:
    return await board(request)


async def edit(request: WebRequest) -> Response:
    shown = await what_stands(request.state["desk"], POLICY)
    key = request.path_params["key"]
    if key == NEW:
        kind = request.query_params.get("kind", "")
        typed = Typed(kind=kind) if kind in set(Kind) else Typed()
        return await form_page(request, shown, key, typed)
    target = shown.document.by_key(key)
    if target is None:
        raise HTTPException(404)
    return await form_page(request, shown, key, typed_from(target))


async def form_page(
    request: WebRequest,
    shown: Shown[Policy],
    key: str,
    typed: Typed,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    names = await names_of(request.state["desk"])
    return render(
        request,
        "sla/target.html",
        status,
        shown=shown,
        key=key,
        is_new=key == NEW,
        typed=asdict(typed),
        kinds=[(kind.value, TITLES[kind]) for kind in Kind],
        about=[(TITLES[kind], words) for kind, words in ABOUT.items()],
        units=[(unit, unit) for unit in UNITS],
        clocks=CLOCKS,
        levels=[(str(level), words.capitalize()) for level, words in sorted(LEVELS.items())][::-1],
        types=sorted(names.types.items(), key=lambda one: one[1]),
        groups=sorted(names.groups.items(), key=lambda one: one[1]),
        states=list(STATES.items()),
        errors=errors or {},
    )


async def save(request: WebRequest) -> Response:
    desk, key = request.state["desk"], request.path_params["key"]
    form = await request.form(max_files=0, max_fields=300)
    shown, typed, names = await what_stands(desk, POLICY), typed_in(form), await names_of(desk)
    if key != NEW and shown.document.by_key(key) is None:
        raise HTTPException(404)
    own = key if key != NEW else free_key(shown, typed.kind)
    try:
        target = read_target(typed, own, names.types, names.groups)
        async with transaction(request) as tx:
            await save_target(tx, seen_of(form.get("seen")), target, names)
    except Faulty as fault:
        return await form_page(request, shown, key, typed, fault.errors, 422)
    except Unusable as fault:
        field = FIELDS.get(fault.field, fault.field)
        return await form_page(request, shown, key, typed, {field: fault.said}, 422)
    except EditedMeanwhile:
        return await form_page(request, shown, key, typed, {"": CROSSED}, 409)
    return redirect(f"{BOARD}?done=saved")


async def remove(request: WebRequest) -> Response:
    desk = request.state["desk"]
    form = await request.form(max_files=0, max_fields=10)
    try:
        async with transaction(request) as tx:
            key = request.path_params["key"]
            await remove_target(tx, seen_of(form.get("seen")), key, await names_of(desk))
    except EditedMeanwhile:
        return await board(request, 409, {"draft": CROSSED})
    return redirect(f"{BOARD}?done=saved")


async def publish(request: WebRequest) -> Response:
    if refused := await refusal(request, board, publish_policy):
        return refused
    look_again(request.state["desk"])
    return redirect(f"{BOARD}?done=published")


async def discard(request: WebRequest) -> Response:
    async with transaction(request) as tx:
        await discard_draft(tx, POLICY)
    return redirect(f"{BOARD}?done=discarded")


def free_key(shown: Shown[Policy], kind: str) -> str:
    """`first_response_7`: a name nobody has, for a target nobody has named."""
    taken = {one.key for one in shown.document.targets}
    stem = kind if kind in set(Kind) else "target"
    return next(key for n in range(1, 1_000) if (key := f"{stem}_{n}") not in taken)


MANAGE = Can.MANAGE_SLA
routes = [
    page(BOARD, show, MANAGE),
    page(f"{BOARD}/publish", publish, MANAGE, "POST"),
    page(f"{BOARD}/discard", discard, MANAGE, "POST"),
    page(BOARD + "/targets/{key}", edit, MANAGE),
    page(BOARD + "/targets/{key}", save, MANAGE, "POST"),
    page(BOARD + "/targets/{key}/remove", remove, MANAGE, "POST"),
]
