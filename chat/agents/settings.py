"""How lines are run and how much each agent takes: rows that managers change."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import select
from starlette.exceptions import HTTPException
from starlette.responses import Response

from chat.commands import announce_line
from chat.models import Availability
from helpdesk.desk import Desk, Transaction
from helpdesk.people.models import Group, Person
from helpdesk.permissions import STAFF, Can
from helpdesk.web import WebRequest, page, redirect, render, transaction

from .lines import rules_of
from .models import LineRules
from .presence import CAPACITY, MOST


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number of a form: what it is called, its bounds, whether it may be left out."""

    label: str
    least: int
    most: int
    optional: bool = False
    hint: str = ""


NUMBERS = {
    "offer_seconds": Number("Seconds to answer an offer", 5, 300),
    "idle_minutes": Number("Minutes of silence until a chat stops counting", 1, 1_440),
    "at_once": Number("Chats at once in the whole department", 1, 10_000, True, "Empty: no limit"),
    "waiting_alarm": Number("Alarm: people waiting", 1, 10_000, True, "Empty: no alarm"),
    "wait_alarm": Number("Alarm: seconds of the longest wait", 10, 86_400, True, "Empty: no alarm"),
    "free_alarm": Number("Alarm: fewer free places than", 1, 10_000, True, "Empty: no alarm"),
    "abandoned_alarm": Number("Alarm: left today", 1, 100_000, True, "Empty: no alarm"),
}
SWITCHES = ("gives", "sound")


@dataclass
class Form:
    typed: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)


def check_line(typed: Mapping[str, str]) -> Form:
    form = Form({name: typed.get(name, "").strip() for name in NUMBERS})
    for name, number in NUMBERS.items():
        text = form.typed[name]
        if not text and number.optional:
            form.values[name] = None
        elif text.isascii() and text.isdigit() and len(text) < 9:
            form.values[name] = int(text)
            if not number.least <= int(text) <= number.most:
                form.errors[name] = f"Enter a number from {number.least} to {number.most}."
        else:
            form.errors[name] = f"Enter a number from {number.least} to {number.most}."
    form.values |= {name: bool(typed.get(name)) for name in SWITCHES}
    return form


def form_of(rules: LineRules) -> Form:
    values = rules.model_dump()
    typed = {name: "" if values[name] is None else str(values[name]) for name in NUMBERS}
    return Form(typed, values={name: values[name] for name in SWITCHES})


async def save_line(tx: Transaction, group_id: int, values: Mapping[str, Any]) -> None:
    row = insert(LineRules).values({"group_id": group_id, **values})
    await tx.db.exec(row.on_conflict_do_update(index_elements=["group_id"], set_=dict(values)))
    announce_line(tx, [], "settings")


async def set_capacity(tx: Transaction, person_id: int, capacity: int | None) -> None:
    """Chats at once of one agent; nothing: as the desk has it. Chats they have go on."""
    person = await tx.db.get(Person, person_id)
    if person is None or STAFF.isdisjoint(person.roles):
        raise LookupError(person_id)
    new = {"person_id": person_id, "available": False, "seen_at": tx.now, "capacity": capacity}
    row = insert(Availability).values(new)
    changed = {"capacity": capacity}
    await tx.db.exec(row.on_conflict_do_update(index_elements=["person_id"], set_=changed))
    announce_line(tx, [], "settings")


AGENTS = """
SELECT p.id, p.name, p.languages, p.skills, a.capacity,
    ARRAY(SELECT g.name FROM memberships m JOIN groups g ON g.id = m.group_id
        WHERE m.person_id = p.id ORDER BY g.name) AS groups
FROM people p LEFT JOIN availability a ON a.person_id = p.id
WHERE p.is_account AND p.roles && $1::text[] AND p.deactivated_at IS NULL
ORDER BY p.name, p.id LIMIT 1000
"""


async def show(request: WebRequest) -> Response:
    return await show_with(request)


async def show_with(
    request: WebRequest, wrong: dict[str, Form] | None = None, agent_error: str = ""
) -> Response:
    desk = request.state["desk"]
    rows = await stored(desk)
    forms = {key: form_of(rules_of(id, rules)) for id, key, _, rules in rows} | (wrong or {})
    return render(
        request,
        "chat/settings.html",
        422 if wrong or agent_error else 200,
        lines=[(key, name, forms[key]) for _, key, name, _ in rows],
        numbers=NUMBERS,
        agents=await desk.pool.fetch(AGENTS, [role.value for role in STAFF]),
        usual=CAPACITY,
        most=MOST,
        agent_error=agent_error,
        saved=request.query_params.get("saved", ""),
    )


async def stored(desk: Desk) -> list[tuple[int, str, str, Mapping[str, Any] | None]]:
    rows = await desk.pool.fetch(
        "SELECT g.id, g.key, g.name, to_jsonb(l) AS rules FROM groups g"
        " LEFT JOIN chat_lines l ON l.group_id = g.id ORDER BY g.name"
    )
    return [(row["id"], row["key"], row["name"], row["rules"]) for row in rows]


async def save(request: WebRequest) -> Response:
    """One department's line."""
    typed = await request.form()
    key = request.path_params["key"].replace("\0", "")[:20]
    form = check_line({name: value for name, value in typed.items() if isinstance(value, str)})
    async with transaction(request) as tx:
        group = (await tx.db.exec(select(Group).where(Group.key == key))).one_or_none()
        if group is None:
            raise HTTPException(404)
        if not form.errors:
            await save_line(tx, group.id, form.values)
    if form.errors:
        return await show_with(request, {key: form})
    return redirect(f"/desk/chats/settings?saved={key}#line-{key}")


async def save_agent(request: WebRequest) -> Response:
    """`capacity`: chats at once, or nothing."""
    number = request.path_params["id"]
    if number >= 2**63:
        raise HTTPException(404)
    typed = str((await request.form()).get("capacity", "")).strip()
    if typed and not (typed.isascii() and typed.isdigit() and 1 <= int(typed[:9]) <= MOST):
        return await show_with(request, agent_error=f"Enter a number from 1 to {MOST}.")
    try:
        async with transaction(request) as tx:
            await set_capacity(tx, number, int(typed) if typed else None)
    except LookupError:
        raise HTTPException(404) from None
    return redirect("/desk/chats/settings?saved=agent#agents")


routes = [
    page("/desk/chats/settings", show, Can.SUPERVISE_CHATS),
    page("/desk/chats/settings/{key}", save, Can.SUPERVISE_CHATS, "POST"),
    page("/desk/chats/agents/{id:int}", save_agent, Can.SUPERVISE_CHATS, "POST"),
]
