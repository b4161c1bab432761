"""The web process: routes from every room, error pages, health."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from helpdesk.cases.queries import NoSuchCase
from helpdesk.core.assets import static_app
from helpdesk.core.clock import Clock
from helpdesk.core.database import is_away
from helpdesk.core.routes import Routes
from helpdesk.core.settings import Settings
from helpdesk.desk import Desk, open_desk
from helpdesk.migrations import at_head
from helpdesk.permissions import Can
from helpdesk.rooms import ROUTES, start_parts
from helpdesk.security import Security
from helpdesk.tickets.queries import AlreadyMerged
from helpdesk.web import Problem, WebRequest, api, not_available, render
from helpdesk.wiring import SUBSCRIBERS

ERROR_PAGES = {400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 503}


async def healthz(request: Request) -> Response:
    """The process is alive. It asks nobody."""
    return PlainTextResponse("ok")


async def readyz(request: WebRequest) -> Response:
    """The process can serve: database, Valkey and migrations answer."""
    desk: Desk = request.state["desk"]
    checks = {
        "database": check_database,
        "valkey": check_valkey,
        "migrations": check_migrations,
    }
    found: dict[str, str] = {}
    for name, check in checks.items():
        try:
            await check(desk)
            found[name] = "ok"
        except Exception as fault:
            found[name] = type(fault).__name__
    ready = all(state == "ok" for state in found.values())
    return JSONResponse(found, 200 if ready else 503)


async def check_database(desk: Desk) -> None:
    await desk.pool.fetchval("SELECT 1", timeout=3)


async def check_valkey(desk: Desk) -> None:
    await desk.redis.ping()


async def check_migrations(desk: Desk) -> None:
    async with desk.sessions() as session:
        connection = await session.connection()
        if not await connection.run_sync(at_head):
            raise RuntimeError("migrations are missing: helpdesk migrate")


async def set_clock(request: WebRequest) -> Response:
    """Test mode only: move the desk's clock. The route does not exist otherwise."""
    body = await request.json()
    try:
        at = datetime.fromisoformat(body["now"])
    except (KeyError, TypeError, ValueError):
        raise Problem(422, "Not a time", errors={"now": "An ISO time with its offset"}) from None
    if at.tzinfo is None:
        raise Problem(422, "Not a time", errors={"now": "The offset from UTC is missing"})
    clock: Any = request.state["desk"].clock
    clock.set(at)
    return JSONResponse({"now": request.state["desk"].clock.now().isoformat()})


def wants_problem(request: Request) -> bool:
    return request.url.path.startswith("/api/") or "json" in request.headers.get("accept", "")


def error_response(request: Any, problem: Problem) -> Response:
    request_id = request.scope["state"].get("request_id", "")
    if wants_problem(request):
        return problem.response(request_id)
    shown = problem.status if problem.status in ERROR_PAGES else 500
    return render(request, f"errors/{shown}.html", problem.status, problem=problem)


async def on_problem(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)
    return error_response(request, problem)


async def on_http_exception(request: Request, exception: Exception) -> Response:
    assert isinstance(exception, HTTPException)
    problem = Problem(exception.status_code, exception.detail)
    response = error_response(request, problem)
    response.headers.update(exception.headers or {})
    return response


async def on_no_such_case(request: Request, exception: Exception) -> Response:
    return error_response(request, Problem(404, "Not found"))


async def on_merged(request: Request, exception: Exception) -> Response:
    """Sent from a page of before: the sentence says where it goes on."""
    return error_response(request, Problem(409, str(exception)))


async def on_crash(request: Request, exception: Exception) -> Response:
    if is_away(exception):
        response = error_response(request, not_available())
        response.headers["Retry-After"] = "5"
        return response
    return error_response(request, Problem(500, "Something went wrong on our side"))


def all_routes(settings: Settings) -> Sequence[BaseRoute]:
    routes: list[BaseRoute] = [
        *ROUTES,
        Mount("/static", app=static_app, name="static"),
        Route("/healthz", healthz),
        Route("/readyz", readyz),
    ]
    if settings.test_mode:
        routes.append(api("/testing/clock", set_clock, can=Can.TEST, method="POST"))
    return routes


def create_app(settings: Settings, clock: Clock | None = None) -> Starlette:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, Any]]:
        async with (
            open_desk(settings, clock, frozenset(SUBSCRIBERS)) as desk,
            start_parts(desk),
        ):
            yield {"desk": desk}

    app = Starlette(
        middleware=[Middleware(Security, settings=settings)],
        exception_handlers={
            Problem: on_problem,
            NoSuchCase: on_no_such_case,
            AlreadyMerged: on_merged,
            HTTPException: on_http_exception,
            Exception: on_crash,
        },
    )
    app.router = Routes(all_routes(settings), lifespan)
    return app
