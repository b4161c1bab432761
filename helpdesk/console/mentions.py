"""Colleagues named in a note: `@amy`, `@Amy Walker`. They get a notice. Pure, but for the names."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from helpdesk.desk import Desk
from helpdesk.permissions import STAFF

AT = re.compile(r"(?<![\w@])@(\w[\w.\-]*(?: \w[\w\-]*){0,2})")
MOST = 10  # people of one note
COLLEAGUES = """
    SELECT p.id, p.name, split_part(p.email, '@', 1) AS mailbox FROM people p
    WHERE p.roles && $1::text[] AND p.deactivated_at IS NULL ORDER BY p.name LIMIT 2000"""


def named(text: str, names: Mapping[str, int]) -> list[int]:
    """Who is named, the longest name first; `names`: as typed, folded → person."""
    found: dict[int, None] = {}
    for words in AT.findall(text):
        parts = words.split(" ")
        for count in range(len(parts), 0, -1):
            name = " ".join(parts[:count]).casefold().rstrip(".-")
            if person := names.get(name):
                found[person] = None
                break
    return list(found)[:MOST]


def ways_to_name(people: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Whole names and mailboxes; first names where only one person has it."""
    rows = list(people)
    first: dict[str, set[int]] = {}
    for row in rows:
        first.setdefault(row["name"].split(" ")[0].casefold(), set()).add(row["id"])
    ways = {name: ids.pop() for name, ids in first.items() if len(ids) == 1}
    ways |= {row["mailbox"].casefold(): row["id"] for row in rows if row["mailbox"]}
    return ways | {row["name"].casefold(): row["id"] for row in rows}


async def colleagues(desk: Desk) -> list[Mapping[str, Any]]:
    return list(await desk.pool.fetch(COLLEAGUES, sorted(STAFF)))
