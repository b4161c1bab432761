"""Links sent by mail: each opens one thing, once, for a short time."""

import asyncio

from sqlmodel import col, func, select

from helpdesk.core.tokens import hash_token
from helpdesk.desk import Desk
from helpdesk.mail.models import Mail
from helpdesk.people.commands import deactivate
from helpdesk.people.models import Person, SingleUseToken
from helpdesk.people.queries import account_of
from helpdesk.people.sessions import start_session
from helpdesk.permissions import SYSTEM
from tests.people import PASSWORD

from .test_sign_in import account, sign_in
from .visitors import cookie_of, mailed_path, newest_mail, visitor

NEW = {"name": "Ida Holm", "email": "ida@example.com", "role": "client", "password": PASSWORD}


async def count(desk: Desk, table: type) -> int:
    async with desk.reading() as db:
        return int((await db.exec(select(func.count()).select_from(table))).one())


async def test_an_account_opens_once_its_address_is_confirmed(desk: Desk, site: str) -> None:
    async with visitor(site) as client:
        assert (await client.post("/register", data=NEW)).status_code == 200
        assert (await sign_in(client, "ida@example.com", PASSWORD)).status_code == 422
        path = await mailed_path(desk, "ida@example.com")
        page = await client.get(path)
        assert page.status_code == 200
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["x-robots-tag"] == "noindex, nofollow"
        answer = await client.post(path, data={"password": PASSWORD})
        assert (answer.status_code, answer.headers["location"]) == (303, "/requests")
        mine = await client.get("/account", headers={"cookie": cookie_of(answer)})
        assert mine.status_code == 200
        assert (await client.post(path, data={"password": PASSWORD})).status_code == 404
        assert (await sign_in(client, "ida@example.com", PASSWORD)).status_code == 303


async def test_looking_at_a_confirmation_confirms_nothing(desk: Desk, site: str) -> None:
    """Programs that check mails open every link in them."""
    async with visitor(site) as client:
        await client.post("/register", data=NEW)
        path = await mailed_path(desk, "ida@example.com")
        for _ in range(2):
            assert (await client.get(path)).status_code == 200
    async with desk.reading() as db:
        person = await account_of(db, "ida@example.com")
    assert person is not None
    assert person.email_confirmed_at is None


async def test_who_registers_somebody_elses_address_gains_nothing(desk: Desk, site: str) -> None:
    async with visitor(site) as client:
        await client.post("/register", data=NEW | {"password": "the thief's own sentence"})
        path = await mailed_path(desk, "ida@example.com")
        refused = await client.post(path, data={"password": "what Ida would try"})
        assert refused.status_code == 422  # the owner of the address does not know it
        await client.post("/register", data=NEW)
        assert (await client.get(path)).status_code == 404  # the newest wish counts
        path = await mailed_path(desk, "ida@example.com")
        assert (await client.post(path, data={"password": PASSWORD})).status_code == 303
        stolen = await sign_in(client, "ida@example.com", "the thief's own sentence")
        assert stolen.status_code == 422


async def test_registering_again_changes_nothing_and_tells_the_owner(desk: Desk, site: str) -> None:
    await account(desk)
    async with visitor(site) as client:
        await client.post("/register", data=NEW | {"password": "the thief's own sentence"})
        mail = await newest_mail(desk, "ida@example.com")
        assert mail.subject == "You already have an account"
        assert (await sign_in(client, "ida@example.com", PASSWORD)).status_code == 303
    assert await count(desk, SingleUseToken) == 0


async def test_fifty_registrations_at_once_make_one_account(desk: Desk, site: str) -> None:
    async with visitor(site) as client:
        answers = await asyncio.gather(*(client.post("/register", data=NEW) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200, 429}
    assert await count(desk, Person) == 1


async def test_strangers_names_do_not_go_out_in_mails_nobody_asked_for(
    desk: Desk, site: str
) -> None:
    async with visitor(site) as client:
        await client.post("/register", data=NEW | {"name": "Win a prize at evil.example"})
    mail = await newest_mail(desk, "ida@example.com")
    assert "evil.example" not in mail.body + mail.subject + mail.to_name


async def test_every_fault_of_a_registration_is_named_beside_its_field(
    desk: Desk, site: str
) -> None:
    async with visitor(site) as client:
        empty = await client.post("/register", data={})
        assert empty.status_code == 422
        for field in ("name", "email", "role", "password"):
            assert f'id="{field}-error"' in empty.text, field
        bad = await client.post(
            "/register",
            data={
                "name": "<script>alert(1)</script>" * 30,
                "email": "a@b)c@d, <x@y>",
                "role": "admin",
                "password": "ida@example.com",
            },
        )
        assert bad.status_code == 422
        assert "<script>alert" not in bad.text
        twice = await client.post(
            "/register",
            content="email=a%40example.com&email=b%40example.com",
            headers={"content-type": "application/x-www-form-urlencoded"},
        )
        assert twice.status_code == 422
    assert await count(desk, Person) == 0


async def test_a_forgotten_password_is_replaced_once(desk: Desk, site: str) -> None:
    person = await account(desk)
    old = f"{desk.settings.session_cookie}={await start_session(desk, person.id)}"
    async with visitor(site) as client:
        assert (
            await client.post("/reset-password", data={"email": "IDA@example.com"})
        ).status_code == 200
        path = await mailed_path(desk, "ida@example.com")
        assert (await client.get(path)).status_code == 200
        assert (await client.get(path)).status_code == 200
        weak = await client.post(path, data={"password": "password"})
        assert weak.status_code == 422
        answer = await client.post(path, data={"password": "a brand new sentence"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?done=password")
        assert (await client.get(path)).status_code == 404
        assert (await client.get("/account", headers={"cookie": old})).status_code == 303
        assert (await sign_in(client, "ida@example.com", PASSWORD)).status_code == 422
        assert (await sign_in(client, "ida@example.com", "a brand new sentence")).status_code == 303


async def test_reset_links_that_open_nothing(desk: Desk, site: str) -> None:
    """Wildcards, emptiness, the first of two, a used one, a late one, one of a closed account."""
    person = await account(desk)
    async with visitor(site) as client:

        async def ask() -> str:
            await client.post("/reset-password", data={"email": "ida@example.com"})
            return await mailed_path(desk, "ida@example.com")

        async def refused(path: str) -> bool:
            seen = await client.get(path)
            set_ = await client.post(path, data={"password": "a brand new sentence"})
            return (seen.status_code, set_.status_code) == (404, 404)

        first, second = await ask(), await ask()
        assert await refused(first)
        for odd in ("%25", "_", "null", "None", "0", "%00", "*", "a" * 43, "a" * 5000, "%F0%9F"):
            assert await refused(f"/reset-password/{odd}"), odd
        assert await refused(second.replace("/reset-password/", "/confirm-email/"))
        desk.clock.advance(minutes=15)  # type: ignore[attr-defined]
        assert await refused(second)
        third = await ask()
        async with desk.transaction(SYSTEM) as tx:
            await deactivate(tx, person.id)
        assert await refused(third)


async def test_of_fifty_who_use_a_link_at_once_one_succeeds(desk: Desk, site: str) -> None:
    await account(desk)
    async with visitor(site) as client:
        await client.post("/reset-password", data={"email": "ida@example.com"})
        path = await mailed_path(desk, "ida@example.com")
        answers = await asyncio.gather(
            *(client.post(path, data={"password": f"sentence number {n}"}) for n in range(50))
        )
    assert [answer.status_code for answer in answers].count(303) == 1


async def test_links_are_stored_as_hashes_and_last_fifteen_minutes(desk: Desk, site: str) -> None:
    await account(desk)
    async with visitor(site) as client:
        await client.post("/reset-password", data={"email": "ida@example.com"})
    token = (await mailed_path(desk, "ida@example.com")).rpartition("/")[2]
    async with desk.reading() as db:
        stored = (await db.exec(select(SingleUseToken))).one()
    assert stored.token_hash.hex() == hash_token(token)
    assert (stored.expires_at - stored.created_at).total_seconds() == 900


async def test_links_lead_to_the_configured_desk_whatever_the_request_says(
    desk: Desk, site: str
) -> None:
    """Replays poisoned reset mails."""
    await account(desk)
    lies = {
        "x-forwarded-host": "evil.example",
        "x-host": "evil.example",
        "forwarded": "host=evil.example",
        "x-forwarded-proto": "javascript",
    }
    async with visitor(site, **lies) as client:
        await client.post("/reset-password", data={"email": "ida@example.com"})
        mail = await newest_mail(desk, "ida@example.com")
        assert f"{desk.settings.public_url}/reset-password/" in mail.body
        assert "evil" not in mail.body
        before = await count(desk, Mail)
        for host in ("evil.example", "a/b", "localhost@evil.example", "evil.example:80"):
            answer = await client.post(
                "/reset-password", data={"email": "ida@example.com"}, headers={"host": host}
            )
            assert answer.status_code == 400, host
    assert await count(desk, Mail) == before


async def test_a_new_password_for_an_unconfirmed_account_ends_in_its_confirmation(
    desk: Desk, site: str
) -> None:
    async with visitor(site) as client:
        await client.post("/register", data=NEW | {"password": "the thief's own sentence"})
        await client.post("/reset-password", data={"email": "ida@example.com"})
        path = await mailed_path(desk, "ida@example.com")
        answer = await client.post(path, data={"password": PASSWORD})
        assert answer.headers["location"].startswith("/confirm-email/")
        opened = await client.post(answer.headers["location"], data={"password": PASSWORD})
        assert opened.headers["location"] == "/requests"


async def test_mails_that_anybody_may_ask_for_are_few(desk: Desk, site: str) -> None:
    await account(desk)
    async with visitor(site) as client:
        answers = [
            await client.post("/reset-password", data={"email": "ida@example.com"})
            for _ in range(7)
        ]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
    async with desk.reading() as db:
        sent = await db.exec(select(func.count()).where(col(Mail.to_address) == "ida@example.com"))
        assert sent.one() == 5
