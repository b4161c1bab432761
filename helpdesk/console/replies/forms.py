"""The form of a canned reply, checked: every fault stands beside its field."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from helpdesk.core.text import BadText, clean_line, clean_text, is_blank
from helpdesk.tickets.states import Severity, Status
from triage.routing.logic.phrases import normal

from .commands import Wording
from .doing import MOST_TAGS, Doing
from .models import Reach
from .placeholders import faults

NAME, BODY, REASON, LABEL, TAG = 60, 8_000, 500, 120, 40
STATUSES = (Status.OPEN, Status.WAITING_ON_USER, Status.ON_HOLD, Status.SOLVED)
SEVERITIES = tuple(severity.name.lower() for severity in Severity)
FIELDS = ("name", "reach", "group", "body", "status", "tags", "severity", "severity_reason",
          "department", "department_reason", "ask_kind", "ask_label", "ask_days")  # fmt: skip


@dataclass
class Typed:
    """What was typed, what is wrong with it, and what it says when nothing is."""

    shown: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)
    wording: Wording | None = None


@dataclass(frozen=True)
class Choices:
    """What the selects may hold."""

    groups: Mapping[str, int]  # key → id
    kinds: Mapping[str, str]  # of evidence: key → label


def read_form(form: Mapping[str, Any], choices: Choices) -> Typed:
    typed = Typed({name: str(form.get(name, "")) for name in FIELDS})
    name = line(typed, "name", NAME).removeprefix("/").strip()
    if not name:
        typed.errors.setdefault("name", "Give it a name. It is typed after the slash.")
    body = text(typed, "body")
    reach = Reach(shown) if (shown := typed.shown["reach"]) in set(Reach) else None
    if reach is None:
        typed.errors["reach"] = "Choose who uses it."
    group_id = choices.groups.get(typed.shown["group"])
    if reach == Reach.GROUP and group_id is None:
        typed.errors["group"] = "Choose the department."
    doing = read_doing(typed, choices)
    if not typed.errors and is_blank(body) and doing.empty:
        typed.errors["body"] = "Write a text, or choose something that it does."
    if not typed.errors and reach is not None:
        group_id = group_id if reach == Reach.GROUP else None
        typed.wording = Wording(name, reach, group_id, body, doing)
    return typed


def line(typed: Typed, name: str, limit: int) -> str:
    try:
        return clean_line(typed.shown[name], limit)
    except BadText as fault:
        typed.errors[name] = str(fault)
        return ""


def text(typed: Typed, name: str) -> str:
    try:
        body = clean_text(typed.shown[name], BODY).strip()
    except BadText as fault:
        typed.errors[name] = str(fault)
        return ""
    if wrong := faults(body):
        typed.errors[name] = " ".join(wrong)
    return body


def read_doing(typed: Typed, choices: Choices) -> Doing:
    shown = typed.shown
    known = {
        "status": tuple(str(status) for status in STATUSES),
        "severity": SEVERITIES,
        "department": tuple(choices.groups),
        "ask_kind": tuple(choices.kinds),
    }
    for name, values in known.items():
        if shown[name] and shown[name] not in values:
            typed.errors[name] = "Choose one from the list."
    for what in ("severity", "department"):
        if shown[what] and is_blank(line(typed, f"{what}_reason", REASON)):
            reads = "The requester reads" if what == "severity" else "Colleagues read"
            typed.errors.setdefault(f"{what}_reason", f"Say why. {reads} this sentence.")
    label = line(typed, "ask_label", LABEL) or choices.kinds.get(shown["ask_kind"], "")
    days = read_days(typed)
    tags = read_tags(typed)
    if typed.errors:
        return Doing()
    return Doing(
        status=shown["status"],
        tags=tags,
        severity=shown["severity"],
        severity_reason=line(typed, "severity_reason", REASON) if shown["severity"] else "",
        department=shown["department"],
        department_reason=line(typed, "department_reason", REASON) if shown["department"] else "",
        ask_kind=shown["ask_kind"] if label else "",
        ask_label=label,
        ask_days=days if label else 3,
    )


def read_days(typed: Typed) -> int:
    given = typed.shown["ask_days"].strip() or "3"
    days = int(given) if re.fullmatch(r"[0-9]{1,2}", given) else 0
    if not 1 <= days <= 60:
        typed.errors["ask_days"] = "Write a number of days from 1 to 60."
    return max(1, min(60, days))


def read_tags(typed: Typed) -> tuple[str, ...]:
    names = [name for name in map(str.strip, typed.shown["tags"].split(",")) if name]
    tags = tuple(dict.fromkeys(normal(name) for name in names))
    if any(not tag or len(tag) > TAG for tag in tags):
        typed.errors["tags"] = f"Write one or two words for each tag, at most {TAG} characters."
    elif len(tags) > MOST_TAGS:
        typed.errors["tags"] = f"Write {MOST_TAGS} tags at most."
    return tags


def shown_of(row: Mapping[str, Any], group_keys: Mapping[int, str]) -> dict[str, str]:
    """The form of a reply or a version that stands."""
    doing = Doing.read(row["doing"])
    return {
        "name": row["name"],
        "reach": str(row["reach"]),
        "group": group_keys.get(row["group_id"] or 0, ""),
        "body": row["body"],
        "status": doing.status,
        "tags": ", ".join(doing.tags),
        "severity": doing.severity,
        "severity_reason": doing.severity_reason,
        "department": doing.department,
        "department_reason": doing.department_reason,
        "ask_kind": doing.ask_kind,
        "ask_label": doing.ask_label,
        "ask_days": str(doing.ask_days),
    }
