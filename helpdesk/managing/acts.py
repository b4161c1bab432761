"""What a manager does with one escalation: a form each, errors kept beside the fields."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.responses import Response

from helpdesk.core.text import BadText, clean_line, clean_text, is_blank
from helpdesk.desk import Transaction
from helpdesk.escalations import commands, deciding
from helpdesk.escalations.states import CHOSEN, Level, Outcome
from helpdesk.tickets.states import NotAllowed, Status, WrongMove
from helpdesk.web import WebRequest, redirect, transaction

from .board import BOARD, THEN, chosen_view, found, queue_page

REASONS, REASON = 10_000, 500  # characters


class Refused(Exception):
    """Field → message."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__()
        self.errors = errors


Act = Callable[[Transaction, int, dict[str, str]], Awaitable[Any]]


async def act(request: WebRequest, command: Act) -> Response:
    """One command for a form of the panel; what was typed survives a refusal."""
    row = await found(request)
    form = await request.form(max_files=0, max_fields=20)
    typed = {name: value for name, value in form.items() if isinstance(value, str)}
    try:
        async with transaction(request) as tx:
            await command(tx, row.id, typed)
    except Refused as refused:
        return await queue_page(request, row, 422, refused.errors, typed)
    except (NotAllowed, WrongMove) as reason:
        return await queue_page(request, await found(request), 409, {"action": str(reason)}, typed)
    return redirect(f"{BOARD}/{row.id}?view={chosen_view(request).key}")


def text(typed: dict[str, str], name: str, limit: int, missing: str) -> str:
    try:
        given = clean_text(typed.get(name, ""), limit).strip()
    except BadText as fault:
        raise Refused({name: str(fault)}) from None
    if is_blank(given):
        raise Refused({name: missing})
    return given


def number(typed: dict[str, str], name: str, missing: str) -> int:
    given = typed.get(name, "")
    if not (given.isascii() and given.isdigit() and len(given) < 18):
        raise Refused({name: missing})
    return int(given)


async def take(request: WebRequest) -> Response:
    async def command(tx: Transaction, id: int, typed: dict[str, str]) -> None:
        await commands.take(tx, id)

    return await act(request, command)


async def give(request: WebRequest) -> Response:
    async def command(tx: Transaction, id: int, typed: dict[str, str]) -> None:
        who = number(typed, "owner", "Choose somebody from the list.")
        await commands.give(tx, id, who)

    return await act(request, command)


async def put_back(request: WebRequest) -> Response:
    async def command(tx: Transaction, id: int, typed: dict[str, str]) -> None:
        await commands.put_back(tx, id, f"{tx.actor.name} put it back")

    return await act(request, command)


async def move_up(request: WebRequest) -> Response:
    async def command(tx: Transaction, id: int, typed: dict[str, str]) -> None:
        level = number(typed, "level", "Choose a level from the list.")
        if level not in set(Level):
            raise Refused({"level": "Choose a level from the list."})
        words = line(typed, "why", "Say why, for whoever takes it.")
        await commands.move_up(tx, id, Level(level), words)

    return await act(request, command)


def line(typed: dict[str, str], name: str, missing: str) -> str:
    try:
        given = clean_line(typed.get(name, ""), REASON)
    except BadText as fault:
        raise Refused({name: str(fault)}) from None
    if is_blank(given):
        raise Refused({name: missing})
    return given


async def extend(request: WebRequest) -> Response:
    zone = request.state["actor"].time_zone

    async def command(tx: Transaction, id: int, typed: dict[str, str]) -> None:
        until = moment(typed.get("until", ""), zone)
        reason = text(typed, "extend_reason", REASON, "Say why. The requester reads it.")
        await deciding.extend(tx, id, until, reason)

    return await act(request, command)


def moment(given: str, zone: str) -> datetime:
    """What a browser's field for a day and a time says, in the manager's zone."""
    try:
        at = datetime.strptime(given[:16], "%Y-%m-%dT%H:%M").replace(tzinfo=ZoneInfo(zone))
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refused({"until": "Choose the day and the time."}) from None


async def decide(request: WebRequest) -> Response:
    async def command(tx: Transaction, id: int, typed: dict[str, str]) -> None:
        if typed.get("outcome") not in {one.value for one in CHOSEN}:
            raise Refused({"outcome": "Choose what you decide."})
        if typed.get("then", "") not in THEN:
            raise Refused({"then": "Choose a status from the list."})
        reasons = text(typed, "reasons", REASONS, "Give the reasons. The requester reads them.")
        then = Status(typed["then"]) if typed.get("then") else None
        await deciding.conclude(tx, id, Outcome(typed["outcome"]), reasons, then)

    return await act(request, command)


async def return_it(request: WebRequest) -> Response:
    async def command(tx: Transaction, id: int, typed: dict[str, str]) -> None:
        if typed.get("whom") not in ("requester", "department"):
            raise Refused({"whom": "Choose who brings what is missing."})
        missing = text(typed, "missing", REASONS, "Say what is missing.")
        try:
            once = UUID(typed.get("once", ""))
        except ValueError:
            raise Refused({"action": "The page was incomplete. Reload it."}) from None
        await deciding.return_it(tx, id, missing, typed["whom"] == "requester", once)

    return await act(request, command)
