"""/desk/absences: when people are away. Everybody for themselves, managers for all."""

from datetime import timedelta

from starlette.exceptions import HTTPException
from starlette.responses import Response

from helpdesk.calendars.absences import BadDays, NotTheirs, come_back, coming, say_away, workers
from helpdesk.calendars.forms import read_day
from helpdesk.calendars.models import AbsenceKind
from helpdesk.permissions import Can, allowed
from helpdesk.web import WebRequest, page, redirect, render, transaction

PAGE = "/desk/absences"
KINDS = {
    AbsenceKind.HOLIDAY: "Holiday",
    AbsenceKind.ILL: "Ill",
    AbsenceKind.TRAINING: "Training",
    AbsenceKind.OTHER: "Something else",
}


async def show(request: WebRequest) -> Response:
    return await absences(request)


async def absences(
    request: WebRequest,
    status: int = 200,
    errors: dict[str, str] | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    desk, actor = request.state["desk"], request.state["actor"]
    manages = allowed(actor, Can.MANAGE_HOURS)
    return render(
        request,
        "managing/absences.html",
        status,
        rows=await coming(desk, None if manages else actor.id, desk.clock.now()),
        people=await workers(desk) if manages else [],
        kinds=[(kind.value, words) for kind, words in KINDS.items()],
        kind_words={kind.value: words for kind, words in KINDS.items()},
        errors=errors or {},
        typed=typed or {},
        day=timedelta(days=1),
        done=request.query_params.get("done", ""),
    )


async def say(request: WebRequest) -> Response:
    actor = request.state["actor"]
    form = await request.form(max_files=0, max_fields=10)
    typed = {name: str(form.get(name, ""))[:40] for name in ("person", "kind", "from", "until")}
    first, last = read_day(typed["from"]), read_day(typed["until"] or typed["from"])
    errors = {
        name: words
        for name, words, wrong in (
            ("from", "Choose the first day.", first is None),
            ("until", "Choose the last day.", last is None),
            ("kind", "Choose from the list.", typed["kind"] not in set(AbsenceKind)),
        )
        if wrong
    }
    if errors or first is None or last is None:
        return await absences(request, 422, errors, typed)
    who = typed["person"]
    person = actor.id
    if who:
        person = int(who) if who.isascii() and who.isdigit() and len(who) < 19 else 0
    try:
        async with transaction(request) as tx:
            await say_away(tx, person, AbsenceKind(typed["kind"]), first, last)
    except BadDays as fault:
        return await absences(request, 422, {fault.field: str(fault)}, typed)
    except NotTheirs:
        raise HTTPException(403) from None
    return redirect(f"{PAGE}?done=said")


async def end(request: WebRequest) -> Response:
    try:
        async with transaction(request) as tx:
            await come_back(tx, request.path_params["id"])
    except NotTheirs:
        raise HTTPException(404) from None
    return redirect(f"{PAGE}?done=back")


routes = [
    page(PAGE, show, Can.WORK_TICKETS),
    page(PAGE, say, Can.WORK_TICKETS, "POST"),
    page(f"{PAGE}/{{id:int}}/end", end, Can.WORK_TICKETS, "POST"),
]
