"""The API: the form's rules for programs, once per Idempotency-Key."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from sqlmodel import col, select

from helpdesk.people.commands import create_api_token
from helpdesk.tickets.models import Ticket
from tests.helpdesk.contact.offers import some_articles
from tests.helpdesk.contact.reports import LOG, errors_in, technical, visiting
from tests.people import NO_TLS, Cast


def ticket(**changes: Any) -> dict[str, Any]:
    return {
        "type": "tech_unsolved",
        "subject": "Invoice page stays empty after clearing the cache",
        "description": "I opened the invoice page yesterday. I expected a list, it is empty.",
        "answers": {
            "operating_system": "Windows 11",
            "browser": "Firefox 141",
            "articles_tried": "Browser, cache",
            "steps": "Open Reports, then Invoices.",
        },
        **changes,
    }


async def program(cast: Cast, site: str, who: str = "finn") -> httpx2.AsyncClient:
    async with cast.desk.transaction(await cast.actor(who)) as tx:
        token = await create_api_token(tx, "test")
    return httpx2.AsyncClient(
        base_url=site,
        headers={"authorization": f"Bearer {token}"},
        timeout=30,
        verify=NO_TLS,
    )


async def count(cast: Cast) -> int:
    async with cast.desk.reading() as db:
        return len((await db.exec(select(Ticket))).all())


def fields(answer: httpx2.Response) -> dict[str, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return {error["field"]: error["message"] for error in answer.json()["errors"]}


async def upload(client: httpx2.AsyncClient, name: str = "team.log", data: bytes = LOG) -> str:
    body = {"id": str(uuid4()), "evidence_key": "team_log"}
    answer = await client.post("/api/v1/uploads", data=body, files={"file": (name, data)})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_a_program_files_a_ticket_with_a_log_and_reads_it_back(site: str, cast: Cast) -> None:
    async with await program(cast, site) as client:
        log = await upload(client)
        body = ticket(type="team_app_bug", evidence={"team_log": [log]})
        body["answers"]["app_version"] = "3.4.1"
        made = await client.post("/api/v1/tickets", json=body)
        assert made.status_code == 201, made.text
        answer = made.json()
        assert made.headers["location"] == f"/api/v1/tickets/{answer['reference']}"
        assert (answer["department"], answer["severity"]) == ("Technical", "normal")
        read = (await client.get(made.headers["location"])).json()
    assert [message["body"] for message in read["messages"]] == [body["description"]]
    pieces = {piece["key"]: piece for piece in read["evidence"]}
    assert len(pieces["team_log"]["sha256"]) == 64
    assert "environment" in pieces


async def test_the_form_and_the_api_name_the_same_faults(site: str, cast: Cast) -> None:
    typed = technical(type="team_app_bug", subject="bug", severity="urgent")
    typed.pop("answers.steps")
    sent = ticket(type="team_app_bug", subject="bug", severity="urgent")
    sent["answers"].pop("steps")
    sent["description"] = typed["description"]
    async with await visiting(cast, site, "finn") as finn, await program(cast, site) as client:
        page = await finn.post("/report/send", data=typed)
        answer = await client.post("/api/v1/tickets", json=sent)
    assert answer.status_code == 422
    assert fields(answer) == errors_in(page.text)
    assert "evidence.team_log" in fields(answer)


BAD = [
    ({"colour": "blue"}, "colour", 422),
    ({"subject": 7}, "subject", 422),
    ({"subject": None}, "subject", 422),
    ({"severity": "extreme"}, "severity", 422),
    ({"milestone": "2"}, "milestone", 422),
    ({"answers": ["a"]}, "answers", 422),
    ({"answers": {"steps": {"$ne": 1}}}, "answers.steps", 422),
    ({"type": "nothing_like_it"}, "type", 422),
    ({"evidence": {"screenshot": ["not-an-id"]}}, "evidence.screenshot", 422),
    ({"evidence": {"screenshot": [str(uuid4())]}}, "evidence.screenshot", 422),
    ({"time_zone": "Mars/Olympus"}, "time_zone", 422),
    ({"description": "a NUL \0 in the middle of a text"}, "description", 422),
]


@pytest.mark.parametrize(
    ("change", "field", "status"), BAD, ids=[f"{b[1]}-{i}" for i, b in enumerate(BAD)]
)
async def test_what_does_not_fit_is_named(
    site: str, cast: Cast, change: dict[str, Any], field: str, status: int
) -> None:
    async with await program(cast, site) as client:
        answer = await client.post("/api/v1/tickets", json=ticket(**change))
    assert answer.status_code == status
    assert any(name.startswith(field) for name in fields(answer)), answer.text
    assert await count(cast) == 0


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b'"\\ud800"', "application/json", 400),
        (b"[]", "application/json", 422),
        (b"null", "application/json", 422),
        (b"{}", "application/json", 422),
        (b"{}", "text/plain", 415),
    ],
)
async def test_what_is_not_an_object_is_refused(
    site: str, cast: Cast, body: bytes, kind: str, status: int
) -> None:
    async with await program(cast, site) as client:
        answer = await client.post("/api/v1/tickets", content=body, headers={"content-type": kind})
    assert answer.status_code == status


async def test_without_a_token_nothing_is_filed(site: str, cast: Cast) -> None:
    async with httpx2.AsyncClient(base_url=site, headers={"origin": site}) as stranger:
        for path in ("/api/v1/tickets", "/api/v1/tickets/HD-10001"):
            assert (await stranger.get(path)).status_code == 401
        assert (await stranger.post("/api/v1/tickets", json=ticket())).status_code == 401
        bad = {"authorization": "Bearer nothing"}
        answer = await stranger.post("/api/v1/tickets", json=ticket(), headers=bad)
    assert answer.status_code == 401
    assert await count(cast) == 0


async def test_twenty_calls_with_one_key_make_one_ticket(site: str, cast: Cast) -> None:
    async with await program(cast, site) as client:
        log = await upload(client)
        body = ticket(type="team_app_bug", evidence={"team_log": [log]})
        body["answers"]["app_version"] = "3.4.1"
        headers = {"idempotency-key": "one"}
        answers = await asyncio.gather(
            *(client.post("/api/v1/tickets", json=body, headers=headers) for _ in range(20))
        )
        later = await client.post("/api/v1/tickets", json=body, headers=headers)
    assert [answer.status_code for answer in answers] == [201] * 20, [
        answer.text for answer in answers if answer.status_code != 201
    ][:1]
    assert len({answer.text for answer in answers}) == 1
    assert later.text == answers[0].text
    assert later.headers["idempotency-replayed"] == "true"
    assert await count(cast) == 1


async def test_one_key_with_two_bodies_is_refused(site: str, cast: Cast) -> None:
    headers = {"idempotency-key": "two"}
    async with await program(cast, site) as client:
        first = await client.post("/api/v1/tickets", json=ticket(), headers=headers)
        other = await client.post(
            "/api/v1/tickets", json=ticket(subject="Another matter altogether"), headers=headers
        )
    assert (first.status_code, other.status_code) == (201, 422)
    assert list(fields(other)) == ["Idempotency-Key"]
    assert await count(cast) == 1


async def test_two_bodies_under_one_key_at_the_same_instant_make_one_ticket(
    site: str, cast: Cast
) -> None:
    headers = {"idempotency-key": "race"}
    async with await program(cast, site) as client:
        answers = await asyncio.gather(
            *(
                client.post(
                    "/api/v1/tickets",
                    json=ticket(subject=f"The matter number {n % 2}"),
                    headers=headers,
                )
                for n in range(20)
            )
        )
    good = [answer for answer in answers if answer.status_code == 201]
    assert len(good) == 10
    assert len({answer.json()["subject"] for answer in good}) == 1
    assert await count(cast) == 1


async def test_a_refused_call_leaves_its_key_free(site: str, cast: Cast) -> None:
    headers = {"idempotency-key": "again"}
    async with await program(cast, site) as client:
        wrong = await client.post("/api/v1/tickets", json=ticket(subject="x"), headers=headers)
        right = await client.post("/api/v1/tickets", json=ticket(), headers=headers)
    assert (wrong.status_code, right.status_code) == (422, 201)


async def test_a_key_belongs_to_one_person(site: str, cast: Cast) -> None:
    headers = {"idempotency-key": "shared"}
    for who in ("finn", "nina"):
        async with await program(cast, site, who) as client:
            answer = await client.post("/api/v1/tickets", json=ticket(), headers=headers)
            assert answer.status_code == 201
    assert await count(cast) == 2


@pytest.mark.parametrize("key", ["k" * 256, "ключ".encode().decode("latin-1")])
async def test_a_bad_key_is_refused(site: str, cast: Cast, key: str) -> None:
    async with await program(cast, site) as client:
        answer = await client.post(
            "/api/v1/tickets", json=ticket(), headers={b"idempotency-key": key.encode("latin-1")}
        )
    assert answer.status_code == 422


async def test_nobody_uses_somebody_else_s_upload(site: str, cast: Cast) -> None:
    async with await program(cast, site) as finn, await program(cast, site, "nina") as nina:
        log = await upload(finn)
        body = ticket(evidence={"log": [log]})
        answer = await nina.post("/api/v1/tickets", json=body)
    assert list(fields(answer)) == ["evidence.log"]


async def test_tickets_of_others_are_not_there(site: str, cast: Cast) -> None:
    async with await program(cast, site) as finn, await program(cast, site, "nina") as nina:
        made = (await finn.post("/api/v1/tickets", json=ticket())).json()
        path = f"/api/v1/tickets/{made['reference']}"
        missing = await nina.get("/api/v1/tickets/HD-99999")
        hidden = await nina.get(path)
        written = await nina.post(f"{path}/messages", json={"body": "Let me in"})
        listed = (await nina.get("/api/v1/tickets")).json()
    assert (missing.status_code, hidden.status_code, written.status_code) == (404, 404, 404)
    assert hidden.json()["title"] == missing.json()["title"]
    assert listed == {"items": [], "next": None}


async def test_the_list_is_read_page_by_page(site: str, cast: Cast) -> None:
    async with await program(cast, site) as client:
        for _ in range(5):
            await client.post("/api/v1/tickets", json=ticket())
        seen, after = [], ""
        for _ in range(3):
            query = {"limit": "2", **({"after": after} if after else {})}
            page = (await client.get("/api/v1/tickets", params=query)).json()
            seen += [item["reference"] for item in page["items"]]
            after = page["next"]
        for bad in ({"limit": "0"}, {"limit": "many"}, {"limit": "101"}, {"after": "xyz"}):
            assert (await client.get("/api/v1/tickets", params=bad)).status_code == 422
    assert after is None
    assert len(seen) == len(set(seen)) == 5
    assert seen == sorted(seen, reverse=True)


async def test_a_message_is_added_once_per_key(site: str, cast: Cast) -> None:
    async with await program(cast, site) as client:
        made = (await client.post("/api/v1/tickets", json=ticket())).json()
        path = f"/api/v1/tickets/{made['reference']}"
        headers = {"idempotency-key": "message"}
        answers = await asyncio.gather(
            *(
                client.post(f"{path}/messages", json={"body": "One more thing"}, headers=headers)
                for _ in range(10)
            )
        )
        read = (await client.get(path)).json()
        empty = await client.post(f"{path}/messages", json={"body": " \u200b "})
    assert {answer.status_code for answer in answers} == {201}
    assert [m["body"] for m in read["messages"]].count("One more thing") == 1
    assert list(fields(empty)) == ["body"]


async def test_a_signed_in_page_may_use_it_and_a_foreign_page_may_not(
    site: str, cast: Cast
) -> None:
    async with await visiting(cast, site, "finn") as finn:
        assert (await finn.get("/api/v1/tickets")).status_code == 200
        foreign = {"origin": "https://evil.example"}
        answer = await finn.post("/api/v1/tickets", json=ticket(), headers=foreign)
        assert answer.status_code == 403
        own = await finn.post("/api/v1/tickets", json=ticket())
    assert own.status_code == 201
    async with cast.desk.reading() as db:
        [row] = (await db.exec(select(Ticket).order_by(col(Ticket.id)))).all()
    assert row.source == "api"


async def test_the_articles_a_person_has_read_come_along(site: str, cast: Cast) -> None:
    articles = await some_articles(cast)
    read = ["tracker-stops", "milestones", "tracker-stops"]
    async with await visiting(cast, site, "finn") as finn:
        made = await finn.post("/api/v1/tickets", json=ticket(articles_seen=read))
        odd = ["milestones", "no-such-article", "a\0b", "x" * 200]
        wrong = await finn.post("/api/v1/tickets", json=ticket(articles_seen=odd))
        many = await finn.post("/api/v1/tickets", json=ticket(articles_seen=["milestones"] * 21))
    assert made.status_code == 201
    seen = await cast.desk.pool.fetchval("SELECT seen FROM tickets")
    assert sorted(seen["articles"]) == sorted([articles["tracker"], articles["milestones"]])
    assert (seen["helped"], seen["type"]) == (False, "tech_unsolved")
    assert list(fields(wrong)) == ["articles_seen.1", "articles_seen.2", "articles_seen.3"]
    assert fields(many) == {"articles_seen": "This list is too long."}
