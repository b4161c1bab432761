"""Addresses from outside: origins, paths to go on to, networks, mail."""

import re
from functools import lru_cache
from ipaddress import IPv4Address, ip_address, ip_network
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email

from helpdesk.core.text import BadText

LONGEST_PATH = 2_000
LONGEST_MAIL_ADDRESS = 254

_UNSAFE_IN_PATH = re.compile(r"[\x00-\x20\x7f-\xa0\\\u2028\u2029\ud800-\udfff]")


def is_own_origin(public_url: str, host: bytes, origin: bytes) -> bool:
    """Whether an Origin header names the very host that was asked.

    That the host is ours is checked before anything else of a request is.
    """
    return bool(host) and origin.lower() == b"%s://%s" % (_scheme(public_url), host.lower())


@lru_cache(maxsize=8)
def _scheme(public_url: str) -> bytes:
    return urlsplit(public_url).scheme.encode()


def neighbourhood(address: str) -> str:
    """What one customer of a provider has: an IPv4 address, or a /64 of IPv6."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv4Address):
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


class Proxies:
    """The peers whose `X-Forwarded-For` is believed: addresses or networks, by commas."""

    def __init__(self, trusted: str) -> None:
        self.networks = [
            ip_network(part.strip(), strict=False) for part in trusted.split(",") if part.strip()
        ]

    def client(self, peer: str, forwarded: str) -> str:
        """The nearest hop that is not one of our proxies; without proxies, the peer."""
        hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()]
        while hops and self.trusts(peer) and is_address(hops[-1]):
            peer = hops.pop()
        return peer

    def trusts(self, peer: str) -> bool:
        return is_address(peer) and any(ip_address(peer) in network for network in self.networks)


def is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
