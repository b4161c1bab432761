"""Asking a server out there for something: the only place that does.

An address typed by somebody may lead to this machine or its neighbours. So names are resolved
here, every address must be one of the public Internet, the connection goes to the address that
was checked, no redirect is followed, and size and time have limits.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from urllib.parse import urlsplit

import httptools

LONGEST = 15.0  # seconds for everything
LARGEST = 1_000_000  # bytes
PORTS = (80, 443)
# Public by number, but they lead to any address that is written into them.
TUNNELS = tuple(
    ipaddress.ip_network(net)
    for net in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
)
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Unreachable(Exception):
    """Its words are for people."""


def networks(setting: str) -> tuple[Network, ...]:
    """Of a comma-separated setting; raises ValueError."""
    return tuple(ipaddress.ip_network(one.strip()) for one in setting.split(",") if one.strip())


def check_address(address: str) -> tuple[str, str, int, str]:
    """Scheme, host, port and path. Raises Unreachable."""
    try:
        url = urlsplit(address.strip())
        port = url.port
    except ValueError:
        raise Unreachable("This is not an address.") from None
    scheme = {"webcal": "https", "webcals": "https"}.get(url.scheme, url.scheme)
    if scheme not in ("http", "https") or not url.hostname:
        raise Unreachable("The address must begin with https:// or http://.")
    if url.username is not None or url.password is not None:
        raise Unreachable("The address must not hold a name or password.")
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    if not (url.hostname + path).isascii() or any(c <= " " for c in url.hostname + path):
        raise Unreachable("The address holds characters that addresses cannot have.")
    return scheme, url.hostname, port or (443 if scheme == "https" else 80), path


async def fetch(address: str, reachable: Sequence[Network] = ()) -> bytes:
    """The body of a 200 answer. `reachable`: private networks that may be asked, too."""
    scheme, host, port, path = check_address(address)
    try:
        async with asyncio.timeout(LONGEST):
            ip = await resolved(host, port, reachable)
            return await _get(scheme, host, port, path, ip)
    except TimeoutError:
        raise Unreachable(f"It took longer than {LONGEST:.0f} seconds.") from None
    except (OSError, ssl.SSLError) as fault:
        raise Unreachable(f"It could not be reached: {type(fault).__name__}.") from None


async def resolved(host: str, port: int, reachable: Sequence[Network]) -> str:
    """One address; refused if any that the name has is not public."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError):
        raise Unreachable(f"There is no server called {host[:80]}.") from None
    addresses = [ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found]
    for ip in addresses:
        known = any(ip.version == net.version and ip in net for net in reachable)
        if not known and not (is_public(ip) and port in PORTS):
            raise Unreachable("It leads to a place that is not on the public Internet.")
    return str(addresses[0])


def is_public(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(ip.ipv4_mapped)
        if any(ip in net for net in TUNNELS):
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


class _Answer:
    """What the parser calls."""

    def __init__(self) -> None:
        self.body, self.complete = bytearray(), False

    def on_body(self, part: bytes) -> None:
        self.body += part

    def on_message_complete(self) -> None:
        self.complete = True


async def _get(scheme: str, host: str, port: int, path: str, ip: str) -> bytes:
    context = ssl.create_default_context() if scheme == "https" else None
    reader, writer = await asyncio.open_connection(
        ip, port, ssl=context, server_hostname=host if context else None
    )
    try:
        name = f"[{host}]" if ":" in host else host
        at = name if port in PORTS else f"{name}:{port}"
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: {at}\r\nUser-Agent: Helpdesk\r\nAccept: */*\r\n"
            "Accept-Encoding: identity\r\nConnection: close\r\n\r\n".encode()
        )
        answer, read = _Answer(), 0
        parser = httptools.HttpResponseParser(answer)
        while not answer.complete:
            part = await reader.read(64 * 1024)
            if not part:
                break
            read += len(part)
            if read > LARGEST:
                raise Unreachable(f"It is larger than {LARGEST // 1_000_000} MB.")
            try:
                parser.feed_data(part)
            except httptools.HttpParserError:
                raise Unreachable("Its answer is not HTTP.") from None
            status = parser.get_status_code()
            if status >= 300 or 0 < status < 200:
                moved = " It has moved; use the new address." if 300 <= status < 400 else ""
                raise Unreachable(f"It answered {status}.{moved}")
        return bytes(answer.body)
    finally:
        writer.close()
        with suppress(OSError, ssl.SSLError, TimeoutError):
            await asyncio.wait_for(writer.wait_closed(), 1)
