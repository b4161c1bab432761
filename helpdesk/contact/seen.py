"""What somebody met on the way to a report, and what they said about it. Pure.

The form carries it as fields of its own, so that it is there before any draft is stored; a draft
and the ticket keep it as JSON.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

PREFIX = "seen."
MOST = 20  # of each kind
HELPED = {True: "yes", False: "no"}

_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True)
class Seen:
    articles: tuple[int, ...] = ()  # opened
    offered: tuple[int, ...] = ()  # on the page when none of them helped
    alerts: tuple[int, ...] = ()  # read and found to be about something else
    followed: tuple[int, ...] = ()  # alerts that are told about when they end
    solved_by: int = 0  # the article that made the report needless
    helped: bool | None = None
    type_key: str = ""  # what was to be reported when they said so

    @property
    def fields(self) -> dict[str, str]:
        """As the form carries it."""
        lists = {name: getattr(self, name) for name in LISTS}
        fields = {f"{PREFIX}{name}": " ".join(map(str, ids)) for name, ids in lists.items() if ids}
        if self.helped is not None:
            fields |= {f"{PREFIX}helped": HELPED[self.helped], f"{PREFIX}type": self.type_key}
        if self.solved_by:
            fields[f"{PREFIX}solved_by"] = str(self.solved_by)
        return fields

    @property
    def stored(self) -> dict[str, Any] | None:
        """As drafts and tickets keep it; None for whoever came straight to the form."""
        kept: dict[str, Any] = {name: list(ids) for name in LISTS if (ids := getattr(self, name))}
        if self.helped is not None:
            kept |= {"helped": self.helped, "type": self.type_key}
        if self.solved_by:
            kept["solved_by"] = self.solved_by
        return kept or None

    def read(self, article: int) -> "Seen":
        return replace(self, articles=_with(self.articles, article))

    def passed(self, alert: int) -> "Seen":
        return replace(self, alerts=_with(self.alerts, alert))

    def follows(self, alert: int) -> "Seen":
        return replace(self, followed=_with(self.followed, alert))

    def is_solved_by(self, article: int, type_key: str) -> "Seen":
        return replace(self.read(article), solved_by=article, helped=True, type_key=type_key)

    def none_of(self, articles: Iterable[int], type_key: str) -> "Seen":
        offered = self.offered
        for article in articles:
            offered = _with(offered, article)
        return replace(self, offered=offered, solved_by=0, helped=False, type_key=type_key)

    def once_more(self) -> "Seen":
        """Nothing is said yet: they look again, or it was not solved after all."""
        return replace(self, solved_by=0, helped=None, type_key="")


LISTS = ("articles", "offered", "alerts", "followed")


def seen_in(fields: Mapping[str, str]) -> Seen:
    """From the fields of a form, whoever wrote them."""
    lists = {name: _ids(fields.get(f"{PREFIX}{name}", "").split()) for name in LISTS}
    said = fields.get(f"{PREFIX}helped", "")
    helped = next((is_ for is_, word in HELPED.items() if said == word), None)
    type_key = _key(fields.get(f"{PREFIX}type", "")) if helped is not None else ""
    solved_by = number(fields.get(f"{PREFIX}solved_by", "")) if helped else 0
    return Seen(**lists, solved_by=solved_by or 0, helped=helped, type_key=type_key)


def seen_kept(stored: Mapping[str, Any] | None) -> Seen:
    """From a draft."""
    kept = stored or {}
    lists = {name: _ids(map(str, kept.get(name) or ())) for name in LISTS}
    return Seen(
        **lists,
        solved_by=kept.get("solved_by", 0),
        helped=kept.get("helped"),
        type_key=kept.get("type", ""),
    )


def met_before_filing(fields: Mapping[str, str]) -> dict[str, Any] | None:
    """For the ticket, which would not be there if anything had solved it."""
    seen = seen_in(fields)
    return (seen.once_more() if seen.helped else seen).stored


def with_seen(fields: Mapping[str, str], seen: Seen) -> dict[str, str]:
    """The fields with this in place of what they carried."""
    kept = {name: text for name, text in fields.items() if not name.startswith(PREFIX)}
    return kept | seen.fields


def number(text: str) -> int | None:
    """An id, as buttons and fields name it."""
    return int(text) if _NUMBER.fullmatch(text) else None


def _ids(words: Iterable[str]) -> tuple[int, ...]:
    found: tuple[int, ...] = ()
    for word in words:
        id = number(word)
        if id is not None and len(found) < MOST:
            found = _with(found, id)
    return found


def _with(ids: tuple[int, ...], id: int) -> tuple[int, ...]:
    return ids if id in ids or len(ids) >= MOST else (*ids, id)


def _key(text: str) -> str:
    return text if _KEY.fullmatch(text) else ""
