"""Finding widgets: by the key in a snippet, and for the managers' page."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from helpdesk.desk import Desk

from .models import Widget, WidgetKey, WidgetSite

DEMO = "demo"  # the key of the demonstration’s widget
FRESH = 5.0  # seconds a process believes what it has read; a page view costs no query


@dataclass(frozen=True)
class Shown:
    """A widget with the origins whose pages may show it."""

    widget: Widget
    origins: tuple[str, ...]

    @property
    def ancestors(self) -> str:
        """For `frame-ancestors`."""
        return " ".join(self.origins) or "'none'"


async def shown_widget(desk: Desk, key: str) -> Shown | None:
    """The one that is switched on."""
    kept: dict[str, tuple[float, Shown | None]] = desk.parts.setdefault("widgets", {})
    now = asyncio.get_running_loop().time()
    at, found = kept.get(key, (0.0, None))
    if not at or now - at > FRESH:
        async with desk.reading() as db:
            found = await read_widget(db, key)
        if len(kept) > 1_000:  # somebody tries keys
            kept.clear()
        kept[key] = (now, found)
    return found


def forget_widgets(desk: Desk) -> None:
    """Somebody has changed one: this process looks again; the others within seconds."""
    desk.parts.pop("widgets", None)


async def read_widget(db: AsyncSession, key: str) -> Shown | None:
    query = select(Widget).where(Widget.key == key, col(Widget.disabled_at).is_(None))
    widget = (await db.exec(query)).one_or_none()
    return None if widget is None else Shown(widget, await origins_of(db, widget.id))


async def origins_of(db: AsyncSession, widget_id: int) -> tuple[str, ...]:
    query = select(WidgetSite.origin).where(WidgetSite.widget_id == widget_id)
    return tuple((await db.exec(query.order_by(WidgetSite.origin))).all())


async def keys_of(db: AsyncSession, widget_id: int) -> Sequence[WidgetKey]:
    query = select(WidgetKey).where(
        WidgetKey.widget_id == widget_id, col(WidgetKey.revoked_at).is_(None)
    )
    return (await db.exec(query.order_by(col(WidgetKey.id).desc()))).all()


async def all_widgets(db: AsyncSession) -> Sequence[Widget]:
    return (await db.exec(select(Widget).order_by(Widget.name, col(Widget.id)))).all()


async def find_widget(db: AsyncSession, widget_id: int) -> Widget | None:
    return await db.get(Widget, widget_id) if widget_id < 2**63 else None


def is_shown_on(origins: Sequence[str], origin: str) -> bool:
    """As browsers read `frame-ancestors`: `*.` stands for one or more labels."""
    asked = urlsplit(origin)
    for allowed in map(urlsplit, origins):
        if (allowed.scheme, allowed.port) != (asked.scheme, asked.port):
            continue
        name, host = allowed.hostname or "", asked.hostname or ""
        if name == host or (name.startswith("*.") and host.endswith(name[1:])):
            return True
    return False
