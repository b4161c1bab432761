"""Pieces of pages that come out the same again and again: written once and kept.

An event never changes, and a row of a list only with its ticket, so what they look like is a
function of what they hold. Each is kept per process, the least used dropped first.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from markupsafe import Markup

from helpdesk.cases.timeline import Entry
from helpdesk.core.formats import ago, span
from helpdesk.sla.shown import DueShown
from helpdesk.tickets.models import reference
from helpdesk.tickets.words import SEVERITY_KEYS, STAFF_STATUS
from helpdesk.web import templates

from .closing import Closing
from .views import VIEWS, View

KEPT = 8192  # about a kilobyte each


@lru_cache(maxsize=KEPT)
def list_row(
    ticket: Any, since: str, view_key: str, in_place: bool, due: DueShown | None, left: str
) -> Markup:
    """`ticket` is a record of console/queries.py, `since` how long ago it was filed and `left`
    how long there is until it is due, in words."""
    row = templates.get_template("console/_row.html").render(
        t=ticket,
        since=since,
        view_key=view_key,
        in_place=in_place,
        due=due,
        left=left,
        ref=reference(ticket["id"]),
        level=SEVERITY_KEYS[ticket["severity"]],
        status=STAFF_STATUS[ticket["status"]],
    )
    return Markup(row)


def joined(rows: Iterable[Markup]) -> Markup:
    """All of them are written already: joined without looking for something to escape."""
    return Markup("\n".join(rows))


def list_rows(
    tickets: Any, now: datetime, view_key: str, in_place: bool, dues: Mapping[int, DueShown]
) -> Markup:
    return joined(
        list_row(
            ticket,
            ago(ticket["opened_at"], now),
            view_key,
            in_place,
            due := dues.get(ticket["id"]),
            time_left(due.at, now) if due else "",
        )
        for ticket in tickets
    )


def time_left(at: datetime, now: datetime) -> str:
    seconds = (at - now).total_seconds()
    return f"{span(seconds)} {'left' if seconds > 0 else 'late'}"


Pairs = tuple[tuple[str, str], ...]  # value and words of a select's options


@dataclass(frozen=True)
class Changes:
    """What the forms beside a ticket offer and have chosen."""

    act: str
    back: str
    moves: Pairs
    owners: Pairs
    groups: Pairs
    severity: str
    assignee_id: int | None
    closing: Closing

    def written(self, errors: dict[str, str], typed: dict[str, Any]) -> Markup:
        return self.rendered(errors, typed) if errors or typed else untouched(self)

    def rendered(self, errors: dict[str, str], typed: dict[str, Any]) -> Markup:
        template = templates.get_template("console/_changes.html")
        return Markup(template.render(vars(self) | {"errors": errors, "typed": typed}))


@lru_cache(maxsize=1024)
def untouched(changes: Changes) -> Markup:
    """Before anything was sent: the same for everybody who opens the ticket as it is."""
    return changes.rendered({}, {})


@lru_cache(maxsize=1024)
def view_menu(view: View, counted: tuple[tuple[str, int], ...]) -> Markup:
    template = templates.get_template("console/_views.html")
    return Markup(template.render(view=view, views=VIEWS, counts=dict(counted)))


EVENTS: dict[tuple[Any, ...], Markup] = {}


def event_row(entry: Entry, where: str, time_zone: str, foreign: bool = False) -> Markup:
    """A bubble or a line of a thread as staff sees it; `where` it was said, if not here.

    `foreign`: its number is of another case than the thread's.
    """
    key = (*entry.looks, where, time_zone, foreign)
    written = EVENTS.get(key)
    if written is None:
        if len(EVENTS) >= KEPT:
            EVENTS.clear()
        more = {"at": entry.row["occurred_at"], "foreign": foreign}
        frame = entry.frame | more | ({"where": where} if where else {})
        module: Any = templates.get_template("cases/_event.html").module
        written = EVENTS[key] = Markup(module.timeline_event(frame, True, time_zone))
    return written
