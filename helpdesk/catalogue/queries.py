"""The catalogue in use, and any earlier version. Parsed once per process and version."""

import time
from dataclasses import dataclass, field

import orjson

from helpdesk.desk import Desk

from .document import Catalogue

FRESH = 5.0  # seconds until a process asks whether there is a newer version


class NoSuchCatalogue(LookupError):
    pass


@dataclass(frozen=True, slots=True)
class CatalogueVersion:
    number: int
    catalogue: Catalogue


@dataclass(slots=True)
class _Shelf:
    versions: dict[int, CatalogueVersion] = field(default_factory=dict)
    newest: int = 0
    looked_at: float = float("-inf")


NEWER = """
SELECT number, CASE WHEN number <> $1 THEN document::text END AS document
FROM catalogue_versions ORDER BY number DESC LIMIT 1
"""
NUMBERED = "SELECT number, document::text AS document FROM catalogue_versions WHERE number = $1"


async def current(desk: Desk) -> CatalogueVersion:
    shelf = _shelf(desk)
    if time.monotonic() - shelf.looked_at < FRESH:
        return shelf.versions[shelf.newest]
    row = await desk.pool.fetchrow(NEWER, shelf.newest)
    if row is None:
        raise NoSuchCatalogue("The desk has no catalogue yet.")
    if row["document"] is not None:
        _keep(shelf, row["number"], row["document"])
        shelf.newest = row["number"]
    shelf.looked_at = time.monotonic()
    return shelf.versions[shelf.newest]


async def version(desk: Desk, number: int) -> CatalogueVersion:
    """The version a ticket was filed under."""
    shelf = _shelf(desk)
    if number not in shelf.versions:
        row = await desk.pool.fetchrow(NUMBERED, number)
        if row is None:
            raise NoSuchCatalogue(f"There is no catalogue {number}.")
        _keep(shelf, number, row["document"])
    return shelf.versions[number]


def look_again(desk: Desk) -> None:
    """The next question asks the database."""
    _shelf(desk).looked_at = float("-inf")


def _keep(shelf: _Shelf, number: int, document: str) -> None:
    shelf.versions[number] = CatalogueVersion(
        number, Catalogue.model_validate(orjson.loads(document))
    )


def _shelf(desk: Desk) -> _Shelf:
    shelf: _Shelf = desk.parts.setdefault("catalogue", _Shelf())
    return shelf
