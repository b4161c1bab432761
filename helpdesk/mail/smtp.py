"""A connection to the mail server the settings name."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from aiosmtplib import SMTP, SMTPException

LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
PORTS = {"smtp": 25, "starttls": 587, "smtps": 465}
PATIENCE = 10.0  # seconds for each answer of the server


class Unencrypted(Exception):
    """A password would go over the line in the clear."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """`smtp://` encrypts when the server can, `starttls://` insists, `smtps://` from the start."""

    scheme: str
    host: str
    port: int
    username: str
    password: str

    @classmethod
    def of(cls, url: str) -> "MailServer":
        parts = urlsplit(url)
        if parts.scheme not in PORTS or not parts.hostname:
            raise ValueError("HELPDESK_SMTP_URL is no smtp://, starttls:// or smtps:// address")
        return cls(
            parts.scheme,
            parts.hostname,
            parts.port or PORTS[parts.scheme],
            unquote(parts.username or ""),
            unquote(parts.password or ""),
        )


@asynccontextmanager
async def connected(server: MailServer) -> AsyncIterator[SMTP]:
    client = SMTP(
        hostname=server.host,
        port=server.port,
        timeout=PATIENCE,
        use_tls=server.scheme == "smtps",
        start_tls={"smtp": None, "starttls": True, "smtps": False}[server.scheme],
        validate_certs=True,
        local_hostname="helpdesk",
    )
    await client.connect()
    try:
        if server.username:
            encrypted = client.get_transport_info("sslcontext") is not None
            if not encrypted and server.host not in LOCAL:
                raise Unencrypted("the mail server offers no encryption for the sign-in")
            await client.login(server.username, server.password)
        yield client
    finally:
        with suppress(SMTPException, OSError, TimeoutError):
            await client.quit(timeout=2)
        client.close()
