"""Suggested types, as the page of a ticket shows them."""

from dataclasses import dataclass
from typing import Any

from helpdesk.catalogue.document import Catalogue

from .types import SURE, Guess

# One that is sure, is another than the ticket has, and no colleague has answered.
SOUNDS_LIKE = f"""(SELECT jsonb_build_object('key', s.value, 'probability', s.probability)
    FROM triage_suggestions s
    WHERE s.ticket_id = t.id AND s.kind = 'type' AND s.value <> t.type_key
        AND s.probability >= {SURE} AND s.by_id IS NOT DISTINCT FROM t.requester_id
    ORDER BY s.id DESC LIMIT 1)"""


@dataclass(frozen=True)
class SoundsLike:
    key: str
    title: str
    percent: int


def sounds_like(stored: dict[str, Any] | None, catalogue: Catalogue) -> SoundsLike | None:
    """As `SOUNDS_LIKE` answers; None for a type the catalogue does not have any more."""
    type = catalogue.type(stored["key"]) if stored else None
    if stored is None or type is None:
        return None
    return SoundsLike(type.key, type.title, Guess(type.key, stored["probability"]).percent)
