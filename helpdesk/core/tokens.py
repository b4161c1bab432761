"""Unguessable tokens, what is stored of them, and values signed with the desk's secret key."""

import base64
import hashlib
import hmac
import secrets

TOKEN_BYTES = 32


def secret_token(size: int = TOKEN_BYTES) -> str:
    """A new token for a cookie, a link or an API client; safe in a URL."""
    return secrets.token_urlsafe(size)


def hash_token(token: str) -> str:
    """What the database keeps of a token: enough to find it, useless to who reads it."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def derived_key(secret_key: str, purpose: str) -> bytes:
    """A key of its own for every purpose, so a signature made for one never fits another."""
    return hmac.digest(secret_key.encode(), b"helpdesk:" + purpose.encode(), "sha256")


class Signer:
    """Signs short values for one purpose.

    A secret key of several, separated by commas, is a change of keys under way: the first signs,
    all of them verify.
    """

    def __init__(self, secret_key: str, purpose: str) -> None:
        keys = [key.strip() for key in secret_key.split(",") if key.strip()]
        if not keys:
            raise ValueError("A signer needs a secret key.")
        self._keys = [derived_key(key, purpose) for key in keys]

    def sign(self, value: str) -> str:
        return f"{value}.{self._signature(self._keys[0], value)}"

    def unsign(self, signed: str) -> str | None:
        """The value, or None when nobody here signed it."""
        value, dot, signature = signed.rpartition(".")
        given = signature.encode(errors="surrogatepass")
        valid = [
            hmac.compare_digest(self._signature(key, value).encode(), given) for key in self._keys
        ]
        return value if dot and any(valid) else None

    @staticmethod
    def _signature(key: bytes, value: str) -> str:
        digest = hmac.digest(key, value.encode(errors="surrogatepass"), "sha256")
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
