"""How each person wants the desk to behave: keys, sounds, notifications. Kept at the desk."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from starlette.responses import JSONResponse, Response

from helpdesk.desk import Desk, Transaction
from helpdesk.permissions import Can
from helpdesk.web import WebRequest, api, page, redirect, render, templates, transaction

from .models import DeskSettings

ADDRESS = "/desk/settings"
RINGS = {  # kind → what it is, and how it comes: a sound, a notification
    "offered": ("A chat is held out to you", True, True),
    "message": ("Somebody writes in one of your chats", True, False),
    "waiting": ("Somebody begins to wait for your departments", True, False),
    "alarm": ("A line crosses a threshold (managers)", True, True),
    "mention": ("A colleague names you, or you get a notice", False, True),
}
ONE_KEY = re.compile(r"\S( \S)?")
OWN = (
    "SELECT keys, keys_off, rings, quiet_from, quiet_until FROM desk_settings WHERE person_id = $1"
)


def known_keys() -> dict[str, str]:
    """Key as it comes → what it does."""
    module: Any = templates.get_template("console/_key_list.html").module
    return {key: words for _, keys in module.KEYS for key, words in keys}


@dataclass(frozen=True)
class Settings:
    keys: Mapping[str, str] = field(default_factory=dict)  # as it comes → as the person has it
    keys_off: bool = False
    rings: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)
    quiet_from: time | None = None
    quiet_until: time | None = None

    def rings_as(self, kind: str, how: str) -> bool:
        _, sound, notice = RINGS[kind]
        usual = {"sound": sound, "notice": notice}
        return bool(self.rings.get(kind, usual)[how])

    def told(self) -> dict[str, Any]:
        """As scripts take it."""
        return {
            "keys": dict(self.keys),
            "off": self.keys_off,
            "rings": {
                kind: {how: self.rings_as(kind, how) for how in ("sound", "notice")}
                for kind in RINGS
            },
            "quiet": [clock(self.quiet_from), clock(self.quiet_until)],
        }


def clock(at: time | None) -> str:
    return at.strftime("%H:%M") if at else ""


async def settings_of(desk: Desk, person_id: int) -> Settings:
    row = await desk.pool.fetchrow(OWN, person_id)
    return Settings(**row) if row else Settings()


async def keep_settings(tx: Transaction, wanted: Settings) -> None:
    values = {
        "keys": dict(wanted.keys),
        "keys_off": wanted.keys_off,
        "rings": {kind: dict(how) for kind, how in wanted.rings.items()},
        "quiet_from": wanted.quiet_from,
        "quiet_until": wanted.quiet_until,
        "updated_at": tx.now,
    }
    row = insert(DeskSettings).values(person_id=tx.actor.id, **values)
    await tx.db.exec(row.on_conflict_do_update(index_elements=["person_id"], set_=values))


def read_form(form: Mapping[str, Any]) -> tuple[Settings, dict[str, str]]:
    errors: dict[str, str] = {}
    keys: dict[str, str] = {}
    taken: dict[str, str] = {}
    for number, (usual, words) in enumerate(known_keys().items()):
        name = f"key{number}"
        given = " ".join(str(form.get(name, usual)).split())
        if given and not ONE_KEY.fullmatch(given):
            errors[name] = "One key, or two with a space between. Empty: none."
        elif given in taken:
            errors[name] = f"This key is “{taken[given]}” already."
        elif given:
            first = next((one for one in taken if begins(one, given)), None)
            if first:
                errors[name] = f"It begins like “{taken[first]}” ({first})."
        if given:
            taken.setdefault(given, words)
        if given != usual:
            keys[usual] = given
    times = {name: read_time(str(form.get(name, "")), name, errors) for name in QUIET}
    if not errors and (times["quiet_from"] is None) != (times["quiet_until"] is None):
        errors["quiet_until"] = "Give both times, or none."
    rings = {
        kind: {how: bool(form.get(f"{kind}_{how}")) for how in ("sound", "notice")}
        for kind in RINGS
    }
    off = bool(form.get("keys_off"))
    return Settings(keys, off, rings, times["quiet_from"], times["quiet_until"]), errors


QUIET = ("quiet_from", "quiet_until")


def begins(one: str, other: str) -> bool:
    """A key that is also the first of two would never be heard alone."""
    return one != other and (one.split()[0] == other or other.split()[0] == one)


def read_time(text: str, name: str, errors: dict[str, str]) -> time | None:
    try:
        return time.fromisoformat(text) if text.strip() else None
    except ValueError:
        errors[name] = "Write a time as 18:30."
        return None


async def show(request: WebRequest) -> Response:
    desk, actor = request.state["desk"], request.state["actor"]
    settings = await settings_of(desk, actor.id)
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse(settings.told(), headers={"Cache-Control": "no-store"})
    return settings_page(request, settings, {})


def settings_page(request: WebRequest, settings: Settings, errors: dict[str, str]) -> Response:
    module: Any = templates.get_template("console/_key_list.html").module
    numbers = {key: number for number, key in enumerate(known_keys())}
    return render(
        request,
        "console/settings.html",
        422 if errors else 200,
        sections=module.KEYS,
        numbers=numbers,
        settings=settings,
        kinds=RINGS,
        clock=clock,
        errors=errors,
    )


async def save(request: WebRequest) -> Response:
    form = await request.form(max_files=0, max_fields=100)
    wanted, errors = read_form({name: str(value) for name, value in form.items()})
    if errors:
        return settings_page(request, wanted, errors)
    async with transaction(request) as tx:
        await keep_settings(tx, wanted)
    return redirect(ADDRESS)


async def switch_keys(request: WebRequest) -> Response:
    """From the list of keys: all single ones off, or on again."""
    form = await request.form(max_files=0, max_fields=10)
    desk, actor = request.state["desk"], request.state["actor"]
    now = await settings_of(desk, actor.id)
    off = str(form.get("off", "")) == "1"
    async with transaction(request) as tx:
        wanted = Settings(now.keys, off, now.rings, now.quiet_from, now.quiet_until)
        await keep_settings(tx, wanted)
    return JSONResponse({"off": off})


routes = [
    page(ADDRESS, show, Can.WORK_TICKETS),
    page(ADDRESS, save, Can.WORK_TICKETS, "POST"),
    api(f"{ADDRESS}/keys", switch_keys, Can.WORK_TICKETS, "POST"),
]
