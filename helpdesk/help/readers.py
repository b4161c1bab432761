"""Who reads: known well enough to count one opinion and one search, and no better."""

import hashlib
import re

from helpdesk.people.visitors import visitor_token
from helpdesk.permissions import Actor
from helpdesk.security import client_address
from helpdesk.web import WebRequest

from .languages import LANGUAGES

ROBOT = re.compile(r"bot\b|bot/|crawl|spider|slurp|preview|monitor|fetcher|archiver", re.I)


def reader_key(actor: Actor, token: str) -> bytes | None:
    """Of a person, else of a browser; of somebody without either, nothing."""
    if actor.id:
        return hashlib.sha256(f"person:{actor.id}".encode()).digest()
    return hashlib.sha256(f"visitor:{token}".encode()).digest() if token else None


def reader_of(request: WebRequest) -> bytes | None:
    return reader_key(request.state["actor"], visitor_token(request))


def passing_key(request: WebRequest) -> str:
    """For some minutes: tells the searches of two readers apart, also without a cookie."""
    known = reader_of(request)
    if known is None:
        agent = request.headers.get("user-agent", "")
        known = hashlib.sha256(f"{client_address(request)}|{agent}".encode()).digest()
    return known.hex()[:32]


def is_robot(request: WebRequest) -> bool:
    agent = request.headers.get("user-agent", "")
    return not agent or ROBOT.search(agent) is not None


def language_of(request: WebRequest) -> str:
    """What the address names, else what the account or the browser prefers, else English."""
    actor = request.state["actor"]
    accepted = [
        part.split(";")[0] for part in request.headers.get("accept-language", "").split(",")
    ]
    for wanted in (request.query_params.get("language", ""), actor.language if actor.id else "",
                   *accepted[:5]):  # fmt: skip
        code = wanted.strip().lower().partition("-")[0]
        if code in LANGUAGES:
            return code
    return "en"
