"""Every field of every form and of the API, with values nobody should send.

Whatever comes, the answer is a refusal or a harmless row: never a crash, never a new element on
a page, never a template or a statement that somebody else wrote.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

import httpx2
import orjson
import pytest

from helpdesk.permissions import SYSTEM
from tests.helpdesk.contact.reports import payment, question, technical
from tests.people import PASSWORD, Cast
from tests.world import World, build

MARKUP = (
    "\"'></textarea></title></script>--><zz-mark zz='1' onload=alert(1)><svg onload=alert(1)>"
    "{{ 7919*7907 }}{% for x in y %}${7919*7907}#{7919*7907}"
)
SUM = "62615533"  # what a template or an expression would make of it
SQL = "1'; DROP TABLE tickets; --"
HOSTILE = {
    "empty": "",
    "markup": MARKUP,
    "sql": SQL,
    "nul": "a\0b",
    "turned": "\u202eevil\u2066\u200f abc \u2069",
    "marks": "a" + "\u0301" * 10_000,
    "long": "x" * 100_000,
    "lines": "a\r\nSet-Cookie: zz=1\r\n\r\n<zz-mark>",
    "number": "9" * 400,
    "negative": "-9223372036854775809",
    "list": '[1, {"$ne": 1}]',
    "path": "../../../../etc/passwd\0.png",
    "unseen": "\u200b\u2060\u3164\ufeff",
    "half": "\ud83d",
}


WORST = ("markup", "nul", "marks")


class Elements(HTMLParser):
    """Which elements and attributes a page has."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found |= {tag, *(name for name, _ in attributes)}
        self.found |= {"javascript:" for _, value in attributes if (value or "").startswith("java")}


def harmless(answer: httpx2.Response, what: object) -> None:
    assert answer.status_code < 500, what
    assert "zz=1" not in answer.headers.get("set-cookie", ""), what
    # Only a page that shows something of it can have been changed by it.
    if "zz" in answer.text and answer.headers["content-type"].startswith("text/html"):
        found = Elements(answer.text).found
        new = found & {"zz-mark", "zz", "javascript:"} | {a for a in found if a[:2] == "on"}
        assert not new, (what, new)
    assert SUM not in answer.text, what


def encoded(fields: dict[str, Any]) -> bytes:
    """A form as a browser sends it; half characters stay half."""
    return "&".join(
        f"{quote(name)}={quote(str(value).encode('utf-8', 'surrogatepass'))}"
        for name, value in fields.items()
    ).encode()


async def post(browser: httpx2.AsyncClient, path: str, body: bytes) -> httpx2.Response:
    kind = {"content-type": "application/x-www-form-urlencoded"}
    return await browser.post(path, content=body, headers=kind)


async def at_once(requests: list[tuple[Awaitable[httpx2.Response], object]]) -> None:
    """Eight at a time: most of a test is waiting."""
    for start in range(0, len(requests), 8):
        some = requests[start : start + 8]
        answers = await asyncio.gather(*(request for request, _ in some))
        for answer, (_, what) in zip(answers, some, strict=True):
            harmless(answer, what)


@pytest.fixture
async def world(cast: Cast, site: str) -> AsyncIterator[World]:
    built = await build(cast, site)
    yield built
    await built.close()


def forms(world: World) -> list[tuple[str, str, dict[str, str]]]:
    """Who sends what where: every form with everything it has, good as it stands."""
    request, ticket = f"/requests/{world.own.reference}", f"/desk/tickets/{world.own.reference}"
    once = {"once": str(uuid4())}
    return [
        ("finn", "/report", {**payment(), "do": "check"}),
        ("finn", "/report", {**technical(), "do": "later", "screen": "1 × 1"}),
        ("finn", "/report", {**question(), "do": "none", "seen.articles": "1 2", "seen.alerts": "3",
                             "seen.offered": "1", "seen.followed": "3", "seen.helped": "no",
                             "seen.type": "guidance", "seen.open": "1", "seen.solved_by": "1"}),
        ("finn", "/report/send", {**payment(), "lacking.screenshot": "None"}),
        ("nobody", "/report/send", question()),
        ("finn", f"/report/{world.draft}/save", payment(draft=str(world.draft))),
        ("finn", f"{request}/messages", {"body": "Some words", "uploads": str(uuid4()), **once}),
        ("finn", f"{request}/follow-up", {"body": "News?", **once}),
        ("finn", f"{request}/reopen", {"body": "Not solved", **once}),
        ("finn", f"{request}/rating", {"score": "4", "comment": "Good"}),
        ("nobody", f"/rate/{world.rating_token}", {"score": "4", "comment": "Good"}),
        ("tess", f"{ticket}/coverage", {"coverage": "covered", "article": "a", "article_slug": ""}),
        ("tess", f"{ticket}/article", {"message": "1"}),
        ("nobody", "/chat", {"type": "withdrawal_not_received", "name": "Gabi", "ticket": "",
                             "email": "gabi@example.com", "description": "Help", **once}),
        ("finn", f"/chat/{world.chat.id}/evidence", {"upload": str(uuid4()), "private": "1"}),
        ("finn", f"/uploads/{world.upload}/tag", {"key": "team_log"}),
        ("tess", f"{ticket}/messages", {"body": "Hello", "mode": "reply", "then": "", **once}),
        ("tess", f"{ticket}/status", {"status": "open"}),
        ("tess", f"{ticket}/severity", {"severity": "low", "reason": "Because"}),
        ("tess", f"{ticket}/assign", {"assignee": str(world.cast.tess.id)}),
        ("max", f"{ticket}/hand-over", {"group": "1", "handover_reason": "Theirs"}),
        ("tess", f"{ticket}/ask", {"piece": "", "label": "A log", "due": "2026-06-09"}),
        ("tess", f"{ticket}/evidence", {"upload": str(uuid4())}),
        ("finn", f"{request}/escalate", {"reason": "It is not resolved", **once}),
        ("tess", f"{ticket}/escalate", {"to_level": "2", "escalate_reason": "Odd",
                                        "escalate_summary": "All of it", **once}),
        ("max", f"/desk/escalations/{world.escalation}/extend",
         {"until": "2026-06-09T10:00", "extend_reason": "Slow"}),
        ("max", f"/desk/escalations/{world.escalation}/decide",
         {"outcome": "granted", "reasons": "So", "then": ""}),
        ("max", "/desk/escalations/raise", {"id": str(world.escalation), "level": "3", "why": "A"}),
        ("max", "/desk/escalations/rules", {"seen": "1", "percent.warned": "75", "note": "So",
                                            "limit.money.USD": "5000", "do.level_1": "level"}),
        ("tess", "/desk/availability", {"available": "", "reason": "break"}),
        ("tess", f"/desk/chats/{world.chat.id}/transfer",
         {"to": "department:PAY", "reason": "knows", "summary": "All of it"}),
        ("max", f"/desk/chats/{world.chat.id}/whisper", {"body": "Ask when", "once": str(uuid4())}),
        ("tess", f"/desk/chats/{world.chat.id}/steer", {"type": "account_closure"}),
        ("tess", f"/desk/chats/{world.chat.id}/article", {"article": "no-such"}),
        ("tess", f"/desk/chats/{world.chat.id}/conduct", {"kind": "spam"}),
        ("tess", f"/desk/chats/{world.chat.id}/ticket", {"join": "HD-10001", "contract": "C-1001",
                                                         "answers.amount": "USD 5"}),
        ("max", "/desk/chats/settings/PAY", {"gives": "1", "offer_seconds": "20",
                                             "idle_minutes": "10", "waiting_alarm": "5"}),
        ("max", f"/desk/chats/agents/{world.cast.tess.id}", {"capacity": "3"}),
        ("tess", f"/desk/chats/{world.her_chat.id}/ticket", {"type": "guidance", "subject": "A",
                                                             "severity": "2", "description": "B"}),
        ("nobody", "/sign-in", {"email": "cora@example.com", "password": PASSWORD, "next": "/"}),
        ("nobody", "/register", {"email": "new@example.com", "name": "New", "role": "client",
                                 "password": PASSWORD, "time_zone": "UTC"}),
        ("nobody", "/reset-password", {"email": "cora@example.com"}),
        ("nobody", f"/reset-password/{world.reset_token}", {"password": "short"}),
        ("nobody", f"/confirm-email/{world.confirm_token}", {"password": "short"}),
        ("cora", "/account/password", {"old_password": "x", "new_password": "y"}),
        ("cora", "/account/tokens", {"token_name": "A program", "token_password": "x"}),
        ("cora", "/account/time-zone", {"time_zone": "UTC"}),
        ("amy", "/account/languages", {"languages": "en es"}),
    ]  # fmt: skip


async def test_every_field_of_every_form_survives_everything(world: World) -> None:
    """Each field alone with one of the worst values, and all of them at once with every value."""
    for who, path, fields in forms(world):
        worst = zip(fields, itertools.cycle(WORST), strict=False)
        spoilt = [({name: HOSTILE[kind]}, kind) for name, kind in worst]
        spoilt += [(dict.fromkeys(fields, value), kind) for kind, value in HOSTILE.items()]
        await forget_tries(world)
        sending = []
        for changed, kind in spoilt:
            fresh = {"once": str(uuid4())} if "once" in fields else {}
            request = post(world.browsers[who], path, encoded(fields | fresh | changed))
            sending.append((request, (path, *(changed if len(changed) < 3 else ()), kind)))
        await at_once(sending)
    await look_at_everything(world)


async def forget_tries(world: World) -> None:
    """Who tries often is told to wait, which is not what is tested here."""
    await world.cast.desk.pool.execute("DELETE FROM throttles")


async def look_at_everything(world: World) -> None:
    """What was stored is shown as text, to everybody."""
    pages = {
        "finn": ["/requests", f"/requests/{world.own.reference}", f"/chat/{world.chat.id}",
                 f"/chat/{world.chat.id}/transcript", f"/report/{world.draft}", "/report",
                 f"/api/v1/tickets/{world.own.reference}", "/api/v1/tickets?limit=100"],
        "tess": ["/desk?view=all", "/desk?view=solved", f"/desk/tickets/{world.own.reference}",
                 f"/desk/chats/{world.her_chat.id}", "/desk/search?q=zz", "/desk/chats"],
        "admin": ["/admin/mailbox"],
        "max": ["/desk/escalations", f"/desk/escalations/{world.escalation}"],
        "cora": ["/account"],
    }  # fmt: skip
    newest = await world.cast.desk.pool.fetch("SELECT id FROM tickets ORDER BY id DESC LIMIT 5")
    pages["tess"] += [f"/desk/tickets/HD-{row['id'] + 10_000}" for row in newest]
    for who, paths in pages.items():
        for path in paths:
            answer = await world.browsers[who].get(path)
            harmless(answer, (who, path))
            assert answer.status_code in (200, 303, 404), (who, path)


ODD_BODIES = {
    "invalid UTF-8": b"body=%ff%fe%80&subject=\xff\xfe&email=%c3%28",
    "doubled": b"body=one&body=two&email=a@b.de&email=c@d.de&mode=reply&mode=note&once=1&once=2",
    "nested": b"body[a][b]=1&body[]=2&answers[amount]=1&__proto__[x]=1&constructor.prototype.x=1",
    "only signs": b"&&==&=%&%zz=%zz&+++=+++",
    "many fields": b"&".join(b"f%d=1" % number for number in range(3_000)),
    "one long name": b"n" * 50_000 + b"=1",
    "nothing": b"",
}


async def test_a_form_of_a_megabyte_is_refused_before_it_is_read(world: World) -> None:
    paths = {path: who for who, path, _ in forms(world)}
    files = f"/requests/{world.own.reference}/messages"
    for path in {*paths} - {"/report", files}:
        answer = await post(world.browsers[paths[path]], path, b"body=" + b"x" * 1_000_000)
        assert answer.status_code == 413, path
        harmless(answer, path)
    for path in ("/report", files):  # those that take files
        answer = await post(world.browsers["finn"], path, b"description=" + b"x" * 1_000_000)
        harmless(answer, path)


ODD_KINDS = ["multipart/form-data", "text/plain; charset=nonsense", "application/json", "x", ""]


async def test_odd_bodies_are_refused_or_read_as_something(world: World) -> None:
    multipart = {"content-type": "multipart/form-data; boundary=x"}
    head = b"--x\r\ncontent-disposition: form-data"
    odd_parts = [b"--x", b"--x--", b"--x\r\n\r\n--x--", b"no boundary at all" * 100,
                 head + b'; name="body"\r\n\r\nzz', head + b"\r\n\r\n\xff\r\n--x--\r\n",
                 head + b'; name="a"; filename="\0"\r\n\r\n1\r\n--x--']  # fmt: skip
    await forget_tries(world)
    for path, who in {path: who for who, path, _ in forms(world)}.items() | {("/uploads", "finn")}:
        browser = world.browsers[who]
        sending = [(post(browser, path, body), (path, kind)) for kind, body in ODD_BODIES.items()]
        headers = [(body, multipart) for body in odd_parts]
        headers += [(b"a=b", {"content-type": kind}) for kind in ODD_KINDS]
        for body, kind in headers:
            request = browser.post(path, content=body, headers=kind)
            sending.append((request, (path, kind, body[:80])))
        await at_once(sending)


TICKET = {
    "type": "tech_unsolved",
    "service": "technical_support",
    "subject": "Invoice page stays empty",
    "description": "I opened the invoice page, expected a list, but it is empty since Monday.",
    "severity": "normal",
    "severity_reason": "",
    "contract": "",
    "milestone": 1,
    "contract_text": "",
    "answers": {"steps": "Open it"},
    "lacking": {},
    "evidence": {},
    "files": [],
    "private": False,
    "time_zone": "UTC",
}
VALUES: list[Any] = [
    None, True, 0, -1, 1.5, 2**63, 10**400, "", "a\0b", MARKUP, SQL, [], [None], [[]], ["x"] * 500,
    {}, {"$ne": 1}, {"": ""}, {"a" * 61: "x"}, {"x": {"y": {}}}, {"amount": {"amount": []}},
    {"steps": "a\0b"}, {"steps": MARKUP}, {"\0": "\0"}, "x" * 100_000, "a" + "\u0301" * 10_000,
]  # fmt: skip


async def test_every_field_of_the_api_survives_every_type(world: World) -> None:
    finn = world.browsers["finn"]
    for name in TICKET:
        bodies = [{**TICKET, name: value} for value in VALUES]
        answers = await asyncio.gather(*(as_json(finn, "/api/v1/tickets", b) for b in bodies))
        for value, answer in zip(VALUES, answers, strict=True):
            harmless(answer, (name, str(value)[:60]))
            # Numbers beyond 64 bits are no JSON to our parser.
            refused = (400,) if value == 10**400 else (201, 413, 422)
            assert answer.status_code in refused, (name, answer.status_code)
            if answer.status_code == 422:
                assert answer.headers["content-type"] == "application/problem+json"
    path = f"/api/v1/tickets/{world.own.reference}/messages"
    for value in VALUES:
        answer = await as_json(finn, path, {"body": value})
        harmless(answer, str(value)[:60])
        assert answer.status_code in (201, 400, 413, 422), str(value)[:60]
    await look_at_everything(world)


async def as_json(browser: httpx2.AsyncClient, path: str, body: Any) -> httpx2.Response:
    import json  # writes numbers of any size, which orjson does not

    kind = {"content-type": "application/json"}
    return await browser.post(path, content=json.dumps(body).encode(), headers=kind)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"17",
        b'"text"',
        b"NaN",
        b'{"type": NaN}',
        b'{"subject": "\\ud800"}',
        b'{"subject": "\xff"}',
        b'{"subject": "one", "subject": {"two": 2}}',
        b'{"__proto__": {"x": 1}}',
        b'{"id": 1, "requester_id": 1, "status": "closed", "group_id": 1}',
        b"[" * 100_000,
        b'{"a":' * 10_000,
        b"{" + b" " * 200_000 + b"}",
        b'{"subject": "x"',
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
    ],
    ids=lambda body: body[:24].decode("latin-1"),
)
async def test_json_that_is_none_is_refused(cast: Cast, site: str, body: bytes) -> None:
    async with await cast.browser(site, "finn") as finn:
        for path in ("/api/v1/tickets", "/api/v1/tickets/HD-10001/messages"):
            kind = {"content-type": "application/json"}
            answer = await finn.post(path, content=body, headers=kind)
            assert answer.status_code in (400, 413, 422), answer.text
            assert answer.headers["content-type"] == "application/problem+json"
            assert orjson.loads(answer.content)["status"] == answer.status_code


STATEMENTS = [
    "'", '"', "\\", ";", "--", "%", "_", "%00", "\0", "1 OR 1=1", "1' OR '1'='1", SQL,
    "1 UNION SELECT password_hash FROM people", "(SELECT pg_sleep(5))", "$1", ":x", "%(x)s", "*",
    "' || pg_sleep(5) || '", "1;SELECT 1", "a:*", "a & | !", "'a' <-> 'b'", "OR", "-", '"a', "((",
    "0", "-1", "1.5", "1e9", "9" * 18, "9" * 19, "9" * 40, "9" * 5_000, "٣", "null", "true", "[]",
    "3.1.1", "9.9999999999999999.1", "1.1." + "9" * 30, "1.-1.1", "x" * 6_000, MARKUP, "\ud83d",
]  # fmt: skip


# Not only a choice among words:
READ = {"after", "below", "before", "from", "q", "limit", "subject"}
FEW = [SQL, MARKUP, "\0", "9" * 40, "\ud83d"]


def lists(world: World) -> list[tuple[str, str, list[str]]]:
    lines = f"/evidence/{world.log.id}/lines"
    return [
        ("tess", "/desk", ["view", "after", "sort"]),
        ("tess", "/desk/search", ["q"]),
        ("tess", f"/desk/tickets/{world.own.reference}", ["view"]),
        ("finn", "/requests", ["show", "below"]),
        ("finn", lines, ["from", "q", "after"]),
        ("finn", "/api/v1/tickets", ["limit", "after"]),
        ("finn", "/contact", ["service", "type", "next"]),
        ("finn", "/report", ["type", "service", "subject", "description", "draft"]),
        ("finn", "/report/suggestions", ["subject", "type", "seen.articles", "seen.open"]),
        ("finn", "/chat", ["type", "ticket", "once", "description", "name"]),
        ("nobody", "/sign-in", ["next", "done"]),
        ("cora", "/account", ["done"]),
        ("admin", "/admin/mailbox", ["before"]),
    ]


async def test_no_parameter_of_a_list_reaches_a_statement(world: World) -> None:
    asking = []
    count = "SELECT count(*) FROM tickets"
    before = await world.cast.desk.pool.fetchval(count)
    for who, path, names in lists(world):
        for name in names:
            for value in STATEMENTS if name in READ else FEW:
                query = urlencode({name: value.encode("utf-8", "surrogatepass")})
                request = world.browsers[who].get(f"{path}?{query}")
                asking.append((request, (path, name, value[:60])))
    await at_once(asking)
    assert await world.cast.desk.pool.fetchval(count) == before


async def test_no_name_in_an_address_reaches_a_statement(world: World) -> None:
    numbers = ["0", "00", "-1", "1.0", "9" * 19, "9" * 40, "9" * 3_000, "1%00", "1'", "x", "%ff"]
    names = [*numbers, "HD-0", "HD-", "hd-10001", "HD-%00", "HD-9999999999999999999999", "%2e%2e"]
    places = [
        ("tess", "/desk/tickets/{}"),
        ("tess", "/desk/chats/{}"),
        ("finn", "/requests/{}"),
        ("finn", "/api/v1/tickets/{}"),
        ("finn", "/evidence/{}"),
        ("finn", "/evidence/{}/download"),
        ("finn", "/chat/{}"),
        ("finn", "/chat/{}/transcript"),
        ("finn", "/report/{}"),
        ("finn", "/report/{}/solved"),
        ("finn", "/uploads/{}/thumbnail"),
        ("nobody", "/guest/{}"),
        ("nobody", "/reset-password/{}"),
        ("admin", "/admin/mailbox/{}"),
    ]
    changes = [
        ("tess", "/desk/tickets/{}/claim"),
        ("tess", f"/desk/tickets/{world.own.reference}/ask/{{}}/cancel"),
        ("tess", "/desk/chats/{}/claim"),
        ("tess", "/desk/chats/{}/ticket"),
        ("finn", "/chat/{}/end"),
        ("finn", "/chat/{}/leave"),
        ("finn", "/requests/{}/close"),
        ("cora", "/account/tokens/{}/revoke"),
        ("cora", "/account/sessions/{}/end"),
    ]
    for name in names:
        await forget_tries(world)
        asking = []
        for method, kinds in (("GET", places), ("POST", changes)):
            for who, place in kinds:
                address = httpx2.URL(world.site).copy_with(raw_path=place.format(name).encode())
                request = world.browsers[who].request(method, address)
                asking.append((request, (place, name[:40])))
        await at_once(asking)


async def test_a_form_sent_twice_at_once_from_a_stale_page_does_no_harm(world: World) -> None:
    """One `once` for several forms of the same page, as a browser's history brings it back."""
    finn, once = world.browsers["finn"], str(uuid4())
    base = f"/requests/{world.own.reference}"
    for _ in range(2):
        for path in ("messages", "follow-up", "close", "reopen"):
            answer = await finn.post(f"{base}/{path}", data={"body": "Once more", "once": once})
            assert answer.status_code in (303, 409), (path, answer.status_code)
    async with world.cast.desk.transaction(SYSTEM) as tx:
        assert tx.now
