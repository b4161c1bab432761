"""Testing a draft on history: asked for, watched, and read."""

from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from helpdesk.permissions import Can
from helpdesk.tickets.models import reference
from helpdesk.web import WebRequest, page, redirect, render, transaction
from triage.routing import queries
from triage.routing.commands import ask_replay
from triage.routing.logic.actions import Action
from triage.routing.logic.sentences import Names, action_words
from triage.routing.logic.vocabulary import LEVELS, Moment
from triage.routing.pages import RULES

from .replaying import DAYS
from .results import matrix_of, moves_of, one_test

EDIT = Can.MANAGE_TRIAGE
KINDS = {
    "department": "another department",
    "severity": "another severity",
    "agent": "another owner",
    "skills": "other skills",
    "tags": "other tags",
    "others": "other notices or requests",
}
AT = {
    Moment.FILED: "filed",
    Moment.SEVERITY: "regraded",
    Moment.DEPARTMENT: "handed over",
    Moment.TYPE: "given another type",
    Moment.FOLLOW_UP: "followed up",
}


async def ask(request: WebRequest) -> Response:
    form = await request.form(max_files=0)
    days = str(form.get("days", ""))
    if days not in map(str, DAYS):
        days = str(DAYS[0])
    async with transaction(request) as tx:
        replay = await ask_replay(tx, int(days))
    return redirect(f"{RULES}/tests/{replay.id}")


async def show(request: WebRequest) -> Response:
    desk, asked = request.state["desk"], request.query_params
    row = await one_test(desk, request.path_params["id"])
    if row is None:
        raise HTTPException(404)
    names = await queries.names_of(desk)
    after, way = asked.get("after", ""), (asked.get("was", ""), asked.get("becomes", ""))
    start = int(after) if after.isascii() and after.isdigit() and len(after) < 9 else 0
    found = await moves_of(desk, row["id"], start, way) if row["result"] else None
    return render(
        request,
        "triage/routing/test.html",
        test=row,
        result=row["result"],
        matrix=matrix_of(row["result"]) if row["result"] else None,
        names=names,
        way=way,
        moves=[shown(move, names) for move in found.rows] if found else [],
        following=found.following if found else None,
        start=start,
        KINDS=KINDS,
    )


def shown(move: Any, names: Names) -> dict[str, Any]:
    was, becomes = move["was"], move["becomes"]
    return {
        "reference": reference(move["ticket_id"]),
        "subject": move["subject"],
        "at": move["at"],
        "moment": AT[Moment(move["moment"])],
        "was": said(was, becomes, names),
        "becomes": said(becomes, was, names),
    }


def said(one: dict[str, Any], other: dict[str, Any], names: Names) -> list[str]:
    """What differs from the other outcome, in words."""
    found = []
    if one["department"] != other["department"]:
        found.append(names.of(names.departments, one["department"]))
    if one["severity"] != other["severity"]:
        found.append(LEVELS[one["severity"] - 1].title())
    if one["agent"] != other["agent"] and one["agent"]:
        person = names.people.get(one["agent"], "")
        found.append(f"to {person or 'whoever fits best'}")
    found += [f"knows “{skill}”" for skill in one["skills"] if skill not in other["skills"]]
    found += [f"tag “{tag}”" for tag in one["tags"] if tag not in other["tags"]]
    found += [
        action_words(Action.model_validate(action), names)
        for action in one["others"]
        if action not in other["others"]
    ]
    return found or ["nothing of it"]


routes = [
    page(f"{RULES}/tests", ask, EDIT, "POST"),
    page(f"{RULES}/tests/{{id:int}}", show, EDIT),
]
