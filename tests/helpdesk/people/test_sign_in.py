"""Signing in: new tokens, no hints about who has an account, no shortcuts past the counter."""

import asyncio
import re
from contextlib import suppress

import httpx2
from sqlmodel import col, func, select

from helpdesk.core.tokens import hash_token
from helpdesk.desk import Desk
from helpdesk.mail.models import Mail
from helpdesk.people.commands import add_person, deactivate, set_password
from helpdesk.people.models import Person, Session
from helpdesk.people.passwords import hash_password, weakness
from helpdesk.people.sessions import end_sessions, start_session
from helpdesk.permissions import SYSTEM, Role
from tests.people import PASSWORD, Cast

from .visitors import cookie_of, visitor


async def account(desk: Desk, email: str = "ida@example.com", **more: object) -> Person:
    async with desk.transaction(SYSTEM) as tx:
        return await add_person(
            tx,
            email=email,
            name="Ida Holm",
            roles=[Role.CLIENT],
            password=PASSWORD,
            **more,  # type: ignore[arg-type]
        )


async def sign_in(
    client: httpx2.AsyncClient, email: str, password: str, **more: str
) -> httpx2.Response:
    return await client.post("/sign-in", data={"email": email, "password": password, **more})


async def test_signing_in_leads_to_the_page_that_was_wanted(desk: Desk, site: str) -> None:
    await account(desk)
    async with visitor(site) as client:
        asked = await client.get("/account")
        assert asked.status_code == 303
        assert asked.headers["location"] == "/sign-in?next=/account"
        answer = await sign_in(client, "IDA@example.com", PASSWORD, next="/account")
        assert (answer.status_code, answer.headers["location"]) == (303, "/account")
        page = await client.get("/account", headers={"cookie": cookie_of(answer)})
        assert page.status_code == 200
        assert "ida@example.com" in page.text


async def test_the_cookie_is_closed_to_scripts_other_sites_and_other_hosts(
    desk: Desk, site: str
) -> None:
    await account(desk)
    async with visitor(site) as client:
        answer = await sign_in(client, "ida@example.com", PASSWORD)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-session=")
    for part in ("HttpOnly", "Path=/", "SameSite=lax", "Secure"):
        assert part in cookie
    assert "Domain" not in cookie


async def test_only_the_hash_of_a_session_token_is_stored(desk: Desk) -> None:
    person = await account(desk)
    token = await start_session(desk, person.id)
    async with desk.reading() as db:
        stored = (await db.exec(select(Session))).one()
    assert stored.token_hash.hex() == hash_token(token)
    assert len(token) >= 43  # 256 bits


async def test_a_session_begun_before_signing_in_is_worth_nothing_after(
    desk: Desk, site: str
) -> None:
    """Replays session fixation."""
    person = await account(desk)
    planted = f"{desk.settings.session_cookie}={await start_session(desk, person.id)}"
    invented = f"{desk.settings.session_cookie}=chosen-by-somebody-else"
    async with visitor(site) as client:
        for before in (planted, invented):
            answer = await client.post(
                "/sign-in",
                data={"email": "ida@example.com", "password": PASSWORD},
                headers={"cookie": before},
            )
            assert cookie_of(answer) not in (planted, invented)
        for old in (planted, invented):
            page = await client.get("/account", headers={"cookie": old})
            assert page.status_code == 303


async def test_tokens_are_random(desk: Desk) -> None:
    person = await account(desk)
    tokens = {await start_session(desk, person.id) for _ in range(500)}
    assert len(tokens) == 500
    for place in range(0, 42, 7):
        assert len({token[place] for token in tokens}) > 40  # of 64


async def test_known_and_unknown_accounts_get_the_same_bytes(desk: Desk, site: str) -> None:
    known, unknown = "ida@example.com", "eva@example.com"
    await account(desk, known)
    async with visitor(site) as client:
        for path, fields in (
            ("/sign-in", {"password": "not the password"}),
            ("/reset-password", {}),
            ("/register", {"name": "X", "role": "client", "password": "quite a long sentence"}),
        ):
            answers = [
                await client.post(path, data={"email": email, **fields})
                for email in (known, unknown)
            ]
            first, second = answers
            assert first.status_code == second.status_code
            assert first.text.replace(known, unknown) == second.text
            ignored = {"date", "x-request-id"}
            names = [set(answer.headers) - ignored for answer in answers]
            assert names[0] == names[1]


async def test_an_unknown_account_costs_a_hash_too(desk: Desk, site: str) -> None:
    await account(desk)
    async with visitor(site) as client:
        for _round in range(3):  # the machine may be busy with something else
            known = await quickest(client, "ida@example.com")
            unknown = await quickest(client, "eva@example.com")
            if abs(known - unknown) < 0.3 * max(known, unknown):
                return
            desk.clock.advance(minutes=15)  # type: ignore[attr-defined]
    raise AssertionError(f"known {known:.4f} s, unknown {unknown:.4f} s")


async def quickest(client: httpx2.AsyncClient, email: str) -> float:
    loop = asyncio.get_running_loop()
    times = []
    for _ in range(8):
        began = loop.time()
        await sign_in(client, email, "not the password")
        times.append(loop.time() - began)
    return min(times)


async def test_closed_accounts_answer_like_wrong_passwords(desk: Desk, site: str) -> None:
    person = await account(desk)
    async with visitor(site) as client:
        wrong = await sign_in(client, "ida@example.com", "not the password")
        async with desk.transaction(SYSTEM) as tx:
            await deactivate(tx, person.id)
        closed = await sign_in(client, "ida@example.com", PASSWORD)
    assert (closed.status_code, closed.text) == (wrong.status_code, wrong.text)


async def test_of_a_hundred_guesses_at_once_ten_are_looked_at(desk: Desk, site: str) -> None:
    await account(desk)
    async with visitor(site) as client:
        answers = await asyncio.gather(
            *(sign_in(client, "ida@example.com", f"guess number {n}") for n in range(100))
        )
        statuses = [answer.status_code for answer in answers]
        assert statuses.count(422) <= 10
        assert statuses.count(429) == 100 - statuses.count(422)
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert 0 < int(refused.headers["retry-after"]) <= 900
        assert "Try again in" in refused.text


async def test_nobody_is_locked_out_for_good(desk: Desk, site: str) -> None:
    await account(desk)
    async with visitor(site) as client:
        for n in range(11):
            last = await sign_in(client, "ida@example.com", f"guess number {n}")
        assert last.status_code == 429
        right_but_early = await sign_in(client, "ida@example.com", PASSWORD)
        assert right_but_early.status_code == 429
        clock = desk.clock
        clock.advance(minutes=15)  # type: ignore[attr-defined]
        assert (await sign_in(client, "ida@example.com", PASSWORD)).status_code == 303


async def test_other_requests_go_on_while_passwords_are_guessed(desk: Desk, site: str) -> None:
    await account(desk)
    loop = asyncio.get_running_loop()
    async with visitor(site) as client:
        guesses = [
            asyncio.create_task(sign_in(client, f"p{n}@example.com", "a guess of mine"))
            for n in range(40)
        ]
        worst = 0.0
        while not all(guess.done() for guess in guesses):
            began = loop.time()
            await client.get("/sign-in")
            worst = max(worst, loop.time() - began)
            await asyncio.sleep(0.02)
        assert worst < 1.0  # 300 ms on a quiet machine; the two cores may be shared
        await asyncio.gather(*guesses)


async def test_passwords_of_every_allowed_length_work_and_longer_ones_are_refused_at_once(
    desk: Desk, site: str
) -> None:
    async with desk.transaction(SYSTEM) as tx:
        for length in (8, 64, 256):
            await add_person(
                tx,
                email=f"l{length}@example.com",
                name="L",
                roles=[Role.CLIENT],
                password=("correct horse " * 20)[:length],
            )
    async with visitor(site) as client:
        for length in (8, 64, 256):
            right = ("correct horse " * 20)[:length]
            answer = await sign_in(client, f"l{length}@example.com", right)
            assert answer.status_code == 303, length
            answer = await sign_in(client, f"l{length}@example.com", right + "x")
            assert answer.status_code == 422, length
        huge = await sign_in(client, "l8@example.com", "x" * 200_000)
        assert huge.status_code == 422
        beyond = await client.post(
            "/sign-in", data={"email": "l8@example.com", "password": "x" * 10_000_000}
        )
        assert beyond.status_code == 413


def test_weak_passwords_are_named() -> None:
    for bad in ("short", "password", "Password123!", "qwerty2026", "12345678", "aaaaaaaaaaaa"):
        assert weakness(bad), bad
    assert weakness("Helpdesk2026")
    assert weakness("ida.holm1", "Ida Holm", "ida.holm@example.com")
    assert weakness("x" * 257)
    for good in (PASSWORD, "čtyři slova úplně stačí", "N7!vQ2#kLm", "🐢🐇🦊🦉🐝🐙🦀🐌"):
        assert not weakness(good, "Ida Holm", "ida@example.com"), good


async def test_passwords_are_kept_exactly_as_typed(desk: Desk, site: str) -> None:
    odd = "  spaces and ünïcödé e\u0301 stay  "
    async with desk.transaction(SYSTEM) as tx:
        await add_person(tx, email="odd@example.com", name="O", roles=[Role.CLIENT], password=odd)
    async with visitor(site) as client:
        assert (await sign_in(client, "odd@example.com", odd.strip())).status_code == 422
        assert (await sign_in(client, "odd@example.com", odd)).status_code == 303


async def test_signing_out_ends_the_session_at_once(desk: Desk, site: str) -> None:
    person = await account(desk)
    cookie = f"{desk.settings.session_cookie}={await start_session(desk, person.id)}"
    heard: list[dict[str, object]] = []
    async with desk.reading() as db:
        session = (await db.exec(select(Session))).one()
    stop = desk.live.follow(f"session:{session.id}", lambda e: heard.append(e.frame))
    async with visitor(site, cookie=cookie) as client:
        assert (await client.get("/account")).status_code == 200
        answer = await client.post("/sign-out")
        assert answer.headers["clear-site-data"] == '"storage"'
        assert (await client.get("/account")).status_code == 303
    for _ in range(3_000):
        if heard:
            break
        await asyncio.sleep(0.01)
    stop()
    assert heard == [{"t": "ended"}]


async def test_a_new_password_and_a_closed_account_end_every_other_session(
    desk: Desk, site: str
) -> None:
    person = await account(desk)
    cookies = [
        f"{desk.settings.session_cookie}={await start_session(desk, person.id)}" for _ in range(3)
    ]
    async with visitor(site) as client:

        async def open_pages() -> list[bool]:
            pages = [await client.get("/account", headers={"cookie": c}) for c in cookies]
            return [page.status_code == 200 for page in pages]

        assert await open_pages() == [True, True, True]
        answer = await client.post(
            "/account/password",
            data={"old_password": PASSWORD, "new_password": "another long sentence"},
            headers={"cookie": cookies[0]},
        )
        assert answer.status_code == 303
        assert await open_pages() == [True, False, False]
        async with desk.transaction(SYSTEM) as tx:
            await deactivate(tx, person.id)
        assert await open_pages() == [False, False, False]


async def test_sessions_end_by_themselves(desk: Desk, site: str) -> None:
    person = await account(desk)
    async with desk.transaction(SYSTEM) as tx:
        agent = await add_person(
            tx, email="abe@example.com", name="Abe", roles=[Role.AGENT], password=PASSWORD
        )
    clock = desk.clock
    cookies = {
        name: f"{desk.settings.session_cookie}={await start_session(desk, who.id)}"
        for name, who in (("client", person), ("agent", agent))
    }
    async with visitor(site) as client:

        async def is_open(name: str, **headers: str) -> bool:
            page = await client.get("/account", headers={"cookie": cookies[name], **headers})
            return page.status_code == 200

        clock.advance(hours=11)  # type: ignore[attr-defined]
        assert await is_open("agent")  # which counts as use
        clock.advance(hours=11)  # type: ignore[attr-defined]
        in_background = {"sec-fetch-mode": "cors"}
        assert await is_open("agent", **in_background)  # which does not
        clock.advance(hours=2)  # type: ignore[attr-defined]
        assert not await is_open("agent")
        for _ in range(3):
            assert await is_open("client")
            clock.advance(days=29)  # type: ignore[attr-defined]
        assert await is_open("client")
        clock.advance(days=10)  # type: ignore[attr-defined]
        assert not await is_open("client")  # 90 days are the end, however busy


async def test_one_sees_and_ends_ones_own_sessions_and_nobody_elses(desk: Desk, site: str) -> None:
    ida, eva = await account(desk), await account(desk, "eva@example.com")
    here = f"{desk.settings.session_cookie}={await start_session(desk, ida.id, 'Firefox on Linux')}"
    await start_session(desk, ida.id, "Safari on iPhone", "203.0.113.7")
    await start_session(desk, eva.id, "Chrome on Windows")
    async with desk.reading() as db:
        rows = (await db.exec(select(Session).order_by(col(Session.id)))).all()
    async with visitor(site, cookie=here) as client:
        page = await client.get("/account")
        assert "Safari on iPhone" in page.text
        assert "203.0.113.7" in page.text
        assert "Chrome on Windows" not in page.text
        assert (await client.post(f"/account/sessions/{rows[2].id}/end")).status_code == 404
        assert (await client.post(f"/account/sessions/{rows[1].id}/end")).status_code == 303
        assert (await client.post(f"/account/sessions/{10**25}/end")).status_code == 404
        await start_session(desk, ida.id)
        assert (await client.post("/account/sessions/end-others")).status_code == 303
    async with desk.reading() as db:
        left = (await db.exec(select(Session.id).order_by(col(Session.id)))).all()
    assert left == [rows[0].id, rows[2].id]


async def test_ending_sessions_is_part_of_the_transaction(desk: Desk) -> None:
    person = await account(desk)
    await start_session(desk, person.id)
    with suppress(RuntimeError):
        async with desk.transaction(SYSTEM) as tx:
            await end_sessions(tx, person.id)
            await set_password(tx, person.id, await hash_password("some other sentence"))
            raise RuntimeError
    async with desk.reading() as db:
        assert (await db.exec(select(func.count()).select_from(Session))).one() == 1


async def test_a_changed_password_is_told_by_mail(desk: Desk, site: str) -> None:
    person = await account(desk)
    cookie = f"{desk.settings.session_cookie}={await start_session(desk, person.id)}"
    async with visitor(site, cookie=cookie) as client:
        wrong = await client.post(
            "/account/password",
            data={"old_password": "not mine at all", "new_password": "another long sentence"},
        )
        assert wrong.status_code == 422
        assert re.search(r"<title>Error: Account", wrong.text)
        assert "not mine at all" not in wrong.text
        await client.post(
            "/account/password",
            data={"old_password": PASSWORD, "new_password": "another long sentence"},
        )
    async with desk.reading() as db:
        mail = (await db.exec(select(Mail))).one()
    assert mail.subject == "Your password was changed"
    assert "another long sentence" not in mail.body


async def test_times_are_shown_in_the_time_zone_one_chooses(desk: Desk, site: str) -> None:
    person = await account(desk)
    cookie = f"{desk.settings.session_cookie}={await start_session(desk, person.id)}"
    async with visitor(site, cookie=cookie) as client:
        for bad in ("", "Mars/Olympus", "../../etc/passwd"):
            answer = await client.post("/account/time-zone", data={"time_zone": bad})
            assert answer.status_code == 422, bad
        await client.post("/account/time-zone", data={"time_zone": "Asia/Kolkata"})
        assert "(Asia/Kolkata)" in (await client.get("/account")).text


async def test_colleagues_say_which_languages_they_answer_in(cast: Cast, site: str) -> None:
    async with await cast.browser(site, "amy") as amy:
        wrong = await amy.post("/account/languages", data={"languages": "Spanish"})
        assert wrong.status_code == 422
        assert "spanish is not the code of a language" in wrong.text
        await amy.post("/account/languages", data={"languages": "en, es es"})
        assert 'value="en es"' in (await amy.get("/account")).text
    async with await cast.browser(site, "finn") as finn:
        assert "/account/languages" not in (await finn.get("/account")).text
