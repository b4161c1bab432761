"""A browser of these tests: sends the headers browsers send, keeps no cookies by itself."""

import re
from typing import Any

import httpx2
from sqlmodel import col, select

from helpdesk.desk import Desk
from helpdesk.mail.models import Mail
from tests.people import NO_TLS


def visitor(site: str, cookie: str = "", **headers: str) -> httpx2.AsyncClient:
    sent: dict[str, Any] = {"origin": site, **headers}
    if cookie:
        sent["cookie"] = cookie
    limits = httpx2.Limits(max_connections=200, max_keepalive_connections=200)
    return httpx2.AsyncClient(
        base_url=site,
        headers=sent,
        timeout=60,
        limits=limits,
        cookies=NoCookies(),
        verify=NO_TLS,
    )


class NoCookies(httpx2.Cookies):
    """Secure cookies are not sent over http by the client; tests say which ones they mean."""

    def extract_cookies(self, response: httpx2.Response) -> None:
        pass


def cookie_of(response: httpx2.Response) -> str:
    """The session the answer sets, as a request header."""
    return response.headers["set-cookie"].partition(";")[0]


async def newest_mail(desk: Desk, to: str) -> Mail:
    query = select(Mail).where(Mail.to_address == to).order_by(col(Mail.id).desc()).limit(1)
    async with desk.reading() as db:
        return (await db.exec(query)).one()


async def mailed_path(desk: Desk, to: str) -> str:
    """Where the link in the newest mail leads to, on this desk."""
    mail = await newest_mail(desk, to)
    found = re.search(r"https?://[^/\s]+(/\S+)", mail.body)
    assert found, mail.body
    return found[1]
