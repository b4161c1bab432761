"""“Why did I get this?”: which rules were read for a ticket, which matched, and why."""

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from helpdesk.permissions import Can
from helpdesk.tickets.models import reference
from helpdesk.tickets.queries import find_ticket, id_named
from helpdesk.web import WebRequest, page, reading, render
from triage.routing import queries
from triage.routing.logic.conditions import Test
from triage.routing.logic.sentences import Names, test_words
from triage.routing.logic.vocabulary import LEVELS, SHAPES, About, Kind, Moment

RUNS = """
SELECT id, version, facts, trace, effects, at FROM routing_runs
WHERE ticket_id = $1 ORDER BY id DESC LIMIT 20
"""
TAGS = "SELECT tag FROM ticket_tags WHERE ticket_id = $1 ORDER BY added_at, tag"
AT = {
    Moment.FILED: "When it was filed",
    Moment.SEVERITY: "When its severity was changed",
    Moment.DEPARTMENT: "When it was handed over",
    Moment.TYPE: "When its type was changed",
    Moment.FOLLOW_UP: "When it was followed up",
}
MOST_OTHERS = 30  # rules that did not match, shown


async def why(request: WebRequest) -> Response:
    """For those who may see the ticket; everybody else learns nothing of it."""
    desk, actor = request.state["desk"], request.state["actor"]
    async with reading(request) as db:
        ticket = await find_ticket(db, actor, id_named(request.path_params["ref"]))
    names = await queries.names_of(desk)
    rows = await desk.pool.fetch(RUNS, ticket.id)
    return render(
        request,
        "triage/routing/why.html",
        ref=reference(ticket.id),
        runs=[shown(row, names) for row in rows],
        tags=[tag for (tag,) in await desk.pool.fetch(TAGS, ticket.id)],
    )


def shown(row: Any, names: Names) -> dict[str, Any]:
    facts, trace = row["facts"], row["trace"]
    others = [step for step in trace if not step["held"]]
    return {
        "title": AT[Moment(facts["moment"])],
        "at": row["at"],
        "version": row["version"],
        "matched": [step_shown(step, names) for step in trace if step["held"]],
        "others": [step_shown(step, names) for step in others[:MOST_OTHERS]],
        "more": max(0, len(others) - MOST_OTHERS),
        "did": did(row["effects"], names),
        "refused": row["effects"]["refused"],
    }


def step_shown(step: dict[str, Any], names: Names) -> dict[str, Any]:
    return {
        "name": step["name"],
        "stopped": step["stopped"],
        "why": [leaf_shown(leaf, names) for leaf in step["why"]],
    }


def leaf_shown(leaf: dict[str, Any], names: Names) -> dict[str, Any]:
    kept = {name: leaf[name] for name in ("about", "op", "values", "unit")}
    test = Test.model_validate(kept)
    return {
        "asked": test_words(test, names),
        "met": value_shown(test, leaf["met"], names),
        "held": leaf["held"],
    }


def value_shown(test: Test, value: Any, names: Names) -> str:
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(f"“{one}”" for one in value) or "none of them"
    if SHAPES[test.about].kind == Kind.LEVEL:
        return LEVELS[value - 1].title()
    known = {
        About.TYPE: names.types,
        About.PREVIOUS_TYPE: names.types,
        About.DEPARTMENT: names.departments,
        About.PREVIOUS_DEPARTMENT: names.departments,
        About.LANGUAGE: names.languages,
    }.get(test.about, {})
    return known.get(str(value), str(value))


def did(effects: dict[str, Any], names: Names) -> Sequence[str]:
    done = effects["done"]
    found = []
    if way := done.get("department"):
        old, new = (names.of(names.departments, key) for key in way)
        found.append(f"Sent from {old} to {new}.")
    if levels := done.get("severity"):
        found.append(f"Severity raised from {levels[0].title()} to {levels[1].title()}.")
    if agent := done.get("agent"):
        found.append(agent["why"])
    found += [f"Tagged “{tag}”." for tag in done.get("tags", ())]
    found += [f"Asked for {names.of(names.evidence, key)}." for key in done.get("asked", ())]
    if done.get("told"):
        found.append(f"Told {done['told']} of the desk.")
    if "escalated" in done:
        found.append("Escalated to the managers.")
    return found


routes = [page("/desk/tickets/{ref}/why", why, Can.WORK_TICKETS)]
