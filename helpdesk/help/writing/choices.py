"""What the editor's form offers: categories, departments, the ticket types of each service."""

from collections.abc import Sequence
from dataclasses import dataclass

from helpdesk.catalogue import queries as catalogue
from helpdesk.desk import Desk

from .forms import Choices

CATEGORIES = "SELECT id, title FROM help_categories ORDER BY position, id"
GROUPS = "SELECT id, name FROM groups ORDER BY id"
KNOWN = "SELECT slug FROM articles WHERE slug = ANY($1)"


@dataclass(frozen=True, slots=True)
class ServiceTypes:
    title: str
    types: Sequence[tuple[str, str]]  # key and title


async def choices_of(desk: Desk) -> Choices:
    offered = (await catalogue.current(desk)).catalogue
    return Choices(
        {row["id"]: row["title"] for row in await desk.pool.fetch(CATEGORIES)},
        {row["id"]: row["name"] for row in await desk.pool.fetch(GROUPS)},
        {type.key for type in offered.types},
    )


async def types_by_service(desk: Desk) -> list[ServiceTypes]:
    """Each type once, under its home."""
    offered = (await catalogue.current(desk)).catalogue
    return [
        ServiceTypes(
            service.title,
            [(type.key, type.title) for type in offered.types if type.service == service.key],
        )
        for service in offered.services
    ]


async def known_slugs(desk: Desk, slugs: Sequence[str]) -> set[str]:
    return {row["slug"] for row in await desk.pool.fetch(KNOWN, list(slugs))}
