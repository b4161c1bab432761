"""/desk/escalations/rules: each rule as a sentence with its numbers in it, and who changed what."""

from starlette.responses import Response

from helpdesk.core.text import BadText, clean_line
from helpdesk.escalations.forms import NUMBERS, Typed, currencies, read
from helpdesk.escalations.publishing import publish
from helpdesk.escalations.queries import rules_in_use
from helpdesk.escalations.rules import Do, When
from helpdesk.escalations.states import Level
from helpdesk.escalations.words import LEVELS
from helpdesk.versions.commands import EditedMeanwhile
from helpdesk.versions.pages import CROSSED, NOTE
from helpdesk.web import WebRequest, redirect, render, transaction

from .board import BOARD

RULES = f"{BOARD}/rules"
DONE = {
    "saved": "Saved. From now on these rules hold, also for what waits already.",
    "same": "Nothing was changed.",
}
HISTORY = """
SELECT r.number, r.changes, r.note, r.published_at, p.name AS by
FROM escalation_rules r LEFT JOIN people p ON p.id = r.published_by_id
ORDER BY r.number DESC LIMIT 30
"""
WHAT = {
    Do.REMIND: "Remind its owner",
    Do.REASSIGN: "Give it to somebody with time for it",
    Do.SEVERITY: "Raise its severity by one",
    Do.LEVEL: "Escalate it",
    Do.MANAGERS: "Tell the managers",
}
# What can be done at each moment.
FITS = {
    When.WARNED: (Do.REMIND, Do.REASSIGN, Do.SEVERITY, Do.LEVEL, Do.MANAGERS),
    When.BREACHED: (Do.REMIND, Do.REASSIGN, Do.SEVERITY, Do.LEVEL, Do.MANAGERS),
    When.AT_LEVEL: (Do.REMIND, Do.SEVERITY, Do.LEVEL, Do.MANAGERS),
    When.FOLLOW_UPS: (Do.REMIND, Do.REASSIGN, Do.SEVERITY, Do.LEVEL, Do.MANAGERS),
    When.MONEY: (Do.SEVERITY, Do.LEVEL, Do.MANAGERS),
    When.ABSENT: (Do.REASSIGN,),
}


async def show(request: WebRequest) -> Response:
    return await rules_page(request)


async def rules_page(
    request: WebRequest, status: int = 200, typed: Typed | None = None, crossed: bool = False
) -> Response:
    desk = request.state["desk"]
    in_use = await rules_in_use(desk)
    return render(
        request,
        "managing/rules.html",
        status,
        in_use=in_use,
        typed=typed.shown if typed else {},
        errors={"rules": CROSSED} if crossed else (typed.errors if typed else {}),
        wrong={name.split(".")[1] for name in (typed.errors if typed else {}) if "." in name},
        versions=await desk.pool.fetch(HISTORY),
        done=DONE.get(request.query_params.get("done", ""), ""),
        numbers=NUMBERS,
        what=WHAT,
        fits=FITS,
        When=When,
        Do=Do,
        levels=[(int(level), LEVELS[level]) for level in Level],
        currencies=currencies,
    )


async def save(request: WebRequest) -> Response:
    form = await request.form(max_files=0, max_fields=400)
    in_use = await rules_in_use(request.state["desk"])
    typed = read(form, in_use.rules)
    given = str(form.get("note", ""))
    typed.shown["note"] = given
    try:
        note = clean_line(given, NOTE)
    except BadText as fault:
        typed.errors["note"], note = str(fault), ""
    if typed.errors or typed.rules is None:
        return await rules_page(request, 422, typed)
    seen = str(form.get("seen", ""))
    number = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 9 else 0
    try:
        async with transaction(request) as tx:
            new = await publish(tx, typed.rules, number, note)
    except EditedMeanwhile:
        return await rules_page(request, 409, typed, crossed=True)
    return redirect(f"{RULES}?done={'same' if new.number == number else 'saved'}")
