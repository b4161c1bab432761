"""The rules as people read them: the list, the draft, its publication, and the versions."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from sqlmodel import select
from starlette.exceptions import HTTPException
from starlette.responses import Response

from helpdesk.core.text import BadText, clean_line
from helpdesk.desk import Transaction
from helpdesk.people.models import Person
from helpdesk.permissions import Can, allowed
from helpdesk.versions.commands import EditedMeanwhile, NothingToPublish
from helpdesk.web import WebRequest, page, reading, redirect, render, transaction

from . import queries
from .commands import (
    NoSuchRule,
    NotPublishable,
    discard_draft,
    move_rule,
    publish,
    remove_rule,
    restore,
    switch_rule,
)
from .forms import NOTE
from .logic.lint import Finding, lint
from .logic.rules import Rule
from .logic.sentences import Names, differences, sentence
from .replay.results import newest_tests

RULES = "/desk/rules"
READ, EDIT = Can.WORK_TICKETS, Can.MANAGE_TRIAGE
MEANWHILE = "A colleague changed the rules since you opened this page. Nothing of yours was stored."
PAGE = 100  # rules shown at once


async def index(request: WebRequest) -> Response:
    return await rules_page(request)


async def rules_page(
    request: WebRequest,
    status: int = 200,
    errors: dict[str, str] | None = None,
    note: str = "",
) -> Response:
    desk, actor = request.state["desk"], request.state["actor"]
    now, names = await queries.standing(desk), await queries.names_of(desk)
    edits = allowed(actor, EDIT)
    # Agents read what is in use, not what is being thought about.
    rules = now.rules if edits else now.published
    first = first_shown(request, len(rules))
    return render(
        request,
        "triage/routing/index.html",
        status,
        standing=now,
        edits=edits,
        rules=[(at, rule, sentence(rule, names)) for at, rule in enumerate(rules, start=1)][
            first : first + PAGE
        ],
        first=first,
        total=len(rules),
        per_page=PAGE,
        changes=differences(now.published, now.rules, names)[:100] if now.is_draft else [],
        findings=shown(lint(rules, names), rules) if edits else [],
        tests=await newest_tests(desk) if edits else [],
        changed_by=await name_of(request, now.changed_by),
        errors=errors or {},
        note=note,
    )


def first_shown(request: WebRequest, total: int) -> int:
    asked = request.query_params.get("from", "")
    first = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 0
    return first // PAGE * PAGE if first < total else 0


def shown(findings: Sequence[Finding], rules: Sequence[Rule]) -> list[tuple[Finding, int]]:
    """With the place of the rule to look at."""
    places = {str(rule.key): at for at, rule in enumerate(rules, start=1)}
    return [(one, places.get(one.rules[0], 0)) for one in findings]


async def name_of(request: WebRequest, id: int | None) -> str:
    if id is None:
        return ""
    async with reading(request) as db:
        return (await db.exec(select(Person.name).where(Person.id == id))).one_or_none() or ""


# What is done to the draft


Act = Callable[[Transaction, str, dict[str, Any]], Awaitable[Any]]


async def act(request: WebRequest, command: Act, back: str = RULES) -> Response:
    """Run one command on the draft; a clash stores nothing and says so."""
    form = {name: str(value) for name, value in (await request.form(max_files=0)).items()}
    try:
        async with transaction(request) as tx:
            await command(tx, form.get("seen", ""), form)
    except EditedMeanwhile:
        return await rules_page(request, 409, {"rules": MEANWHILE}, form.get("note", ""))
    except NothingToPublish:
        errors = {"rules": "The draft changes nothing, so there is nothing to publish."}
        return await rules_page(request, 409, errors, form.get("note", ""))
    except NotPublishable as wrong:
        errors = {"rules": " ".join(one.text for one in wrong.findings[:5])}
        return await rules_page(request, 422, errors, form.get("note", ""))
    except NoSuchRule:
        raise HTTPException(404) from None
    return redirect(back)


def key_in(request: WebRequest) -> UUID:
    key: UUID = request.path_params["key"]
    return key


async def move(request: WebRequest) -> Response:
    key = key_in(request)

    async def command(tx: Transaction, seen: str, form: dict[str, Any]) -> None:
        await move_rule(tx, seen, key, -1 if form.get("by") == "-1" else 1)

    return await act(request, command, f"{RULES}#rule-{key}")


async def switch(request: WebRequest) -> Response:
    key = key_in(request)

    async def command(tx: Transaction, seen: str, form: dict[str, Any]) -> None:
        await switch_rule(tx, seen, key, form.get("on") == "1")

    return await act(request, command, f"{RULES}#rule-{key}")


async def remove(request: WebRequest) -> Response:
    key = key_in(request)

    async def command(tx: Transaction, seen: str, form: dict[str, Any]) -> None:
        await remove_rule(tx, seen, key)

    return await act(request, command)


async def publish_draft(request: WebRequest) -> Response:
    names = await queries.names_of(request.state["desk"])
    form = await request.form(max_files=0)
    try:
        note = clean_line(str(form.get("note", "")), NOTE)
    except BadText as fault:
        return await rules_page(request, 422, {"note": str(fault)}, str(form.get("note", "")))

    async def command(tx: Transaction, seen: str, form: dict[str, Any]) -> None:
        await publish(tx, seen, note, names)

    return await act(request, command)


async def discard(request: WebRequest) -> Response:
    async def command(tx: Transaction, seen: str, form: dict[str, Any]) -> None:
        await discard_draft(tx, seen)

    return await act(request, command)


# Versions


async def versions(request: WebRequest) -> Response:
    desk = request.state["desk"]
    before = request.query_params.get("before", "")
    number = int(before) if before.isascii() and before.isdigit() and len(before) < 9 else None
    rows = await queries.versions(desk, number)
    more = len(rows) > queries.PAGE
    return render(
        request,
        "triage/routing/versions.html",
        versions=rows[: queries.PAGE],
        older=rows[queries.PAGE - 1]["version"] if more else None,
    )


async def version(request: WebRequest) -> Response:
    """What it said, and what it changed of the one before."""
    desk, number = request.state["desk"], request.path_params["number"]
    found = await queries.version_rules(desk, number)
    if found is None:
        raise HTTPException(404)
    row, rules = found
    earlier = await queries.version_rules(desk, number - 1)
    names, now = await queries.names_of(desk), await queries.standing(desk)
    return render(
        request,
        "triage/routing/version.html",
        version=row,
        publisher=await name_of(request, row["published_by_id"]),
        rules=described(rules, names),
        changes=differences(earlier[1] if earlier else (), rules, names)[:200],
        standing=now,
        edits=allowed(request.state["actor"], EDIT),
    )


def described(rules: Sequence[Rule], names: Names) -> list[tuple[int, Rule, str]]:
    return [(at, rule, sentence(rule, names)) for at, rule in enumerate(rules, start=1)]


async def restore_version(request: WebRequest) -> Response:
    number = request.path_params["number"]

    async def command(tx: Transaction, seen: str, form: dict[str, Any]) -> None:
        await restore(tx, seen, number)

    return await act(request, command)


VERSION = f"{RULES}/versions/{{number:int}}"
routes = [
    page(RULES, index, READ),
    page(f"{RULES}/versions", versions, READ),
    page(VERSION, version, READ),
    page(f"{RULES}/publish", publish_draft, EDIT, "POST"),
    page(f"{RULES}/discard", discard, EDIT, "POST"),
    page(f"{VERSION}/restore", restore_version, EDIT, "POST"),
    page(f"{RULES}/{{key:uuid}}/move", move, EDIT, "POST"),
    page(f"{RULES}/{{key:uuid}}/switch", switch, EDIT, "POST"),
    page(f"{RULES}/{{key:uuid}}/remove", remove, EDIT, "POST"),
]
