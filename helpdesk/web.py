"""What every page needs: typed state, templates, and routes that name their permission."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from functools import cache, lru_cache
from typing import Any, TypedDict, cast
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from helpdesk.core import formats
from helpdesk.core.assets import asset
from helpdesk.core.macros import Templates, keep_macros
from helpdesk.core.shipped import shipped
from helpdesk.desk import Desk, Transaction
from helpdesk.permissions import Actor, Can, Role, allowed

TEMPLATES = shipped("templates")
COMPONENTS = ("icon", "avatar", "chip", "button", "empty", "field", "evidence_card")
LARGEST = 2**63 - 1
DEFAULT_BODY = 256 * 1024  # bytes; upload routes name their own limit


class State(TypedDict):
    desk: Desk
    actor: Actor
    request_id: str


WebRequest = Request[State]
Endpoint = Callable[[WebRequest], Awaitable[Response]]


class Problem(Exception):
    """An error with an RFC 9457 document for programs and a page for people."""

    def __init__(
        self,
        status: int,
        title: str,
        detail: str = "",
        errors: dict[str, str] | None = None,
        *,
        kind: str = "about:blank",
        more: dict[str, Any] | None = None,
    ) -> None:
        """`kind` is a URI that programs tell problems of one status apart by; `more`, members
        of the document that belong to it."""
        super().__init__(title)
        self.status, self.title, self.detail = status, title, detail
        self.errors, self.kind, self.more = errors or {}, kind, more or {}

    def document(self, request_id: str) -> dict[str, Any]:
        document: dict[str, Any] = {
            "type": self.kind,
            "title": self.title,
            "status": self.status,
            "request_id": request_id,
            **self.more,
        }
        if self.detail:
            document["detail"] = self.detail
        if self.errors:
            document["errors"] = [
                {"field": name, "message": message} for name, message in self.errors.items()
            ]
        return document

    def response(self, request_id: str) -> Response:
        return JSONResponse(
            self.document(request_id), self.status, media_type="application/problem+json"
        )


def not_available() -> Problem:
    return Problem(503, "Not available for a moment", "Try again in a few seconds.")


def make_environment() -> Environment:
    env = Templates(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        auto_reload=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    formats.register(env)
    env.globals.update(asset=asset, allowed=allowed, Can=Can, constant=constant, rail=rail)
    keep_macros(env, *(f"components/{name}.html" for name in COMPONENTS))
    return env


@cache
def constant(template: str) -> Markup:
    """A part that needs nothing from the page: written once per process."""
    return Markup(templates.get_template(template).render())


def rail(actor: Actor, path: str) -> Markup:
    """The navigation of the desk, which changes with nothing but these."""
    return _rail("/".join(path.split("/", 3)[:3]), actor.id, actor.name, actor.roles)


@lru_cache(maxsize=2048)
def _rail(area: str, id: int, name: str, roles: frozenset[Role]) -> Markup:
    actor = Actor(id=id, name=name, roles=roles)
    return Markup(templates.get_template("layouts/_rail.html").render(area=area, actor=actor))


templates = make_environment()


def page(
    path: str, endpoint: Endpoint, can: Can, method: str = "GET", max_body: int = DEFAULT_BODY
) -> Route:
    """A page says who may use it; somebody not signed in is sent to sign in first."""

    async def guarded(request: WebRequest) -> Response:
        actor = request.state["actor"]
        if not allowed(actor, can):
            if actor.is_signed_in:
                raise HTTPException(403)
            if method == "GET":
                return RedirectResponse(f"/sign-in?next={quote(target(request))}", 303)
            raise HTTPException(401)
        check_numbers(request)
        return await endpoint(request)

    return named(path, guarded, endpoint, can, method, max_body)


def api(
    path: str, endpoint: Endpoint, can: Can, method: str = "GET", max_body: int = DEFAULT_BODY
) -> Route:
    """As a page, answering with problem documents."""

    async def guarded(request: WebRequest) -> Response:
        actor = request.state["actor"]
        if not allowed(actor, can):
            if actor.id:
                raise Problem(403, "You may not do this")
            raise Problem(401, "Sign in or send a token")
        check_numbers(request)
        return await endpoint(request)

    return named(path, guarded, endpoint, can, method, max_body)


def check_numbers(request: WebRequest) -> None:
    """No row has a number that the database cannot hold."""
    if any(isinstance(one, int) and one > LARGEST for one in request.path_params.values()):
        raise HTTPException(404)


def named(
    path: str, guarded: Any, endpoint: Endpoint, can: Can, method: str, max_body: int
) -> Route:
    room = endpoint.__module__.removeprefix("helpdesk.").split(".")[0]
    guarded.can = can
    return Route(
        path,
        guarded,
        methods=[method],
        name=f"{room}.{endpoint.__name__}",
        max_body_size=max_body,
    )


def target(request: WebRequest) -> str:
    """Path and query of this request, to come back to."""
    query = request.url.query
    return request.url.path + (f"?{query}" if query else "")


def transaction(request: WebRequest) -> AbstractAsyncContextManager[Transaction]:
    return request.state["desk"].transaction(request.state["actor"])


def reading(request: WebRequest) -> AbstractAsyncContextManager[AsyncSession]:
    return request.state["desk"].reading()


def render(request: WebRequest, template: str, status: int = 200, **context: Any) -> Response:
    return HTMLResponse(render_text(request, template, **context), status)


def render_text(request: WebRequest, template: str, **context: Any) -> str:
    state = cast(dict[str, Any], request.state)
    return templates.get_template(template).render(
        actor=state["actor"],
        path=request.url.path,
        now=state["desk"].clock.now(),
        request_id=state["request_id"],
        **context,
    )


def redirect(path: str) -> Response:
    """After a form: see the result with GET. `path` is one of our own."""
    return RedirectResponse(path, 303)
