"""Tokens for programs: shown once, good for the API only, gone when revoked."""

import re

from sqlmodel import select

from helpdesk.core.tokens import hash_token
from helpdesk.desk import Desk
from helpdesk.people.commands import create_api_token, deactivate
from helpdesk.people.models import ApiToken, Person
from helpdesk.people.queries import actor_of
from helpdesk.people.sessions import start_session
from helpdesk.permissions import SYSTEM
from tests.people import PASSWORD

from .test_sign_in import account
from .visitors import visitor

ANYWHERE = "/api/v1/nothing-is-here"


async def token_of(desk: Desk, person: Person) -> str:
    async with desk.transaction(await actor_of(desk, person.id)) as tx:
        return await create_api_token(tx, "a test")


async def test_a_token_is_made_with_the_password_and_shown_once(desk: Desk, site: str) -> None:
    person = await account(desk)
    cookie = f"{desk.settings.session_cookie}={await start_session(desk, person.id)}"
    async with visitor(site, cookie=cookie) as client:
        refused = await client.post("/account/tokens", data={"token_name": "Backup"})
        assert refused.status_code == 422
        made = await client.post(
            "/account/tokens", data={"token_name": "Backup", "token_password": PASSWORD}
        )
        assert made.headers["cache-control"] == "no-store"
        found = re.search(r"<code>([\w-]{43})</code>", made.text)
        assert found
        assert found[1] not in (await client.get("/account")).text
    async with desk.reading() as db:
        stored = (await db.exec(select(ApiToken))).one()
    assert stored.token_hash.hex() == hash_token(found[1])


async def test_a_token_opens_the_api_and_nothing_else(desk: Desk, site: str) -> None:
    token = await token_of(desk, await account(desk))
    async with visitor(site, authorization=f"Bearer {token}") as client:
        assert (await client.get(ANYWHERE)).status_code == 404
        assert (await client.get("/account")).status_code == 303
    async with visitor(site, authorization="Bearer nonsense") as client:
        refused = await client.get(ANYWHERE)
        assert refused.status_code == 401
        assert refused.headers["content-type"] == "application/problem+json"


async def test_where_a_token_is_sent_the_cookie_does_not_count(desk: Desk, site: str) -> None:
    person = await account(desk)
    cookie = f"{desk.settings.session_cookie}={await start_session(desk, person.id)}"
    async with visitor(site, cookie=cookie, authorization="Bearer nonsense") as client:
        assert (await client.get(ANYWHERE)).status_code == 401


async def test_a_token_needs_no_origin_and_a_cookie_does(desk: Desk, site: str) -> None:
    person = await account(desk)
    token = await token_of(desk, person)
    cookie = f"{desk.settings.session_cookie}={await start_session(desk, person.id)}"
    async with visitor(site, origin="https://evil.example") as client:
        with_token = await client.post(ANYWHERE, headers={"authorization": f"Bearer {token}"})
        with_cookie = await client.post(ANYWHERE, headers={"cookie": cookie})
    assert (with_token.status_code, with_cookie.status_code) == (404, 403)


async def test_revoked_tokens_and_those_of_closed_accounts_open_nothing(
    desk: Desk, site: str
) -> None:
    ida, eva = await account(desk), await account(desk, "eva@example.com")
    tokens = [await token_of(desk, ida), await token_of(desk, eva)]
    cookie = f"{desk.settings.session_cookie}={await start_session(desk, ida.id)}"
    async with desk.reading() as db:
        rows = (await db.exec(select(ApiToken).order_by(ApiToken.id))).all()  # type: ignore[arg-type]

    async def states() -> list[int]:
        async with visitor(site) as client:
            return [
                (await client.get(ANYWHERE, headers={"authorization": f"Bearer {t}"})).status_code
                for t in tokens
            ]

    assert await states() == [404, 404]
    async with visitor(site, cookie=cookie) as client:
        not_hers = await client.post(f"/account/tokens/{rows[1].id}/revoke")
        assert not_hers.status_code == 404
        await client.post(f"/account/tokens/{rows[0].id}/revoke")
    assert await states() == [401, 404]
    async with desk.transaction(SYSTEM) as tx:
        await deactivate(tx, eva.id)
    assert await states() == [401, 401]
