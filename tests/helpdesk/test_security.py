"""What surrounds every request: headers, forged requests, foreign hosts, trusted proxies."""

import ast
import re
from itertools import cycle, product
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import text
from starlette.routing import Mount, Route

from helpdesk.core.addresses import Proxies, is_own_origin, neighbourhood, own_path
from helpdesk.core.settings import Settings
from helpdesk.desk import Desk
from helpdesk.people.sessions import start_session
from helpdesk.rooms import ROUTES
from helpdesk.security import HEADERS, Security, same_origin
from tests.helpdesk.people.visitors import visitor
from tests.people import PASSWORD, Cast

SAFE = {"GET"}
EXAMPLES = {
    "token": "no-such-token",
    "reference": "HD-10001",
    "draft": "018f0000-0000-7000-8000-000000000000",
    "draft_id": "018f0000-0000-7000-8000-000000000000",
}


def all_routes() -> list[Route]:
    return [route for route in ROUTES if isinstance(route, Route)]


def path_of(route: Route) -> str:
    """The route with something in place of its parameters."""

    def filled(match: re.Match[str]) -> str:
        name, _, kind = match[1].partition(":")
        if kind == "uuid":
            return EXAMPLES["draft"]
        return EXAMPLES.get(name, "1")

    return re.sub(r"{([^}]+)}", filled, route.path)


def targets(unsafe: bool) -> list[tuple[str, str]]:
    """Method and address of every route that could, or could not, change something."""
    return [
        (method, path_of(route))
        for route in all_routes()
        for method in sorted((route.methods or set()) - {"HEAD"})
        if (method not in SAFE) == unsafe
    ]


FORGERIES: list[tuple[str, dict[str, str], Any]] = [
    ("a form of another site", {"origin": "https://evil.example"}, "a=b"),
    ("no origin", {"content-type": "application/x-www-form-urlencoded"}, "a=b"),
    ("a sandboxed page", {"origin": "null"}, "a=b"),
    ("text", {"origin": "https://evil.example", "content-type": "text/plain"}, '{"a":"b"}'),
    ("json", {"origin": "https://evil.example", "content-type": "application/json"}, "{}"),
    ("another port", {"origin": "http://localhost:1"}, "a=b"),
    ("a subdomain", {"sec-fetch-site": "same-site"}, "a=b"),
    ("what browsers say", {"sec-fetch-site": "cross-site", "origin": "OWN"}, "a=b"),
]


async def test_a_forged_request_changes_nothing_on_any_route(cast: Cast, site: str) -> None:
    """Replays cross-site request forgery."""
    cookies = [await cast.session(who) for who in ("cora", "admin", "amy")]
    before = await contents(cast.desk)
    let_in = []
    async with httpx2.AsyncClient(base_url=site) as client:
        attacks = product(targets(unsafe=True), FORGERIES)
        for ((method, path), (what, headers, body)), cookie in zip(
            attacks, cycle(cookies), strict=False
        ):
            sent = {name: site if value == "OWN" else value for name, value in headers.items()}
            answer = await client.request(
                method, path, content=body, headers={**sent, "cookie": cookie}
            )
            assert_headers(answer)
            if answer.status_code != 403:
                let_in.append((method, path, what, answer.status_code))
    assert let_in == []
    assert await contents(cast.desk) == before


async def contents(desk: Desk) -> dict[str, str]:
    """A fingerprint of every table; what counts uses is left out."""
    from sqlmodel import SQLModel

    left_out = {"sessions", "throttles", "api_tokens"}
    found = {}
    async with desk.reading() as db:
        for table in SQLModel.metadata.sorted_tables:
            if table.name not in left_out:
                rows = "coalesce(string_agg(t::text, '' ORDER BY t::text), '')"
                query = text(f"SELECT md5({rows}) FROM {table.name} t")
                found[table.name] = (await db.exec(query)).one()[0]  # type: ignore[call-overload]
    return found


async def test_a_request_of_our_own_pages_is_let_in(cast: Cast, site: str) -> None:
    form = {"email": "cora@example.com", "password": PASSWORD}
    async with httpx2.AsyncClient(base_url=site) as client:
        for headers in (
            {"origin": site},
            {"sec-fetch-site": "same-origin"},
            {"sec-fetch-site": "none"},
        ):
            answer = await client.post("/sign-in", data=form, headers=headers)
            assert answer.status_code == 422  # looked at: the account has no password


async def test_every_page_sends_every_header_and_changes_nothing(cast: Cast, site: str) -> None:
    """For everybody, errors included. Each is asked twice."""
    before = await contents(cast.desk)
    broken = []
    for who in ("", "cora", "amy", "admin"):
        async with await cast.browser(site, who) as client:
            for method, path in targets(unsafe=False) * 2:
                answer = await client.request(method, path)
                assert_headers(answer)
                if answer.status_code >= 500:
                    broken.append((who, path))
    assert broken == []
    after = await contents(cast.desk)
    assert [name for name in after if after[name] != before[name]] == []


def assert_headers(answer: httpx2.Response) -> None:
    path = answer.request.url.path
    for name in HEADERS:
        assert name in answer.headers, (path, name)
    assert answer.headers["x-content-type-options"] == "nosniff"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy
    assert re.fullmatch(r"[0-9a-f]{16}", answer.headers["x-request-id"])
    for name in ("set-cookie", "content-security-policy", "cache-control"):
        assert len(answer.headers.get_list(name)) <= 2, name
    assert "server" not in answer.headers


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/no-such-page", 404),
        ("PUT", "/sign-in", 405),
        ("GET", "/static/no-such-file.css", 404),
        ("GET", "/api/v1/no-such-thing", 404),
        ("GET", "/healthz", 200),
        ("GET", "/readyz", 200),
        ("GET", "/account", 303),
        ("POST", "/account/password", 401),
        ("GET", "/admin/mailbox/999999999999999999999999", 404),
    ],
)
async def test_answers_that_are_no_pages_send_every_header(
    method: str, path: str, status: int, cast: Cast, site: str
) -> None:
    who = "admin" if "admin" in path else ""
    async with await cast.browser(site, who) as client:
        answer = await client.request(method, path)
    assert answer.status_code == status
    assert_headers(answer)


async def test_the_policy_is_the_strict_one(desk: Desk, site: str) -> None:
    async with visitor(site) as client:
        answer = await client.get("/sign-in")
    assert answer.headers["content-security-policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types fragments"
    )
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "no-store"
    assert "strict-transport-security" not in answer.headers  # plain http here


async def test_a_crash_sends_every_header_and_no_detail(
    cast: Cast, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import helpdesk.people.pages as pages

    async def crash(*_: object) -> None:
        raise RuntimeError("canary-in-the-exception")

    monkeypatch.setattr(pages, "count_link", crash)
    async with await cast.browser(site) as client:
        answer = await client.get("/guest/whatever")
    assert answer.status_code == 500
    assert "canary" not in answer.text
    assert_headers(answer)


async def test_two_requests_have_two_numbers_and_none_is_taken_over(desk: Desk, site: str) -> None:
    async with visitor(site, **{"x-request-id": "mine"}) as client:
        numbers = {(await client.get("/healthz")).headers["x-request-id"] for _ in range(5)}
    assert len(numbers) == 5
    assert "mine" not in numbers


@pytest.mark.parametrize("host", ["evil.example", "a/b", "localhost.evil.example", "[::1]evil", ""])
async def test_the_desk_answers_to_its_own_name_only(desk: Desk, site: str, host: str) -> None:
    async with visitor(site) as client:
        answer = await client.get("/sign-in", headers={"host": host})
    assert answer.status_code == 400


REDIRECTS = [
    "//evil.example",
    "///evil.example",
    "\\\\evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "https://evil.example",
    "https:evil.example",
    "http:/evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/ok\r\nSet-Cookie: a=b",
    "/\x00/evil.example",
    "evil.example",
    "@evil.example",
    ".evil.example",
    "/" + "a" * 3000,
    "/\u2028/evil.example",
    "/\ud800",
]


@pytest.mark.parametrize("wanted", REDIRECTS)
def test_nobody_is_sent_to_another_site(wanted: str) -> None:
    assert own_path(wanted, "/safe") == "/safe"


@pytest.mark.parametrize("wanted", ["/", "/requests", "/desk?view=mine&q=a%20b#top", "/%2F%2Fevil"])
def test_ways_within_the_desk_are_kept(wanted: str) -> None:
    assert own_path(wanted, "/safe") == wanted


async def test_after_signing_in_one_stays_on_the_desk(cast: Cast, site: str) -> None:
    cookie = await cast.session("cora")
    async with visitor(site, cookie=cookie) as client:
        for wanted in REDIRECTS:
            if wanted.isprintable():
                answer = await client.get("/sign-in", params={"next": wanted})
                assert answer.headers["location"] == "/requests", wanted


def test_an_origin_is_ours_only_in_full() -> None:
    def ours(origin: str, host: str = "desk.example") -> bool:
        return is_own_origin("https://desk.example", host.encode(), origin.encode())

    assert ours("https://desk.example")
    assert ours("https://DESK.example", "Desk.Example")
    for other in (
        "",
        "null",
        "http://desk.example",
        "https://desk.example:8443",
        "https://desk.example.evil.example",
        "https://evil.example",
        "https://app.desk.example",
        "https://deskXexample",
        "https://desk.example/",
        "https://desk.example, https://evil.example",
    ):
        assert not ours(other), other
    assert not is_own_origin("https://desk.example", b"", b"https://")


async def test_a_socket_is_judged_by_its_origin(desk: Desk) -> None:
    host = desk.settings.public_url.removeprefix("http://").encode()

    def judged(*headers: tuple[bytes, bytes]) -> bool:
        scope = {"headers": [(b"host", host), *headers], "state": {"desk": desk}}
        return same_origin(scope)

    own = desk.settings.public_url.encode()
    assert judged((b"origin", own))
    assert not judged()
    assert not judged((b"origin", b"null"))
    assert not judged((b"origin", b"https://evil.example"))
    assert not judged((b"origin", own), (b"origin", b"https://evil.example"))


async def seen_by(settings: Settings, peer: str, **headers: str) -> dict[str, Any]:
    """The scope as the application gets it."""
    seen: dict[str, Any] = {}

    async def application(scope: Any, receive: Any, send: Any) -> None:
        seen.update(scope)

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/healthz",
        "client": (peer, 1234),
        "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()],
        "state": {},
    }

    async def nothing(message: Any = None) -> Any:
        return {"type": "http.disconnect"}

    await Security(application, settings)(scope, nothing, nothing)
    return seen


@pytest.fixture
def behind_a_proxy(settings: Settings) -> Settings:
    return settings.model_copy(update={"trusted_proxies": "10.0.0.0/8, 192.0.2.1"})


async def test_only_a_trusted_proxy_says_who_the_client_is(
    settings: Settings, behind_a_proxy: Settings
) -> None:
    claims = {
        "x_forwarded_for": "203.0.113.9",
        "forwarded": "for=203.0.113.8",
        "x_real_ip": "203.0.113.7",
        "cf_connecting_ip": "203.0.113.6",
        "remote_user": "admin",
        "x_forwarded_user": "admin",
    }
    stranger = await seen_by(behind_a_proxy, "198.51.100.1", **claims)
    assert stranger["client"][0] == "198.51.100.1"
    assert stranger["state"]["actor"].id == 0
    assert (await seen_by(settings, "10.0.0.1", **claims))["client"][0] == "10.0.0.1"
    assert (await seen_by(behind_a_proxy, "10.0.0.1", **claims))["client"][0] == "203.0.113.9"


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("203.0.113.9, 10.1.1.1", "203.0.113.9"),
        ("1.1.1.1, 203.0.113.9", "203.0.113.9"),  # the first was written by the client
        ("203.0.113.9, nonsense", "10.0.0.1"),
        ("nonsense", "10.0.0.1"),
        ("", "10.0.0.1"),
        ("10.2.2.2", "10.2.2.2"),
        ("2001:db8::7, 192.0.2.1", "2001:db8::7"),
    ],
)
def test_hops_are_believed_as_far_as_proxies_vouch_for_them(forwarded: str, client: str) -> None:
    assert Proxies("10.0.0.0/8, 192.0.2.1").client("10.0.0.1", forwarded) == client


def test_one_customer_of_a_provider_counts_as_one() -> None:
    assert neighbourhood("2001:db8:1:2::1") == neighbourhood("2001:db8:1:2:ffff::9")
    assert neighbourhood("2001:db8:1:2::1") != neighbourhood("2001:db8:1:3::1")
    assert neighbourhood("::ffff:203.0.113.9") == "203.0.113.9"
    assert neighbourhood("203.0.113.9") == "203.0.113.9"
    assert neighbourhood("") == ""


async def test_odd_cookies_sign_nobody_in(cast: Cast, site: str) -> None:
    name = cast.desk.settings.session_cookie
    good = await start_session(cast.desk, cast.cora.id)
    async with visitor(site) as client:
        for cookie in (
            f"{name}=",
            f"{name}={good}x",
            f"{name}={good[:-1]}",
            f"{name}={good.swapcase()}",
            f'{name}="{good}"',
            f"x{name}={good}",
            f"session={good}",
            f"{name}={'a' * 3000}",
            f"{name}=%00",
            f"{name}=\xff\xfe",
            "=;;==;",
        ):
            answer = await client.get("/account", headers={"cookie": cookie.encode("latin-1")})
            assert answer.status_code == 303, cookie
        for cookie in (f"{name}={good}", f"a=b; {name}={good}; c=d", f"a=b;{name}={good}"):
            answer = await client.get("/account", headers={"cookie": cookie})
            assert answer.status_code == 200, cookie


async def test_the_desk_says_so_when_it_cannot_look_a_session_up(
    cast: Cast, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import helpdesk.identity as identity

    monkeypatch.setattr(identity, "SESSIONS", "SELECT 1 FROM nowhere WHERE $1::bytea[] IS NULL")
    async with await cast.browser(site, "cora") as client:
        answer = await client.get("/account")
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "5"
        assert_headers(answer)
        assert (await client.get("/healthz")).status_code == 200


async def test_every_route_says_who_may_use_it() -> None:
    open_routes = {"/healthz", "/readyz"}
    for route in all_routes():
        if route.path not in open_routes:
            assert hasattr(route.endpoint, "can"), route.path
    assert all(mount.path == "/static" for mount in ROUTES if isinstance(mount, Mount))


SECRETS = {"token", "password", "signature", "secret", "token_hash", "password_hash"}


def test_secrets_are_looked_up_by_hash_or_compared_in_constant_time() -> None:
    """Replays timing attacks: no `==` on a secret anywhere in the product."""
    checkout = Path(__file__).parents[2]
    for folder in ("helpdesk", "chat", "triage"):
        for file in (checkout / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if not isinstance(node, ast.Compare):
                    continue
                if not any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops):
                    continue
                sides = {ast.unparse(side) for side in (node.left, *node.comparators)}
                in_sql = any(side.startswith("col(") or side[0].isupper() for side in sides)
                empty = bool(sides & {"''", "None"})
                assert not sides & SECRETS or in_sql or empty, f"{file.name}:{node.lineno}"


async def test_no_secret_reaches_the_log(
    cast: Cast, site: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Passwords, cookies, tokens, link tokens and query strings, on good paths and bad ones."""
    from helpdesk.core.logs import JsonLine

    cookie = await cast.session("cora")
    session = cookie.partition("=")[2]
    caplog.set_level("DEBUG")
    async with visitor(site, cookie=cookie) as client:
        await client.post(
            "/sign-in",
            data={"email": "canary@example.com", "password": "canary-password"},
        )
        await client.get("/sign-in?next=/canary-query")
        await client.get("/guest/canary-guest-link")
        await client.get("/reset-password/canary-reset-link")
        await client.get("/api/v1/x", headers={"authorization": "Bearer canary-bearer"})
        await client.post("/account/password", data={"old_password": "canary-old-password"})
        await client.post("/register", data={"email": "canary2@example.com", "name": "canary-name"})
    client_side = ("httpx2", "httpcore2")
    ours = [record for record in caplog.records if not record.name.startswith(client_side)]
    lines = "\n".join(JsonLine().format(record) for record in ours)
    assert "request" in lines
    for secret in ("canary", session):
        assert secret not in lines
