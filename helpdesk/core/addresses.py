"""Where requests come from and go to: our own address, proxies we believe, mail addresses."""

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email

from helpdesk.core.text import BadText

LOOPBACK = frozenset({b"localhost", b"127.0.0.1", b"[::1]"})
DEFAULT_PORTS = {"http": 80, "https": 443}
LONGEST_PATH = 2_000
LONGEST_MAIL_ADDRESS = 254

_PORT = re.compile(rb":\d{1,5}\Z")
_UNSAFE_IN_PATH = re.compile(r"[\x00-\x20\x7f-\xa0\\\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Home:
    """The address this desk is configured to be reached at. No request can name another."""

    scheme: bytes
    host: bytes  # as browsers send it: without the scheme's own port
    local: bool  # on this machine only: any of its names, any port

    @classmethod
    def of(cls, public_url: str) -> "Home":
        url = urlsplit(public_url)
        host = (url.hostname or "localhost").lower()
        host = f"[{host}]" if ":" in host else host
        local = host.encode() in LOOPBACK
        if url.port and url.port != DEFAULT_PORTS.get(url.scheme):
            host = f"{host}:{url.port}"
        return cls(url.scheme.encode(), host.encode(), local)

    def knows(self, host: bytes) -> bool:
        """Whether a Host header names this desk."""
        if host == self.host:
            return True
        return self.local and _PORT.sub(b"", host) in LOOPBACK

    def is_own(self, origin: bytes, host: bytes) -> bool:
        """Whether an Origin header names the very host that was asked."""
        return bool(origin) and self.knows(host) and origin == self.scheme + b"://" + host


@lru_cache(maxsize=8)
def home(public_url: str) -> Home:
    return Home.of(public_url)


class Proxies:
    """The peers whose `X-Forwarded-For` is believed: addresses or networks, by commas."""

    def __init__(self, trusted: str) -> None:
        self.networks: list[IPv4Network | IPv6Network] = [
            ip_network(part.strip(), strict=False) for part in trusted.split(",") if part.strip()
        ]

    def trusts(self, peer: str) -> bool:
        if not self.networks:
            return False
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self.networks)

    def client(self, peer: str, forwarded: str) -> str:
        """The nearest address that is not one of our proxies."""
        for hop in reversed([peer, *[]] if not forwarded else [*forwarded.split(","), peer]):
            hop = hop.strip()
            if not self.trusts(hop):
                return hop if _is_address(hop) else peer
            peer = hop
        return peer


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def neighbourhood(address: str) -> str:
    """What one customer of a provider has: an IPv4 address, or a /64 of IPv6."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return address
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ip_network((found, 64), strict=False))


def own_path(path: str | None, default: str = "/") -> str:
    """`path` when it leads nowhere but to a page of this desk, else `default`."""
    if not path or len(path) > LONGEST_PATH or not path.startswith("/") or path.startswith("//"):
        return default
    if _UNSAFE_IN_PATH.search(path):
        return default
    return path


def clean_mail_address(text: str) -> str:
    """One address that mail can be sent to; its host in lower case."""
    text = text.strip()
    if not text:
        raise BadText("Enter your e-mail address.")
    wrong = "Enter an e-mail address like name@example.com."
    if len(text) > LONGEST_MAIL_ADDRESS:
        raise BadText(wrong)
    try:
        found = validate_email(
            text, check_deliverability=False, allow_smtputf8=False, test_environment=True
        )
    except EmailNotValidError:
        raise BadText(wrong) from None
    if len(found.normalized) > LONGEST_MAIL_ADDRESS:
        raise BadText(wrong)
    return found.normalized
