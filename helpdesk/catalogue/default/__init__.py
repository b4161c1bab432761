"""The catalogue the desk ships with, written in the TOML files of this directory.

`desk.toml` has services, departments, severities, the evidence vocabulary and limits.
`shared.toml` has questions and checklist lines that several types use: `use = "amount"` takes
one, and whatever stands beside it wins. Each other file has the ticket types of one service.
"""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from helpdesk.catalogue.document import Catalogue

SERVICES = (
    "customer_service",
    "technical_support",
    "payments",
    "trust_safety",
    "contracts_disputes",
)


@cache
def default_catalogue() -> Catalogue:
    shared = _read("shared")
    types = [_whole(type, shared) for service in SERVICES for type in _read(service)["types"]]
    return Catalogue.model_validate({**_read("desk"), "types": types})


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((files(__package__) / f"{name}.toml").read_text("utf-8"))


def _whole(type: dict[str, Any], shared: dict[str, Any]) -> dict[str, Any]:
    lists = {name: [_use(p, shared[name]) for p in type.get(name, [])] for name in shared}
    return {**type, **lists}


def _use(piece: dict[str, Any], shared: dict[str, Any]) -> dict[str, Any]:
    if "use" not in piece:
        return piece
    key = piece["use"]
    return {"key": key, **shared[key], **{k: v for k, v in piece.items() if k != "use"}}
