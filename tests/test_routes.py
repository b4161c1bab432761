"""The list of routes: each says who may use it, how much it takes, and there is no other door."""

from typing import Any
from urllib.parse import unquote

import httpx2
import pytest
from starlette.routing import Mount, Route, WebSocketRoute

from helpdesk.app import all_routes
from helpdesk.core.settings import Settings
from helpdesk.permissions import Can
from helpdesk.web import DEFAULT_BODY
from tests.helpdesk.people.visitors import visitor
from tests.people import Cast

OPEN = {"/healthz", "/readyz"}  # for machines, before there is a database
# Bodies with files, or with a whole article.
FILES = {"/report", "/uploads", "/api/v1/uploads", "/requests/{ref}/messages",
         "/desk/help/new", "/desk/help/{id:int}", "/desk/help/preview",
         "/desk/help/images", "/widget/{key}/uploads"}  # fmt: skip
# Everything that hands out what somebody uploaded, and the reports' tables.
DOWNLOADS = {
    "/uploads/{id:uuid}/thumbnail",
    "/evidence/{id:int}",
    "/evidence/{id:int}/lines",
    "/evidence/{id:int}/download",
    "/evidence/{id:int}/image",
    "/evidence/{id:int}/thumbnail",
    "/evidence/{id:int}/original",
    "/chat/{id:int}/transcript",
    "/widget/{key}/chats/{id:int}/transcript",
    "/widget/{key}/evidence/{id:int}/download",
    "/widget/{key}/evidence/{id:int}/thumbnail",
    "/help/images/{id}",  # drawn anew, named by the hash of its content
    "/desk/reports/{report}/download",
    "/desk/dashboard/lists/{key}/download",
    "/desk/dashboard/tables/{key}/download",
}


def routes_of(settings: Settings) -> list[Route]:
    return [route for route in all_routes(settings) if isinstance(route, Route)]


def test_every_route_names_a_permission(settings: Settings) -> None:
    for route in routes_of(settings):
        if route.path in OPEN:
            assert route.methods == {"GET", "HEAD"}
        else:
            assert isinstance(getattr(route.endpoint, "can", None), Can), route.path
            assert len((route.methods or set()) - {"HEAD"}) == 1, route.path
    others = [route for route in all_routes(settings) if not isinstance(route, Route)]
    assert {type(route) for route in others} == {Mount, WebSocketRoute}
    assert {getattr(route, "path", "") for route in others} == {"/static", "/live"}


def test_no_two_routes_answer_the_same_request(settings: Settings) -> None:
    asked = [(route.path, *sorted(route.methods or ())) for route in routes_of(settings)]
    assert len(asked) == len(set(asked))


def test_only_routes_for_files_take_large_bodies(settings: Settings) -> None:
    for route in routes_of(settings):
        if route.path not in OPEN | FILES:
            limited: Any = route.app
            assert limited.max_body_size == DEFAULT_BODY, route.path


def test_there_is_no_second_way_to_a_file(settings: Settings) -> None:
    words = ("download", "thumbnail", "image", "original", "/lines", "transcript", "evidence/{")
    handing = {
        route.path
        for route in routes_of(settings)
        if "GET" in (route.methods or ()) and any(word in route.path for word in words)
    }
    assert handing == DOWNLOADS


def test_the_settable_clock_exists_in_tests_only(settings: Settings) -> None:
    in_tests = {route.path for route in routes_of(settings)}
    real = {route.path for route in routes_of(settings.model_copy(update={"test_mode": False}))}
    assert in_tests - real == {"/testing/clock"}


@pytest.mark.parametrize(
    "path",
    [
        "/desk/",
        "//desk",
        "/DESK",
        "/desk%2f",
        "/desk%2Fsearch",
        "/%64esk/",
        "/desk;x=1",
        "/desk/../desk",
        "/contact/../desk",
        "/static/../desk",
        "/static/..%2fdesk",
        "/static/%2e%2e/helpdesk/app.py",
        "/desk.json",
        "/desk%00",
        "/admin",
        "/admin/mailbox/",
        "/requests/",
        "/evidence/1/../1/original",
    ],
)
async def test_an_odd_spelling_opens_nothing(cast: Cast, site: str, path: str) -> None:
    async with visitor(site, await cast.session("finn")) as finn:
        address = httpx2.URL(site).copy_with(raw_path=path.encode())
        answer = await finn.get(address)
        assert answer.status_code in (307, 400, 403, 404), path
        if answer.status_code == 307:  # to the spelling without the slash
            assert answer.headers["location"] == f"{site}{unquote(path).rstrip('/')}"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "OPTIONS"])
async def test_other_methods_do_nothing(cast: Cast, site: str, method: str) -> None:
    async with visitor(site, await cast.session("amy")) as amy:
        for path in ("/desk", "/requests", "/api/v1/tickets", "/contact", "/healthz"):
            answer = await amy.request(method, path)
            assert answer.status_code == 405, (method, path)
            assert not answer.headers.get("access-control-allow-origin")


async def test_a_method_cannot_be_smuggled_in(cast: Cast, site: str) -> None:
    """A GET stays a GET, whatever a header or a field says."""
    async with visitor(site, await cast.session("finn")) as finn:
        for header in ("x-http-method-override", "x-http-method", "x-method-override"):
            answer = await finn.get("/account", headers={header: "POST"})
            assert answer.status_code == 200
        answer = await finn.get("/sign-out?_method=POST")
        assert answer.status_code == 405
        assert (await finn.get("/account")).status_code == 200
