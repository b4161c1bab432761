"""Which passwords are taken, and how they are kept."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

T = TypeVar("T")

SHORTEST, LONGEST = 8, 256
MINE = ("helpdesk", "support", "supportdesk", "ticket", "freelance", "freelancer", "marketplace")

hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Two at once, whoever asks: hashing must not take the cores from everybody else.
threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="passwords")


def weakness(password: str, *words: str) -> str:
    """Why this password is refused, in a sentence; empty when it is taken.

    `words` are what an attacker would try first: the person's name and address.
    """
    if len(password) < SHORTEST:
        return f"Use at least {SHORTEST} characters. A short sentence is good."
    if len(password) > LONGEST:
        return f"Use {LONGEST} characters or fewer."
    bare = stem(password)
    if len(set(password)) < 4 or bare in common_passwords():
        return "This is one of the passwords tried first. Choose something only you would think of."
    known = {stem(part) for word in words for part in (word, *word.replace("@", " ").split())}
    if bare in known.union(MINE):
        return "This is too close to your name, your address or ours. Choose something else."
    return ""


def stem(password: str) -> str:
    """Without the decoration that people put around a common word."""
    lowered = password.casefold().translate(LOOKALIKES)
    return lowered.strip("0123456789!?.,-_+*#$%&@ ") or lowered


LOOKALIKES = str.maketrans({"@": "a", "$": "s", "€": "e"})


@cache
def common_passwords() -> frozenset[str]:
    lines = Path(__file__).with_name("common_passwords.txt").read_text().split()
    return frozenset(stem(line) for line in lines) | frozenset(lines)


@cache
def nobody() -> str:
    """A hash that is checked when there is no account, so both answers take as long."""
    return hasher.hash("there is no such account")


async def hash_password(password: str) -> str:
    return await in_thread(hasher.hash, exact(password))


async def is_password(password_hash: str | None, password: str) -> bool:
    """Whether it is the password; never, but just as slowly, without a hash."""
    if len(password) > LONGEST:
        return False
    return await in_thread(verify, password_hash, exact(password))


def is_outdated(password_hash: str) -> bool:
    """Whether it was hashed with other costs than today's."""
    return hasher.check_needs_rehash(password_hash)


def verify(password_hash: str | None, password: bytes) -> bool:
    try:
        return hasher.verify(password_hash or nobody(), password) and password_hash is not None
    except (Argon2Error, InvalidHashError):
        return False


def exact(password: str) -> bytes:
    return password.encode(errors="surrogatepass")


async def in_thread(work: Callable[..., T], *given: object) -> T:
    return await asyncio.get_running_loop().run_in_executor(threads, work, *given)
