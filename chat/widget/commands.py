"""Making widgets: their sites, their keys, on and off."""

import re
import secrets
from collections.abc import Sequence
from urllib.parse import urlsplit

from sqlmodel import col, delete, select, update

from helpdesk.core.text import BadText, clean_line, is_blank
from helpdesk.desk import Transaction

from .keys import read_public_key
from .models import Algorithm, Widget, WidgetKey, WidgetSite
from .sessions import end_sessions_of, end_vouched

LETTERS = "23456789abcdefghjkmnpqrstvwxyz"
NAME, GREETING, SITE, MOST_SITES, MOST_KEYS = 80, 200, 200, 50, 5
_HOST = re.compile(r"(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
DEFAULT_PORTS = {"https": 443, "http": 80}
ON_THIS_MACHINE = ("localhost", "127.0.0.1")


class NoSuchWidget(Exception):
    pass


def random_name(length: int) -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(length))


def read_origin(typed: str) -> str:
    """`https://www.example.com`, also with `*.` for every subdomain, as browsers write it."""
    wrong = f"{typed[:60]} is not the address of a site, such as https://www.example.com."
    try:
        url = urlsplit(typed.strip().lower())
        host = (url.hostname or "").encode("idna").decode() if url.hostname else ""
        port = url.port
    except (ValueError, UnicodeError):
        raise BadText(wrong) from None
    plain = url.path in ("", "/") and not (url.query or url.fragment or url.username)
    if url.scheme not in DEFAULT_PORTS or not plain or not _HOST.fullmatch(host):
        raise BadText(wrong)
    wild = host.startswith("*.")
    if wild and host.count(".") < 2:
        raise BadText(f"{typed[:60]} would be every site there is.")
    if url.scheme == "http" and host not in ON_THIS_MACHINE:
        raise BadText(
            f"{typed[:60]} must begin with https://: else anybody on the way can read it."
        )
    shown = f":{port}" if port not in (None, DEFAULT_PORTS[url.scheme]) else ""
    return f"{url.scheme}://{host}{shown}"


def read_origins(typed: str) -> list[str]:
    found = [read_origin(line) for line in typed.split() if line]
    if len(found) > MOST_SITES:
        raise BadText(f"At most {MOST_SITES} sites.")
    return list(dict.fromkeys(found))


async def make_widget(
    tx: Transaction, name: str, greeting: str = "", origins: Sequence[str] = (), key: str = ""
) -> Widget:
    """`key` is chosen for the demonstration alone."""
    widget = Widget(
        key=key or random_name(16),
        name="",
        created_at=tx.now,
        created_by_id=tx.actor.id or None,
    )
    describe(widget, name, greeting)
    tx.db.add(widget)
    await tx.db.flush()
    await set_origins(tx, widget.id, origins)
    return widget


async def change_widget(
    tx: Transaction, widget_id: int, name: str, greeting: str, origins: Sequence[str]
) -> Widget:
    widget = await hold_widget(tx, widget_id)
    describe(widget, name, greeting)
    await set_origins(tx, widget.id, origins)
    return widget


def describe(widget: Widget, name: str, greeting: str) -> None:
    widget.name = clean_line(name, NAME)
    if is_blank(widget.name):
        raise BadText("Give it a name, so that colleagues know it.")
    widget.greeting = clean_line(greeting, GREETING)


async def set_origins(tx: Transaction, widget_id: int, origins: Sequence[str]) -> None:
    await tx.db.exec(delete(WidgetSite).where(col(WidgetSite.widget_id) == widget_id))
    tx.db.add_all(WidgetSite(widget_id=widget_id, origin=origin) for origin in origins)
    await tx.db.flush()


async def hold_widget(tx: Transaction, widget_id: int) -> Widget:
    query = select(Widget).where(Widget.id == widget_id).with_for_update()
    if widget := (await tx.db.exec(query)).one_or_none():
        return widget
    raise NoSuchWidget


async def switch(tx: Transaction, widget_id: int, on: bool) -> Widget:
    """Off: it shows nothing any more, and every frame of it is out at once."""
    widget = await hold_widget(tx, widget_id)
    if on:
        widget.disabled_at = None
    elif widget.disabled_at is None:
        widget.disabled_at = tx.now
        await end_sessions_of(tx, widget.id)
    return widget


async def add_key(
    tx: Transaction, widget_id: int, algorithm: Algorithm, public_key: str = ""
) -> WidgetKey:
    """Keys live beside each other, so that a site can change from one to the next at leisure."""
    widget = await hold_widget(tx, widget_id)
    kept = read_public_key(public_key) if algorithm is Algorithm.EDDSA else None
    query = select(WidgetKey).where(
        WidgetKey.widget_id == widget.id, col(WidgetKey.revoked_at).is_(None)
    )
    if len((await tx.db.exec(query)).all()) >= MOST_KEYS:
        raise BadText(f"At most {MOST_KEYS} keys: revoke one that is not used any more.")
    key = WidgetKey(
        widget_id=widget.id,
        kid=f"k{random_name(10)}",
        algorithm=algorithm,
        public_key=kept,
        created_at=tx.now,
    )
    tx.db.add(key)
    await tx.db.flush()
    return key


async def revoke_key(tx: Transaction, widget_id: int, key_id: int) -> None:
    """With everything that a key which is out of hand may have opened."""
    mine = (col(WidgetKey.id) == key_id) & (col(WidgetKey.widget_id) == widget_id)
    left = mine & col(WidgetKey.revoked_at).is_(None)
    await tx.db.exec(update(WidgetKey).where(left).values(revoked_at=tx.now))
    await end_vouched(tx, widget_id)
