"""What a requester read before filing: the agent need not send it again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from helpdesk.desk import Desk

# One language is enough to name an article by.
TITLES = """
SELECT a.id, a.slug, (SELECT x.title FROM article_texts x
    WHERE x.article_id = a.id AND x.title <> '' ORDER BY x.language <> 'en', x.language LIMIT 1)
FROM articles a WHERE a.id = ANY($1)
"""
ALERTS = "SELECT id, title FROM alerts WHERE id = ANY($1) ORDER BY id"


@dataclass(frozen=True, slots=True)
class Met:
    title: str
    address: str


@dataclass(frozen=True, slots=True)
class Beforehand:
    read: tuple[Met, ...] = ()
    offered: tuple[Met, ...] = ()  # but not opened: none of them looked like the answer
    other: tuple[Met, ...] = ()  # alerts that were not it
    hit_by: tuple[Met, ...] = ()
    none_helped: bool = False

    def __bool__(self) -> bool:
        return bool(self.read or self.offered or self.other or self.hit_by)

    @property
    def sentence(self) -> str:
        """For the summary of the case."""
        if not self.read:
            return ""
        end = ", and it did not help" if self.none_helped else ""
        return "Read before filing: " + ", ".join(met.title for met in self.read) + f"{end}."


async def beforehand(desk: Desk, seen: Mapping[str, Any] | None) -> Beforehand:
    """What is gone since is left out, and so is what never was there."""
    if not seen:
        return Beforehand()
    read = _ids(seen, "articles")
    offered = [id for id in _ids(seen, "offered") if id not in read]
    other, hit_by = _ids(seen, "alerts"), _ids(seen, "followed")
    articles, alerts = {}, {}
    if read or offered:
        rows = await desk.pool.fetch(TITLES, read + offered)
        articles = {id: Met(title, f"/help/articles/{slug}") for id, slug, title in rows if title}
    if other or hit_by:
        rows = await desk.pool.fetch(ALERTS, other + hit_by)
        alerts = {id: Met(title, f"/alerts/{id}") for id, title in rows}
    return Beforehand(
        _known(read, articles),
        _known(offered, articles),
        _known(other, alerts),
        _known(hit_by, alerts),
        seen.get("helped") is False,
    )


def _ids(seen: Mapping[str, Any], name: str) -> list[int]:
    return [id for id in seen.get(name) or () if isinstance(id, int)]


def _known(ids: Sequence[int], found: Mapping[int, Met]) -> tuple[Met, ...]:
    return tuple(found[id] for id in ids if id in found)
