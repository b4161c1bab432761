"""The rules for programs: read, and replaced as a draft. Publishing is for people."""

from starlette.responses import JSONResponse, Response

from helpdesk.permissions import Can, allowed
from helpdesk.versions.commands import EditedMeanwhile
from helpdesk.web import Problem, WebRequest, api, transaction

from . import queries
from .commands import save_draft
from .forms import BadRules, read_document
from .logic.lint import lint
from .logic.sentences import sentence


async def read(request: WebRequest) -> Response:
    desk, actor = request.state["desk"], request.state["actor"]
    now, names = await queries.standing(desk), await queries.names_of(desk)
    rules = now.rules if allowed(actor, Can.MANAGE_TRIAGE) else now.published
    return JSONResponse(
        {
            "seen": now.seen,
            "version": now.version,
            "draft": now.is_draft and rules is now.rules,
            "rules": [rule.model_dump(mode="json") for rule in rules],
            "sentences": [sentence(rule, names) for rule in rules],
        }
    )


async def write(request: WebRequest) -> Response:
    desk = request.state["desk"]
    try:
        seen, rules = read_document(await request.body())
        async with transaction(request) as tx:
            await save_draft(tx, seen, rules)
    except BadRules as bad:
        return refused(request, Problem(422, "These rules cannot be stored", errors=bad.errors))
    except EditedMeanwhile:
        detail = "Read them again with GET, and send what it answers as “seen”."
        return refused(request, Problem(409, "The rules were changed meanwhile", detail))
    now, names = await queries.standing(desk), await queries.names_of(desk)
    findings = [
        {"level": one.level.value, "text": one.text, "rules": one.rules}
        for one in lint(now.rules, names)
    ]
    return JSONResponse({"seen": now.seen, "findings": findings})


def refused(request: WebRequest, problem: Problem) -> Response:
    """Always a document: whoever sends JSON is a program."""
    return problem.response(request.state["request_id"])


routes = [
    api("/desk/rules.json", read, Can.WORK_TICKETS),
    api("/desk/rules.json", write, Can.MANAGE_TRIAGE, "PUT"),
]
