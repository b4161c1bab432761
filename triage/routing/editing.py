"""The editor of one rule. Every button is a round trip that keeps what was typed."""

from typing import Any
from uuid import UUID, uuid4

from starlette.exceptions import HTTPException
from starlette.responses import Response

from helpdesk.core.money import CURRENCIES
from helpdesk.permissions import Can
from helpdesk.versions.commands import EditedMeanwhile
from helpdesk.web import WebRequest, page, redirect, render, transaction

from . import queries
from .commands import TooManyRules, save_rule
from .forms import read_rule
from .logic.actions import BEST, LABELS, MANAGERS, ONE_UP, Do
from .logic.conditions import DEEPEST, Join
from .logic.rules import Rule
from .logic.sentences import DAY_NAMES, MOMENTS, Names, sentence
from .logic.vocabulary import (
    CONTRACTS,
    LANGUAGES,
    LEVELS,
    ROLES,
    SHAPES,
    SOURCES,
    UNKNOWN,
    About,
    Op,
)
from .pages import RULES
from .typed import TypedRule, as_typed, change, typed_of

EDIT = Can.MANAGE_TRIAGE
MOST_FIELDS = 4_000
JOINS = {Join.ALL: "all of these", Join.ANY: "any of these", Join.NONE: "none of these"}
OPS = {Op.LEAST: "at least", Op.MOST: "at most"}
ZONES = ("UTC", "America/New_York", "America/Sao_Paulo", "Europe/London", "Europe/Berlin",
         "Asia/Kolkata", "Asia/Tokyo", "Australia/Sydney")  # fmt: skip
MEANWHILE = (
    "A colleague changed the rules while you wrote. Nothing of yours is stored yet, and nothing "
    "is lost: read the rules again, then save this one to put it in."
)


async def new(request: WebRequest) -> Response:
    return await editor(request, TypedRule(), None)


async def edit(request: WebRequest) -> Response:
    rule = await stored_rule(request)
    if rule is None:
        raise HTTPException(404)
    return await editor(request, as_typed(rule), rule.key)


async def stored_rule(request: WebRequest) -> Rule | None:
    key: UUID = request.path_params["key"]
    now = await queries.standing(request.state["desk"])
    return next((rule for rule in now.rules if rule.key == key), None)


async def write_new(request: WebRequest) -> Response:
    return await write(request, None)


async def write_old(request: WebRequest) -> Response:
    return await write(request, request.path_params["key"])


async def write(request: WebRequest, key: UUID | None) -> Response:
    form = await request.form(max_files=0, max_fields=MOST_FIELDS)
    typed, do, seen = typed_of(form), str(form.get("do", "")), str(form.get("seen", ""))
    if do not in ("", "save"):
        change(typed, do)
        return await editor(request, typed, key, seen=seen)
    rule, errors = read_rule(typed, key or once(form) or uuid4())
    if rule is None:
        return await editor(request, typed, key, 422, errors, seen)
    try:
        async with transaction(request) as tx:
            await save_rule(tx, seen, rule)
    except EditedMeanwhile:
        return await editor(request, typed, key, 409, {"rules": MEANWHILE})
    except TooManyRules as full:
        return await editor(request, typed, key, 422, {"rules": str(full)}, seen)
    return redirect(f"{RULES}#rule-{rule.key}")


def once(form: Any) -> UUID | None:
    """Chosen by the form of a new rule: a double click makes one."""
    try:
        return UUID(str(form.get("key", "")))
    except ValueError:
        return None


async def editor(
    request: WebRequest,
    typed: TypedRule,
    key: UUID | None,
    status: int = 200,
    errors: dict[str, str] | None = None,
    seen: str = "",
) -> Response:
    desk = request.state["desk"]
    names, now = await queries.names_of(desk), await queries.standing(desk)
    preview, _ = read_rule(typed, key or uuid4())
    return render(
        request,
        "triage/routing/edit.html",
        status,
        typed=typed,
        key=key,
        new_key=uuid4(),
        address=f"{RULES}/{key}" if key else f"{RULES}/new",
        seen=seen or now.seen,
        sentence=sentence(preview, names) if preview else "",
        errors=errors or {},
        deepest=DEEPEST,
        **choices(names, request.state["actor"].time_zone),
    )


def choices(names: Names, own_zone: str) -> dict[str, Any]:
    """Everything the editor offers."""
    departments = list(names.departments.items())
    zones = list(dict.fromkeys([*ZONES, own_zone]))
    return {
        "MOMENTS": {moment.value: words for moment, words in MOMENTS.items()},
        "JOINS": {join.value: words for join, words in JOINS.items()},
        "OPS": {op.value: words for op, words in OPS.items()},
        "SHAPES": {about.value: shape for about, shape in SHAPES.items()},
        "DO": {do.value: label for do, label in LABELS.items()},
        "options": {
            About.TYPE: list(names.types.items()),
            About.LANGUAGE: [*LANGUAGES.items(), (UNKNOWN, "not known")],
            About.CONTRACT: list(CONTRACTS.items()),
            About.ROLE: list(ROLES.items()),
            About.DEPARTMENT: departments,
            About.PREVIOUS_DEPARTMENT: departments,
            About.PREVIOUS_SEVERITY: LEVEL_OPTIONS,
            About.PREVIOUS_TYPE: list(names.types.items()),
            About.WEEKDAY: list(DAY_NAMES.items()),
            About.SOURCE: list(SOURCES.items()),
        },
        "levels": LEVEL_OPTIONS,
        "currencies": [(code, code) for code in CURRENCIES],
        "own_departments": [("", "its own department"), *departments],
        "clocks": [
            ("", "its department’s time"),
            *((key, f"{name}’s time") for key, name in departments),
            *((zone, zone.replace("_", " ")) for zone in zones),
        ],
        "values": {
            Do.DEPARTMENT: departments,
            Do.AGENT: [(BEST, "whoever fits best"), *names.people.items()],
            Do.SEVERITY: [(ONE_UP, "by one level"), *((k, f"to {v} at least") for k, v in UP)],
            Do.NOTIFY: [
                (MANAGERS, "the managers"),
                *((f"department:{key}", f"everybody of {name}") for key, name in departments),
                *((f"person:{id}", name) for id, name in names.people.items()),
            ],
            Do.ASK: list(names.evidence.items()),
        },
    }


LEVEL_OPTIONS = [(level, level.title()) for level in LEVELS]
UP = LEVEL_OPTIONS[1:]
ONE = f"{RULES}/{{key:uuid}}"
routes = [
    page(f"{RULES}/new", new, EDIT),
    page(f"{RULES}/new", write_new, EDIT, "POST"),
    page(ONE, edit, EDIT),
    page(ONE, write_old, EDIT, "POST"),
]
